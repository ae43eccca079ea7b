/** Walks over the graph. None recurses: a chain of 50,000 ops must not meet the call stack's limit. */
import type { Tensor } from '../tensor/tensor.ts';

/**
 * All nodes that `outputs` depend on, in id order, which is a topological order. The walk does not go past the nodes of
 * `stop`: they are in the list, what they are made of is not (unless reached another way).
 */
export function ancestors(outputs: readonly Tensor[], stop?: ReadonlySet<Tensor>): Tensor[] {
  return [...reached(outputs, stop)].sort((a, b) => a.id - b.id);
}

/** The same in the order in which they are met from the outputs on, whatever was made first. */
export function reached(outputs: readonly Tensor[], stop: ReadonlySet<Tensor> = new Set()): Set<Tensor> {
  const seen = new Set<Tensor>(outputs);
  const pending = [...outputs];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (stop.has(node)) continue;
    for (const input of node.inputs) {
      if (!seen.has(input)) {
        seen.add(input);
        pending.push(input);
      }
    }
  }
  return seen;
}

/** Of `nodes` (in id order), those whose value changes with `sources`, the sources included. */
export function dependents(nodes: readonly Tensor[], sources: readonly Tensor[]): Set<Tensor> {
  const dependent = new Set<Tensor>(sources);
  for (const node of nodes) {
    if (!dependent.has(node) && node.inputs.some((input) => dependent.has(input))) dependent.add(node);
  }
  return dependent;
}

/** Who reads what: for every input of `nodes` those that read it, in order, each once. Linear in the number of edges. */
export function readersOf(nodes: readonly Tensor[]): Map<Tensor, Tensor[]> {
  const readers = new Map<Tensor, Tensor[]>();
  for (const node of nodes) for (const input of new Set(node.inputs)) append(readers, input, node);
  return readers;
}

/** Adds `value` to the list of `key`. */
export function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
