/** What the golden files of tfjs hold, and how values are compared. */
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

export interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: string;
}

export interface TfjsCase {
  readonly name: string;
  /** The content of model.json. */
  readonly model: { readonly [key: string]: unknown };
  /** By name, in base64. */
  readonly shards: Readonly<Record<string, string>>;
  readonly inputs: readonly Values[];
  readonly outputs: readonly Values[];
}

export function tensorOf({ shape, data, dtype }: Values): Tensor {
  return tensor(dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data), [...shape]);
}

/** Of one value, where values are about 1. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++)
    largest = Math.max(largest, Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!)));
  return largest;
}
