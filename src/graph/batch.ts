/**
 * Follows the samples of a batch through a graph, by each op's `batch` rule. Invariant: what it returns is proven from axes and
 * attributes; where an op mixes samples, or cannot be told not to, it is named and nothing is returned.
 */
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { elementwise } from './batch-rules.ts';
import { evaluate } from './evaluate.ts';
import type { BatchAxis, Placed } from './op.ts';
import { ancestors } from './traverse.ts';

/** Whether the samples lie in front, one after another, each as one run of elements. */
export const isInFront = (place: Placed | undefined): place is BatchAxis =>
  !!place && place.axis === 0 && place.outer === 1;

/** Samples in front of a tensor that `rows` samples share: `[rows * inner, ...]`. */
export const inFrontOf = (x: Tensor, rows: number): BatchAxis => ({ axis: 0, outer: 1, inner: x.shape[0]! / rows });

/**
 * Where each tensor that `outputs` depend on keeps its samples; those that are the same for all samples are not listed.
 * @param sources where samples come in, and where they lie there
 * @param rows how many samples there are; two or more, since a single one can mix with nothing
 * @throws PathgradError naming the op that mixes samples
 */
export function placeSamples(
  outputs: readonly Tensor[],
  sources: ReadonlyMap<Tensor, BatchAxis>,
  rows: number,
): Map<Tensor, BatchAxis> {
  const places = new Map<Tensor, BatchAxis>(sources);
  for (const node of ancestors(outputs, new Set(sources.keys()))) {
    if (node.op === null || sources.has(node)) continue;
    const at = node.inputs.map((input) => places.get(input) ?? null);
    if (at.every((place) => place === null)) continue;
    const place = node.op.batch?.(at, node, { rows, even }) ?? 'has no rule for where its samples lie (batch)';
    if (typeof place === 'string') {
      const details = { inputs: node.inputs.map((input) => input.shape), output: node.shape, samples: rows };
      const hint =
        'an explanation needs a model that treats each sample by itself: the first axis is the batch, compute over the other axes only';
      throw failure(node.op.name, `mixes samples: it ${place}`, details, hint);
    }
    places.set(node, place);
  }
  return places;
}

/** Whether a tensor that no sample changes is the same all along an axis: `zeros([rows, units])` is, `arange(rows)` is not. */
function even(x: Tensor, axis: number): boolean {
  const pending: [Tensor, number][] = [[x, axis]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [node, at] = next;
    if (at < 0 || node.shape[at] === 1) continue;
    if (node.op?.batch === elementwise) {
      for (const input of node.inputs) pending.push([input, at - node.rank + input.rank]);
    } else if (!evenValues(node, at)) return false;
  }
  return true;
}

function evenValues(node: Tensor, axis: number): boolean {
  const leaves = ancestors([node]).filter(({ op }) => op === null);
  if (!leaves.every(({ constant }) => constant)) return false;
  const { data, shape } = node.constant ? node : evaluate(node);
  const [span, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))];
  return data.every((value, i) => {
    const first = i - (Math.floor(i / inner) % span) * inner;
    return Object.is(value, data[first]);
  });
}
