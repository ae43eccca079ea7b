/**
 * The arrays of a transformer by the path of their layer, whatever file they lie in. Paths are those of transformers' TensorFlow classes,
 * with Keras's names for the arrays (`bert/encoder/layer.0/attention/self/query/kernel`, `…/LayerNorm/gamma`); each source maps its own names to them.
 * Invariant: an array is handed out in the shape that the config implies, finite; what the encoder leaves unread is an error,
 * since then config and weights do not belong together.
 */
import type { ModelWeight, WeightChange } from '../../graph/callable.ts';
import { allocate, type FloatDType } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { firstNotFinite } from '../../tensor/finite.ts';
import { type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';

export interface WeightSource {
  /** What errors call the file. */
  readonly file: string;
  readonly dtype: FloatDType;
  /** Whether there are weights at or below `path`. */
  has(path: string): boolean;
  /** The size of one axis, for what the config does not state; 0 where there is no such axis. */
  sizeOf(path: string, axis: number): number;
  /**
   * The array at `path` in the dtype of the model.
   * @param why which fields of the config imply the shape, for the error where it differs
   */
  take(path: string, shape: Shape, why: string): Tensor;
  /** The tensor, or what stands in its place in a copy of the model (`withWeights`). */
  change(path: string, tensor: Tensor): Tensor;
  /** What was handed out so far, each once: where two layers share an array, they have the same tensor. */
  readonly taken: readonly ModelWeight[];
  /** @throws if the encoder has weights that nothing took: a deeper or otherwise different network */
  finish(optional: RegExp): void;
}

export const misfit = 'config.json and the weights must be saved by one save_pretrained()';

/** @throws where an array has more elements than any that the config implies, before it is read */
export function checkSize(subject: string, shape: Shape, most: number): void {
  const elements = sizeOf(shape);
  if (elements <= most) return;
  throw failure(subject, 'is larger than any weight that config.json implies', { shape, elements, most }, misfit);
}

/** @throws where a weight has another shape than the config implies */
export function checkWeightShape(file: string, path: string, expected: Shape, found: Shape, why: string): void {
  if (sameShape(found, expected)) return;
  const details = { expected, found, from: why };
  throw failure(file, `weight '${path}' does not have the shape that config.json implies`, details, misfit);
}

/** @throws where a weight has a number that is not finite */
export function checkWeightFinite(file: string, path: string, data: Float32Array | Float64Array): void {
  const bad = firstNotFinite(data);
  if (bad >= 0) throw failure(file, `weight '${path}' is not finite`, { at: bad, value: data[bad] });
}

/** @throws where paths of the encoder are among those that nothing took */
export function checkTaken(file: string, base: string, unread: ReadonlySet<string>, optional: RegExp): void {
  const left = [...unread].filter((path) => path.startsWith(`${base}/`) && !optional.test(path));
  if (left.length === 0) return;
  const details = { weights: left.slice(0, 4), count: left.length };
  throw failure(file, 'has weights that the model of config.json does not have', details, misfit);
}

/** What `change` puts in the place of a weight. @throws for numbers that are too few, too many or not finite */
function replaced(file: string, path: string, tensor: Tensor, change: WeightChange | null): Tensor {
  const at = path.lastIndexOf('/');
  const values = change?.({ layer: path.slice(0, at), name: path.slice(at + 1), tensor, trainable: true }) ?? null;
  if (values === null) return tensor;
  if (values.length !== tensor.size) {
    const details = { shape: tensor.shape, given: values.length };
    throw failure(file, `weight '${path}' is given another number of values`, details);
  }
  const data = tensor.dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  const bad = firstNotFinite(data);
  if (bad >= 0) throw failure(file, `weight '${path}' is given a number that is not finite`, { at: bad });
  return adopt(data, tensor.shape);
}

/** What a source has handed out, by path. */
export class Taken {
  readonly #file: string;
  readonly #change: WeightChange | null;
  readonly #made = new Map<string, ModelWeight>();

  constructor(file: string, change: WeightChange | null) {
    this.#file = file;
    this.#change = change;
  }

  get list(): readonly ModelWeight[] {
    return [...this.#made.values()];
  }

  /** The tensor at `path` as it was handed out before, or what `make` and `change` make of it. */
  tensor(path: string, make: () => Tensor): Tensor {
    const known = this.#made.get(path);
    if (known) return known.tensor;
    const tensor = replaced(this.#file, path, make(), this.#change);
    const at = path.lastIndexOf('/');
    this.#made.set(path, { layer: path.slice(0, at), name: path.slice(at + 1), tensor, trainable: true });
    return tensor;
  }
}

/** `next` after `first`: a copy of a copy goes on from the copy. */
export function changedTwice(first: WeightChange | null, next: WeightChange): WeightChange {
  return (weight) => {
    const values = first?.(weight) ?? null;
    if (values === null) return next(weight);
    const data = allocate(weight.tensor.dtype, values.length);
    data.set(values as ArrayLike<number> & ArrayLike<bigint>);
    return next({ ...weight, tensor: adopt(data, weight.tensor.shape) }) ?? values;
  };
}
