/** TimeDistributed: one layer or model on every time step. Steps join the batch axis, and part from it again. */
import { reshape } from '../../ops/movement.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Mask } from './layer.ts';

interface Value {
  readonly tensor: Tensor;
  readonly mask: Mask;
}

/**
 * @param values the input `[batch, time, ...]` and its mask
 * @param major a mask made by the wrapped layer comes out in Keras 2; in Keras 3 the input's mask passes as it is
 * @param call the wrapped layer on `[batch * time, ...]`
 */
export function timeDistributed(
  subject: string,
  values: readonly Value[],
  major: 1 | 2 | 3,
  call: (values: readonly Value[]) => readonly Value[],
): readonly Value[] {
  const [first] = values;
  if (!first || values.some(({ tensor }) => tensor.rank < (major === 3 ? 3 : 2))) {
    const hint = 'the axes are batch, time, and what the wrapped layer takes';
    throw failure(subject, 'the input has too few axes', { input: first?.tensor.shape ?? [] }, hint);
  }
  const [batch, time] = [first.tensor.shape[0]!, first.tensor.shape[1]!];
  const joined = (x: Tensor): Tensor => reshape(x, [batch * time, ...x.shape.slice(2)]);
  const parted = (x: Tensor): Tensor => reshape(x, [batch, time, ...x.shape.slice(1)]);
  // A mask over the time steps means nothing inside one step; one with more axes masks what is inside.
  const results = call(
    values.map(({ tensor, mask }) => ({ tensor: joined(tensor), mask: mask && mask.rank > 2 ? joined(mask) : null })),
  );
  return results.map(({ tensor, mask }) => ({
    tensor: parted(tensor),
    mask: major < 3 && mask ? parted(mask) : first.mask,
  }));
}
