/**
 * Several elementwise functions in one pass over memory: blocks of elements go through all of them while they are in the
 * first-level cache. The functions are the kernels of `unary.ts`, `elementwise.ts` and `fused.ts` themselves, so that the bits are
 * those of one pass each. `src/backends/wasm/bind/chain.ts` writes the table that says what is done.
 */
import {
  add, div, less, lessEqual, maximum, minimum, mul, sub, where,
} from './elementwise';
import { gelu, geluGrad, reluGrad, silu, siluGrad } from './fused';
import { offsetOf, scratch } from '../simd';
import { abs, clip, exp, neg, relu, rsqrt, sigmoid, softplus, sqrt, square, tanh } from './unary';

/** Elements of a block, which is also a unit of work; of the thread's memory, what lies in front, and the bytes of a block with room behind it. */
const BLOCK: i32 = 512;
const AREA: usize = 25 * 65536;
const SLOT: usize = 2112;
/** In the area: addresses of operands and blocks of this block, then what `finishRows` keeps. */
const SAVED: usize = 512;
const SLOTS: usize = 640;

/** The head of a table: six integers; operands and links have ten each. */
@unmanaged
class Chain {
  /** What `finishRows` does first, see there. */
  act: i32;
  out: usize;
  width: i32;
  rank: i32;
  operands: i32;
  links: i32;
}

/** `at + element * step`, where rows lie as `layout` says (sizes, then steps in bytes); 0 for a dense operand or a single element. */
@unmanaged
class Operand {
  at: usize;
  size: i32;
  step: i32;
  layout: usize;
  slot: i32;
}

/** `to` and the operands are numbers of addresses; `to` is -1 for the result. Steps are those along a row. */
@unmanaged
class Link {
  code: i32;
  to: i32;
  a: i32;
  b: i32;
  c: i32;
  stepA: i32;
  stepB: i32;
  stepC: i32;
  low: f32;
  high: f32;
}

@inline
function addressOf(i: i32): usize {
  return load<usize>(scratch() + AREA + (<usize>i << 2));
}

@inline
function slotAt(i: i32): usize {
  return scratch() + AREA + SLOTS + <usize>i * SLOT;
}

/** Elements `[e, e + count)` of an operand whose rows are strided, where they lie or copied. */
function readRows(x: Operand, chain: Chain, e: i32, count: i32): usize {
  const width = chain.width;
  let row = e / width;
  let skip = e - row * width;
  const strides = x.layout + (<usize>chain.rank << 2);
  if (x.step == x.size && skip + count <= width) return x.at + offsetOf(row, chain.rank, x.layout, strides) + skip * x.step;
  const copy = slotAt(x.slot);
  let to = copy;
  while (count > 0) {
    const run = min(width - skip, count);
    let from = x.at + offsetOf(row++, chain.rank, x.layout, strides) + skip * x.step;
    if (x.size == 4) {
      let rest = run;
      // What is written too far is written again, or lies behind the block's end.
      if (x.step == 4) for (; rest > 0; rest -= 4, to += 16, from += 16) v128.store(to, v128.load(from));
      else if (x.step == 0) {
        const v = v128.load32_splat(from);
        for (; rest > 0; rest -= 4, to += 16) v128.store(to, v);
      } else for (; rest > 0; rest--, to += 4, from += x.step) store<i32>(to, load<i32>(from));
      to += <usize>min(rest, 0) << 2;
    } else {
      for (let i = 0; i < run; i++, from += x.step) store<u8>(to++, load<u8>(from));
    }
    count -= run;
    skip = 0;
  }
  return copy;
}

