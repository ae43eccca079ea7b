import {
  add,
  equal,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from '../../../ops/binary.ts';
import { gather, scatterAdd } from '../../../ops/indexing.ts';
import { expandDims, reshape, transpose } from '../../../ops/movement.ts';
import { sum } from '../../../ops/reduce.ts';
import { abs, cast } from '../../../ops/unary.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { sizeOf, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { arange, full, type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { estimateIn, guarded, guardedBy, stoppedWhere } from '../numbers/guarded.ts';
import { leftover, quotient, wrapped } from '../numbers/integers.ts';
import { at, fail, text, typeOf } from '../support.ts';
import { axisOf, flatPlaces, inLine, lines, settled } from './indexing.ts';

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';
const reductions: readonly string[] = ['none', 'add', 'mul', 'max', 'min'];

function reductionOf(call: OperatorCall): Reduction {
  const reduction = text(call, 'reduction', 'none');
  if (!reductions.includes(reduction)) throw fail(call, `unknown reduction '${reduction}'`, { known: reductions });
  return reduction as Reduction;
}

/** Products of integers keep to their range. */
function combined(call: OperatorCall, reduction: keyof typeof combine, a: Tensor, b: Tensor): Tensor {
  return reduction === 'mul' && !isFloat(a.dtype) ? guardedBy(call, mul, [a, b]) : combine[reduction](a, b);
}

const combine: Readonly<Record<Exclude<Reduction, 'none' | 'add'>, (a: Tensor, b: Tensor) => Tensor>> = {
  mul,
  max: maximum,
  min: minimum,
};

/**
 * `updates [n, ...rest]` put into lines of `x [lines, ...rest]` at `index [n]`. Sums take any index. The others write every line once; where
 * a constant index names a line again, the updates go in rounds.
 * @param last of an index that is not constant: which of the updates no later one overwrites, `[n]`; null where each line is named once
 */
function written(call: OperatorCall, x: Tensor, index: Tensor, updates: Tensor, last: () => Tensor | null): Tensor {
  const reduction = reductionOf(call);
  const data = x.dtype === 'bool' ? cast(x, 'int32') : x;
  const values = x.dtype === 'bool' ? cast(updates, 'int32') : updates;
  const spread = (v: Tensor, i: Tensor): Tensor => spreadOut(call, v, i, x.shape[0]!);
  const back = (y: Tensor): Tensor => wrapped(cast(y, x.dtype), typeOf(call, 0));
  if (reduction === 'add') {
    const inFloats = (v: Tensor): Tensor => cast(v, estimateIn(data, values, index));
    const y = add(data, spread(values, index));
    return isFloat(x.dtype) ? y : back(guarded(call, y, () => add(inFloats(data), spread(inFloats(values), index))));
  }
  const rounds = index.constant ? roundsOf(index.constant) : [null];
  const kept = index.constant ? null : last();
  if (kept && reduction !== 'none') {
    const hint = 'an index from a constant, or reduction none or add, is';
    throw fail(call, `reduction '${reduction}' at an index that may name an element twice is not supported`, {}, hint);
  }
  const wide = (v: Tensor): Tensor => reshape(v, [v.size, ...new Array<number>(x.rank - 1).fill(1)]);
  return back(
    rounds.reduce((y: Tensor, round) => {
      const chosen = round ? tensor(Int32Array.from(round), [round.length]) : null;
      const i = chosen ? gather(index, chosen, 0) : index;
      const v = chosen ? gather(values, chosen, 0) : kept ? where(wide(kept), values, 0) : values;
      const hit = greater(spread(full(i.shape, 1, 'float32'), i), 0);
      const now = spread(v, i);
      return where(wide(hit), reduction === 'none' ? now : combined(call, reduction, y, now), y);
    }, data),
  );
}

/** Zeros with `v` added at `index`; integers in halves of 16 bits, which floats add exactly. */
function spreadOut(call: OperatorCall, v: Tensor, index: Tensor, size: number): Tensor {
  const options = { axis: 0, size };
  if (isFloat(v.dtype)) return scatterAdd(v, index, options);
  const half = full([], 2 ** 16, 'int32');
  const low = leftover(v, half, false);
  const parts = [quotient(sub(v, low), half), low].map((part) => scatterAdd(cast(part, 'float32'), index, options));
  const [high, rest] = parts.map((part) => cast(part, 'int32')) as [Tensor, Tensor];
  const y = add(mul(high, half), rest);
  // Beyond 256 of them halves may leave the 24 bits of a float.
  if (index.size <= 256) return y;
  const bad = logicalOr(greaterEqual(abs(parts[0]!), 2 ** 24), greaterEqual(parts[1]!, 2 ** 24));
  return stoppedWhere(call, y, bad, 'adds up so many integers at one index that floats lose some of them');
}

/** Which of `index [..., k]` no later one along the last axis repeats. @throws where comparing all of them takes too much */
function lastOfEach(call: OperatorCall, index: Tensor): Tensor | null {
  const k = index.shape.at(-1)!;
  if (k <= 1) return null;
  if (index.size * k > TABLE_LIMIT) {
    const problem = "an index that depends on the model's inputs is too long to tell which of its elements come last";
    throw fail(call, problem, { index: index.shape }, 'reduction add takes any');
  }
  const later = reshape(arange(k, 'int32'), [k, 1]);
  const again = logicalAnd(equal(expandDims(index, -1), expandDims(index, -2)), less(later, arange(k, 'int32')));
  return equal(sum(cast(again, 'float32'), { axes: again.rank - 1 }), 0);
}

/** Places of an index, sorted so that no round names a line twice; the last to write a line comes last. */
function roundsOf(index: ArrayLike<number>): number[][] {
  const seen = new Map<number, number>();
  const rounds: number[][] = [];
  Array.from(index).forEach((line, place) => {
    const round = seen.get(line) ?? 0;
    seen.set(line, round + 1);
    (rounds[round] ??= []).push(place);
  });
  return rounds;
}

function scatteredElements(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  const index = settled(call, at(call, 1), x.shape[axis]!);
  const updates = at(call, 2);
  if (index.size === 0) return x;
  const places = flatPlaces(index, axis, x.shape);
  const flat = inLine(places);
  // Elements of other lines cannot meet.
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  const last = (): Tensor | null => {
    const kept = lastOfEach(call, transpose(index, order));
    const back = order.map((_, i) => order.indexOf(i));
    return kept && reshape(transpose(kept, back), [index.size]);
  };
  return reshape(written(call, reshape(x, [x.size]), flat, reshape(updates, [updates.size]), last), x.shape);
}

function scatteredND(call: OperatorCall): Tensor {
  const [x, index, updates] = [at(call, 0), cast(at(call, 1), 'int32'), at(call, 2)];
  const { at: start, rest } = lines(call, index, x.shape, 0);
  if (start.size === 0) return x;
  const table = reshape(x, [x.size / Math.max(1, sizeOf(rest)), ...rest]);
  const flat = inLine(start);
  const last = (): Tensor | null => lastOfEach(call, flat);
  return reshape(written(call, table, flat, reshape(updates, [start.size, ...rest]), last), x.shape);
}

export const scattering: Readonly<Record<string, Operator>> = {
  Scatter: (call) => [scatteredElements(call)],
  ScatterElements: (call) => [scatteredElements(call)],
  ScatterND: (call) => [scatteredND(call)],
};
