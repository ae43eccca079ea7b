/**
 * Attention without the array of all pairs, forward and back: the scores of a block of queries with all keys lie in the thread's scratch memory,
 * become probabilities there and are multiplied with the values. The way back computes the block's probabilities again. After Rabe and Staats,
 * "Self-attention does not need O(n^2) memory" (2021), and Dao et al., "FlashAttention" (2022); a block sees all keys, so that no maximum
 * and no sum has to be carried along or kept.
 *
 * Invariant: the sums are those of the products and of the softmax that the core has, in their order, so that the bits are the same. A
 * pair of a sample and a head is computed by one thread, whatever their number.
 */
import { packB } from './product/columns';
import { softmaxRowsGrad } from './elementwise/fused';
import { MR, NR } from './product/panels';
import { scratch, storeLanes } from './simd';
import { softmaxRows } from './elementwise/softmax';
import { directTile, neighbourTile } from './product/tile';
import { wideTile } from './product/wide-tile';
import { AFTER_TILES, WIDE } from './width';
import { Bias, keyRange, largest, rangeBegin, rangeEnd, TURN } from './attention/mask';

export { setScratch } from './simd';

/** What a call computes, as `src/backends/wasm/bind/attention.ts` lays it out: int32 in the order of the fields. */
@unmanaged
class Layer {
  heads: i32;
  queries: i32;
  keys: i32;
  /** Elements of a query and key, and of a value. */
  size: i32;
  valueSize: i32;
  /** Queries at a time, a multiple of six. */
  block: i32;
  /** Scores are 1: multiplied by the scale, 2: divided by it, in front of the biases; 0: neither. */
  scaling: i32;
  scale: f32;
  biases: i32;
  /** Pairs of a sample and a head, and how many a unit has. */
  pairs: i32;
  perUnit: i32;
  /** Room per unit in the work room; 0: in the scratch memory. */
  roomBytes: i32;
  /** Places in the room, as `packB` makes them: keys by columns of eight positions, keys by eight elements, values. */
  keysAcross: i32;
  keysDown: i32;
  values: i32;
  /** Of a block: its queries, its gradients, its scores and their gradients. */
  queryBlock: i32;
  gradBlock: i32;
  scores: i32;
  slopes: i32;
  /** Bytes from row to row of the scores. */
  line: i32;
}

/** Where samples, heads and positions of a tensor begin, in bytes; elements of a position lie side by side. */
@unmanaged
class View {
  /** 0: a gradient that is not wanted. */
  at: usize;
  sample: i32;
  head: i32;
  row: i32;

  @inline
  placeOf(pair: i32): usize {
    const sample = pair / layer.heads;
    return this.at + sample * this.sample + (pair - sample * layer.heads) * this.head;
  }
}

/** Views behind the fields of the layer: operands, the result or its gradient, the gradients; then the biases. */
const Q: usize = 0;
const K: usize = 1;
const V: usize = 2;
const Y: usize = 3;
const DQ: usize = 4;
const DK: usize = 5;
const DV: usize = 6;
const VIEWS: usize = 7;

@inline
function view(n: usize): View {
  return changetype<View>(changetype<usize>(layer) + offsetof<Layer>() + n * offsetof<View>());
}

@inline
function biases(): usize {
  return changetype<usize>(layer) + offsetof<Layer>() + VIEWS * offsetof<View>();
}

/** Longest run of the inner index, as in `matmul.ts`. */
const KC: i32 = 512;
/** In the scratch memory: pointers to the rows of C and the tile's sums (see `tile.ts`), then pointers to the rows of A, then the room. */
const RUN_AT: usize = AFTER_TILES;
const ROOM_AT: usize = AFTER_TILES + 64;

let layer: Layer = changetype<Layer>(0);
let room: usize = 0;
/** Where all probabilities are kept for the way back; 0: nowhere, it computes them again. */
let keptAt: usize = 0;
/** The scores of the block at work. */
let scores: usize = 0;

/** Six pointers at `to`, of rows that begin at `from`; those that are missing are the last. */
@inline
function list(to: usize, from: usize, step: usize, rows: i32): void {
  for (let r = 0; r < MR; r++) store<usize>(to + (<usize>r << 2), from + <usize>min(r, rows - 1) * step);
}

/**
 * Rows of C `[rows, n]`: rows of A times packed columns, of which panels `[p0, p1)`.
 * @param whole whether rows of C have room for whole tiles
 */
