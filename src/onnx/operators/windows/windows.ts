/**
 * What convolutions and pools of ONNX share: channels lie behind the batch there and last here, and paddings have names and lists of
 * their own. Source: Operators.md of ONNX 1.22, `auto_pad` and `ceil_mode`.
 */
import type { Pads } from '../../../ops/slicing.ts';
import type { OperatorCall } from '../../operator.ts';
import { fail, integer, integers, text } from '../support.ts';

export interface Windows {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: Pads;
  /** Elements behind the padding that a last window reaches (`ceil_mode`). */
  readonly overhang: readonly number[];
}

/** One number per spatial axis, or `fallback` for each. */
export function perAxis(call: OperatorCall, name: string, axes: number, fallback: number): readonly number[] {
  const given = integers(call, name) ?? new Array<number>(axes).fill(fallback);
  if (given.length !== axes) throw fail(call, `${name} has one number per spatial axis`, { got: given, axes });
  return given;
}

/** `pads` lists what lies before each axis, then what lies behind each. */
export function padsOf(call: OperatorCall, axes: number): Pads {
  const given = integers(call, 'pads') ?? new Array<number>(2 * axes).fill(0);
  if (given.length !== 2 * axes) throw fail(call, 'pads has two numbers per spatial axis', { got: given, axes });
  return Array.from({ length: axes }, (_, i) => [given[i]!, given[axes + i]!] as const);
}

/** Half of the padding on each side; the odd one goes behind for `SAME_UPPER`, in front for `SAME_LOWER`. */
export function halves(total: number, mode: string): readonly [number, number] {
  const less = Math.floor(total / 2);
  return mode === 'SAME_LOWER' ? [total - less, less] : [less, total - less];
}

const modes = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'];

export function autoPad(call: OperatorCall): string {
  const mode = text(call, 'auto_pad', 'NOTSET');
  if (!modes.includes(mode)) throw fail(call, `unknown auto_pad '${mode}'`, { known: modes });
  return mode;
}

/** How the windows lie in a space. */
export function windowsOf(call: OperatorCall, space: readonly number[], window: readonly number[]): Windows {
  const axes = space.length;
  const [strides, dilations] = [perAxis(call, 'strides', axes, 1), perAxis(call, 'dilations', axes, 1)];
  if ([...strides, ...dilations, ...window].some((by) => by < 1)) {
    throw fail(call, 'strides, dilations and windows are from 1 up', { strides, dilations, window });
  }
  const reach = window.map((size, i) => (size - 1) * dilations[i]! + 1);
  const mode = autoPad(call);
  const pads =
    mode === 'NOTSET'
      ? padsOf(call, axes)
      : space.map((dim, i) => {
          if (mode === 'VALID') return [0, 0] as const;
          const total = Math.max(0, (Math.ceil(dim / strides[i]!) - 1) * strides[i]! + reach[i]! - dim);
          return halves(total, mode);
        });
  const ceil = integer(call, 'ceil_mode', 0) === 1 && mode === 'NOTSET';
  const overhang = space.map((dim, i) => {
    if (!ceil) return 0;
    const [before, after] = pads[i]!;
    const span = dim + before + after - reach[i]!;
    const count = Math.ceil(span / strides[i]!) + 1;
    // A window that would start in the padding behind is left out.
    const kept = (count - 1) * strides[i]! >= dim + before ? count - 1 : count;
    return Math.max(0, (kept - 1) * strides[i]! - span);
  });
  return { window, strides, dilations, pads, overhang };
}
