/** Rebuilds a graph with some of its nodes replaced. */
import { Tensor } from '../tensor/tensor.ts';
import { ancestors } from './traverse.ts';

/** `outputs` as they are when every key of `replacements` is its value; nodes that do not depend on one are kept. */
export function substitute(outputs: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const rebuilt = new Map(replacements);
  for (const node of ancestors(outputs, new Set(replacements.keys()))) {
    if (rebuilt.has(node) || !node.inputs.some((input) => rebuilt.has(input))) continue;
    const inputs = node.inputs.map((input) => rebuilt.get(input) ?? input);
    rebuilt.set(node, new Tensor(node.op, inputs, node.attrs, node, null));
  }
  return outputs.map((output) => rebuilt.get(output) ?? output);
}
