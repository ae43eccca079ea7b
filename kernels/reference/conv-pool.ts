/**
 * The maxima of windows of `x [batch, height, width, filters]` that lie side by side, and which element of its window each is: 0 where a window
 * passes no gradient, else 1 and the number of its first maximum. Behind the maxima come the codes: of 16 filters four numbers, the codes of
 * every fourth filter as `bits / 2^16`.
 */

type Floats = Float32Array | Float64Array;

export interface WindowSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly window: readonly [number, number];
}

/** Bits of filter `f` in its number, and where that is among those of a window. */
const unitOf = (f: number): number => 16 ** (-1 - Math.floor((f % 16) / 4));
const placeOf = (f: number): number => 4 * Math.floor(f / 16) + (f % 4);

/** Calls `visit` with the number of each window and of its first element. */
function forEachWindow(
  { batch, height, width, window: [high, wide] }: WindowSizes,
  visit: (w: number, at: number) => void,
): void {
  let w = 0;
  for (let q = 0; q < batch; q++) {
    for (let i = 0; i + high <= height; i += high) {
      for (let j = 0; j + wide <= width; j += wide) visit(w++, (q * height + i) * width + j);
    }
  }
}

/** The number of an element of a window, counted from its first. */
const elementOf = (e: number, { width, window: [, wide] }: WindowSizes): number =>
  Math.floor(e / wide) * width + (e % wide);

/**
 * @param out maxima, then codes
 * @param positive whether a maximum counts only above 0, which is what it is else
 */
export function takeWindows(out: Floats, x: Floats, windows: number, positive: boolean, sizes: WindowSizes): void {
  const { filters, window } = sizes;
  const width = 4 * Math.ceil(filters / 16);
  out.fill(0);
  forEachWindow(sizes, (w, at) => {
    for (let f = 0; f < filters; f++) {
      let [top, code] = positive ? [0, 0] : [Number.NEGATIVE_INFINITY, 1];
      for (let e = 0; e < window[0] * window[1]; e++) {
        const value = x[(at + elementOf(e, sizes)) * filters + f]!;
        // NaN wins over everything and stays.
        if (value > top) code = e + 1;
        if (value > top || Number.isNaN(value)) top = value;
      }
      out[w * filters + f] = top;
      out[windows * filters + w * width + placeOf(f)]! += code * unitOf(f);
    }
  });
}

/** Makes the codes of windows whose maxima are 0 say that they pass nothing. */
export function forgetDropped(out: Floats, windows: number, filters: number): void {
  const width = 4 * Math.ceil(filters / 16);
  for (let w = 0; w < windows; w++) {
    for (let f = 0; f < filters; f++) {
      const at = windows * filters + w * width + placeOf(f);
      if (out[w * filters + f] === 0) out[at]! -= codeAt(out, at, f) * unitOf(f);
    }
  }
}

const codeAt = (y: Floats, at: number, f: number): number => Math.floor(y[at]! / unitOf(f)) % 16;

/** `g [windows, filters]` times `scale` to the elements that the codes in `y` name, zeros elsewhere. */
export function spreadWindows(
  out: Floats,
  y: Floats,
  g: Floats,
  windows: number,
  scale: number,
  sizes: WindowSizes,
): void {
  const { filters, window } = sizes;
  const width = 4 * Math.ceil(filters / 16);
  out.fill(0);
  forEachWindow(sizes, (w, at) => {
    for (let f = 0; f < filters; f++) {
      const code = codeAt(y, windows * filters + w * width + placeOf(f), f);
      if (code > 0 && code <= window[0] * window[1])
        out[(at + elementOf(code - 1, sizes)) * filters + f] = g[w * filters + f]! * scale;
    }
  });
}
