/** Which kernels compute which op: total over the table of ops, so that a missing kernel does not compile. */

import type { Fuses } from '../../../graph/fuse.ts';
import type { ConvAttrs } from '../../../ops/conv-primitives.ts';
import type { TableOp } from '../../../ops/index.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { TensorSpec } from '../../../tensor/tensor.ts';
import type { Binder, OwnKernels } from '../step.ts';
import { conv, convGradInput, convGradKernel, takesEpilogue } from './conv.ts';
import * as elementwise from './elementwise.ts';
import { binary, comparison, logical, unary } from './elementwise.ts';
import * as fused from './fused.ts';
import { matmul } from './matmul.ts';
import * as movement from './movement.ts';
import { lerpMaxPool, lerpMaxPoolGrad } from './path.ts';
import { argmax, maxPoolGrad, pool, reduction, softmax } from './reduce.ts';

// biome-ignore format: grouped by family
export const binders = {
  add: binary, sub: binary, mul: binary, div: binary, pow: binary, maximum: binary, minimum: binary,
  equal: comparison, notEqual: comparison, less: comparison, lessEqual: comparison, greater: comparison,
  greaterEqual: comparison, logicalAnd: logical, logicalOr: logical, logicalNot: unary, where: elementwise.where,
  neg: unary, exp: unary, expm1: unary, log: unary, log1p: unary, sqrt: unary, rsqrt: unary, square: unary,
  reciprocal: unary, abs: unary, sin: unary, cos: unary, tan: unary, atan: unary, tanh: unary, erf: unary,
  sigmoid: unary, softplus: unary, sign: unary, floor: unary, ceil: unary, round: unary, relu: unary,
  lerp: elementwise.lerp, lerpMaxPool, lerpMaxPoolGrad, clip: elementwise.clip, clippedRelu: elementwise.clip, cast: elementwise.cast,
  gelu: unary, geluGrad: fused.geluGrad, standardizeRows: fused.rows, standardizeRowsGrad: fused.rows, softmaxRowsGrad: fused.rows,
  softmax: softmax(false), logSoftmax: softmax(true),
  sum: reduction('sum'), max: reduction('max'), min: reduction('min'), argmax,
  reshape: movement.copyBinder, stopGradient: movement.copyBinder, transpose: movement.transpose,
  broadcastTo: movement.broadcastTo, slice: movement.slice, pad: movement.pad, reverse: movement.reverse,
  concat: movement.concat, gather: movement.gather, scatterAdd: movement.scatterAdd,
  matmul, conv, convGradInput, convGradKernel,
  maxPool: pool('maxPool'), maxPoolArgmax: pool('maxPoolArgmax'), maxPoolGrad, avgPool: pool('avgPool'), avgPoolGrad: pool('avgPoolGrad'),
} as const satisfies Record<TableOp, Binder>;

/** Matrix products and convolutions, and gradients to the input of most. */
export const fuses: Fuses = ({ op: { name, kernels }, attrs }, inputs, output) => {
  if ((kernels?.['wasm'] as OwnKernels | undefined)?.fuses) return true;
  const [a, b] = inputs as [TensorSpec, TensorSpec];
  if (name === 'matmul') return inputs.every(({ shape }) => sizeOf(shape) > 0);
  if (name !== 'conv' && name !== 'convGradInput') return false;
  return takesEpilogue(name, a.shape, b.shape, output.shape, attrs as unknown as ConvAttrs);
};
