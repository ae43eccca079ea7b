/**
 * Which kernels compute which op: total over the table of ops, so that an op without an entry does not compile. One that
 * kernels of a result per thread cannot express says `{ missing: reason }`.
 */
import type { TableOp } from '../../ops/index.ts';
import type { RecurrentOp } from '../../ops/recurrent.ts';
import { conv, convGradInput, convGradKernel } from './bind-conv.ts';
import { binary, cast, clip, lerp, unary, where } from './bind-elementwise.ts';
import * as fused from './bind-fused.ts';
import * as lines from './bind-line-conv.ts';
import { matmul } from './bind-matmul.ts';
import * as movement from './bind-movement.ts';
import * as pool from './bind-pool.ts';
import * as recurrent from './bind-recurrent.ts';
import { argmax, reduction, softmax } from './bind-reduce.ts';
import type { Binder, Missing } from './step.ts';

// biome-ignore format: grouped by family
export const binders = {
  add: binary, sub: binary, mul: binary, div: binary, pow: binary, maximum: binary, minimum: binary,
  equal: binary, notEqual: binary, less: binary, lessEqual: binary, greater: binary, greaterEqual: binary,
  logicalAnd: binary, logicalOr: binary, logicalNot: unary, where,
  neg: unary, exp: unary, expm1: unary, log: unary, log1p: unary, sqrt: unary, rsqrt: unary, square: unary,
  reciprocal: unary, abs: unary, sin: unary, cos: unary, tan: unary, atan: unary, tanh: unary, erf: unary,
  sigmoid: unary, softplus: unary, sign: unary, floor: unary, ceil: unary, round: unary, relu: unary,
  lerp, lerpMaxPool: pool.lerpMaxPool, lerpMaxPoolGrad: pool.lerpMaxPoolGrad, clip, clippedRelu: clip, cast,
  softmax: softmax(false), logSoftmax: softmax(true),
  sum: reduction('sum'), max: reduction('max'), min: reduction('min'), argmax,
  reshape: movement.alias, stopGradient: movement.alias, transpose: movement.transpose,
  broadcastTo: movement.broadcastTo, slice: movement.slice, pad: movement.pad, reverse: movement.reverse,
  concat: movement.concat, gather: movement.gather, scatterAdd: movement.scatterAdd,
  matmul, conv, convGradInput, convGradKernel, lineConv: lines.lineConv, lineConvGrad: lines.lineConvGrad,
  maxPool: pool.maxPool, maxPoolArgmax: pool.maxPoolArgmax, maxPoolGrad: pool.maxPoolGrad,
  avgPool: pool.avgPool, avgPoolGrad: pool.avgPoolGrad,
  gelu: unary, geluGrad: binary, standardizeRows: fused.standardizeRows, standardizeRowsGrad: fused.standardizeRowsGrad,
  softmaxRowsGrad: fused.softmaxRowsGrad,
  lstm: recurrent.lstm, lstmGrad: recurrent.lstmGrad, gru: recurrent.gru, gruGrad: recurrent.gruGrad,
  gruResetBefore: recurrent.gruResetBefore, gruResetBeforeGrad: recurrent.gruResetBeforeGrad,
  simpleRnn: recurrent.simpleRnn, simpleRnnGrad: recurrent.simpleRnnGrad,
} as const satisfies Record<TableOp | RecurrentOp | 'lineConv' | 'lineConvGrad', Binder | Missing>;
