/** The sizes of a windowed op over three spatial axes, as `kernels/wasm/windows/geometry.ts` reads them. */
import type { Pads } from '../../../ops/slicing.ts';
import type { Shape } from '../../../tensor/shape.ts';

export type Three = readonly [number, number, number];

export interface Windows {
  readonly input: Three;
  readonly output: Three;
  readonly window: Three;
  readonly stride: Three;
  readonly dilation: Three;
  /** Zeros before each axis. */
  readonly before: Three;
}

export interface WindowAttrs {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly pads: Pads;
  readonly dilations?: readonly number[];
}

/** Three sizes, those missing in front being `by`. */
function three(sizes: readonly number[], by: number): Three {
  return [...new Array<number>(3 - sizes.length).fill(by), ...sizes] as unknown as Three;
}

/** Shapes are `[batch, ...space, channels]`. */
export function windowsOf(input: Shape, output: Shape, attrs: WindowAttrs): Windows {
  return {
    input: three(input.slice(1, -1), 1),
    output: three(output.slice(1, -1), 1),
    window: three(attrs.window, 1),
    stride: three(attrs.strides, 1),
    dilation: three(attrs.dilations ?? attrs.window.map(() => 1), 1),
    before: three(
      attrs.pads.map((pad) => pad[0]),
      0,
    ),
  };
}

/** @param multiplier filters per input channel, for depthwise convolutions */
export function geometryTable(input: Shape, output: Shape, attrs: WindowAttrs, multiplier = 1): number[] {
  const w = windowsOf(input, output, attrs);
  const sizes = [w.input, w.output, w.window, w.stride, w.before, w.dilation];
  return [input.at(-1)!, multiplier, ...sizes.flat()];
}
