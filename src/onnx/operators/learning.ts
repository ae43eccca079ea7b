/** `ai.onnx.ml`: linear models and what comes before them, as scikit-learn exports them. Source: Operators-ml.md of ONNX 1.22. */
import { add, div, equal, greater, mul, notEqual, sub, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape } from '../../ops/movement.ts';
import { argmax, max, sum } from '../../ops/reduce.ts';
import { concat, slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { abs, cast, sigmoid, sqrt, square } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { all, at, fail, integer, integers, number, text } from './support.ts';

/** Rows of numbers in the model's float type. */
function rows(call: OperatorCall, x: Tensor): Tensor {
  const float = isFloat(x.dtype) ? x : cast(x, call.dtype);
  return float.rank === 1 ? expandDims(float, 0) : float;
}

const list = (call: OperatorCall, name: string): readonly number[] | null =>
  call.attrs.has(name) ? call.attrs.floats(name) : null;
const vector = (call: OperatorCall, values: readonly number[]): Tensor =>
  tensor([...values], [values.length], call.dtype);

/** `X C' + b`, with as many rows of C as there are scores. */
function scores(call: OperatorCall, count: number | null): Tensor {
  const x = rows(call, at(call, 0));
  const coefficients = list(call, 'coefficients') ?? [];
  const features = x.shape[1]!;
  const n = count ?? coefficients.length / features;
  if (x.rank !== 2 || coefficients.length !== n * features) {
    throw fail(call, 'the coefficients do not fit the features', { input: x.shape, coefficients: coefficients.length });
  }
  const y = matmul(x, tensor([...coefficients], [n, features], call.dtype), { transposeB: true });
  const intercepts = list(call, 'intercepts');
  return intercepts?.length ? add(y, vector(call, intercepts)) : y;
}

function finished(call: OperatorCall, y: Tensor): Tensor {
  const name = text(call, 'post_transform', 'NONE');
  if (name === 'NONE') return y;
  if (name === 'LOGISTIC') return sigmoid(y);
  if (name === 'SOFTMAX') return softmax(y, -1);
  if (name === 'SOFTMAX_ZERO') return softmaxOfNonZero(y);
  throw fail(call, `post_transform '${name}' is not supported`, {}, 'NONE, LOGISTIC, SOFTMAX and SOFTMAX_ZERO are');
}

/** Scores of 0 stay 0 and take no part. */
function softmaxOfNonZero(y: Tensor): Tensor {
  const none = equal(y, 0);
  return where(none, 0, softmax(where(none, -Infinity, y), -1));
}

/** Labels and scores; labels that are texts are given as the number of their class. */
function classified(call: OperatorCall): Tensor[] {
  const names = call.attrs.has('classlabels_strings') ? call.attrs.texts('classlabels_strings') : [];
  const numbers = integers(call, 'classlabels_ints') ?? [];
  const classes = names.length || numbers.length;
  const raw = scores(call, null);
  const y = finished(call, raw);
  const label = (place: Tensor): Tensor =>
    numbers.length > 0 ? gather(tensor([...numbers], [numbers.length], 'int32'), place, 0) : place;
  if (raw.shape[1] === 1 && classes === 2) {
    const how = text(call, 'post_transform', 'NONE');
    if (how === 'SOFTMAX' || how === 'SOFTMAX_ZERO') {
      const hint = 'the standard and onnxruntime differ in what it means; LOGISTIC is clear';
      throw fail(call, `post_transform '${how}' of one score for two classes is not supported`, {}, hint);
    }
    const chosen = cast(greater(reshape(raw, [raw.shape[0]!]), 0), 'int32');
    return [label(chosen), concat([sub(1, y), y], 1)];
  }
  return [label(argmax(y, 1)), y];
}

function normalized(call: OperatorCall): Tensor {
  const x = rows(call, at(call, 0));
  const norm = text(call, 'norm', 'MAX');
  const options = { axes: x.rank - 1, keepDims: true };
  if (norm === 'MAX') {
    // The largest with its sign, as the standard and onnxruntime have it; scikit-learn takes the largest magnitude.
    const largest = max(x, options);
    return div(x, where(equal(largest, 0), 1, largest));
  }
  if (norm !== 'L1' && norm !== 'L2') throw fail(call, `unknown norm '${norm}'`, {}, 'MAX, L1 or L2');
  const total = sum(norm === 'L1' ? abs(x) : square(x), options);
  const none = equal(total, 0);
  const safe = where(none, 1, total);
  return div(x, norm === 'L1' ? safe : sqrt(safe));
}

/** What is missing replaced by a number, one for all features or one each. */
function imputed(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [floats, wholes] = [list(call, 'imputed_value_floats'), integers(call, 'imputed_value_int64s')];
  const values = floats ?? wholes ?? [];
  if (values.length === 0) throw fail(call, 'no imputed values');
  const fill = values.length === 1 ? tensor(values[0]!, [], x.dtype) : tensor([...values], [values.length], x.dtype);
  const missing = floats ? number(call, 'replaced_value_float', 0) : integer(call, 'replaced_value_int64', 0);
  return where(Number.isNaN(missing) ? notEqual(x, x) : equal(x, missing), fill, x);
}

/** Features side by side; of each as many as `inputdimensions` says. */
function vectorized(call: OperatorCall): Tensor {
  const sizes = integers(call, 'inputdimensions');
  const parts = all(call).map((given, i) => {
    const x = rows(call, given);
    const flat = reshape(x, [x.shape[0]!, x.size / Math.max(1, x.shape[0]!)]);
    return sizes?.[i] === undefined ? flat : slice(flat, { 1: [0, sizes[i]!] });
  });
  return concat(parts, 1);
}

function encoded(call: OperatorCall): Tensor {
  const cats = integers(call, 'cats_int64s');
  if (!cats) throw fail(call, 'categories that are texts are not supported');
  const x = cast(at(call, 0), 'int32');
  return cast(equal(expandDims(x, -1), tensor([...cats], [cats.length], 'int32')), call.dtype);
}

export const learning: Readonly<Record<string, Operator>> = {
  LinearClassifier: classified,
  LinearRegressor: (call) => [finished(call, scores(call, integer(call, 'targets', 1)))],
  Scaler: (call) => {
    const x = rows(call, at(call, 0));
    const [offset, scale] = [list(call, 'offset'), list(call, 'scale')];
    const moved = offset ? sub(x, vector(call, offset)) : x;
    return [scale ? mul(moved, vector(call, scale)) : moved];
  },
  Normalizer: (call) => [normalized(call)],
  Imputer: (call) => [imputed(call)],
  Binarizer: (call) => [cast(greater(at(call, 0), number(call, 'threshold', 0)), at(call, 0).dtype)],
  FeatureVectorizer: (call) => [vectorized(call)],
  ArrayFeatureExtractor: (call) => {
    const [x, index] = [at(call, 0), cast(at(call, 1), 'int32')];
    const wide = x.rank === 1 ? expandDims(x, 0) : x;
    return [gather(wide, reshape(index, [index.size]), wide.rank - 1)];
  },
  OneHotEncoder: (call) => [encoded(call)],
  // A list of dictionaries is what Python makes of the scores; the tensor says the same.
  ZipMap: (call) => [at(call, 0)],
};
