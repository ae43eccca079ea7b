/**
 * What is made of gradients before an update: the sum over accumulated steps, and clipping. And what Keras 3 on TensorFlow makes of the
 * gradient of an embedding (`keras3-tensorflow`): there it is a list of rows (`tf.IndexedSlices`), one for every word that was looked
 * up, and elementwise functions see the single rows before those of the same word are added. Here it is the op `scatterAdd`.
 */
import { add, div, greater, maximum, minimum, mul, sub, where } from '../../ops/binary.ts';
import { scatterAdd } from '../../ops/indexing.ts';
import { sum } from '../../ops/reduce.ts';
import { abs, clip, reciprocal, sqrt, square } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Optimizer } from '../types.ts';
import type { Settings } from './options.ts';

/** Functions of a gradient that are not linear, in which rows of the same word make a difference. */
export interface Elementwise {
  square(gradient: Tensor): Tensor;
  abs(gradient: Tensor): Tensor;
}

const dense: Elementwise = { square, abs };
const byRow: Elementwise = { square: (g) => mapRows(g, square), abs: (g) => mapRows(g, abs) };

export function elementwiseOf({ semantics }: Settings): Elementwise {
  return semantics === 'keras3-tensorflow' ? byRow : dense;
}

/** The rows of an embedding's gradient, with where they go; null for any other gradient. */
function rowsOf(gradient: Tensor): { readonly rows: Tensor; put(rows: Tensor): Tensor } | null {
  const { op, inputs, attrs } = gradient;
  if (op?.name !== 'scatterAdd' || attrs['axis'] !== 0) return null;
  const [rows, index] = inputs as [Tensor, Tensor];
  const size = attrs['size'] as number;
  return { rows, put: (changed) => scatterAdd(changed, index, { axis: 0, size }) };
}

function mapRows(gradient: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const found = rowsOf(gradient);
  return found ? found.put(f(found.rows)) : f(gradient);
}

type Slots = { readonly [name: string]: Tensor };

/** The `clip` of an optimizer, or undefined where gradients stay as they are. */
export function clipOf(settings: Settings): Optimizer['clip'] {
  const { gradientAccumulationSteps: steps } = settings;
  const clipped = clipper(settings);
  if (steps === null) return clipped ? (gradients) => clipped(gradients) : undefined;
  return (gradients, slots, numbers) => {
    const sums = gradients.map((gradient, i) => add(gradient, (slots[i] as Slots)['gradient_accumulator']!));
    const means = sums.map((total) => div(total, steps));
    const last = greater(numbers['updates']!, 0.5);
    return (clipped?.(means) ?? means).map((mean, i) => where(last, mean, sums[i]!));
  };
}

function clipper(settings: Settings): ((gradients: readonly Tensor[]) => readonly Tensor[]) | undefined {
  const { clipnorm, globalClipnorm, clipvalue, semantics } = settings;
  // tf_keras adds the rows of a word up, too, but after it has clipped.
  const rows = semantics !== 'keras3';
  const map = (gradient: Tensor, f: (x: Tensor) => Tensor): Tensor => (rows ? mapRows(gradient, f) : f(gradient));
  if (clipnorm !== null) return (gradients) => gradients.map((g) => map(g, (x) => clippedByNorm(x, clipnorm)));
  if (clipvalue !== null) return (gradients) => gradients.map((g) => map(g, (x) => clip(x, -clipvalue, clipvalue)));
  if (globalClipnorm === null) return undefined;
  return (gradients) => {
    const { square: squares } = rows ? byRow : dense;
    const total = gradients.map((g) => sum(squares(g))).reduce((a, b) => add(a, b));
    const norm = sqrt(total);
    const scale = mul(minimum(reciprocal(norm), 1 / globalClipnorm), globalClipnorm);
    // Infinity and NaN make all gradients NaN, as there, so that they are seen.
    const marked = add(scale, sub(norm, norm));
    // A list of rows becomes dense where TensorFlow multiplies it, unlike above.
    return gradients.map((g) => mul(g, marked));
  };
}

/** `x * limit / max(|x|, limit)`, of zeros zeros. */
function clippedByNorm(x: Tensor, limit: number): Tensor {
  const squares = sum(square(x));
  const positive = greater(squares, 0);
  const norm = where(positive, sqrt(where(positive, squares, 1)), squares);
  return div(mul(x, limit), maximum(norm, limit));
}
