/** Which operators of a graph, and of the graphs inside it, cannot be run, and why. */
import { failure } from '../../tensor/errors.ts';
import type { OnnxFile } from '../file/records.ts';
import { controlNames } from '../graph/control.ts';
import type { Prepared, Step } from '../graph/prepare.ts';
import { operatorFor, refusalFor } from '../operators/index.ts';

/** An operator of a model that cannot be run, and where. */
export interface UnsupportedOperator {
  readonly operator: string;
  readonly reason: string;
  readonly nodes: readonly string[];
}

export const nameOf = ({ domain, opType }: Step['node']): string => (domain === '' ? opType : `${domain}.${opType}`);

export function* allSteps(graph: Prepared): Generator<Step> {
  for (const step of graph.steps) {
    yield step;
    for (const body of step.bodies.values()) yield* allSteps(body);
  }
}

export function unsupportedIn(graph: Prepared): UnsupportedOperator[] {
  const found = new Map<string, { reason: string; nodes: string[] }>();
  for (const { node, path } of allSteps(graph)) {
    if (operatorFor(node) || (node.domain === '' && controlNames.includes(node.opType))) continue;
    const reason = refusalFor(node) ?? 'it is not known';
    const entry = found.get(nameOf(node)) ?? { reason, nodes: [] };
    entry.nodes.push(path);
    found.set(nameOf(node), entry);
  }
  return [...found].map(([operator, entry]) => ({ operator, ...entry }));
}

export function refused(file: OnnxFile, missing: readonly UnsupportedOperator[]) {
  const lines = missing
    .slice(0, 20)
    .map(({ operator, reason, nodes }) => `  ${operator} (${nodes.length}, first at ${nodes[0]}): ${reason}`);
  const more = missing.length > 20 ? `\n  and ${missing.length - 20} more` : '';
  const problem = `has operators that are not supported:\n${lines.join('\n')}${more}`;
  return failure(file.name, problem, {}, 'docs/onnx.md lists what is supported');
}
