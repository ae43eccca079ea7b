/**
 * Rotary positions (Su et al. 2021, "RoFormer"): a head's halves are turned by angles that grow with the position, so that products of queries and
 * keys depend on distances alone. Source: `modeling_modernbert.py` of transformers 4, which computes the angles in float32.
 */
import { add, mul, neg } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { concat, slice } from '../../ops/slicing.ts';
import { allocate, type FloatDType } from '../../tensor/dtype.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';

/** Turns `[rows, heads, positions, size]`. */
export type Rotation = (x: Tensor) => Tensor;

/**
 * @param positions int32 `[rows, length]`, or how many there are from 0 on
 * @param size of a head, even @param theta the base of the angles @param limit one more than the largest position
 */
export function rotation(
  positions: Tensor | number,
  { size, theta, limit, dtype }: { size: number; theta: number; limit: number; dtype: FloatDType },
): Rotation {
  const counted = typeof positions === 'number';
  const tables = angles(counted ? positions : limit, size, theta, dtype);
  const [cos, sin] = tables.map((table) =>
    counted
      ? reshape(table, [1, 1, positions, size])
      : reshape(gather(table, positions), [positions.shape[0]!, 1, positions.shape[1]!, size]),
  ) as [Tensor, Tensor];
  return (x) => add(mul(x, cos), mul(turned(x), sin));
}

/** `[-b, a]` of the halves `[a, b]`. */
function turned(x: Tensor): Tensor {
  const half = x.shape[3]! / 2;
  return concat([neg(slice(x, { 3: [half, 2 * half] })), slice(x, { 3: [0, half] })], 3);
}

/** Cosines and sines `[count, size]`; both halves of a head have the same angles. */
function angles(count: number, size: number, theta: number, dtype: FloatDType): [Tensor, Tensor] {
  const f = Math.fround;
  const [cos, sin] = [allocate(dtype, count * size), allocate(dtype, count * size)];
  for (let i = 0; i < size; i++) {
    const frequency = f(1 / f(theta ** f((2 * (i % (size / 2))) / size)));
    for (let n = 0; n < count; n++) {
      const angle = f(n * frequency);
      cos[n * size + i] = f(Math.cos(angle));
      sin[n * size + i] = f(Math.sin(angle));
    }
  }
  return [adopt(cos, [count, size]), adopt(sin, [count, size])];
}
