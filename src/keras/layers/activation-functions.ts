/**
 * Activation functions by the names Keras has given them, and as the objects that newer files serialise. `hard_sigmoid` has two
 * meanings: Keras 3 computes `relu6(x + 3) / 6`, everything before it `clip(0.2 x + 0.5, 0, 1)`.
 */
import * as op from '../../ops/activations.ts';
import { div, equal, greater, lessEqual, logicalAnd, logicalOr, mul, sub } from '../../ops/binary.ts';
import { expandDims, stopGradient } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { cast, sigmoid, softplus, tanh } from '../../ops/unary.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { arange, type Tensor } from '../../tensor/tensor.ts';
import type { Json } from '../config/spec.ts';
import { Options } from './options.ts';
import { parametric } from './parametric.ts';

export type Activation = (x: Tensor) => Tensor;

const named: Readonly<Record<string, Activation>> = {
  linear: op.linear,
  relu: (x) => op.relu(x),
  relu6: op.relu6,
  leaky_relu: (x) => op.leakyRelu(x, 0.2),
  elu: (x) => op.elu(x),
  selu: op.selu,
  celu: (x) => op.celu(x),
  gelu: (x) => op.gelu(x),
  sigmoid,
  log_sigmoid: op.logSigmoid,
  sparse_sigmoid: op.sparseSigmoid,
  hard_sigmoid: op.hardSigmoid,
  hard_tanh: op.hardTanh,
  tanh,
  tanh_shrink: op.tanhShrink,
  hard_shrink: (x) => op.hardShrink(x),
  soft_shrink: (x) => op.softShrink(x),
  softplus,
  softsign: op.softsign,
  squareplus: (x) => op.squareplus(x),
  sparse_plus: op.sparsePlus,
  silu: op.silu,
  hard_silu: op.hardSilu,
  mish: op.mish,
  exponential: op.exponential,
  softmax: (x) => softmax(x),
  log_softmax: (x) => logSoftmax(x),
  glu: (x) => op.glu(x),
  sparsemax,
};

/** Other spellings: aliases of Keras and names of functions of `tf.nn` that older files hold. */
const aliases: Readonly<Record<string, string>> = {
  swish: 'silu',
  hard_swish: 'hard_silu',
  softmax_v2: 'softmax',
  log_softmax_v2: 'log_softmax',
  leaky_relu_v2: 'leaky_relu',
  selu_v2: 'selu',
  swish_v2: 'silu',
  exp: 'exponential',
};

/** Names of every activation that is known. */
export const activationNames: readonly string[] = /* @__PURE__ */ (() => [
  ...Object.keys(named),
  ...Object.keys(aliases),
])();

/**
 * The activation that option `key` names; the identity where it is absent.
 * @throws if the name or object is not one of Keras's (a custom function's code is not in the file)
 */
export function activationOf(options: Options, key = 'activation'): Activation {
  return resolve(options, key, options.raw(key));
}

function resolve(options: Options, key: string, value: Json | undefined): Activation {
  if (value === undefined || value === null) return op.linear;
  if (typeof value === 'string') return byName(options, key, value);
  const object = value as { readonly [key: string]: Json };
  const { class_name: className, config } = object;
  // {class_name: 'function', config: 'relu'}: a plain function, by name.
  if (typeof config === 'string') return byName(options, key, config);
  const fields = (typeof config === 'object' && config !== null ? config : {}) as Readonly<Record<string, Json>>;
  if (className === 'Activation') return resolve(options, key, fields['activation'] ?? null);
  const make =
    typeof className === 'string' && Object.hasOwn(parametric, className) ? parametric[className] : undefined;
  if (!make) throw options.wrong(key, value, 'the name of an activation or a serialised activation layer');
  const inner = new Options(fields, {
    ...options,
    subject: `${options.subject} ${key}`,
    className: className as string,
  });
  const activation = make(inner);
  inner.finish();
  return activation;
}

function byName(options: Options, key: string, name: string): Activation {
  if (name === 'hard_sigmoid' && options.dialect.major < 3) return op.hardSigmoid2;
  const canonical = Object.hasOwn(aliases, name) ? aliases[name]! : name;
  if (Object.hasOwn(named, canonical)) return named[canonical]!;
  const hint = `${didYouMean(name, activationNames)} A custom activation is code that the file does not hold.`;
  throw failure(options.subject, `${key} '${name}' is not one of Keras's`, {}, hint);
}

/**
 * Keras 3's sparsemax along the last axis. Its threshold sums the running sums of the sorted support where Martins and Astudillo
 * (2016) take the last of them; models were trained with it as it is, so it is kept. `above` marks for each element those that
 * sort before it and itself (ties by position), which needs no sort.
 */
function sparsemax(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  if (n > 2048) throw failure('sparsemax', 'too many elements for the comparison of all pairs', { n, limit: 2048 });
  const index = arange(n, 'int32');
  const earlier = lessEqual(expandDims(index, 0), expandDims(index, 1));
  const fixed = stopGradient(x);
  const [other, own] = [expandDims(fixed, -2), expandDims(fixed, -1)];
  const above = cast(logicalOr(greater(other, own), logicalAnd(equal(other, own), earlier)), x.dtype);
  const runningSum = sum(mul(above, expandDims(x, -2)), { axes: -1 });
  const rank = sum(above, { axes: -1 });
  const support = cast(greater(sub(x, div(sub(runningSum, 1), rank)), 0), x.dtype);
  const keep = { axes: -1, keepDims: true };
  const threshold = div(sub(sum(mul(runningSum, support), keep), 1), sum(support, keep));
  return op.relu(sub(x, threshold));
}
