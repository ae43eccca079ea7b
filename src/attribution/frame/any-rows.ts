/**
 * Path points are rows too, so that a function which reads the number of rows (`1 / x.shape[0]`, `if (x.shape[0] > 4)`) would be another one
 * for every block of points. Its graphs tell: from two rows up they must have the same ops and the same constants.
 */
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** @throws PathgradError with what differs; both lists begin with an output `[rows, ...]` and go on as its graph is met from there */
export function checkSame(one: readonly Tensor[], other: readonly Tensor[]): void {
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const [a, b] = [one[i], other[i]];
    let found = a?.op === b?.op ? null : [a?.op?.name ?? 'input', b?.op?.name ?? 'input'];
    const [x, y] = [a?.constant, b?.constant];
    // Constants that follow the rows in size are the business of the ops that read them.
    if (x && y && x !== y && x.length === y.length) {
      const at = x.findIndex((value, k) => !Object.is(value, y[k]));
      if (at >= 0) found = [`${x[at]}`, `${y[at]}`];
    }
    if (!found) continue;
    const [samples, more] = [one, other].map((nodes, k) => `${nodes[0]!.shape[0]}: ${found[k]}`);
    const hint = 'an explanation needs a function that gives a sample the same result whatever others are beside it';
    throw failure('model', 'computes with the number of samples', { samples: `${samples}, ${more}` }, hint);
  }
}
