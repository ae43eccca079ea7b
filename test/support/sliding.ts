/** Depthwise convolutions of many shapes and what stands around them, for tests of `kernels/wasm/sliding.ts`. */
import { createHash } from 'node:crypto';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

export interface SlidingCase {
  readonly x: readonly number[];
  readonly window: readonly number[];
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
  readonly padding: 'same' | 'valid';
  /** Forward and to the input: the kernel that takes them. */
  readonly taken: readonly [forward: string, back: string];
}

const straight = ['sliding', 'sliding'] as const;
const strided = ['sliding', 'slidingBack'] as const;
const core = ['depthwise', 'depthwiseGradInput'] as const;

export const slidingCases: readonly SlidingCase[] = [
  ...[1, 2, 3, 5, 6, 7, 12, 29].map((width) => ({
    ...{ x: [2, 5, width, 12], window: [3, 3], padding: 'same' as const, taken: straight },
  })),
  ...[3, 4, 8, 11].map((width) => ({
    ...{ x: [1, 4, width, 21], window: [3, 3], padding: 'valid' as const, taken: straight },
  })),
  ...[1, 2, 3, 4, 6, 9].flatMap((size) =>
    [5, 7].map((side) => ({
      ...{ x: [2, size, size, 17], window: [side, side], padding: 'same' as const, taken: straight },
    })),
  ),
  ...[1, 2, 3, 4, 7, 16, 19].flatMap((size) =>
    [2, 3, 5, 7].map((side) => ({
      ...{ x: [2, size, size + 1, 9], window: [side, side], stride: [2, 2], padding: 'same' as const, taken: strided },
    })),
  ),
  { x: [3, 9, 14, 5], window: [5, 3], padding: 'same', taken: straight },
  { x: [2, 40, 3], window: [3], padding: 'same', taken: straight },
  { x: [2, 40, 8], window: [9], stride: [4], padding: 'valid', taken: strided },
  { x: [2, 9, 14, 8], window: [3, 3], stride: [2, 1], padding: 'same', taken: strided },
  { x: [2, 9, 14, 8], window: [1, 2], stride: [3, 4], padding: 'valid', taken: strided },
  { x: [2, 9, 14, 8], window: [3, 4], stride: [1, 3], padding: 'valid', taken: strided },
  { x: [2, 12, 14, 8], window: [3, 3], dilation: [2, 1], padding: 'same', taken: straight },
  {
    x: [2, 12, 14, 8],
    window: [3, 3],
    stride: [2, 2],
    dilation: [2, 1],
    padding: 'same',
    taken: [strided[0], core[1]],
  },
  { x: [2, 12, 14, 8], window: [3, 3], dilation: [2, 3], padding: 'same', taken: [core[0], core[0]] },
  { x: [1, 3, 4, 5, 6], window: [2, 3, 3], padding: 'same', taken: [core[0], core[0]] },
  { x: [2, 40, 2, 4], window: [33, 1], padding: 'same', taken: [core[0], core[0]] },
];

/** Numbers of many sizes, zeros of both signs among them. */
function values(shape: readonly number[], seed: number): Float32Array {
  const next = randomUniform(seed);
  const one = (): number => (next() < 0.2 ? -0 : next() < 0.1 ? 0 : (next() - 0.5) * 10 ** (4 * next()));
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, one);
}

const constant = (shape: readonly number[], seed: number): Tensor => tensor(values(shape, seed), shape);

type Build = (x: Tensor, convolve: (x: Tensor) => Tensor) => { readonly y: Tensor; readonly inputs: readonly Tensor[] };

const back =
  (act: (x: Tensor) => Tensor, more?: 'before' | 'after'): Build =>
  (x, convolve) => {
    const between = act(x);
    const y = convolve(between);
    const g = placeholder(y.shape);
    const other = more ? o.mul(more === 'before' ? between : x, constant(x.shape, 4)) : null;
    const sum = o.sum(o.mul(y, g));
    return { y: grad(other ? o.add(o.sum(other), sum) : sum, [x])[0]!, inputs: [x, g] };
  };

/** What stands around the convolution. */
export const surroundings: Readonly<Record<string, Build>> = {
  forward: (x, convolve) => ({ y: convolve(x), inputs: [x] }),
  bias: (x, convolve) => ({ y: o.add(convolve(x), constant([x.shape.at(-1)!], 3)), inputs: [x] }),
  relu: (x, convolve) => ({ y: o.relu(convolve(x)), inputs: [x] }),
  'bias, relu6, silu': (x, convolve) => ({
    ...{ y: o.silu(o.relu6(o.add(convolve(x), constant([x.shape.at(-1)!], 3)))), inputs: [x] },
  }),
  'bias, tanh': (x, convolve) => ({ y: o.tanh(o.add(convolve(x), constant([x.shape.at(-1)!], 3))), inputs: [x] }),
  back: back((x) => x),
  'back to a relu': back(o.relu),
  'back to a relu6': back(o.relu6),
  'back to a silu': back(o.silu),
  'back to a hard silu': back(o.hardSilu),
  'back to a sigmoid': back(o.sigmoid),
  'back to a relu that another reads': back(o.relu, 'before'),
  'back to a relu6 whose input another reads': back(o.relu6, 'after'),
};

/** Of each case and surrounding: a hash of the results of 1 and 3 threads, which are equal, and the kernels that ran. */
export function slidingResults(
  cases = slidingCases,
): { what: string; hash: string; kernels: string; one: SlidingCase }[] {
  return cases.flatMap((one) =>
    Object.entries(surroundings).map(([name, build]) => {
      const channels = one.x.at(-1)!;
      const { stride, dilation, padding } = one;
      const w = constant([...one.window, channels, 1], 2);
      const options = { padding, ...(stride && { stride }), ...(dilation && { dilation }) };
      const { y, inputs } = build(placeholder(one.x), (x) => o.depthwiseConv(x, w, options));
      const plan = compile([y], [...inputs], { backend: wasmBackend });
      const kernels = new Set<string>();
      wasmBackend.trace(({ fn }) => kernels.add(fn));
      const data = inputs.map(({ shape }, i) => values(shape, 10 + i));
      const hashes = [1, 3].map((threads) => {
        wasmBackend.setThreads(threads);
        const [found] = plan.runSync(data) as Float32Array[];
        return createHash('sha1').update(new Uint8Array(found!.slice().buffer)).digest('hex');
      });
      wasmBackend.setThreads(1);
      wasmBackend.trace(null);
      plan.dispose();
      const [hash, again] = hashes;
      const what = `${one.x} window ${one.window} ${padding} stride ${stride ?? 1} dilation ${dilation ?? 1}, ${name}`;
      return {
        what,
        hash: hash === again ? hash! : `${hash} of 1 thread and ${again} of 3`,
        kernels: [...kernels].join(),
        one,
      };
    }),
  );
}
