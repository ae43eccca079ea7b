/**
 * Packs the kernels with LZMA, which makes them a fifth smaller than deflate does: they are three times as long as its window. What it writes
 * is a raw LZMA stream (lc 3, lp 0, pb 0, no end mark), as xz writes with `--format=raw --lzma1=lc=3,lp=0,pb=0`;
 * src/backends/wasm/module/lzma.ts reads it. Source: the LZMA specification of Igor Pavlov (public domain).
 *
 * Each window of bytes is parsed along the cheapest path (dynamic programming over literals, matches and repeats of the last four
 * distances), at what the probabilities at its start say each step costs; then the first part of that path is written.
 */

const WINDOW = 256;
const WRITTEN = 128;
const WAYS = 3;
const LONGEST = 273;
const TRIES = 4000;

// Where each group of probabilities begins; the order is our own affair, and lzma.ts has the same.
const IS_MATCH = 0;
const IS_REP = 12;
const IS_REP_0 = 24;
const IS_REP_0_LONG = 36;
const IS_REP_1 = 48;
const IS_REP_2 = 60;
const SLOT = 72;
const SPECIAL = SLOT + 256;
const FAR = SPECIAL + 128;
const ALIGN = FAR + 16;
const LENGTH = ALIGN + 16;
const REP_LENGTH = LENGTH + 274;
const LITERAL = REP_LENGTH + 274;
const COUNT = LITERAL + 8 * 768;

/** Costs in bits of coding a 0 at each probability of 11 bits. */
const prices = Float64Array.from({ length: 2048 }, (_, p) => -Math.log2(Math.max(p, 1) / 2048));

const afterLiteral = (state) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6);
const after = (state, kind) => {
  if (kind === 'literal') return afterLiteral(state);
  const first = { match: 7, repeat: 8, byte: 9 }[kind];
  return state < 7 ? first : kind === 'match' ? 10 : 11;
};

/** @param {Uint8Array} data @returns {Uint8Array} */
export function packLzma(data) {
  const probabilities = new Uint16Array(COUNT).fill(1024);
  const coder = rangeCoder(probabilities);
  const price = (index, bit) => prices[bit ? 2048 - probabilities[index] : probabilities[index]];
  const matches = findMatches(data);
  let at = 0;
  let state = 0;
  let last = [0, 0, 0, 0];
  while (at < data.length) {
    const path = cheapestPath(data, at, Math.min(data.length, at + WINDOW), { state, last, matches, price });
    const until = at + WINDOW < data.length ? at + WRITTEN : data.length;
    for (const step of path) {
      if (at >= until) break;
      writeStep(coder.bit, data, at, state, last, step);
      state = after(state, step.kind);
      last = reordered(last, step);
      at += step.length;
    }
  }
  return coder.finish();
}

/** The last four distances (less one) after a step. */
function reordered(last, { kind, distance, repeat }) {
  if (kind === 'literal' || kind === 'byte') return last;
  return kind === 'match' ? [distance, ...last.slice(0, 3)] : [last[repeat], ...last.filter((_, i) => i !== repeat)];
}

/** All that a step says, bit by bit. */
function writeStep(bit, data, at, state, last, { kind, length, distance, repeat }) {
  bit(IS_MATCH + state, kind === 'literal' ? 0 : 1);
  if (kind === 'literal') return writeLiteral(bit, data, at, state, last[0]);
  bit(IS_REP + state, kind === 'match' ? 0 : 1);
  if (kind === 'match') {
    writeLength(bit, LENGTH, length);
    return writeDistance(bit, distance, length);
  }
  if (kind === 'byte') {
    bit(IS_REP_0 + state, 0);
    return bit(IS_REP_0_LONG + state, 0);
  }
  writeRepeat(bit, state, repeat);
  writeLength(bit, REP_LENGTH, length);
}

function writeRepeat(bit, state, repeat) {
  bit(IS_REP_0 + state, repeat > 0 ? 1 : 0);
  if (repeat === 0) return bit(IS_REP_0_LONG + state, 1);
  bit(IS_REP_1 + state, repeat > 1 ? 1 : 0);
  if (repeat > 1) bit(IS_REP_2 + state, repeat - 2);
}

