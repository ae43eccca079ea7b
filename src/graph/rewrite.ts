/**
 * Identities between ops that save work, applied where `simplify` meets them: the same values from fewer or smaller steps.
 */
import { Tensor } from '../tensor/tensor.ts';
import type { Op } from './op.ts';

/**
 * What computes the same as `op(inputs)` in a cheaper way, or null.
 * @param fed tensors of which nothing is known but that they are fed
 */
export function rewrite(op: Op, inputs: readonly Tensor[], fed: ReadonlySet<Tensor>): Tensor | null {
  return op.name === 'where' && !inputs.some((input) => fed.has(input)) ? maskedPoolGradient(inputs, fed) : null;
}

/**
 * `where(x > 0, maxPoolGrad(x, g), 0)`, a relu behind a max pool going back: a window's gradient goes to its maximum, so
 * that the mask is one test per window.
 */
function maskedPoolGradient([mask, gradient, other]: readonly Tensor[], fed: ReadonlySet<Tensor>): Tensor | null {
  if (mask!.op?.name !== 'greater' || gradient!.op?.name !== 'maxPoolGrad' || !isZero(other!)) return null;
  const [x, bound] = mask!.inputs;
  if (x !== gradient!.inputs[0] || fed.has(bound!) || !isZero(bound!)) return null;
  return new Tensor(gradient!.op, gradient!.inputs, { ...gradient!.attrs, rectified: true }, gradient!, null);
}

const isZero = ({ constant }: Tensor): boolean => constant?.length === 1 && constant[0] === 0;