function product(
  rows: i32, c: usize, cStep: usize, a: usize, aStep: usize, depth: i32, b: usize, panel: usize, p0: i32, p1: i32,
  n: i32, whole: bool,
): void {
  const run = scratch() + RUN_AT;
  for (let k0 = 0; k0 < depth; k0 += KC) {
    const k1 = min(k0 + KC, depth);
    for (let row = 0; row < rows; row += MR) {
      const left = min(rows - row, MR);
      const first = <usize>row;
      list(run, a + first * aStep + (<usize>k0 << 2), aStep, left);
      list(scratch(), c + first * cStep, cStep, left);
      let at = b + <usize>p0 * panel + (<usize>k0 << 5);
      let p = p0;
      if (WIDE) {
        for (; p + 1 < p1; p += 2, at += 2 * panel) {
          wideTile(k1 - k0, run, 4, at, at + panel, <usize>p << 5, left, whole ? 2 * NR : n - p * NR, k0 > 0);
        }
      }
      for (; p < p1; p++, at += panel) {
        directTile(k1 - k0, run, at, <usize>p << 5, left, whole ? NR : n - p * NR, k0 > 0);
      }
    }
  }
}

/** Adds to rows `[from, to)` of C `[.., n]` the product of the transposed rows of A (scores of a block) with a packed block. */
function addTransposed(
  from: i32, to: i32, c: usize, cStep: usize, a: usize, count: i32, b: usize, panel: usize, n: i32,
): void {
  const panels = (n + NR - 1) / NR;
  const line = <usize>layer.line;
  for (let row = from; row < to; row += MR) {
    const left = min(to - row, MR);
    list(scratch(), c + <usize>row * cStep, cStep, left);
    const first = a + (<usize>row << 2);
    let at = b;
    let p = 0;
    if (WIDE) {
      const run = scratch() + RUN_AT;
      list(run, first, 4, MR);
      for (; p + 1 < panels; p += 2, at += 2 * panel) {
        wideTile(count, run, line, at, at + panel, <usize>p << 5, left, n - p * NR, true);
      }
    }
    for (; p < panels; p++, at += panel) neighbourTile(count, first, line, at, <usize>p << 5, left, n - p * NR, true);
  }
}

@inline
function panelsOf(n: i32): i32 {
  return (n + NR - 1) / NR;
}

/** Columns of eight from a view: of its positions (`across`), or of its elements. */
function pack(to: usize, from: usize, row: i32, positions: i32, size: i32, across: bool): void {
  if (across) packB(0, panelsOf(positions), to, from, size, positions, 4, row, size, 0, 0);
  else packB(0, panelsOf(size), to, from, positions, size, row, 4, positions, 0, 0);
}

/** The probabilities of queries `[first, first + rows)` for keys of the block's range; on the way back those that were kept. */
function probabilities(pair: i32, first: i32, rows: i32, back: bool): void {
  const g = layer;
  const queries = view(Q);
  const q = queries.placeOf(pair) + first * queries.row;
  const across = room + g.keysAcross;
  scores = keptAt == 0 ? room + g.scores : keptAt + <usize>(pair * g.queries + first) * g.line;
  const sample = pair / g.heads;
  const head = pair - sample * g.heads;
  keyRange(biases(), g.biases, sample, head, first, rows, g.keys);
  if (rangeBegin > 0 || rangeEnd < g.keys) {
    // What is left out must be nothing next to the rest, whatever its scores.
    const products = largest(q, queries.row, rows, g.size) * largest(across, 0, 1, g.size * NR * panelsOf(g.keys));
    const bound = products * <f32>g.size * (g.scaling == 0 ? 1 : g.scaling == 1 ? abs(g.scale) : 1 / abs(g.scale));
    if (!(bound < 1e7)) keyRange(0, 0, sample, head, first, rows, g.keys);
  }
  if (back && keptAt != 0) return;
  const k0 = rangeBegin;
  const count = rangeEnd - k0;
  const line = <usize>g.line;
  const panel = <usize>g.size << 5;
  product(rows, scores, line, q, queries.row, g.size, across, panel, k0 / NR, panelsOf(rangeEnd), g.keys, true);
  for (let i = 0; i < rows; i++) {
    const row = scores + <usize>i * line + (<usize>k0 << 2);
    if (g.scaling != 0) scaleRow(row, count);
    for (let n = 0; n < g.biases; n++) {
      changetype<Bias>(biases() + <usize>n * offsetof<Bias>()).addTo(row, sample, head, first + i, k0, count);
    }
    softmaxRows(0, 1, row, row, count, 0);
  }
}

/** Up to seven elements behind the row are written, too. */
function scaleRow(row: usize, count: i32): void {
  const by = f32x4.splat(layer.scale);
  const end = row + (<usize>count << 2);
  if (layer.scaling == 1) {
    for (; row < end; row += TURN) {
      const v = f32x4.mul(v128.load(row), by);
      if (WIDE) v128.store(row, f32x4.mul(v128.load(row, 16), by), 16);
      v128.store(row, v);
    }
  } else {
    for (; row < end; row += TURN) {
      const v = f32x4.div(v128.load(row), by);
      if (WIDE) v128.store(row, f32x4.div(v128.load(row, 16), by), 16);
      v128.store(row, v);
    }
  }
}

