/**
 * Graph to graph, same values: equal subexpressions become one node (CSE) and what depends on constants alone is
 * computed now, and what an op knows to do cheaper (`rewrite`) is done so. Code that no output needs disappears, since only the outputs' ancestors are visited.
 */
import { runStep } from '../backends/reference/index.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { valueKey } from './attrs.ts';
import { foldColumns } from './columns.ts';
import { ancestors, readersOf } from './traverse.ts';

export interface Simplified {
  readonly outputs: readonly Tensor[];
  readonly folded: number;
  readonly merged: number;
}

/** A result bigger than this and than what it is made of stays in the graph: folding must not grow a model. */
const alwaysFold = 4096;

/** @param folds whether scales of columns go into constant weights */
export function simplify(outputs: readonly Tensor[], inputs: readonly Tensor[], folds = false): Simplified {
  const replaced = new Map<Tensor, Tensor>();
  const known = new Map<string, Tensor>();
  const counts = { folded: 0, merged: 0 };
  const stop = new Set(inputs);
  const nodes = ancestors(outputs, stop);
  const readers = readersOf(nodes.filter((node) => !stop.has(node)));
  /** By simplified node: how many of the given nodes read it; outputs count as read for ever. */
  const reads = new Map<Tensor, number>();
  const settle = (node: Tensor, result: Tensor): void => {
    replaced.set(node, result);
    const own = outputs.includes(node) ? Infinity : (readers.get(node)?.length ?? 0);
    reads.set(result, (reads.get(result) ?? 0) + own);
  };
  const once = (x: Tensor): boolean => (reads.get(x) ?? 1) === 1;
  for (const node of nodes) {
    if (node.op === null || stop.has(node)) {
      // What is fed is opaque, a constant too: its value comes with the run.
      const scalar = !stop.has(node) && node.source && node.size === 1;
      replaced.set(node, scalar ? shareScalar(node, known) : node);
      continue;
    }
    const given = node.inputs.map((input) => replaced.get(input)!);
    const {
      op,
      inputs: sources,
      attrs,
    } = node.op.rewrite?.(given, stop, node.attrs) ??
      (folds ? foldColumns(node, given, stop, once) : null) ?? { op: node.op, inputs: given, attrs: node.attrs };
    const key = `${op!.name} ${sources.map((source) => source.id).join()} ${valueKey(attrs)}`;
    const twin = known.get(key);
    if (twin) {
      counts.merged++;
      settle(node, twin);
      continue;
    }
    const unchanged = op === node.op && sources.every((source, i) => source === node.inputs[i]);
    let result = unchanged ? node : new Tensor(op, sources, attrs, node, null);
    const size = sizeOf(node.shape);
    if (
      sources.every(({ source }, i) => source && !stop.has(sources[i]!)) &&
      size <= Math.max(alwaysFold, ...sources.map((s) => s.size))
    ) {
      counts.folded++;
      result = new Tensor(null, [], {}, node, runStep(result));
    }
    known.set(key, result);
    settle(node, result);
  }
  return { outputs: outputs.map((output) => replaced.get(output)!), ...counts };
}

/** Equal scalar constants are one node, so that `x * 2` and `x * 2` are found to be equal. */
function shareScalar(node: Tensor, known: Map<string, Tensor>): Tensor {
  const value = node.constant![0]!;
  const key = `constant ${node.dtype} ${node.shape.join()} ${Object.is(value, -0) ? '-0' : value}`;
  const twin = known.get(key);
  if (twin) return twin;
  known.set(key, node);
  return node;
}