function runLink(l: Link, to: usize, n: i32): void {
  const a = addressOf(l.a), b = addressOf(l.b);
  const p = l.stepA, q = l.stepB;
  switch (l.code) {
    case 0: add(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 1: sub(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 2: mul(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 3: div(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 4: maximum(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 5: minimum(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 6: less(0, 1, to, b, a, n, n, q, p, 0, 0); break;
    case 7: lessEqual(0, 1, to, b, a, n, n, q, p, 0, 0); break;
    case 8: less(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 9: lessEqual(0, 1, to, a, b, n, n, p, q, 0, 0); break;
    case 10: where(0, 1, to, a, b, addressOf(l.c), n, n, p, q, l.stepC, 0, 0); break;
    case 11: for (let i: usize = 0; i < <usize>n; i += 16) v128.store(to + i, v128.and(v128.load(a + i), v128.load(b + i))); break;
    case 12: geluGrad(0, 1, to, a, b, n); break;
    case 13: neg(0, 1, to, a, n); break;
    case 14: exp(0, 1, to, a, n); break;
    case 15: tanh(0, 1, to, a, n); break;
    case 16: sigmoid(0, 1, to, a, n); break;
    case 17: relu(0, 1, to, a, n); break;
    case 18: clip(0, 1, to, a, n, l.low, l.high); break;
    case 19: sqrt(0, 1, to, a, n); break;
    case 20: rsqrt(0, 1, to, a, n); break;
    case 21: square(0, 1, to, a, n); break;
    case 22: abs(0, 1, to, a, n); break;
    case 23: softplus(0, 1, to, a, n); break;
    case 24: gelu(0, 1, to, a, n); break;
    case 25: silu(0, 1, to, a, n); break;
    case 26: siluGrad(0, 1, to, a, b, addressOf(l.c), n); break;
    default: reluGrad(to, a, b, addressOf(l.c), n);
  }
}

/** Elements `[e, e + count)` of the result, at most a block; what a product left there is operand 0 of a chain that follows one. */
function runBlock(chain: Chain, e: i32, count: i32): void {
  const out = chain.out + (<usize>e << 2);
  const addresses = scratch() + AREA;
  let at = changetype<usize>(chain) + 24;
  for (let i = 0; i < chain.operands; i++, at += 20) {
    const x = changetype<Operand>(at);
    let from = x.at;
    if (x.layout != 0) from = readRows(x, chain, e, count);
    else from += <usize>(e * x.step);
    store<usize>(addresses + (<usize>i << 2), from);
  }
  const last = chain.links - 1;
  for (let i = 0; i <= last; i++, at += 40) {
    const l = changetype<Link>(at);
    // Kernels write whole vectors, and behind the last element of a row lies another thread's.
    const straight = i == last && (count & 3) == 0;
    const to = straight ? out : slotAt(l.to);
    runLink(l, to, count);
    store<usize>(addresses + (<usize>(chain.operands + i) << 2), to);
    if (i == last && !straight) memory.copy(out, to, <usize>count << 2);
  }
}

/** Units of 512 elements of the result, of which there are `count`. */
export function chain(start: i32, end: i32, table: usize, count: i32): void {
  for (let unit = start; unit < end; unit++) {
    runBlock(changetype<Chain>(table), unit * BLOCK, min(BLOCK, count - unit * BLOCK));
  }
}

/** What `finishRows` does first to the rows that a chain follows. */
@inline
export function firstAct(table: usize): i32 {
  return changetype<Chain>(table).act;
}

/** The chain on `count` elements from address `at` of the result on. */
export function chainRow(table: usize, at: usize, count: i32): void {
  const c = changetype<Chain>(table);
  if (c.links == 0) return;
  let e = <i32>((at - c.out) >> 2);
  for (; count > 0; count -= BLOCK, e += BLOCK) runBlock(c, e, min(BLOCK, count));
}

/** Brings the addresses of rows, which kernels called here may write over, to where they stay. */
export function saveRows(rows: i32): usize {
  const to = scratch() + AREA + SAVED;
  for (let r: usize = 0; r < <usize>rows; r++) store<usize>(to + (r << 2), load<usize>(scratch() + (r << 2)));
  return to;
}