function writeLiteral(bit, data, at, state, last) {
  const base = LITERAL + 768 * (at > 0 ? data[at - 1] >> 5 : 0);
  const seen = data[at - last - 1];
  let alike = state >= 7;
  for (let place = 7, symbol = 1; place >= 0; place--) {
    const value = (data[at] >> place) & 1;
    const expected = (seen >> place) & 1;
    bit(base + (alike ? (1 + expected) * 256 : 0) + symbol, value);
    if (value !== expected) alike = false;
    symbol = symbol * 2 + value;
  }
}

function writeTree(bit, base, bits, value) {
  for (let place = bits - 1, node = 1; place >= 0; place--) {
    bit(base + node, (value >> place) & 1);
    node = node * 2 + ((value >> place) & 1);
  }
}

function writeReversed(bit, base, bits, value) {
  for (let place = 0, node = 1; place < bits; place++) {
    bit(base + node, (value >> place) & 1);
    node = node * 2 + ((value >> place) & 1);
  }
}

function writeLength(bit, base, length) {
  const rest = length - 2;
  bit(base, rest < 8 ? 0 : 1);
  if (rest < 8) return writeTree(bit, base + 2, 3, rest);
  bit(base + 1, rest < 16 ? 0 : 1);
  if (rest < 16) return writeTree(bit, base + 10, 3, rest - 8);
  writeTree(bit, base + 18, 8, rest - 16);
}

function writeDistance(bit, distance, length) {
  const high = 31 - Math.clz32(distance);
  const slot = distance < 4 ? distance : high * 2 + ((distance >> (high - 1)) & 1);
  writeTree(bit, SLOT + 64 * Math.min(3, length - 2), 6, slot);
  if (slot < 4) return;
  const bits = high - 1;
  const start = (2 + (slot & 1)) << bits;
  if (slot < 14) return writeReversed(bit, SPECIAL + start - slot, bits, distance - start);
  for (let place = bits - 1; place >= 4; place--) bit(FAR + place, (distance >> place) & 1);
  writeReversed(bit, ALIGN, 4, distance & 15);
}

/** For every place the matches worth a thought: longer ones only where they are farther away, the nearest of each length. */
function findMatches(data) {
  const heads = new Map();
  const earlier = new Int32Array(data.length).fill(-1);
  return Array.from(data, (_, at) => {
    const found = [];
    if (at + 1 >= data.length) return found;
    const key = data[at] * 256 + data[at + 1];
    earlier[at] = heads.get(key) ?? -1;
    heads.set(key, at);
    let best = 1;
    for (let place = earlier[at], tries = 0; place >= 0 && tries < TRIES && best < LONGEST; tries++) {
      if (data[place + best] === data[at + best]) {
        const length = alike(data, place, at);
        if (length > best) found.push({ length, distance: at - place - 1 });
        best = Math.max(best, length);
      }
      place = earlier[place];
    }
    return found;
  });
}

function alike(data, place, at) {
  let length = 0;
  while (length < LONGEST && at + length < data.length && data[place + length] === data[at + length]) length++;
  return length;
}

/** The steps from `start` to `end` that cost least at these prices. */
function cheapestPath(data, start, end, { state, last, matches, price }) {
  const cost = costs(price);
  const ways = Array.from({ length: end - start + 1 }, () => []);
  ways[0].push({ bits: 0, state, last });
  for (let at = start; at < end; at++) {
    const inside = Math.min(LONGEST, end - at);
    for (const way of ways[at - start]) {
      const offer = (bits, kind, length, distance, repeat) =>
        keepBest(ways[at - start + length], way, way.bits + bits, { kind, length, distance, repeat });
      const kinds = cost.kinds[way.state];
      offer(kinds.literal + cost.literal(data, at, way), 'literal', 1);
      way.last.forEach((distance, repeat) => {
        const longest = distance < at ? Math.min(inside, alike(data, at - distance - 1, at)) : 0;
        if (repeat === 0 && longest > 0) offer(kinds.byte, 'byte', 1);
        for (let length = 2; length <= longest; length++) {
          offer(kinds.repeats[repeat] + cost.repeatLengths[length], 'repeat', length, 0, repeat);
        }
      });
      let length = 2;
      for (const match of matches[at]) {
        for (; length <= Math.min(match.length, inside); length++) {
          const bits = kinds.match + cost.lengths[length] + cost.distance(match.distance, Math.min(length - 2, 3));
          offer(bits, 'match', length, match.distance);
        }
      }
    }
  }
  const path = [];
  for (let way = ways[end - start][0]; way.from; way = way.from) path.push(way.step);
  return path.reverse();
}