@inline
function begin(at: usize, work: usize, kept: usize, unit: i32): void {
  layer = changetype<Layer>(at);
  keptAt = kept;
  room = layer.roomBytes == 0 ? scratch() + ROOM_AT : work + <usize>unit * layer.roomBytes;
}

/** Units are `perUnit` pairs of a sample and a head each. */
export function attention(start: i32, end: i32, at: usize, work: usize, kept: usize): void {
  for (let unit = start; unit < end; unit++) {
    begin(at, work, kept, unit);
    const last = min((unit + 1) * layer.perUnit, layer.pairs);
    for (let pair = unit * layer.perUnit; pair < last; pair++) attend(pair);
  }
}

function attend(pair: i32): void {
  const g = layer;
  const values = room + g.values;
  const out = view(Y);
  const y = out.placeOf(pair);
  pack(room + g.keysAcross, view(K).placeOf(pair), view(K).row, g.keys, g.size, true);
  pack(values, view(V).placeOf(pair), view(V).row, g.keys, g.valueSize, false);
  for (let first = 0; first < g.queries; first += g.block) {
    const rows = min(g.block, g.queries - first);
    probabilities(pair, first, rows, false);
    const k0 = <usize>rangeBegin;
    product(
      rows, y + first * out.row, out.row, scores + (k0 << 2), g.line, rangeEnd - rangeBegin,
      values + (k0 << 5), <usize>g.keys << 5, 0, panelsOf(g.valueSize), g.valueSize, false,
    );
  }
}

/** The same units: gradients of query, key and value from that of the result. */
export function attentionGrad(start: i32, end: i32, at: usize, work: usize, kept: usize): void {
  for (let unit = start; unit < end; unit++) {
    begin(at, work, kept, unit);
    const last = min((unit + 1) * layer.perUnit, layer.pairs);
    for (let pair = unit * layer.perUnit; pair < last; pair++) attendBack(pair);
  }
}

function clear(to: usize, step: usize, rows: i32, size: i32): void {
  const zero = i32x4.splat(0);
  for (let i = 0; i < rows; i++, to += step) {
    for (let j = 0; j < size; j += 4) storeLanes(to + (<usize>j << 2), zero, size - j);
  }
}

function attendBack(pair: i32): void {
  const g = layer;
  const line = <usize>g.line;
  const down = room + g.keysDown;
  const values = room + g.values;
  const slopes = room + g.slopes;
  const wantsQ = view(DQ).at != 0;
  const wantsK = view(DK).at != 0;
  const wantsV = view(DV).at != 0;
  const dq = view(DQ).placeOf(pair);
  const dk = view(DK).placeOf(pair);
  const dv = view(DV).placeOf(pair);
  const key = view(K).placeOf(pair);
  pack(room + g.keysAcross, key, view(K).row, g.keys, g.size, true);
  if (wantsQ) pack(down, key, view(K).row, g.keys, g.size, false);
  if (wantsQ || wantsK) pack(values, view(V).placeOf(pair), view(V).row, g.keys, g.valueSize, true);
  if (wantsK) clear(dk, view(DK).row, g.keys, g.size);
  if (wantsV) clear(dv, view(DV).row, g.keys, g.valueSize);
  for (let first = 0; first < g.queries; first += g.block) {
    const rows = min(g.block, g.queries - first);
    probabilities(pair, first, rows, true);
    const k0 = rangeBegin;
    const k1 = rangeEnd;
    const shift = <usize>k0 << 2;
    const dy = view(Y).placeOf(pair) + first * view(Y).row;
    if (wantsV) {
      const block = room + g.gradBlock;
      pack(block, dy, view(Y).row, rows, g.valueSize, false);
      addTransposed(k0, k1, dv, view(DV).row, scores, rows, block, <usize>rows << 5, g.valueSize);
    }
    if (!wantsQ && !wantsK) continue;
    const panel = <usize>g.valueSize << 5;
    product(rows, slopes, line, dy, view(Y).row, g.valueSize, values, panel, k0 / NR, panelsOf(k1), g.keys, true);
    for (let i = 0; i < rows; i++) {
      const row = slopes + <usize>i * line + shift;
      softmaxRowsGrad(0, 1, row, row, scores + <usize>i * line + shift, k1 - k0);
      if (g.scaling != 0) scaleRow(row, k1 - k0);
    }
    if (wantsQ) {
      product(
        rows, dq + first * view(DQ).row, view(DQ).row, slopes + shift, line, k1 - k0, down + (<usize>k0 << 5),
        <usize>g.keys << 5, 0, panelsOf(g.size), g.size, false,
      );
    }
    if (wantsK) {
      const block = room + g.queryBlock;
      pack(block, view(Q).placeOf(pair) + first * view(Q).row, view(Q).row, rows, g.size, false);
      addTransposed(k0, k1, dk, view(DK).row, slopes, rows, block, <usize>rows << 5, g.size);
    }
  }
}
