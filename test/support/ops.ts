/** The ops that tests go through: all, or the one that `npm test -- --op=NAME` asks for. */
import type { Op } from '../../src/graph/op.ts';
import { ops } from '../../src/ops/index.ts';
import { didYouMean, failure } from '../../src/tensor/errors.ts';
import { some } from './thorough.ts';

export function opsUnderTest(): Op[] {
  const name = process.env['PATHGRAD_OP'];
  if (!name) return Object.values<Op>(ops);
  const op = Object.values<Op>(ops).find((one) => one.name === name);
  if (!op) throw failure('--op', `there is no op '${name}'`, {}, didYouMean(name, Object.keys(ops)));
  return [op];
}

/** An op's examples; of those with many, which are steps of recurrent layers, six in `npm test`. */
export const examplesUnderTest = (op: Op): readonly Op['examples'][number][] => some(op.examples, 6);
