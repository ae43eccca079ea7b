/** Normalizations and dropout at inference. Source: Operators.md of ONNX 1.22. */
import { add, div, equal, mul, pow, sub, where } from '../../ops/binary.ts';
import { reshape } from '../../ops/movement.ts';
import { batchNorm, standardize } from '../../ops/normalization.ts';
import { mean, sum, variance } from '../../ops/reduce.ts';
import { pad, slice } from '../../ops/slicing.ts';
import { abs, cast, rsqrt, sqrt, square } from '../../ops/unary.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { channelsFirst, channelsLast } from './layout.ts';
import { at, constantsOf, fail, integer, integers, maybe, number, subjectOf, wanted } from './support.ts';

/** One number per channel, laid along axis 1 of `x`. */
const perChannel = (v: Tensor, x: Tensor): Tensor => reshape(v, [v.size, ...new Array<number>(x.rank - 2).fill(1)]);
const axesFrom = (first: number, x: Tensor): number[] => [...x.shape.keys()].slice(first);

/** At inference always: a model that asks for the batch's own statistics, or their update, is refused. */
function batchNormalized(call: OperatorCall): Tensor {
  const x = at(call, 0);
  if (integer(call, 'training_mode', 0) !== 0) {
    throw fail(call, 'training_mode 1 is not supported', {}, 'export the model for inference');
  }
  if (wanted(call, 1))
    throw fail(call, 'running statistics as results are not supported', {}, 'export the model for inference');
  if (integer(call, 'spatial', 1) !== 1) throw fail(call, 'spatial 0 is not supported');
  const [gamma, beta, centre, spread] = [1, 2, 3, 4].map((i) => cast(at(call, i), x.dtype)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const epsilon = number(call, 'epsilon', 1e-5);
  return batchNorm(x, { gamma, beta, mean: centre, variance: spread, epsilon, axis: x.rank > 1 ? 1 : 0 });
}

function instanceNormalized(call: OperatorCall): Tensor {
  const [x, gamma, beta] = [at(call, 0), at(call, 1), at(call, 2)];
  const y = standardize(x, axesFrom(2, x), number(call, 'epsilon', 1e-5));
  return add(mul(y, perChannel(gamma, x)), perChannel(beta, x));
}

/** Over the axes from `axis` on; scale and bias broadcast as they are. */
function layerNormalized(call: OperatorCall): Tensor[] {
  const [x, gamma, beta] = [at(call, 0), at(call, 1), maybe(call, 2)];
  const axes = axesFrom(normalizeAxis(subjectOf(call), integer(call, 'axis', -1), x.rank), x);
  const epsilon = number(call, 'epsilon', 1e-5);
  const scaled = mul(standardize(x, axes, epsilon), gamma);
  const y = beta ? add(scaled, beta) : scaled;
  if (!wanted(call, 1) && !wanted(call, 2)) return [y];
  const options = { axes, keepDims: true };
  return [y, mean(x, options), rsqrt(add(variance(x, options), epsilon))];
}

/** Runs of channels standardized with all of space; before opset 21 scale and bias are one per group. */
function groupNormalized(call: OperatorCall): Tensor {
  const [x, gamma, beta] = [at(call, 0), at(call, 1), at(call, 2)];
  const groups = integer(call, 'num_groups', 1);
  const [batch, channels] = [x.shape[0]!, x.shape[1]!];
  if (groups < 1 || channels % groups !== 0) {
    throw fail(call, 'the channels do not divide into num_groups', { channels, num_groups: groups });
  }
  const split = reshape(x, [batch, groups, -1]);
  const y = standardize(split, [2], number(call, 'epsilon', 1e-5));
  if (gamma.size === groups && groups !== channels) {
    return reshape(add(mul(y, reshape(gamma, [groups, 1])), reshape(beta, [groups, 1])), x.shape);
  }
  return add(mul(reshape(y, x.shape), perChannel(gamma, x)), perChannel(beta, x));
}

/** `x` over the root of the mean of its squares; nothing is taken off. */
export function rmsNormalized(x: Tensor, gamma: Tensor, axes: readonly number[], epsilon: number): Tensor {
  return mul(mul(x, rsqrt(add(mean(square(x), { axes, keepDims: true }), epsilon))), gamma);
}

/** Each element over a power of the sum of squares of `size` neighbouring channels. */
function localResponse(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const size = integer(call, 'size', 1);
  const [alpha, beta, bias] = [number(call, 'alpha', 1e-4), number(call, 'beta', 0.75), number(call, 'bias', 1)];
  const channels = x.shape[1]!;
  if (!(size >= 1 && size <= 1024)) throw fail(call, 'size is from 1 to 1,024', { got: size });
  const before = Math.floor((size - 1) / 2);
  const last = channelsLast(x);
  const around = last.shape.map((_, i) =>
    i === last.rank - 1 ? ([before, size - 1 - before] as const) : ([0, 0] as const),
  );
  const wide = pad(square(last), around);
  const shifted = (i: number): Tensor => slice(wide, { [last.rank - 1]: [i, i + channels] });
  let total = shifted(0);
  for (let i = 1; i < size; i++) total = add(total, shifted(i));
  return channelsFirst(div(last, pow(add(mul(total, alpha / size), bias), beta)));
}

/** `x` over its norm of order 1 or 2; where that is 0, the result is 0. */
function normNormalized(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [p, axis] = [integer(call, 'p', 2), normalizeAxis(subjectOf(call), integer(call, 'axis', -1), x.rank)];
  if (p !== 1 && p !== 2) throw fail(call, 'p is 1 or 2', { got: p });
  const options = { axes: axis, keepDims: true };
  const total = sum(p === 1 ? abs(x) : square(x), options);
  const none = equal(total, 0);
  const safe = where(none, 1, total);
  return where(none, 0, div(x, p === 1 ? safe : sqrt(safe)));
}

function meanVariance(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const options = { axes: integers(call, 'axes') ?? [0, 2, 3], keepDims: true };
  const centred = sub(x, mean(x, options));
  return div(centred, add(sqrt(mean(square(centred), options)), 1e-9));
}

/** At inference the input itself; a mask, where one is asked for, keeps everything. */
function dropout(call: OperatorCall): Tensor[] {
  const x = at(call, 0);
  const training = call.opset >= 12 && maybe(call, 2) !== null && constantsOf(call, 2, 'training_mode')[0] !== 0;
  const ratio = maybe(call, 1) ? constantsOf(call, 1, 'ratio')[0]! : 0.5;
  if (training && ratio !== 0) {
    throw fail(call, 'training_mode is not supported: its result is random', {}, 'export the model for inference');
  }
  return [x, full(x.shape, 1, call.opset < 10 ? 'float32' : 'bool')];
}

export const normalization: Readonly<Record<string, Operator>> = {
  BatchNormalization: (call) => [batchNormalized(call)],
  InstanceNormalization: (call) => [instanceNormalized(call)],
  LayerNormalization: layerNormalized,
  GroupNormalization: (call) => [groupNormalized(call)],
  RMSNormalization: (call) => {
    const x = at(call, 0);
    const axes = axesFrom(normalizeAxis(subjectOf(call), integer(call, 'axis', -1), x.rank), x);
    return [rmsNormalized(x, at(call, 1), axes, number(call, 'epsilon', 1e-5))];
  },
  LRN: (call) => [localResponse(call)],
  LpNormalization: (call) => [normNormalized(call)],
  MeanVarianceNormalization: (call) => [meanVariance(call)],
  Dropout: dropout,
};
