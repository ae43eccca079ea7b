/**
 * 3x3 convolutions of stride 1 with 16 multiplications where 36 were: F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks" (2015). A tile of 4x4 inputs becomes 16 values a channel, a product per value sums the channels, and 16 sums become 2x2
 * outputs. A block of tiles goes all the way in the thread's scratch memory.
 *
 * Invariant: an output is the same sum whatever the split of the work. Tiles begin at even outputs, and what is constant along an axis
 * within a tile gives exact zeros but for one value, so equal neighbours of a tile stay equal: ties in a 2x2 max pool stay ties.
 */
import { finishRows } from './product/activation';
import { MR, NR } from './product/panels';
import { scratch, storeLanes } from './simd';
import { directTile } from './product/tile';
import { wideTile } from './product/wide-tile';
import { WIDE } from './width';
import { pairsOfOutputs, pairsOfValues } from './winograd/wide';

export { setScratch } from './simd';
export { winogradKernel } from './winograd/kernel';
export { depthwiseThree as depthwise } from './windows/slide-three';

/** What a call computes, as `src/backends/wasm/bind/winograd.ts` lays it out: int32 in the order of the fields. */
@unmanaged
class Layer {
  inputH: i32;
  inputW: i32;
  outputH: i32;
  outputW: i32;
  beforeH: i32;
  beforeW: i32;
  /** Channels of the input and of the output. */
  inner: i32;
  filters: i32;
  /** Tiles of a picture, down and across, and of all pictures. */
  tilesH: i32;
  tilesW: i32;
  tiles: i32;
  /** Tiles of a unit of work, a multiple of six. */
  block: i32;
  /** Output channels of a unit, a multiple of eight, and how many such strips there are. */
  width: i32;
  strips: i32;
  /** Input channels that are taken at a time, a multiple of four. */
  depth: i32;
}

/** In the scratch memory: pointers and sums of a tile of the product (see `tile.ts`), the list of its runs, a patch, values, sums. */
const RUN_AT: usize = 256;
const PATCH_AT: usize = 320;
/** Between the values of a tile, so that sixteen streams do not meet in one set of the cache. */
const APART: usize = 64;

/** Units are strips of output channels of blocks of tiles. `u`: kernels as `winogradKernel` writes them. */
export function winograd(
  start: i32, end: i32, out: usize, x: usize, u: usize, layer: usize, bias: usize, act: i32,
): void {
  const g = changetype<Layer>(layer);
  const line = <usize>g.depth << 2;
  const step = <usize>g.block * line + APART;
  const sumStep = <usize>(g.block * g.width * 4) + APART;
  const values = scratch() + PATCH_AT + 16 * line + APART;
  const sums = values + 16 * step;
  const panels = (g.filters + NR - 1) / NR;
  let made = -1;
  for (let unit = start; unit < end; unit++) {
    const block = unit / g.strips;
    const first = block * g.block;
    const count = min(g.block, g.tiles - first);
    const p0 = (unit - block * g.strips) * (g.width / NR);
    const p1 = min(p0 + g.width / NR, panels);
    for (let k0 = 0; k0 < g.inner; k0 += g.depth) {
      const depth = min(g.depth, g.inner - k0);
      // The next strip of the same block finds the values that it needs where all channels are there at once.
      if (made != block || depth < g.inner) transform(values, step, x, g, first, count, k0, depth);
      const from = u + <usize>(p0 * g.inner + k0) * 32;
      multiply(sums, sumStep, g.width, values, step, line, from, panels * g.inner, g.inner, p1 - p0, count, depth, k0 > 0);
    }
    made = block;
    invert(out, sums, sumStep, g, first, count, p0 * NR, min(p1 * NR, g.filters) - p0 * NR, bias, act);
  }
}

