/** Which layer a node of a model's graph belongs to: found by looking on while the model is applied, worked out only when somebody asks. */
import type { LayerCall } from '../../graph/callable.ts';
import { reached } from '../../graph/traverse.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Hooks } from '../frame/forward.ts';

/** The path of the innermost layer that made a node, or null: of a plain function, and of what a model does between layers. */
export type LayerOf = (node: Tensor) => string | null;

export function recordLayers(): { readonly hooks: Hooks; readonly layerOf: LayerOf } {
  // A call ends after the calls inside it: the first that has a node is the innermost.
  const calls: LayerCall[] = [];
  const onOutputs = (call: LayerCall): null => {
    calls.push(call);
    return null;
  };
  const made = ({ inputs, outputs }: LayerCall, node: Tensor): boolean =>
    !inputs.includes(node) && reached(outputs, new Set(inputs)).has(node);
  return { hooks: { onOutputs }, layerOf: (node) => calls.find((call) => made(call, node))?.layer.path ?? null };
}

/** Two factors that both depend on what is attributed: gates and attention. */
const products = new Set(['matmul', 'mul', 'conv', 'div', 'convGradInput']);

/** @param others methods that can do it */
export function refusal(method: string, node: Tensor, layerOf: LayerOf | undefined, others: string): Error {
  const { name } = node.op!;
  const layer = layerOf?.(node) ?? null;
  const where = layer === null ? '' : ` of layer '${layer}'`;
  const why = products.has(name) ? ', whose factors both depend on what is attributed (a gate or attention)' : '';
  return failure(
    method,
    `has no rule for the op '${name}'${where}${why}`,
    { inputs: node.inputs.map(String) },
    `${others}; or explain a layer behind it (option layer)`,
  );
}
