/** Depthwise convolutions of three taps a row on the kernel of their module: the core's bits, edges and what follows included, on any number of threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take } from '../../src/backends/wasm/bind-winograd.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('wasm: depthwise convolutions of three taps');

/** Numbers of many sizes, zeros of both signs among them. */
function values(shape: readonly number[], seed: number): Float32Array {
  const next = randomUniform(seed);
  const one = (): number => (next() < 0.2 ? -0 : next() < 0.1 ? 0 : (next() - 0.5) * 10 ** (4 * next()));
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, one);
}

interface Case {
  readonly x: readonly number[];
  readonly window: readonly number[];
  readonly stride?: readonly number[];
  readonly padding: 'same' | 'valid';
  /** Forward and to the input: whether the module takes them. */
  readonly taken: readonly [boolean, boolean];
}

const both = [true, true] as const;
const cases: readonly Case[] = [
  ...[1, 2, 3, 5, 6, 7, 12, 29].map((width) => ({
    ...{ x: [2, 5, width, 12], window: [3, 3], padding: 'same' as const, taken: both },
  })),
  ...[3, 4, 8, 11].map((width) => ({
    ...{ x: [1, 4, width, 21], window: [3, 3], padding: 'valid' as const, taken: both },
  })),
  { x: [3, 9, 14, 5], window: [5, 3], padding: 'same', taken: both },
  { x: [2, 40, 3], window: [3], padding: 'same', taken: both },
  { x: [2, 9, 14, 8], window: [3, 3], stride: [2, 1], padding: 'same', taken: [true, false] },
  { x: [2, 9, 14, 8], window: [3, 3], stride: [2, 2], padding: 'same', taken: [false, false] },
  { x: [2, 9, 14, 8], window: [3, 5], padding: 'same', taken: [false, false] },
];

/** Results of one and three threads, and whether the module's kernel computed them. */
function run(output: Tensor, input: Tensor, data: Float32Array): { bits: Int32Array; own: boolean } {
  const plan = compile([output], [input], { backend: wasmBackend });
  let own = false;
  wasmBackend.trace((call) => {
    if (call.fn === 'depthwise' && call.own) own = true;
  });
  const found = [1, 3].map((threads) => {
    wasmBackend.setThreads(threads);
    return new Int32Array((plan.runSync([data])[0] as Float32Array).slice().buffer);
  });
  wasmBackend.setThreads(1);
  wasmBackend.trace(null);
  plan.dispose();
  assert.equal(found[0], found[1]);
  return { bits: found[0]!, own };
}

function build({ x: shape, window, stride, padding }: Case, back: boolean): readonly [Tensor, Tensor] {
  const channels = shape.at(-1)!;
  const of = (sizes: readonly number[], seed: number): Tensor => tensor(values(sizes, seed), sizes);
  const x = placeholder(shape);
  const y = o.depthwiseConv(x, of([...window, channels, 1], 2), { padding, ...(stride && { stride }) });
  if (!back) return [o.silu(o.relu6(o.add(y, of([channels], 3)))), x];
  const g = placeholder(y.shape);
  return [grad(y, [x], g)[0]!, g];
}

const runs = cases.flatMap((one) => [false, true].map((back) => ({ one, back })));
const before = runs.map(({ one, back }) => {
  const [output, input] = build(one, back);
  return run(output, input, values(input.shape, 1));
});
take(core);

runs.forEach(({ one, back }, i) => {
  test(`${one.x} window ${one.window} ${one.padding} ${one.stride ?? ''} ${back ? 'to the input' : 'forward'}`, () => {
    const [output, input] = build(one, back);
    const after = run(output, input, values(input.shape, 1));
    assert.is(before[i]!.own, false);
    assert.is(after.own, one.taken[Number(back)]!);
    assert.equal(after.bits, before[i]!.bits);
  });
});

test.run();
