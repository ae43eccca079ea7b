/** Every op, and the table of their definitions by name that backends, checks and generated docs go through. */
import type { Op } from '../graph/op.ts';
import { clippedRelu, relu } from './activations.ts';
import { attention, attentionGrad } from './attention.ts';
import {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pow,
  sub,
  where,
} from './binary.ts';
import { convMax, convMaxGradInput, convMaxGradKernel, convMaxTable } from './conv-max.ts';
import { convPool, convPoolGradKernel, convPoolSpread } from './conv-pool.ts';
import { conv, convGradInput, convGradKernel } from './conv-primitives.ts';
import { dropout, extremeGrad } from './dropout.ts';
import * as fused from './fused.ts';
import { gather, scatterAdd } from './indexing.ts';
import { lerp } from './lerp.ts';
import { lerpMaxPool, lerpMaxPoolGrad } from './lerp-max-pool.ts';
import { matmul } from './matmul.ts';
import { broadcastTo, reshape, stopGradient, transpose } from './movement.ts';
import { avgPool, avgPoolGrad, maxPool, maxPoolArgmax, maxPoolGrad } from './pool.ts';
import { randomUniform } from './random.ts';
import type { RecurrentOp } from './recurrent.ts';
import { argmax, max, min, sum } from './reduce.ts';
import { recurrentOps } from './rnn.ts';
import { concat, pad, reverse, slice } from './slicing.ts';
import { logSoftmax, softmax } from './softmax.ts';
import {
  abs,
  atan,
  cast,
  ceil,
  clip,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  logicalNot,
  reciprocal,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  tan,
  tanh,
} from './unary.ts';

export {
  celu,
  elu,
  exponential,
  gelu,
  glu,
  hardShrink,
  hardSigmoid,
  hardSigmoid2,
  hardSilu,
  hardTanh,
  leakyRelu,
  linear,
  logSigmoid,
  mish,
  prelu,
  type ReluOptions,
  relu,
  relu6,
  selu,
  silu,
  softShrink,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanhShrink,
  thresholdUnit,
} from './activations.ts';
export {
  add,
  type BinaryFunction,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logAddExp,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  type Operand,
  pow,
  sub,
  where,
} from './binary.ts';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  convTranspose,
  depthwiseConv,
  separableConv,
} from './conv.ts';
export { dropout } from './dropout.ts';
export { einsum } from './einsum.ts';
export { embedding, gather, oneHot, scatterAdd } from './indexing.ts';
export { dense, type MatmulOptions, matmul } from './matmul.ts';
export { broadcastTo, expandDims, repeat, reshape, stopGradient, tile, transpose } from './movement.ts';
export {
  type BatchNormParameters,
  batchNorm,
  groupNorm,
  type LayerNormOptions,
  layerNorm,
  standardize,
  unitNorm,
} from './normalization.ts';
export type { Padding, PerAxis } from './padding.ts';
export { avgPool, maxPool, type PoolFunction, type PoolOptions } from './pool.ts';
export { type RandomOptions, randomNormal, randomUniform } from './random.ts';
export type { RecurrentActivation } from './recurrent-activations.ts';
export {
  argmax,
  argmin,
  logSumExp,
  max,
  mean,
  min,
  prod,
  type ReduceFunction,
  type ReduceOptions,
  sum,
  variance,
} from './reduce.ts';
export { gru, lstm, type RecurrentOptions, simpleRnn } from './rnn.ts';
export { concat, type Pads, pad, type Ranges, reverse, slice, stack } from './slicing.ts';
export { type AxisFunction, logSoftmax, softmax } from './softmax.ts';
export {
  abs,
  atan,
  cast,
  ceil,
  clip,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  logicalNot,
  reciprocal,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  tan,
  tanh,
  type UnaryFunction,
} from './unary.ts';

/**
 * The definitions of all primitive ops by name: what a backend must have kernels for. Made by a call, because a bundle can leave out a
 * call that is marked as pure, and the ops with it, but not a reading of properties.
 */
// biome-ignore format: grouped by family
export const ops = /* @__PURE__ */ (() => ({
  add: add.op, sub: sub.op, mul: mul.op, div: div.op, pow: pow.op, maximum: maximum.op, minimum: minimum.op, neg: neg.op,
  equal: equal.op, notEqual: notEqual.op, less: less.op, lessEqual: lessEqual.op, greater: greater.op,
  greaterEqual: greaterEqual.op, logicalAnd: logicalAnd.op, logicalOr: logicalOr.op, logicalNot: logicalNot.op, where: where.op,
  exp: exp.op, expm1: expm1.op, log: log.op, log1p: log1p.op, sqrt: sqrt.op, rsqrt: rsqrt.op, square: square.op,
  reciprocal: reciprocal.op, abs: abs.op, sin: sin.op, cos: cos.op, tan: tan.op, atan: atan.op, tanh: tanh.op, erf: erf.op,
  sigmoid: sigmoid.op, softplus: softplus.op, sign: sign.op, floor: floor.op, ceil: ceil.op, round: round.op, clip: clip.op,
  cast: cast.op, relu: relu.op, clippedRelu: clippedRelu.op, softmax: softmax.op, logSoftmax: logSoftmax.op,
  sum: sum.op, max: max.op, min: min.op, argmax: argmax.op,
  reshape: reshape.op, transpose: transpose.op, broadcastTo: broadcastTo.op, slice: slice.op, pad: pad.op,
  reverse: reverse.op, concat: concat.op, stopGradient: stopGradient.op, gather: gather.op, scatterAdd: scatterAdd.op,
  gelu: fused.exactGelu.op, geluGrad: fused.geluGrad.op, standardizeRows: fused.standardizeRows.op,
  standardizeRowsGrad: fused.standardizeRowsGrad.op, softmaxRowsGrad: fused.softmaxRowsGrad.op,
  lerp: lerp.op, lerpMaxPool: lerpMaxPool.op, lerpMaxPoolGrad: lerpMaxPoolGrad.op, matmul: matmul.op, conv: conv.op, convGradInput: convGradInput.op, convGradKernel: convGradKernel.op,
  maxPool: maxPool.op, maxPoolArgmax: maxPoolArgmax.op, maxPoolGrad: maxPoolGrad.op, avgPool: avgPool.op, avgPoolGrad: avgPoolGrad.op,
  ...recurrentOps, randomUniform: randomUniform.op, dropout: dropout.op, extremeGrad: extremeGrad.op,
  convMax: convMax.op, convMaxTable: convMaxTable.op, convMaxGradInput: convMaxGradInput.op, convMaxGradKernel: convMaxGradKernel.op,
  convPool: convPool.op, convPoolSpread: convPoolSpread.op, convPoolGradKernel: convPoolGradKernel.op,
  attention: attention.op, attentionGrad: attentionGrad.op,
}) as const satisfies Record<string, Op>)();

/** The names of the ops. */
export type OpName = keyof typeof ops;

/** Those whose kernels lie in the backends' tables; the others bring theirs along. */
export type TableOp = Exclude<
  OpName,
  | RecurrentOp
  | 'randomUniform'
  | 'dropout'
  | 'extremeGrad'
  | `convMax${string}`
  | `convPool${string}`
  | `attention${string}`
>;
