/**
 * Noisy linear imputation of pixels that were taken out (Rong et al.: "A consistent and efficient evaluation strategy for attribution
 * methods" (ROAD), 2022): each is the weighted mean of its neighbours, 1/6 for those beside it and 1/12 for those at its corners, less what
 * lies outside the picture, so that all together solve `A u = c`. A is symmetric and positive definite wherever a pixel is left, and is
 * solved by conjugate gradients (Hestenes and Stiefel 1952) to the last digits.
 */

/** Rows, columns and weights of a pixel's neighbours. */
const neighbours = /* @__PURE__ */ [-1, 0, 1].flatMap((dy) =>
  [-1, 0, 1].flatMap((dx) => (dy === 0 && dx === 0 ? [] : [{ dy, dx, weight: dy === 0 || dx === 0 ? 1 / 6 : 1 / 12 }])),
);

interface Hole {
  /** Pixels that are gone. */
  readonly pixels: Int32Array;
  /** For each of them, the places in `pixels` of its eight neighbours: -1 where that pixel is there, or is none. */
  readonly inside: Int32Array;
  /** The weights of neighbours within the picture. */
  readonly sums: Float64Array;
}

/**
 * Fills in `gone` in place, without noise.
 * @param picture `[height, width, channels]` @param gone numbers of pixels, at least one pixel is not among them
 */
export function impute(
  picture: Float64Array,
  [height, width, channels]: readonly [number, number, number],
  gone: Int32Array,
): void {
  const hole = holeOf(height, width, gone);
  const { pixels, inside } = hole;
  for (let channel = 0; channel < channels; channel++) {
    const right = new Float64Array(pixels.length);
    pixels.forEach((pixel, i) => {
      neighbours.forEach(({ dy, dx, weight }, k) => {
        const [y, x] = [Math.floor(pixel / width) + dy, (pixel % width) + dx];
        if (y < 0 || x < 0 || y >= height || x >= width || inside[i * 8 + k]! >= 0) return;
        right[i]! += weight * picture[(y * width + x) * channels + channel]!;
      });
    });
    solve(hole, right).forEach((value, i) => {
      picture[pixels[i]! * channels + channel] = value;
    });
  }
}

function holeOf(height: number, width: number, pixels: Int32Array): Hole {
  const place = new Int32Array(height * width).fill(-1);
  pixels.forEach((pixel, i) => {
    place[pixel] = i;
  });
  const inside = new Int32Array(pixels.length * 8).fill(-1);
  const sums = new Float64Array(pixels.length);
  pixels.forEach((pixel, i) => {
    neighbours.forEach(({ dy, dx, weight }, k) => {
      const [y, x] = [Math.floor(pixel / width) + dy, (pixel % width) + dx];
      if (y < 0 || x < 0 || y >= height || x >= width) return;
      sums[i]! += weight;
      inside[i * 8 + k] = place[y * width + x]!;
    });
  });
  return { pixels, inside, sums };
}

/** Conjugate gradients with the diagonal as preconditioner. */
function solve(hole: Hole, right: Float64Array): Float64Array {
  const count = right.length;
  const u = new Float64Array(count);
  const residual = right.slice();
  const scaled = residual.map((r, i) => r / hole.sums[i]!);
  const direction = scaled.slice();
  let energy = dot(residual, scaled);
  const least = energy * 1e-32;
  // In exact arithmetic as many turns as unknowns would do.
  for (let turn = 0; turn < 10 * count + 100 && energy > least; turn++) {
    const image = multiply(hole, direction);
    const step = energy / dot(direction, image);
    for (let i = 0; i < count; i++) {
      u[i]! += step * direction[i]!;
      residual[i]! -= step * image[i]!;
      scaled[i] = residual[i]! / hole.sums[i]!;
    }
    const next = dot(residual, scaled);
    for (let i = 0; i < count; i++) direction[i] = scaled[i]! + (next / energy) * direction[i]!;
    energy = next;
  }
  return u;
}

function multiply({ inside, sums }: Hole, v: Float64Array): Float64Array {
  const out = new Float64Array(v.length);
  for (let i = 0; i < v.length; i++) {
    let sum = sums[i]! * v[i]!;
    for (let k = 0; k < 8; k++) {
      const j = inside[i * 8 + k]!;
      if (j >= 0) sum -= neighbours[k]!.weight * v[j]!;
    }
    out[i] = sum;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
