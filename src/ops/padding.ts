/** What Keras and TensorFlow mean by the paddings `valid`, `same` and `causal`, as zeros before and after each axis. */
import { failure } from '../tensor/errors.ts';
import type { Pads } from './slicing.ts';

/** A name, or the number of zeros before and after each spatial axis. */
export type Padding = 'valid' | 'same' | 'causal' | Pads;

/** One number for every spatial axis, or one each. */
export type PerAxis = number | readonly number[];

export function perAxis(subject: string, value: PerAxis | undefined, axes: number, what: string): number[] {
  const list = typeof value === 'number' || value === undefined ? new Array<number>(axes).fill(value ?? 1) : [...value];
  if (list.length !== axes || list.some((v) => !Number.isInteger(v) || v < 1)) {
    throw failure(subject, `${what} must be ${axes} integers from 1 up`, { got: list });
  }
  return list;
}

/**
 * `same` gives `ceil(size / stride)` outputs, with the odd zero behind; `causal` puts all zeros in front, so that an
 * output sees nothing after it.
 */
export function resolvePads(
  subject: string,
  padding: Padding,
  space: readonly number[],
  windows: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): Pads {
  if (typeof padding !== 'string') {
    const whole = padding.flat().every((by) => Number.isInteger(by) && by >= 0);
    if (padding.length !== space.length || !whole) {
      throw failure(subject, 'padding is one [before, after] per spatial axis, whole numbers from 0 up', {
        got: padding,
      });
    }
    return padding;
  }
  if (padding === 'valid') return space.map(() => [0, 0] as const);
  return space.map((dim, i) => {
    const reach = (windows[i]! - 1) * dilations[i]! + 1;
    if (padding === 'causal') return [reach - 1, 0] as const;
    if (padding !== 'same') throw failure(subject, `unknown padding '${String(padding)}'`, {}, 'valid, same or causal');
    const total = Math.max(0, (Math.ceil(dim / strides[i]!) - 1) * strides[i]! + reach - dim);
    return [total >> 1, total - (total >> 1)] as const;
  });
}
