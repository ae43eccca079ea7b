/**
 * What a backward pass of training does at some nodes instead of their ops' vjps: the same gradients by one op where public ones would pass
 * over large arrays of zeros again and again. Only for backends that have those ops' kernels.
 */
import type { VjpRule, VjpRules } from '../graph/grad.ts';
import { pastMaxima } from '../ops/conv-pool.ts';
import { extremeGrad } from '../ops/dropout.ts';
import type { Tensor } from '../tensor/tensor.ts';

const extreme: VjpRule = (g, y, [x], attrs) => {
  const axes = attrs['axes'] as readonly number[];
  const neighbours = axes.length > 0 && axes.every((axis, i) => axis === axes[0]! + i);
  if (!neighbours || attrs['keepDims'] === true) return null;
  return [() => extremeGrad([x!, y, g], { axes, positive: false, scale: 1 })];
};

/**
 * Behind dropout, which is behind a relu, an extreme above 0 was neither dropped nor cut off, and one of 0 passes nothing: the gradient goes past
 * both at once.
 */
const dropped: VjpRule = (g, y, [x], attrs) => {
  const through = g.op?.name === 'extremeGrad' && g.inputs[0] === y && x!.op?.name === 'relu';
  if (!through) return null;
  const { scale, ...rest } = g.attrs as unknown as Parameters<typeof extremeGrad>[1];
  const past = (): Tensor =>
    extremeGrad(g.inputs, { ...rest, positive: true, scale: scale * (attrs['scale'] as number) });
  return new Map([[x!.inputs[0]!, past]]);
};

const rules: VjpRules = {
  max: extreme,
  min: extreme,
  dropout: dropped,
  convPoolMaxima: (g, _, inputs) => pastMaxima(g, inputs),
};

/** The rules for a backend, by its name. */
export const trainingRules = (backend: string): VjpRules =>
  Object.hasOwn(extremeGrad.op.kernels!, backend) ? rules : {};
