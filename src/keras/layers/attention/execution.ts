/**
 * The order in which Keras 3 runs the calls of a model: by their distance from the outputs. It matters from 3.8 on, where
 * MultiHeadAttention takes the masks off the tensors it is called with, so that what runs later does not see them.
 * Source: `map_graph` and `_run_through_graph` of keras/src/ops/function.py, the same from 3.8 to 3.15.
 */

import { tensorsOf } from '../../config/nodes.ts';
import type { CallRef, ModelSpec, TensorRef } from '../../config/spec.ts';
import { keras3Before } from '../layer.ts';

interface Node extends CallRef {
  readonly key: string;
  readonly parents: readonly string[];
}

const keyOf = (ref: { layer: string; node: number }): string => `${ref.node}:${ref.layer}`;

/** Calls that no output needs, which Keras leaves out, come last. */
export function executionOrder(spec: ModelSpec): readonly CallRef[] {
  if (spec.dialect.major !== 3 || keras3Before(spec.dialect, 8) || spec.kind !== 'functional') return spec.callOrder;
  const nodes = new Map<string, Node>();
  const layers = new Map(spec.layers.map((layer) => [layer.name, layer]));
  for (const { layer, node } of spec.callOrder) {
    const call = layers.get(layer)!.calls[node]!;
    // Keras flattens keyword arguments in the order of their names.
    const kwargs = new Map([...call.kwargs].sort(([a], [b]) => (a < b ? -1 : 1)));
    const parents = tensorsOf({ args: call.args, kwargs }).map(keyOf);
    nodes.set(keyOf({ layer, node }), { layer, node, key: keyOf({ layer, node }), parents });
  }
  const inputs = new Set(spec.inputs.map(keyOf));
  const [depths, layerDepths] = [new Map<string, number>(), new Map<string, number>()];
  for (const node of walk(spec.outputs, nodes).reverse()) {
    const depth = Math.max(depths.get(node.key) ?? 0, layerDepths.get(node.layer) ?? 0);
    layerDepths.set(node.layer, depth);
    depths.set(node.key, depth);
    for (const parent of node.parents) {
      if (!inputs.has(parent)) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
  }
  const needed = [...depths].filter(([key]) => nodes.has(key)).sort(([, a], [, b]) => b - a);
  const rest = spec.callOrder.filter((call) => !depths.has(keyOf(call)));
  return [...needed.map(([key]) => ({ layer: nodes.get(key)!.layer, node: nodes.get(key)!.node })), ...rest];
}

/** Depth first from the outputs, each node behind its parents; with a stack, since graphs may be deep. */
function walk(outputs: readonly TensorRef[], nodes: ReadonlyMap<string, Node>): Node[] {
  const [order, begun] = [[] as Node[], new Set<string>()];
  const stack: { node: Node; next: number }[] = [];
  const visit = (key: string): void => {
    const node = nodes.get(key);
    if (!node || begun.has(key)) return;
    begun.add(key);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    visit(keyOf(output));
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const parent = top.node.parents[top.next++];
      if (parent !== undefined) visit(parent);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}
