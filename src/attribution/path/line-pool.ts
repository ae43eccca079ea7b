/**
 * Recognises what follows the frontier of nearly every convolutional model, an optional relu and a max pool, and puts one
 * op (`lerpMaxPool`) in the place of the interpolated points, the relu and the pool.
 */
import type { Attrs } from '../../graph/op.ts';
import { type LerpMaxPoolAttrs, lerpMaxPool } from '../../ops/lerp-max-pool.ts';
import { reshape } from '../../ops/movement.ts';
import type { PoolAttrs } from '../../ops/pool.ts';
import type { Tensor } from '../../tensor/tensor.ts';

export interface LinePool {
  /** The node whose value the fused op gives. */
  readonly pooled: Tensor;
  readonly attrs?: LerpMaxPoolAttrs;
  readonly fuse: (start: Tensor, delta: Tensor, alpha: Tensor) => Tensor;
}

/** The pool that alone reads frontier node `node` (through a relu), or null. */
export function findLinePool(node: Tensor, output: Tensor, readers: ReadonlyMap<Tensor, Tensor[]>): LinePool | null {
  const onlyReader = (of: Tensor): Tensor | null => {
    const all = readers.get(of) ?? [];
    return all.length === 1 && of !== output ? all[0]! : null;
  };
  const next = onlyReader(node);
  const rectified = next?.op?.name === 'relu';
  const pooled = rectified ? onlyReader(next) : next;
  const pool = pooled && poolAttrs(pooled);
  if (!pool) return null;
  const attrs: LerpMaxPoolAttrs = { ...pool, relu: rectified };
  return {
    pooled,
    attrs,
    fuse: (start, delta, alpha) => reshape(lerpMaxPool([start, delta, alpha], attrs), pooled.shape),
  };
}

/** A max pool, or a maximum over all of space, which is a pool with a window of that size. */
function poolAttrs({ op, inputs, attrs }: Tensor): Omit<LerpMaxPoolAttrs, 'relu'> | null {
  if (op?.name === 'maxPool') return { ...(attrs as unknown as PoolAttrs), ties: 'first' };
  const x = inputs[0];
  if (op?.name !== 'max' || !x || x.rank < 3 || x.rank > 5) return null;
  const space = x.shape.slice(1, -1);
  const axes = (attrs as Attrs & { axes: readonly number[] }).axes;
  if (axes.length !== space.length || axes.some((axis, i) => axis !== i + 1)) return null;
  return { window: space, strides: space, pads: space.map(() => [0, 0] as const), ties: 'share' };
}
