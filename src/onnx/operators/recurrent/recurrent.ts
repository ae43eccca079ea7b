import { add, less, where } from '../../../ops/binary.ts';
import { matmul } from '../../../ops/matmul.ts';
import { expandDims, reshape, transpose } from '../../../ops/movement.ts';
import { gru, lstm, type RecurrentOptions, simpleRnn } from '../../../ops/rnn.ts';
import { concat, slice } from '../../../ops/slicing.ts';
import { cast } from '../../../ops/unary.ts';
import { arange, type Tensor, zeros } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { at, fail, integer, maybe, text } from '../support.ts';
import { curves, type Kind, kinds, type Name } from './curves.ts';
import { unrolledLstm } from './unrolled.ts';

/** The gates of `w [gates * units, n]` in the engine's order, as columns `[n, gates * units]`. */
function columns(w: Tensor, { order }: Kind, units: number): Tensor {
  const parts = order.map((place) => slice(w, { 0: [place * units, (place + 1) * units] }));
  return transpose(concat(parts, 0), [1, 0]);
}

/** As `columns`, of biases `[gates * units]`. */
const inOrder = (b: Tensor, { order }: Kind, units: number): Tensor =>
  concat(
    order.map((place) => slice(b, { 0: [place * units, (place + 1) * units] })),
    0,
  );

const direction = (x: Tensor, d: number): Tensor => reshape(slice(x, { 0: [d, d + 1] }), x.shape.slice(1));

interface Scan {
  /** The states after each step, `[batch, time, units]` each. */
  readonly steps: readonly Tensor[];
  /** Those after the last step, `[batch, units]`. */
  readonly last: readonly Tensor[];
}

/** One direction over `x [batch, time, features]`. */
function scan(
  call: OperatorCall,
  kind: Kind,
  name: Name,
  x: Tensor,
  d: number,
  backwards: boolean,
  initial: readonly (Tensor | null)[],
  mask: Tensor | null,
): Scan {
  const [w, r] = [direction(at(call, 1), d), direction(at(call, 2), d)];
  const units = integer(call, 'hidden_size', r.shape[1]!);
  if (r.shape[1] !== units || w.shape[0] !== kind.gates * units) {
    throw fail(call, 'the weights do not fit hidden_size', { hidden_size: units, W: w.shape, R: r.shape });
  }
  const bias = maybe(call, 3) ? direction(at(call, 3), d) : null;
  const count = kind.gates * units;
  const half = (i: number): Tensor | null =>
    bias ? inOrder(slice(bias, { 0: [i * count, (i + 1) * count] }), kind, units) : null;
  const [forX, forH] = [half(0), half(1)];
  const z = dense(x, columns(w, kind, units));
  const kernel = columns(r, kind, units);
  const [batch] = x.shape as [number];
  const { hidden, ...functions } = curves(call, kind, name, d);
  const options = {
    ...functions,
    reverse: backwards,
    mask,
    initialState: initial.map((state) => state ?? zeros([batch, units], x.dtype)),
  };
  const holes = name === 'LSTM' && maybe(call, 7) ? direction(at(call, 7), d) : null;
  const coupled = integer(call, 'input_forget', 0) !== 0;
  const special = hidden !== null || holes !== null || coupled;
  const steps = special
    ? unrolledLstm(forX && forH ? add(z, add(forX, forH)) : z, kernel, { ...options, hidden, holes, coupled }, units)
    : stepsOf(call, name, z, kernel, forX, forH, options, units);
  const states = Array.from({ length: kind.states }, (_, i) => slice(steps, { 2: [i * units, (i + 1) * units] }));
  const end = backwards ? 0 : x.shape[1]! - 1;
  return { steps: states, last: states.map((s) => reshape(slice(s, { 1: [end, end + 1] }), [batch, units])) };
}

function stepsOf(
  call: OperatorCall,
  name: Name,
  z: Tensor,
  kernel: Tensor,
  forX: Tensor | null,
  forH: Tensor | null,
  options: RecurrentOptions,
  units: number,
): Tensor {
  const both = forX && forH ? add(forX, forH) : null;
  if (name === 'LSTM') return lstm(both ? add(z, both) : z, kernel, options);
  if (name === 'RNN') return simpleRnn(both ? add(z, both) : z, kernel, options);
  // The recurrent bias of the new value lies behind the reset gate with linear_before_reset; else all biases are one.
  if (integer(call, 'linear_before_reset', 0) === 0) return gru(both ? add(z, both) : z, kernel, null, options);
  return gru(forX ? add(z, forX) : z, kernel, forH ?? zeros([3 * units], z.dtype), options);
}

function dense(x: Tensor, kernel: Tensor): Tensor {
  const [batch, time, features] = x.shape as [number, number, number];
  return reshape(matmul(reshape(x, [batch * time, features]), kernel), [batch, time, kernel.shape[1]!]);
}

const recurrent =
  (name: Name): Operator =>
  (call) => {
    const kind = kinds[name];
    const given = at(call, 0);
    if (given.rank !== 3) throw fail(call, 'the input has three axes', { input: given.shape });
    const batchFirst = integer(call, 'layout', 0) === 1;
    const x = batchFirst ? given : transpose(given, [1, 0, 2]);
    const [batch, time] = [x.shape[0]!, x.shape[1]!];
    if (time === 0) throw fail(call, 'there are no steps: the axis of time has size 0', { input: given.shape });
    const lengths = maybe(call, 4);
    const mask = lengths ? less(arange(time, 'int32'), reshape(cast(lengths, 'int32'), [batch, 1])) : null;
    const way = text(call, 'direction', 'forward');
    if (!['forward', 'reverse', 'bidirectional'].includes(way)) throw fail(call, `unknown direction '${way}'`);
    const ways = way === 'bidirectional' ? [false, true] : [way === 'reverse'];
    if (at(call, 1).shape[0] !== ways.length)
      throw fail(call, 'W has one part per direction', { W: at(call, 1).shape, direction: way });
    const scans = ways.map((backwards, d) => {
      const initial = Array.from({ length: kind.states }, (_, i) => {
        const state = maybe(call, 5 + i);
        return (
          state &&
          (batchFirst ? reshape(slice(state, { 1: [d, d + 1] }), [batch, state.shape[2]!]) : direction(state, d))
        );
      });
      return scan(call, kind, name, x, d, backwards, initial, mask);
    });
    // What has no steps ends with 0, not with its first state, as onnxruntime has it.
    const some = lengths ? expandDims(less(0, cast(lengths, 'int32')), 1) : null;
    const ended = (s: Tensor): Tensor => (some ? where(some, s, 0) : s);
    // Steps behind a sample's end are 0.
    const shown = (s: Tensor): Tensor => (mask ? where(expandDims(mask, 2), s, 0) : s);
    const lanes = scans.map(({ steps }) =>
      batchFirst ? expandDims(shown(steps[0]!), 2) : expandDims(transpose(shown(steps[0]!), [1, 0, 2]), 1),
    );
    const y = concat(lanes, batchFirst ? 2 : 1);
    const ends = Array.from({ length: kind.states }, (_, i) =>
      concat(
        scans.map(({ last }) => expandDims(ended(last[i]!), batchFirst ? 1 : 0)),
        batchFirst ? 1 : 0,
      ),
    );
    return [y, ...ends];
  };

export const recurrents: Readonly<Record<string, Operator>> = {
  RNN: recurrent('RNN'),
  GRU: recurrent('GRU'),
  LSTM: recurrent('LSTM'),
};
