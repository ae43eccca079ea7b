/**
 * Floats of 16 bits, which files hold and nothing computes in: both kinds widen to float32 exactly.
 * Source: IEEE 754-2019 3.4 (binary16); bfloat16 is the upper half of a binary32.
 */

/** `halves` as float32, in `wide` where it is given: at least as many places. Bits are moved, since powers of two take ten times as long. */
export function widened(
  halves: Uint16Array,
  kind: 'float16' | 'bfloat16',
  wide: Float32Array = new Float32Array(halves.length),
): Float32Array {
  const words = new Uint32Array(wide.buffer, wide.byteOffset, halves.length);
  if (kind === 'bfloat16') for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  else {
    for (let i = 0; i < halves.length; i++) {
      const bits = halves[i]!;
      const sign = (bits & 0x8000) << 16;
      const rest = bits & 0x7fff;
      // The exponent counts from 15 in a half and from 127 in a float; its highest value stays the highest; its lowest has no leading 1.
      if (rest >= 0x7c00) words[i] = sign | 0x7f800000 | ((rest & 0x3ff) << 13);
      else if (rest >= 0x400) words[i] = sign | ((rest << 13) + (112 << 23));
      else wide[i] = (sign ? -rest : rest) * 2 ** -24;
    }
  }
  return wide;
}