/** Values of `count` tiles from `first` on, channels `[k0, k0 + depth)`: value `i` of tile `t` at `to + i * step + t * line`. */
function transform(to: usize, step: usize, x: usize, g: Layer, first: i32, count: i32, k0: i32, depth: i32): void {
  const line = <usize>g.depth << 2;
  const pixel = <usize>g.inner << 2;
  const picture = g.tilesH * g.tilesW;
  const patch = scratch() + PATCH_AT;
  for (let t = 0; t < count; t++, to += line) {
    const sample = (first + t) / picture;
    const place = first + t - sample * picture;
    const row = place / g.tilesW;
    const h = row * 2 - g.beforeH;
    const w = (place - row * g.tilesW) * 2 - g.beforeW;
    const from = x + <usize>((sample * g.inputH + h) * g.inputW + w) * pixel + (<usize>k0 << 2);
    if (h >= 0 && w >= 0 && h + 4 <= g.inputH && w + 4 <= g.inputW) {
      tileValues(to, step, from, <usize>g.inputW * pixel, pixel, depth);
    } else {
      copyPatch(patch, line, from, g, h, w, depth);
      tileValues(to, step, patch, 4 * line, line, depth);
    }
  }
}

/** The 4x4 pixels at `from`, of which some lie outside, with zeros there. */
function copyPatch(to: usize, line: usize, from: usize, g: Layer, h: i32, w: i32, depth: i32): void {
  const bytes = <usize>depth << 2;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++, to += line) {
      const inside = <u32>(h + i) < <u32>g.inputH && <u32>(w + j) < <u32>g.inputW;
      if (inside) memory.copy(to, from + <usize>((i * g.inputW + j) * g.inner * 4), bytes);
      else memory.fill(to, 0, bytes);
    }
  }
}

/** B' d B of a tile, four channels at a time. Rows 1 and 2 stay in registers, the others are read when their turn comes. */
@inline
function tileValues(to: usize, step: usize, from: usize, row: usize, pixel: usize, depth: i32): void {
  let c = 0;
  if (WIDE) {
    c = depth & ~7;
    pairsOfValues(to, step, from, row, pixel, c);
    from += <usize>c << 2, to += <usize>c << 2;
  }
  for (; c < depth; c += 4, from += 16, to += 16) {
    let at = from + row;
    const a0 = v128.load(at), a1 = v128.load(at + pixel), a2 = v128.load(at + 2 * pixel), a3 = v128.load(at + 3 * pixel);
    at += row;
    const b0 = v128.load(at), b1 = v128.load(at + pixel), b2 = v128.load(at + 2 * pixel), b3 = v128.load(at + 3 * pixel);
    const four = to + 4 * step;
    fourValues(four, step, f32x4.add(a0, b0), f32x4.add(a1, b1), f32x4.add(a2, b2), f32x4.add(a3, b3));
    const eight = four + 4 * step;
    fourValues(eight, step, f32x4.sub(b0, a0), f32x4.sub(b1, a1), f32x4.sub(b2, a2), f32x4.sub(b3, a3));
    fourValues(
      to, step, f32x4.sub(v128.load(from), b0), f32x4.sub(v128.load(from + pixel), b1),
      f32x4.sub(v128.load(from + 2 * pixel), b2), f32x4.sub(v128.load(from + 3 * pixel), b3),
    );
    at += row;
    fourValues(
      eight + 4 * step, step, f32x4.sub(a0, v128.load(at)), f32x4.sub(a1, v128.load(at + pixel)),
      f32x4.sub(a2, v128.load(at + 2 * pixel)), f32x4.sub(a3, v128.load(at + 3 * pixel)),
    );
  }
}

@inline
function fourValues(to: usize, step: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(to, f32x4.sub(s0, s2));
  v128.store(to + step, f32x4.add(s1, s2));
  v128.store(to + 2 * step, f32x4.sub(s2, s1));
  v128.store(to + 3 * step, f32x4.sub(s1, s3));
}

/**
 * For each of the sixteen values the product of `[count, depth]` at `values` and `panels` panels of `u`, whose values lie `all` rows apart
 * and panels `inner` rows.
 * @param adds whether sums go on from what is there
 */
function multiply(
  sums: usize, sumStep: usize, width: i32, values: usize, step: usize, line: usize, u: usize, all: i32, inner: i32, panels: i32,
  count: i32, depth: i32, adds: bool,
): void {
  const room = scratch();
  const run = room + RUN_AT;
  const sumLine = <usize>width << 2;
  for (let i = 0; i < 16; i++, sums += sumStep, values += step, u += <usize>all * 32) {
    for (let t = 0; t < count; t += MR) {
      for (let r = 0; r < MR; r++) {
        // Of tiles that are missing to six the last one is computed again, into room that is there for it.
        store<usize>(run + (<usize>r << 2), values + <usize>min(t + r, count - 1) * line);
        store<usize>(room + (<usize>r << 2), sums + <usize>(t + r) * sumLine);
      }
      let p = 0;
      if (WIDE) {
        for (; p + 1 < panels; p += 2) {
          const from = u + <usize>(p * inner) * 32;
          wideTile(depth, run, 4, from, from + <usize>inner * 32, <usize>p << 5, MR, 2 * NR, adds);
        }
      }
      for (; p < panels; p++) {
        directTile(depth, run, u + <usize>(p * inner) * 32, <usize>p << 5, MR, NR, adds);
      }
    }
  }
}

