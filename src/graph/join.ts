/**
 * Steps that differ in one input alone as one step, where their op knows how (`joins`): the gradients of several scores through a scan that
 * has to go forward before it can go back. Each part comes out with the bits of a step of its own.
 */
import type { Backend } from '../backends/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { valueKey } from './attrs.ts';
import type { Op } from './op.ts';
import { substitute } from './substitute.ts';
import { ancestors, append } from './traverse.ts';

/** `outputs` with what `backend` computes together as one node. */
export function joinNodes(
  { rejoins, joins }: Backend,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
): readonly Tensor[] {
  const found = rejoins?.(outputs, inputs) ?? outputs;
  return joins ? joinSteps(found, inputs, joins) : found;
}

/** @param takes which ops a backend computes joined */
export function joinSteps(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  takes: (op: Op) => boolean,
): readonly Tensor[] {
  const fed = new Set(inputs);
  const done = new Set<Tensor>();
  let joined = outputs;
  for (;;) {
    const group = nextGroup(ancestors(joined, fed), (node) => !fed.has(node) && !done.has(node) && takes(node.op!));
    if (!group) return joined;
    const parts = group[0]!.op!.joins!.join(group);
    for (const part of parts) for (const node of ancestors([part], new Set(group[0]!.inputs))) done.add(node);
    joined = substitute(joined, new Map(group.map((node, k) => [node, parts[k]!])));
  }
}

/** Two or more nodes of an op with one value in all inputs but the one that is joined, none of which depends on another. */
function nextGroup(nodes: readonly Tensor[], open: (node: Tensor) => boolean): readonly Tensor[] | null {
  const alike = new Map<string, Tensor[]>();
  for (const node of nodes) {
    const { op, attrs, inputs } = node;
    if (!op?.joins || !open(node)) continue;
    const { input } = op.joins;
    append(alike, `${op.name} ${valueKey(attrs)} ${inputs.map((x, i) => (i === input ? '' : x.id))}`, node);
  }
  for (const group of alike.values()) {
    if (group.length < 2) continue;
    const members = new Set(group);
    const before = ancestors(group.map(({ op, inputs }) => inputs[op!.joins!.input]!));
    if (!before.some((node) => members.has(node))) return group;
  }
  return null;
}
