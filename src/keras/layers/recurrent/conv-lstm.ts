/**
 * ConvLSTM1D, 2D and 3D (Shi et al. 2015): an LSTM whose products are convolutions. The input's convolution is made for all steps
 * at once; the steps themselves are unrolled into ops. The recurrent convolution keeps the size, with stride and dilation 1.
 */
import { add, mul, where } from '../../../ops/binary.ts';
import { conv } from '../../../ops/conv-primitives.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { resolvePads } from '../../../ops/padding.ts';
import { part } from '../../../ops/recurrent.ts';
import { recurrentActivations } from '../../../ops/recurrent-activations.ts';
import { slice, stack } from '../../../ops/slicing.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { type Tensor, zeros } from '../../../tensor/tensor.ts';
import type { Activation } from '../activation-functions.ts';
import { kernelConversion } from '../convolution/kernels.ts';
import { acceleratedBy, biasRule } from '../convolution/plain.ts';
import { defineLayer, type Gated, type LayerClass, type Mask } from '../layer.ts';
import type { Options } from '../options.ts';
import { addMaskAxes, curveOf, type SequenceCell, trainingOptions } from './cell.ts';
import {
  callRecurrent,
  initialStates,
  maskOf,
  type RecurrentLayer,
  recurrentOptions,
  recurrentParameters,
} from './rnn.ts';

export const convRecurrentClasses = ['ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D'];

/** Channels of the axes behind batch and time moved to the end, or back to the front. */
function toLast(x: Tensor, lead: number): Tensor {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, lead), ...axes.slice(lead + 1), lead]);
}
function toFirst(x: Tensor, lead: number): Tensor {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, lead), x.rank - 1, ...axes.slice(lead, -1)]);
}

const plainly: Gated = (f, y, kernel) => f(y, kernel);

function cellOf(o: Options): SequenceCell {
  const axes = Number(o.className.slice(-2, -1));
  const [filters, first, useBias] = [o.count('filters'), o.channelsFirst, o.flag('use_bias', true)];
  const [window, strides] = [o.perAxis('kernel_size', axes), o.perAxis('strides', axes, 1)];
  const dilations = o.perAxis('dilation_rate', axes, 1);
  const padding = o.choice('padding', ['valid', 'same'], 'valid');
  const curve = (key: string, fallback: string): Activation => {
    const found = curveOf(o, key, fallback);
    return typeof found === 'string' ? recurrentActivations[found].apply : found;
  };
  const [act, gate] = [curve('activation', 'tanh'), curve('recurrent_activation', 'hard_sigmoid')];
  const ones = new Array<number>(axes).fill(1);
  const convolve = (
    x: Tensor,
    kernel: Tensor,
    kind: 'valid' | 'same',
    by: readonly number[],
    wide: readonly number[],
  ): Tensor => {
    const pads = resolvePads(o.subject, kind, x.shape.slice(1, -1), window, by, wide);
    return conv([x, kernel], { strides: by, dilations: wide, pads, groups: 1 });
  };
  const rates = [o.number('dropout', 0), o.number('recurrent_dropout', 0)];
  const channels = (input: Shape): number => (first ? input[2]! : input.at(-1)!);
  const convert = kernelConversion(o, axes, 4 * filters);
  return {
    states: 2,
    drops: trainingOptions(o),
    units: filters,
    rules: (input) => [
      { name: 'kernel', shape: [...window, channels(input), 4 * filters], convert },
      { name: 'recurrent_kernel', shape: [...window, filters, 4 * filters], convert },
      ...biasRule(useBias, 4 * filters),
    ],
    run: (given, w, { initial, mask, reverse, drops }) => {
      const x = first ? toLast(given, 2) : given;
      const [batch, time] = [x.shape[0]!, x.shape[1]!];
      const rows = reshape(x, [batch * time, ...x.shape.slice(2)]);
      const project = (y: Tensor, kernel: Tensor): Tensor => convolve(y, kernel, padding, strides, dilations);
      const recur = (y: Tensor, kernel: Tensor): Tensor => convolve(y, kernel, 'same', ones, ones);
      // In training each gate sees inputs and state through a mask of its own, the same at every step.
      const one = reshape(slice(x, { 1: [0, 1] }), [batch, ...x.shape.slice(2)]);
      const input = drops?.gated(rates[0]!, one, 4, time) ?? plainly;
      const projected = input(project, rows, w['kernel']!);
      const biased = w['bias'] ? add(projected, w['bias']) : projected;
      const z = reshape(biased, [batch, time, ...biased.shape.slice(1)]);
      const state = [batch, ...z.shape.slice(2, -1), filters];
      const starts = initial?.map((s) => (first ? toLast(s, 1) : s));
      let [h, c] = starts ?? [zeros(state, x.dtype), zeros(state, x.dtype)];
      const outputs = new Array<Tensor>(time);
      const inner = drops?.gated(rates[1]!, h!, 4, 1) ?? plainly;
      for (let i = 0; i < time; i++) {
        const t = reverse ? time - 1 - i : i;
        const zt = reshape(slice(z, { 1: [t, t + 1] }), [batch, ...z.shape.slice(2)]);
        const all = add(zt, inner(recur, h!, w['recurrent_kernel']!));
        const on = (k: number): Tensor => gate(part(all, k, filters));
        const next = add(mul(on(1), c!), mul(on(0), act(part(all, 2, filters))));
        const shown = mul(on(3), act(next));
        [h, c] = [keep(mask, t, shown, h!), keep(mask, t, next, c!)];
        outputs[t] = h;
      }
      const sequence = stack(outputs, 1);
      return {
        sequence: first ? toFirst(sequence, 2) : sequence,
        states: [h!, c!].map((s) => (first ? toFirst(s, 1) : s)),
      };
    },
  };
}

function keep(mask: Mask, t: number, after: Tensor, before: Tensor): Tensor {
  if (!mask) return after;
  const step = slice(mask, { 1: [t, t + 1] });
  return where(addMaskAxes(reshape(step, [step.shape[0]!]), after.rank), after, before);
}

export function convRecurrentLayer(o: Options): RecurrentLayer {
  return recurrentOptions(o, cellOf(o));
}

export const convRecurrent: LayerClass = defineLayer({
  classes: convRecurrentClasses,
  create: (o) => {
    const layer = convRecurrentLayer(o);
    const { cell } = layer;
    const axes = Number(o.className.slice(-2, -1));
    return {
      rank: axes + 3,
      many: true,
      // All gates at once; the recurrent convolution has no strides.
      ...acceleratedBy({ window: o.perAxis('kernel_size', axes), strides: [], dilations: [] }, 4 * cell.units),
      parameters: recurrentParameters(o),
      ...(cell.drops ? { trainingMatters: 'drops' as const } : {}),
      weights: ([x], stored) => cell.rules(x!, stored),
      call: (xs, w, masks, args) =>
        callRecurrent(
          ...([layer, xs[0]!, w, initialStates(o.subject, xs, args, 2), maskOf(o, masks, args)] as const),
          ...([false, args.drops] as const),
        ),
      mask: (_, [mask]) => (layer.returnSequences ? (mask ?? null) : null),
    };
  },
});