/** Outputs of `count` tiles from `first` on, channels `[f0, f0 + filters)`. */
function invert(
  out: usize, sums: usize, sumStep: usize, g: Layer, first: i32, count: i32, f0: i32, filters: i32, bias: usize, act: i32,
): void {
  const pixel = <usize>g.filters << 2;
  const picture = g.tilesH * g.tilesW;
  const rows = scratch();
  const apart = rows + RUN_AT;
  for (let t = 0; t < count; t++, sums += <usize>g.width << 2) {
    const sample = (first + t) / picture;
    const place = first + t - sample * picture;
    const row = place / g.tilesW;
    const h = row * 2;
    const w = (place - row * g.tilesW) * 2;
    const to = out + <usize>((sample * g.outputH + h) * g.outputW + w) * pixel + (<usize>f0 << 2);
    const down = h + 1 < g.outputH;
    const right = w + 1 < g.outputW;
    const below = to + <usize>g.outputW * pixel;
    tileOutputs(to, below, pixel, down, right, sums, sumStep, filters);
    if (bias == 0 && act == 0) continue;
    let listed = 0;
    store<usize>(rows, to - (<usize>f0 << 2));
    if (right) store<usize>(rows + (<usize>++listed << 2), to + pixel - (<usize>f0 << 2));
    if (down) store<usize>(rows + (<usize>++listed << 2), below - (<usize>f0 << 2));
    if (down && right) store<usize>(rows + (<usize>++listed << 2), below + pixel - (<usize>f0 << 2));
    finishRows(listed + 1, f0, filters, bias, act);
  }
}

/** A' m A of a tile. */
@inline
function tileOutputs(
  to: usize, below: usize, pixel: usize, down: bool, right: bool, sums: usize, step: usize, filters: i32,
): void {
  let c = filters;
  if (WIDE) {
    c &= 7;
    pairsOfOutputs(to, below, pixel, down, right, sums, step, filters - c);
    const done = <usize>(filters - c) << 2;
    sums += done, to += done, below += done;
  }
  for (; c > 0; c -= 4, sums += 16, to += 16, below += 16) {
    let at = sums + 4 * step;
    const a0 = v128.load(at), a1 = v128.load(at + step), a2 = v128.load(at + 2 * step), a3 = v128.load(at + 3 * step);
    at += 4 * step;
    const b0 = v128.load(at), b1 = v128.load(at + step), b2 = v128.load(at + 2 * step), b3 = v128.load(at + 3 * step);
    twoOutputs(
      to, pixel, right, c,
      f32x4.add(v128.load(sums), f32x4.add(a0, b0)), f32x4.add(v128.load(sums + step), f32x4.add(a1, b1)),
      f32x4.add(v128.load(sums + 2 * step), f32x4.add(a2, b2)), f32x4.add(v128.load(sums + 3 * step), f32x4.add(a3, b3)),
    );
    if (!down) continue;
    at += 4 * step;
    twoOutputs(
      below, pixel, right, c,
      f32x4.sub(f32x4.sub(a0, b0), v128.load(at)), f32x4.sub(f32x4.sub(a1, b1), v128.load(at + step)),
      f32x4.sub(f32x4.sub(a2, b2), v128.load(at + 2 * step)), f32x4.sub(f32x4.sub(a3, b3), v128.load(at + 3 * step)),
    );
  }
}

@inline
function twoOutputs(to: usize, pixel: usize, right: bool, count: i32, s0: v128, s1: v128, s2: v128, s3: v128): void {
  storeLanes(to, f32x4.add(s0, f32x4.add(s1, s2)), count);
  if (right) storeLanes(to + pixel, f32x4.sub(f32x4.sub(s1, s2), s3), count);
}
