/**
 * Puts stored arrays in the places a layer has for them. Invariant: every place gets exactly one array of the right shape, of floats
 * without NaN or infinity; anything else is an error that names layer, weight and dataset.
 */
import { evaluate } from '../../graph/evaluate.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { firstNotFinite } from '../../tensor/finite.ts';
import { type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import type { WeightRule } from '../layers/layer.ts';
import type { LayerWeights, StoredArray } from './store.ts';

export interface LayerWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly tensor: Tensor;
  readonly trainable: boolean;
}

/**
 * The weights of one layer as constants of `dtype`.
 * @param subject the layer, for errors
 * @param stored null where no file gave weights
 */
export function loadWeights(
  subject: string,
  rules: readonly WeightRule[],
  stored: LayerWeights | null,
  dtype: FloatDType,
  trainable: boolean,
): LayerWeight[] {
  // The states of Keras 3's random generators lie among the weights of dropout layers; nothing is drawn at inference.
  const arrays = (stored?.arrays ?? []).filter((array) => !/seed_generator/.test(`${array.part}/${array.name}`));
  if (arrays.length !== rules.length) {
    const problem = arrays.length < rules.length ? 'weights are missing' : 'the file has more weights than the layer';
    const details = {
      expected: rules.map(describeRule),
      found: arrays.map(describeArray),
      file: stored?.source ?? 'none',
    };
    throw failure(subject, problem, details);
  }
  return inOrder(rules, arrays).map(([rule, array]) => ({
    name: rule.name,
    shape: rule.shape,
    tensor: load(subject, rule, array, dtype),
    trainable: trainable && rule.trainable !== false,
  }));
}

/** By name where the names agree, else by position: early files name weights differently, but keep Keras's order. */
function inOrder(rules: readonly WeightRule[], arrays: readonly StoredArray[]): [WeightRule, StoredArray][] {
  const named = new Map(arrays.map((array) => [array.name, array]));
  const byName = named.size === arrays.length && rules.every((rule) => named.has(rule.name));
  return rules.map((rule, i) => [rule, byName ? named.get(rule.name)! : arrays[i]!]);
}

function load(subject: string, rule: WeightRule, array: StoredArray, dtype: FloatDType): Tensor {
  if (!array.dtype.includes('float') && rule.name !== 'count') {
    const details = { file: array.path, dtype: array.dtype };
    throw failure(
      subject,
      `weight '${rule.name}' is stored as ${array.dtype}`,
      details,
      'quantized weights are not supported',
    );
  }
  if (sizeOf(array.shape) !== array.data.length) {
    throw failure(subject, `weight '${rule.name}' is incomplete`, { file: array.path, shape: array.shape });
  }
  const bad = firstNotFinite(array.data);
  if (bad >= 0) {
    const details = { file: array.path, at: bad, value: array.data[bad] };
    throw failure(subject, `weight '${rule.name}' is not finite`, details, 'training diverged, or the file is damaged');
  }
  const type = dtype === 'float64' ? Float64Array : Float32Array;
  const { data } = array;
  // What has its bytes for itself is taken as it is, of a view on a file a copy.
  const own = data instanceof type && data.byteLength === data.buffer.byteLength;
  const asStored = adopt(own ? data : new type(data), array.shape);
  const converted = rule.convert ? rule.convert(asStored) : asStored;
  if (!sameShape(converted.shape, rule.shape)) {
    const details = { expected: rule.shape, found: array.shape, file: array.path };
    throw failure(
      subject,
      `weight '${rule.name}' has the wrong shape`,
      details,
      'the file belongs to another architecture',
    );
  }
  return converted === asStored ? asStored : evaluate(converted);
}

const describeRule = (rule: WeightRule): string => `${rule.name} [${rule.shape.join(',')}]`;
const describeArray = (array: StoredArray): string => `${array.name ?? array.path} [${array.shape.join(',')}]`;
