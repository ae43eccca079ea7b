/**
 * Path points are rows too, so that a function which reads the number of rows (`1 / x.shape[0]`, `if (x.shape[0] > 4)`) would be another one
 * for every block of points. Its graphs tell: from two rows up they must have the same ops and the same constants.
 */
import { failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A graph as it is met from its output on, whatever was made first. */
export interface Outline {
  readonly rows: number;
  readonly nodes: readonly Pick<Tensor, 'op' | 'constant'>[];
}

export function outlineOf(output: Tensor, rows: number): Outline {
  const seen = new Set([output]);
  const nodes: Outline['nodes'][number][] = [];
  const pending = [output];
  for (let node = pending.pop(); node; node = pending.pop()) {
    nodes.push({ op: node.op, constant: node.constant });
    for (const input of node.inputs) {
      if (seen.has(input)) continue;
      seen.add(input);
      pending.push(input);
    }
  }
  return { rows, nodes };
}

/** @throws PathgradError with what differs between the two numbers of rows */
export function checkSame(one: Outline, other: Outline): void {
  const pairs = Array.from(
    { length: Math.max(one.nodes.length, other.nodes.length) },
    (_, i) => [one.nodes[i], other.nodes[i]] as const,
  );
  for (const [a, b] of pairs) {
    if (a?.op !== b?.op) refuse(one, other, a?.op?.name ?? 'input', b?.op?.name ?? 'input');
    const [x, y] = [a?.constant, b?.constant];
    // Constants that follow the rows in size are the business of the ops that read them.
    if (!x || !y || x === y || x.length !== y.length) continue;
    const at = x.findIndex((value, i) => !Object.is(value, y[i]));
    if (at >= 0) refuse(one, other, x[at]!, y[at]!);
  }
}

function refuse(one: Outline, other: Outline, ...has: readonly (string | number)[]): never {
  const samples = [one.rows, other.rows];
  const order = one.rows < other.rows ? [0, 1] : [1, 0];
  const [few, many] = order.map((i) => `${samples[i]}: ${has[i]}`);
  const hint = 'an explanation needs a function that gives a sample the same result whatever others are beside it';
  throw failure('model', 'computes with the number of samples', { samples: `${few}, ${many}` }, hint);
}
