/**
 * Floats to 16 bits, for files: rounded once to the nearest, ties to even, whatever the width they come from.
 * Invariant: what half.ts widens comes back with the same bits, NaN payloads aside. Source: IEEE 754-2019 4.3.1; bfloat16 is a binary32
 * whose significand has 8 bits.
 */

/** How a kind of half is laid out: bits of its fraction, and the exponents of its smallest normal number and of its largest. */
const layouts = {
  float16: { fraction: 10, least: -14, most: 15 },
  bfloat16: { fraction: 7, least: -126, most: 127 },
} as const;

/** `values` as the bits of `kind`; what is too large becomes infinity, as casts of NumPy do. */
export function narrowed(values: ArrayLike<number>, kind: 'float16' | 'bfloat16'): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  const { fraction, least, most } = layouts[kind];
  const infinity = (most - least + 2) << fraction;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const size = Math.abs(value);
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    if (size === 0) out[i] = sign;
    else if (Number.isNaN(value)) out[i] = infinity | (1 << (fraction - 1));
    else if (size === Number.POSITIVE_INFINITY) out[i] = sign | infinity;
    else {
      const exponent = Math.max(exponentOf(size), least);
      // A power of two: the quotient is exact, so only the rounding rounds.
      const units = roundedToEven(size / 2 ** (exponent - fraction));
      // A carry out of the fraction runs into the exponent, which is what it should do.
      const bits = ((exponent - least) << fraction) + units;
      out[i] = sign | Math.min(bits, infinity);
    }
  }
  return out;
}

const double = new DataView(new ArrayBuffer(8));

/** The exponent of the leading bit; of doubles below the normal ones some number below every layout's least. */
function exponentOf(size: number): number {
  double.setFloat64(0, size);
  return (double.getUint16(0) >> 4) - 1023;
}

function roundedToEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
