/**
 * Floats of 16 bits, which files hold and nothing computes in: both kinds widen to float32 exactly.
 * Source: IEEE 754-2019 3.4 (binary16); bfloat16 is the upper half of a binary32.
 */

/** Value of an IEEE half given by its 16 bits. */
export function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `halves` as float32. */
export function widened(halves: Uint16Array, kind: 'float16' | 'bfloat16'): Float32Array {
  const wide = new Float32Array(halves.length);
  const words = new Uint32Array(wide.buffer);
  if (kind === 'float16') for (let i = 0; i < halves.length; i++) wide[i] = halfToNumber(halves[i]!);
  else for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return wide;
}
