/**
 * Graph to graph, same values: equal subexpressions become one node (CSE) and what depends on constants alone is
 * computed now, and what an op knows to do cheaper (`rewrite`) is done so. Code that no output needs disappears, since only the outputs' ancestors are visited.
 */
import { runStep } from '../backends/reference/index.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { valueKey } from './attrs.ts';
import { ancestors } from './traverse.ts';

export interface Simplified {
  readonly outputs: readonly Tensor[];
  readonly folded: number;
  readonly merged: number;
}

/** A result bigger than this and than what it is made of stays in the graph: folding must not grow a model. */
const alwaysFold = 4096;

export function simplify(outputs: readonly Tensor[], inputs: readonly Tensor[]): Simplified {
  const replaced = new Map<Tensor, Tensor>();
  const known = new Map<string, Tensor>();
  const counts = { folded: 0, merged: 0 };
  const stop = new Set(inputs);
  for (const node of ancestors(outputs, stop)) {
    if (node.op === null || stop.has(node)) {
      // What is fed is opaque, a constant too: its value comes with the run.
      const scalar = !stop.has(node) && node.constant?.length === 1;
      replaced.set(node, scalar ? shareScalar(node, known) : node);
      continue;
    }
    const given = node.inputs.map((input) => replaced.get(input)!);
    const {
      op,
      inputs: sources,
      attrs,
    } = node.op.rewrite?.(given, stop) ?? { op: node.op, inputs: given, attrs: node.attrs };
    const key = `${op!.name} ${sources.map((source) => source.id).join()} ${valueKey(attrs)}`;
    const twin = known.get(key);
    if (twin) {
      counts.merged++;
      replaced.set(node, twin);
      continue;
    }
    const unchanged = op === node.op && sources.every((source, i) => source === node.inputs[i]);
    let result = unchanged ? node : new Tensor(op, sources, attrs, node, null);
    const size = sizeOf(node.shape);
    if (
      sources.every((source) => source.constant && !stop.has(source)) &&
      size <= Math.max(alwaysFold, ...sources.map((s) => s.size))
    ) {
      counts.folded++;
      result = new Tensor(null, [], {}, node, runStep(result));
    }
    known.set(key, result);
    replaced.set(node, result);
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
