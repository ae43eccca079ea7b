/**
 * Random numbers as ops of a graph: which numbers they are follows from a seed that is an input, so that a plan is run again with others, and a
 * run can be repeated to the bit. Only training draws; the kernels come with the op (`kernels`), so that nothing else carries them.
 */
import { uniformKernel } from '../backends/reference/random.ts';
import { wasmUniform } from '../backends/wasm/bind/random.ts';
import { defineOp, type Op, withOp } from '../graph/op.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions, checkWhole } from '../tensor/options.ts';
import { checkShape, type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul, sub } from './binary.ts';
import { reshape } from './movement.ts';
import { concat, slice } from './slicing.ts';
import { cos, log, sin, sqrt } from './unary.ts';

type Attrs = { readonly shape: Shape; readonly stream: number; readonly dtype: FloatDType };

const uniformOp = defineOp<Attrs>({
  name: 'randomUniform',
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  vjp: 'none',
  // Every element is drawn for itself, whatever the seed: no axis of the seed holds samples.
  batch: ([seed]) => (seed ? 'draws from a seed of the sample' : null),
  linear: [],
  flops: (_, { shape }) => 12 * sizeOf(shape),
  kernels: { reference: uniformKernel, wasm: wasmUniform },
  examples: [
    {
      inputs: [{ shape: [2], dtype: 'int32', range: [-1000, 1000] }],
      attrs: { shape: [3, 7], stream: 0, dtype: 'float32' },
    },
    { inputs: [{ shape: [2], dtype: 'int32' }], attrs: { shape: [1], stream: 5, dtype: 'float32' } },
    {
      inputs: [{ shape: [2], dtype: 'int32', range: [0, 1000] }],
      attrs: { shape: [256, 1600], stream: 1, dtype: 'float32' },
      size: 'real',
    },
  ],
});

/** What is drawn: the shape, and which of the independent sequences of the seed. */
export interface RandomOptions {
  readonly shape: Shape;
  /** Two draws of one seed need different streams, else they are the same numbers. */
  readonly stream: number;
  /** float32 if not given. A float32 number is the float64 one, cut off after 24 bits. */
  readonly dtype?: FloatDType;
}

function checked(name: string, seed: Tensor, options: RandomOptions): Attrs {
  checkOptions<RandomOptions>(name, options, { shape: 1, stream: 1, dtype: 1 });
  const { shape, stream, dtype = 'float32' } = options;
  checkShape(name, shape);
  checkWhole(name, 'stream', stream, 0);
  if (stream >= 2 ** 32) throw failure(name, 'stream lies below 2^32', { stream });
  if (dtype !== 'float32' && dtype !== 'float64') throw failure(name, 'dtype is float32 or float64', { dtype });
  checkSeed(name, seed);
  return { shape, stream, dtype };
}

/** @throws PathgradError naming the op for a seed of another type or shape */
export function checkSeed(name: string, seed: Tensor): void {
  if (seed.dtype !== 'int32' || seed.rank !== 1 || seed.shape[0] !== 2) {
    throw failure(name, 'the seed is int32 of shape [2]', { got: `${seed.dtype} [${seed.shape.join(',')}]` });
  }
}

/**
 * Independent numbers in [0, 1) (24 random bits in float32, 53 in float64) by Philox 4x32-10: the same bits on every backend.
 * @param seed int32 `[2]`, such as a seed and the number of a step
 * @throws PathgradError for a seed of another type or shape
 */
export const randomUniform: ((seed: Tensor, options: RandomOptions) => Tensor) & { op: Op } = withOp(
  (seed: Tensor, options: RandomOptions) => uniformOp([seed], checked('randomUniform', seed, options)),
  uniformOp,
);

/**
 * Independent standard normal numbers (Box and Muller 1958), made of uniform ones: in float32 none is beyond 5.77.
 * @param seed as for `randomUniform`
 */
export function randomNormal(seed: Tensor, options: RandomOptions): Tensor {
  const { shape, stream, dtype } = checked('randomNormal', seed, options);
  const count = sizeOf(shape);
  const half = Math.ceil(count / 2);
  const u = uniformOp([seed], { shape: [2, half], stream, dtype });
  const row = (i: number): Tensor => slice(u, { 0: [i, i + 1] });
  const radius = sqrt(mul(log(sub(1, row(0))), -2));
  const angle = mul(row(1), 2 * Math.PI);
  const both = reshape(concat([mul(radius, cos(angle)), mul(radius, sin(angle))], 0), [2 * half]);
  return reshape(2 * half === count ? both : slice(both, { 0: [0, count] }), shape);
}
