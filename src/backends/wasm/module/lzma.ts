/**
 * Unpacks what scripts/lzma.mjs packed: the kernels, which are a part of this package, so nothing is checked. The coding is that of LZMA (its
 * specification by Igor Pavlov, in the public domain; lc 3, lp 0, pb 0) with a range of 30 bits, so that engines compute in small
 * integers, and with bits in the middle of far distances that have probabilities too.
 */

/** @param size bytes of the result */
export function unpackLzma(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  // Probabilities of 11 bits that a bit is 0, of each state of 12: a match follows (0), a repeat (12), not of the last distance (24), more than
  // a byte of it (36), not of the last but one (48), of the last but three (60). Then slots of distances (72), low bits of near ones (328), middle
  // (456) and low bits (472) of far ones, lengths of matches (488) and of repeats (762), literals (1036).
  const chances = new Uint16Array(1036 + 8 * 768).fill(1024);
  const last = [0, 0, 0, 0];
  /** `distance` becomes the last one, and those before that of place `from` move on. */
  const remember = (distance: number, from: number): void => {
    for (let i = from; i > 0; i--) last[i] = last[i - 1]!;
    last[0] = distance;
  };
  let range = 2 ** 24;
  let code = (packed[0]! << 16) | (packed[1]! << 8) | packed[2]!;
  let at = 3;
  const bit = (index: number): number => {
    const chance = chances[index]!;
    const bound = (range >> 11) * chance;
    const one = code < bound ? 0 : 1;
    if (one) {
      range -= bound;
      code -= bound;
      chances[index] = chance - (chance >> 5);
    } else {
      range = bound;
      chances[index] = chance + ((2048 - chance) >> 5);
    }
    if (range < 4194304) {
      range <<= 8;
      code = (code << 8) | packed[at++]!;
    }
    return one;
  };
  const tree = (base: number, bits: number): number => {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | bit(base + node);
    return node - (1 << bits);
  };
  const reversed = (base: number, bits: number): number => {
    let value = 0;
    for (let i = 0, node = 1; i < bits; i++) {
      const one = bit(base + node);
      node = (node << 1) | one;
      value |= one << i;
    }
    return value;
  };
  const lengthOf = (base: number): number => {
    if (!bit(base)) return tree(base + 2, 3) + 2;
    return bit(base + 1) ? tree(base + 18, 8) + 18 : tree(base + 10, 3) + 10;
  };
  const distanceOf = (length: number): number => {
    const slot = tree(72 + 64 * Math.min(3, length - 2), 6);
    const bits = (slot >> 1) - 1;
    if (bits < 1) return slot;
    let distance = (2 | (slot & 1)) << bits;
    if (bits < 6) return distance + reversed(328 + distance - slot, bits);
    for (let place = bits - 1; place > 3; place--) distance |= bit(456 + place) << place;
    return distance + reversed(472, 4);
  };
  /** @param seen what would follow if the last match went on, or -1 */
  const literal = (base: number, seen: number): number => {
    let symbol = 1;
    for (let place = 7; place >= 0; place--) {
      const expected = (seen >> place) & 1;
      const one = bit(base + (seen < 0 ? 0 : (1 + expected) << 8) + symbol);
      if (one !== expected) seen = -1;
      symbol = (symbol << 1) | one;
    }
    return symbol;
  };
  for (let end = 0, state = 0; end < size; ) {
    if (!bit(state)) {
      const base = 1036 + 768 * (end > 0 ? out[end - 1]! >> 5 : 0);
      out[end] = literal(base, state < 7 ? -1 : out[end - last[0]! - 1]!);
      end++;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length = 1;
    if (bit(12 + state)) {
      const which = bit(24 + state) && 1 + (bit(48 + state) && 1 + bit(60 + state));
      const long = which || bit(36 + state);
      remember(last[which]!, which);
      if (long) length = lengthOf(762);
      state = state < 7 ? (long ? 8 : 9) : 11;
    } else {
      length = lengthOf(488);
      remember(distanceOf(length), 3);
      state = state < 7 ? 7 : 10;
    }
    for (const stop = end + length, back = last[0]! + 1; end < stop; end++) out[end] = out[end - back]!;
  }
  return out;
}
