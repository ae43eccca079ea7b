/**
 * The kernels for vectors of 256 bits against the relaxed build's: the same bits, also where an input is not finite, ties, or is no multiple of a
 * pair. Where this V8 pairs vectors it does; an engine with relaxed SIMD that does not runs the same kernels unpaired.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take } from '../../src/backends/wasm/bind/winograd.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { conv2d, maxPool, relu } from '../../src/ops/index.ts';
import { type LineConvAttrs, lineConv } from '../../src/ops/line-conv.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { mnist } from '../support/line-convs.ts';
import { whereWide } from '../support/where-wide.ts';

const test = suite('wasm: kernels for wide vectors');
take(core);

interface Case {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly kernel: string;
  readonly data: readonly Float32Array[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
/** Of few different values, so that many tie. */
const rounded = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from(randomNormal(sizeOf(shape), seed), (v) => Math.round(v * 4) / 4);
const weights = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from(randomNormal(sizeOf(shape), 7), (v) => v / 8),
    shape,
  );

function winograd(back: boolean, channels: number, filters: number, side: number): Case {
  const x = placeholder([2, side, side, channels]);
  const y = conv2d(x, weights(3, 3, channels, filters), { padding: 'same' });
  const g = placeholder(y.shape);
  const [input, output] = back ? [g, grad(y, [x], g)[0]!] : [x, y];
  return { inputs: [input], output, kernel: 'winograd', data: [rounded(input.shape, 1)] };
}

/** A pool's gradient: behind a relu or not, with `odd` numbers put in. */
function pool(channels: number, options: object, rectified: boolean, odd: readonly number[] = []): Case {
  const x = placeholder([2, 8, 8, channels]);
  const y = maxPool(rectified ? relu(x) : x, options);
  const g = placeholder(y.shape);
  const data = [rounded(x.shape, 2), rounded(g.shape, 3)];
  odd.forEach((value, i) => {
    data[0]![37 * (i + 1)] = value;
  });
  const apart = !('stride' in options);
  return { inputs: [x, g], output: grad(y, [x], g)[0]!, kernel: apart ? 'maxPoolGradApart' : 'maxPoolGrad', data };
}

function lines(filters: number, attrs: LineConvAttrs, back: boolean): Case {
  const [shape, steps] = [[2, 8, 8, 12], 50] as const;
  const [start, delta, alpha] = [placeholder(shape), placeholder(shape), placeholder([steps])];
  const y = lineConv([start, weights(2, 2, 12, filters), delta, alpha], attrs);
  const g = placeholder(y.shape);
  const alphas = Float32Array.from({ length: steps }, (_, k) => (k + 0.5) / steps);
  const data = [rounded(shape, 4), rounded(shape, 5), alphas];
  const ends = { inputs: [start, delta, alpha], data, output: y, kernel: 'lineConv' };
  if (!back) return ends;
  const output = grad(y, [start], g)[0]!;
  return { inputs: [...ends.inputs, g], output, kernel: 'lineConvGrad', data: [...data, rounded(g.shape, 6)] };
}

const three = { window: 3, stride: 2 };
const cases: Readonly<Record<string, Case>> = {
  'Winograd, pairs of all': winograd(false, 32, 32, 8),
  'Winograd, channels and filters left over, an odd side': winograd(false, 20, 44, 7),
  'Winograd back': winograd(true, 24, 36, 9),
  'windows of four': pool(16, {}, false),
  'windows of four behind a relu': pool(24, {}, true),
  'windows of four with what is not finite': pool(16, {}, false, [Number.NaN, Infinity, -Infinity]),
  'windows of four, channels left over': pool(20, {}, true),
  'windows that overlap': pool(32, three, false),
  'windows that overlap behind a relu, channels left over': pool(20, three, true),
  'windows that overlap with what is not finite': pool(16, three, false, [Number.NaN, -Infinity, Infinity]),
  'lines, 32 filters': lines(32, mnist, false),
  'lines, filters left over': lines(56, mnist, false),
  'lines without a relu, 16 filters': lines(16, { ...mnist, relu: false }, false),
  'lines back': lines(40, mnist, true),
};

/** The results of all cases, and the kernels that each called. */
function runAll(): Map<string, { found: Uint8Array; kernels: ReadonlySet<string> }> {
  return new Map(
    Object.entries(cases).map(([name, { inputs, output, data }]) => {
      const kernels = new Set<string>();
      wasmBackend.trace(({ fn }) => kernels.add(fn));
      const plan = compile([output], inputs, { backend: wasmBackend });
      const [y] = plan.runSync(data) as [Float32Array];
      wasmBackend.trace(null);
      const found = new Uint8Array(y.slice().buffer);
      plan.dispose();
      return [name, { found, kernels }];
    }),
  );
}

const wide = whereWide(test);

wide('give the bits that the relaxed build gives', async () => {
  const relaxed = runAll();
  const pairs = process.arch === 'x64' && pairsVectors(process.versions.v8 ?? '');
  await wasmBackend.useWideVectors(pairs ? {} : { paired: true });
  for (const [name, { found, kernels }] of runAll()) {
    const before = relaxed.get(name)!;
    assert.ok(kernels.has(cases[name]!.kernel), `${name}: ${[...kernels]}`);
    assert.equal(found, before.found, name);
  }
});

test.run();
