/**
 * Floats rounded to 16 bits as a cast of the file rounds them, to the nearest, ties to even; computed on in the model's own float type. Gradients
 * pass straight through. Source: IEEE 754-2019; the next power of two by Rump, Ogita and Oishi, "Accurate floating-point summation", 2008.
 */
import { add, greaterEqual, maximum, mul, sub, where } from '../../../ops/binary.ts';
import { stopGradient } from '../../../ops/movement.ts';
import { abs, sign } from '../../../ops/unary.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

interface Kind {
  /** Digits of the significand, the leading 1 among them. */
  readonly digits: number;
  /** The smallest power of two whose last digit the type has. */
  readonly least: number;
  /** From here on numbers become infinite; or, of bfloat16, are left as they are, since the steps in between are out of float32's range. */
  readonly most: number;
}

const half: Kind = { digits: 11, least: 2 ** -13, most: 65520 };
const brain: Kind = { digits: 8, least: 2 ** -125, most: 2 ** 100 };

/** `x` as float16 (type 10) or bfloat16 (type 16) holds it; others as they are. */
export function roundedTo(x: Tensor, type: number): Tensor {
  if (type !== 10 && type !== 16) return x;
  const { digits, least, most } = type === 10 ? half : brain;
  const own = x.dtype === 'float64' ? 53 : 24;
  const far = mul(x, 2 ** own);
  // The power of two above |x|, or |x| itself if it is one.
  const power = maximum(maximum(abs(sub(add(far, x), far)), abs(x)), least);
  // A number so large that adding it leaves the digits that stay.
  const large = mul(power, 1.5 * 2 ** (own - 1 - digits));
  const near = sub(add(x, large), large);
  const ends = type === 10 ? mul(sign(x), Infinity) : x;
  return where(greaterEqual(abs(x), most), ends, add(x, stopGradient(sub(near, x))));
}
