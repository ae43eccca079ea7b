/**
 * Which numbers of an explanation belong to which elements of the model's inputs. Metrics change inputs, so every element of a judged input
 * needs an attribution: attributions of the input's own shape are taken as they are, those of an embedding (`[N, tokens, dim]` for ids
 * `[N, tokens]`) are summed over what the input lacks, and a map that all channels share is spread equally over them.
 * Invariant: what a sample's elements hold adds up to what the explanation holds for it.
 */
import { failure } from '../../../tensor/errors.ts';
import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../../frame/arrays.ts';

/** The part of an explanation that metrics read. */
export interface Explained {
  readonly attributions: readonly Tensor[];
  readonly X: readonly Tensor[];
  readonly forwardKwargs: { readonly [name: string]: Tensor };
  readonly baselines: readonly Tensor[];
  readonly target: Tensor | null;
}

/** One input whose elements have attributions. */
export interface JudgedInput {
  /** Its place among the model's inputs. */
  readonly input: number;
  readonly x: Tensor;
  /** Elements per sample. */
  readonly width: number;
  /** `[N * width]`. */
  readonly attributions: Float64Array;
  /** For each element of a sample, which cell of the explanation it got its attribution from. */
  readonly cells: Int32Array;
  /** Whether the explanation had a number of its own for every element. */
  readonly elementwise: boolean;
}

/**
 * The inputs that the explanation is about.
 * @param input which one, where an explanation of a layer fits several
 * @param held inputs that were not attributed: integers beside floats
 * @throws PathgradError where attributions have another shape than every input
 */
export function judgedInputs(
  explained: Explained,
  input: number | undefined,
  held: ReadonlySet<number>,
): JudgedInput[] {
  const { attributions, X } = explained;
  if (input !== undefined && !(Number.isInteger(input) && input >= 0 && input < X.length)) {
    throw failure('input', `there is no input ${input}`, { inputs: X.length }, 'inputs count from 0');
  }
  const pairs =
    attributions.length === X.length && attributions.every((a, i) => fits(a.shape, X[i]!.shape))
      ? X.map((_, i) => [i, i] as const).filter(([i]) => !held.has(i) && (input === undefined || i === input))
      : [[onlyFit(explained, input), 0] as const];
  if (pairs.length === 0) throw failure('explanation', 'attributes to none of the inputs that are judged');
  return pairs.map(([i, a]) => judged(i, X[i]!, attributions[a]!));
}

function onlyFit({ attributions, X }: Explained, input: number | undefined): number {
  const [first] = attributions;
  const found = X.flatMap((x, i) =>
    first && fits(first.shape, x.shape) && (input === undefined || i === input) ? i : [],
  );
  if (attributions.length === 1 && found.length === 1) return found[0]!;
  const shapes = { attributions: attributions.map(({ shape }) => shape), X: X.map(({ shape }) => shape) };
  if (attributions.length === 1 && found.length > 1) {
    throw failure('explanation', 'its attributions fit several inputs', shapes, 'say which one: the option input');
  }
  const hint =
    'a metric that changes inputs needs a number for every feature of an input: explain the input or the embedding, or bring the map to the size of the picture';
  throw failure('explanation', 'its attributions have another shape than the inputs', shapes, hint);
}

/** Same shape; the input's shape and further axes; or axes of size 1 (and missing ones) where the input has more. */
export function fits(a: Shape, x: Shape): boolean {
  if (a[0] !== x[0]) return false;
  if (a.length >= x.length && x.every((dim, axis) => a[axis] === dim)) return true;
  return a.length <= x.length && a.length > 1 && a.every((dim, axis) => dim === x[axis] || dim === 1);
}

function judged(input: number, x: Tensor, a: Tensor): JudgedInput {
  const [samples, width, own] = [x.shape[0]!, rowSize(x.shape), rowSize(a.shape)];
  const attributions = new Float64Array(samples * width);
  if (own >= width) {
    const inner = own / width;
    for (let i = 0; i < a.data.length; i++) attributions[Math.floor(i / inner)]! += a.data[i]!;
    return {
      input,
      x,
      width,
      attributions,
      cells: Int32Array.from({ length: width }, (_, i) => i),
      elementwise: own === width,
    };
  }
  const cells = broadcastCells(a.shape.slice(1), x.shape.slice(1));
  const spread = width / own;
  for (let i = 0; i < attributions.length; i++) {
    const sample = Math.floor(i / width);
    attributions[i] = a.data[sample * own + cells[i - sample * width]!]! / spread;
  }
  return { input, x, width, attributions, cells, elementwise: false };
}

/** For each element of a shape, the element of `from` that stands for it: axes of size 1, and missing ones at the end, count for all. */
export function broadcastCells(from: Shape, to: Shape): Int32Array {
  const steps = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  const strides = stridesOf(to);
  return Int32Array.from({ length: sizeOf(to) }, (_, at) =>
    to.reduce((cell, dim, axis) => cell + (Math.floor(at / strides[axis]!) % dim) * (steps[axis] ?? 0), 0),
  );
}
