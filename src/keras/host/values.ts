/**
 * Values outside the graph: what layers that look up texts and ids work on before a model is computed. Tensors hold numbers only, so a
 * text never enters the graph. Invariant: `values.length` is the product of `shape`.
 */
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

export type Scalar = string | number;

export interface HostArray {
  readonly shape: Shape;
  readonly values: readonly Scalar[];
  readonly kind: 'string' | 'int' | 'float';
}

/** What a caller gave for an input of texts or ids, checked against what the model takes. */
export function readHostArray(
  where: string,
  given: unknown,
  expected: readonly (number | null)[],
  kind: HostArray['kind'],
): HostArray {
  const { shape, values } = flatten(where, given);
  const fits = shape.length === expected.length && expected.every((dim, axis) => dim === null || dim === shape[axis]);
  if (!fits) {
    const single = shape.length === expected.length - 1 && expected.at(-1) === 1;
    // One text per sample may be given without the axis of size 1 that Keras wants.
    if (single) return readHostArray(where, { strings: values, shape: [...shape, 1] }, expected, kind);
    throw failure(where, 'the input has the wrong shape', {
      expected: expected.map((dim) => dim ?? 'any'),
      got: shape,
    });
  }
  const wanted = kind === 'string' ? 'string' : 'number';
  const odd = values.findIndex((value) => typeof value !== wanted);
  if (odd >= 0)
    throw failure(where, `the input takes ${kind === 'string' ? 'texts' : 'numbers'}`, {
      at: odd,
      got: typeof values[odd],
    });
  if (sizeOf(shape) === 0) throw failure(where, 'the batch is empty', { shape });
  return { shape, values, kind };
}

function flatten(where: string, given: unknown): { shape: Shape; values: Scalar[] } {
  if (given instanceof Tensor) return { shape: given.shape, values: Array.from(given.data) };
  if (typeof given === 'object' && given !== null && 'shape' in given) {
    const { shape } = given as { shape: Shape };
    const flat = Array.from(
      ('strings' in given ? given.strings : (given as { data?: unknown }).data) as ArrayLike<Scalar>,
    );
    if (sizeOf(shape) !== flat.length) throw failure(where, `${flat.length} values do not fill the shape`, { shape });
    return { shape, values: flat };
  }
  if (!Array.isArray(given))
    throw failure(where, 'the input must be a list with the batch axis first', { got: typeof given });
  const shape: number[] = [];
  for (let level: unknown = given; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values = given.flat(shape.length - 1) as Scalar[];
  if (values.some((value) => Array.isArray(value)) || values.length !== sizeOf(shape)) {
    throw failure(where, 'the lists have different lengths', { shape });
  }
  return { shape, values };
}

/** Ids as rows of ones and counts: `one_hot` per id, `multi_hot` and `count` per list of ids along the last axis. */
export function encodeIds(ids: HostArray, depth: number, mode: string): HostArray {
  const n = ids.shape.at(-1) ?? 1;
  const each = mode === 'one_hot';
  const rows = each ? ids.values.length : ids.values.length / n;
  const values = new Array<number>(rows * depth).fill(0);
  ids.values.forEach((id, i) => {
    if ((id as number) < 0 || (id as number) >= depth) return; // masked
    const at = (each ? i : Math.floor(i / n)) * depth + (id as number);
    values[at] = mode === 'count' ? values[at]! + 1 : 1;
  });
  return { shape: encodedShape(ids.shape, depth, mode) as Shape, values, kind: 'float' };
}

/** The shape of `encodeIds`; a last axis of size 1 gives way to the row in `one_hot`. */
export function encodedShape(ids: readonly (number | null)[], depth: number, mode: string): (number | null)[] {
  if (mode === 'int') return [...ids];
  const keeps = mode === 'one_hot' && !(ids.at(-1) === 1 && ids.length > 1);
  return [...(keeps ? ids : ids.slice(0, -1)), depth];
}
