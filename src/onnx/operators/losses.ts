/** Losses by class number: of scores or of log-probabilities. Source: Operators.md of ONNX 1.22. */
import { div, equal, mul, neg, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { mean, sum } from '../../ops/reduce.ts';
import { logSoftmax } from '../../ops/softmax.ts';
import { cast } from '../../ops/unary.ts';
import { arange, full, type Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { at, fail, integer, maybe, text } from './support.ts';

/** Minus the log-probability of each target, times its class's weight; targets that are ignored count as 0. */
function negativeLogLikelihood(call: OperatorCall, logs: Tensor): Tensor {
  const target = cast(at(call, 1), 'int32');
  const classes = logs.shape[1]!;
  const ignored = call.attrs.has('ignore_index') ? equal(target, integer(call, 'ignore_index')) : null;
  const safe = ignored ? where(ignored, 0, target) : target;
  const levels = reshape(arange(classes, 'int32'), [classes, ...new Array<number>(logs.rank - 2).fill(1)]);
  const chosen = sum(where(equal(expandDims(safe, 1), levels), logs, 0), { axes: 1 });
  const given = maybe(call, 2);
  const each = given ? gather(given, safe, 0) : full(target.shape, 1, logs.dtype);
  const weight = ignored ? where(ignored, 0, each) : each;
  const loss = mul(neg(chosen), weight);
  const reduction = text(call, 'reduction', 'mean');
  if (reduction === 'none') return loss;
  if (reduction === 'sum') return sum(loss);
  if (reduction !== 'mean') throw fail(call, `unknown reduction '${reduction}'`, {}, 'none, sum or mean');
  return given || ignored ? div(sum(loss), sum(weight)) : mean(loss);
}

export const losses: Readonly<Record<string, Operator>> = {
  NegativeLogLikelihoodLoss: (call) => [negativeLogLikelihood(call, at(call, 0))],
  SoftmaxCrossEntropyLoss: (call) => {
    const logs = logSoftmax(at(call, 0), 1);
    return [negativeLogLikelihood(call, logs), logs];
  },
};
