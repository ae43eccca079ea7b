/**
 * Whether nodes are written as the standard has them: not more inputs than an operator takes, no attributes that it does not have. What nobody
 * reads would change nothing, and its author expects something of it. Source: the schemas of onnx, all versions of an operator together.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { NodeRecord } from './records.ts';
import { learning, standard } from './signatures.generated.ts';

interface Signature {
  readonly most: number;
  readonly attributes: ReadonlySet<string>;
}

const parsed = (text: string): ReadonlyMap<string, Signature> =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', most, ...attributes] = line.split(' ');
        return [name, { most: Number(most), attributes: new Set(attributes) }] as const;
      }),
  );

let tables: ReadonlyMap<string, ReadonlyMap<string, Signature>> | null = null;

/** @throws PathgradError naming the node with an input or an attribute that its operator does not have */
export function checkSignature({ domain, opType, inputs, attributes }: NodeRecord, where: string): void {
  tables ??= new Map([
    ['', parsed(standard)],
    ['ai.onnx.ml', parsed(learning)],
  ]);
  const found = tables.get(domain)?.get(opType);
  if (!found) return;
  const count = inputs.findLastIndex((name) => name !== '') + 1;
  if (found.most >= 0 && count > found.most) {
    throw failure(where, `has ${count} inputs, ${opType} takes ${found.most} at most`, { inputs });
  }
  for (const name of attributes.keys()) {
    if (found.attributes.has(name)) continue;
    throw failure(
      where,
      `has an attribute '${name}', which ${opType} has not`,
      {},
      didYouMean(name, [...found.attributes]),
    );
  }
}