/**
 * Keeps the cheapest ways to a place, the cheapest first, each with another last distance: what costs more so far may be cheaper soon
 * for the distance that it leaves at hand.
 */
function keepBest(ways, from, bits, step) {
  const full = ways.length === WAYS;
  if (full && bits >= ways[WAYS - 1].bits) return;
  const first = step.kind === 'match' ? step.distance : from.last[step.repeat ?? 0];
  const same = ways.findIndex(({ last }) => last[0] === first);
  if (same >= 0 && ways[same].bits <= bits) return;
  if (same >= 0) ways.splice(same, 1);
  else if (full) ways.pop();
  const way = { bits, from, step, state: after(from.state, step.kind), last: reordered(from.last, step) };
  const place = ways.findIndex((other) => other.bits > bits);
  ways.splice(place < 0 ? ways.length : place, 0, way);
}

/** What steps cost while the probabilities stay as they are. */
function costs(price) {
  const sum = (write) => {
    let bits = 0;
    write((index, bit) => (bits += price(index, bit)));
    return bits;
  };
  const table = (length, compute) => Array.from({ length }, (_, i) => compute(i));
  const kinds = table(12, (state) => {
    const repeat = price(IS_MATCH + state, 1) + price(IS_REP + state, 1);
    return {
      literal: price(IS_MATCH + state, 0),
      match: price(IS_MATCH + state, 1) + price(IS_REP + state, 0),
      byte: repeat + price(IS_REP_0 + state, 0) + price(IS_REP_0_LONG + state, 0),
      repeats: table(4, (r) => repeat + sum((bit) => writeRepeat(bit, state, r))),
    };
  });
  const lengths = (base) => table(LONGEST + 1, (n) => (n < 2 ? 0 : sum((bit) => writeLength(bit, base, n))));
  const distances = new Map();
  return {
    kinds,
    lengths: lengths(LENGTH),
    repeatLengths: lengths(REP_LENGTH),
    literal: (data, at, { state, last }) => sum((bit) => writeLiteral(bit, data, at, state, last[0])),
    distance: (distance, kind) => {
      const key = distance * 4 + kind;
      const known = distances.get(key);
      if (known !== undefined) return known;
      const bits = sum((bit) => writeDistance(bit, distance, kind + 2));
      distances.set(key, bits);
      return bits;
    },
  };
}

/** Bits to bytes, each at its probability, which then moves towards what came. What is settled is in `out`, the next 24 bits in `low`. */
function rangeCoder(probabilities) {
  const out = [];
  let low = 0;
  let range = 2 ** 24;
  const add = (part) => {
    low += part;
    for (let i = out.length - 1, carry = low >>> 24; carry > 0; i--) {
      carry += out[i];
      out[i] = carry & 255;
      carry >>>= 8;
    }
    low %= 2 ** 24;
  };
  const shift = () => {
    out.push(low >>> 16);
    low = (low % 2 ** 16) * 256;
  };
  const narrow = (to) => {
    for (range = to; range < 2 ** 22; range *= 256) shift();
  };
  return {
    bit(index, bit) {
      const bound = (range >>> 11) * probabilities[index];
      if (bit) add(bound);
      probabilities[index] += bit ? -(probabilities[index] >> 5) : (2048 - probabilities[index]) >> 5;
      narrow(bit ? range - bound : bound);
    },
    finish() {
      for (let i = 0; i < 3; i++) shift();
      return Uint8Array.from(out);
    },
  };
}
