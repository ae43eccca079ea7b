/**
 * Recurrent cells, attention and gradients to weights in the build for vectors of 256 bits: the bits of the relaxed build, forward and back, for sizes
 * around its tiles and turns of eight units. Nothing is left to V8's baseline compiler, so that the code that pairs is compared.
 */
import { setFlagsFromString } from 'node:v8';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAccelerators, attention as loadAttention } from '../../src/backends/wasm/accelerators.ts';
import { takeTrainingKernels } from '../../src/backends/wasm/bind/training.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { hasRelaxedSimd } from '../../src/backends/wasm/module/module.ts';
import { pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { convMaxTable } from '../../src/ops/conv-max.ts';
import * as o from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { whereWide } from '../support/where-wide.ts';
import { random } from './support.ts';

const test = suite('wasm: wide recurrent cells, attention and training');

interface Case {
  readonly name: string;
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
}

const gates = { lstm: 4, gru: 3, gruResetBefore: 3, simpleRnn: 1 } as const;

function recurrent(
  kind: keyof typeof gates,
  [batch, units]: readonly [number, number],
  options: o.RecurrentOptions,
): Case {
  const [time, width] = [4, gates[kind] * units];
  const shapes = [[batch, time, width], [units, width], [width], [batch, units], [batch, units]];
  const inputs = shapes.map((shape) => placeholder(shape));
  const [z, kernel, bias, h, c] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const all = { ...options, initialState: kind === 'lstm' ? [h, c] : [h] };
  const y =
    kind === 'lstm'
      ? o.lstm(z, kernel, all)
      : kind === 'simpleRnn'
        ? o.simpleRnn(z, kernel, all)
        : o.gru(z, kernel, kind === 'gru' ? bias : null, all);
  const name = `${kind}, ${batch} rows, ${units} units, ${JSON.stringify({ ...options, mask: !!options.mask })}`;
  return { name, outputs: [y, ...grad(o.sum(o.mul(y, o.tanh(y))), [z, kernel, h])], inputs };
}

/** Six rows are a block of the kernel, eight units a turn and a panel, sixteen columns a tile. */
function* recurrentCases(kind: keyof typeof gates): Generator<Case> {
  for (const units of [1, 3, 4, 7, 8, 12, 16, 20, 24, 32, 36, 100])
    for (const batch of [1, 6, 13]) {
      const seen = Uint8Array.from({ length: batch * 4 }, (_, i) => Number(i % 3 !== 1));
      yield recurrent(kind, [batch, units], {});
      yield recurrent(kind, [batch, units], { mask: tensor(seen, [batch, 4]), reverse: true });
      if (units % 8 === 4)
        yield recurrent(kind, [batch, units], { activation: 'relu', recurrentActivation: 'hardSigmoid' });
    }
}

/** Attention as models compute it, with keys that a mask hides from the second sample, and the gradients to query, key and value. */
function attention(
  queries: number,
  keys: number,
  size: number,
  valueSize: number,
  masked: boolean,
  scaled: boolean,
): Case {
  const [samples, heads] = [2, 3];
  const inputs = [
    placeholder([samples, queries, heads * size]),
    placeholder([samples, keys, heads * size]),
    placeholder([samples, keys, heads * valueSize]),
    placeholder([samples, queries, heads * valueSize]),
  ];
  const [q, k, v, g] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const split = (x: Tensor, width: number): Tensor =>
    o.transpose(o.reshape(x, [samples, x.shape[1]!, heads, width]), [0, 2, 1, 3]);
  const products = o.matmul(split(q, size), split(k, size), { transposeB: true });
  const scores = scaled ? o.div(products, Math.sqrt(size)) : products;
  const hidden = Float32Array.from({ length: samples * keys }, (_, i) => (i >= keys * 1.6 ? -1e9 : 0));
  const shares = o.softmax(masked ? o.add(scores, tensor(hidden, [samples, 1, 1, keys])) : scores);
  const context = o.transpose(o.matmul(shares, split(v, valueSize)), [0, 2, 1, 3]);
  const y = o.reshape(context, [samples, queries, heads * valueSize]);
  const name = `attention of ${queries} to ${keys}, ${size} and ${valueSize} elements${masked ? ', masked' : ''}`;
  return { name, outputs: [y, ...grad(y, [q, k, v], g)], inputs };
}

function* attentionCases(): Generator<Case> {
  for (const [queries, keys] of [
    [1, 1],
    [5, 7],
    [6, 8],
    [7, 9],
    [12, 16],
    [13, 17],
    [20, 33],
    [48, 24],
    [31, 520],
  ] as const)
    for (const [size, valueSize] of [
      [1, 1],
      [8, 16],
      [32, 32],
      [20, 12],
      [9, 17],
    ] as const) {
      yield attention(queries, keys, size, valueSize, false, false);
      yield attention(queries, keys, size, valueSize, true, true);
    }
}

/** The gradient to a convolution's weights behind a relu, whose zeros are left out: 3 windows of `3 * channels` numbers. */
function* weightCases(): Generator<Case> {
  for (const channels of [1, 2, 8, 11, 12, 21, 22, 32, 40, 43, 64])
    for (const filters of [3, 33]) {
      const inputs = [placeholder([5, 11, 9, channels]), placeholder([3, 3, channels, filters])];
      const [x, w] = inputs as [Tensor, Tensor];
      const y = o.relu(o.conv2d(x, w, { padding: 'same' }));
      const name = `gradient to the weights of ${channels} to ${filters} channels`;
      yield { name, outputs: grad(o.sum(o.mul(y, y)), [w]), inputs };
    }
}

/** Maxima of convolutions of rows of a table, of one tap to four, with dropout and without. */
function* maximumCases(): Generator<Case> {
  const ids = tensor(
    Int32Array.from({ length: 180 }, (_, i) => (i * 7919) % 23),
    [3, 60],
  );
  const seed = tensor(Int32Array.of(5, -9), [2]);
  for (const filters of [1, 7, 8, 12, 16, 20, 33, 100])
    for (const taps of [1, 2, 3, 4])
      for (const drops of [false, true]) {
        const inputs = [placeholder([23, 6]), placeholder([taps, 6, filters]), placeholder([filters])];
        const [table, w, bias] = inputs as [Tensor, Tensor, Tensor];
        const rest = { stream: 3, dropped: drops ? 26_214 : 0, scale: drops ? 1 / 0.6 : 1 };
        const attrs = { strides: [1], dilations: [1], pads: [[1, 0]] as const, groups: 1, positive: drops, ...rest };
        const y = convMaxTable([table, ids, w, bias, ...(drops ? [seed] : [])], attrs);
        yield { name: `maxima of ${filters} filters of ${taps} taps${drops ? ', dropout' : ''}`, outputs: [y], inputs };
      }
}

function run({ outputs, inputs }: Case, threads: number): { results: TypedArray[]; called: ReadonlySet<string> } {
  wasmBackend.setThreads(threads);
  const called = new Set<string>();
  wasmBackend.trace(({ fn }) => called.add(fn));
  const plan = compile(outputs, inputs, { backend: wasmBackend });
  const results = plan.runSync(inputs.map(({ shape }, i) => random(shape, i + 1).data));
  plan.dispose();
  wasmBackend.trace(null);
  wasmBackend.setThreads(1);
  return { results, called };
}

const bits = ({ buffer, byteOffset, byteLength }: TypedArray): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

async function compareAll(): Promise<void> {
  setFlagsFromString('--no-liftoff --no-wasm-dynamic-tiering --no-wasm-inlining --no-wasm-lazy-compilation');
  await loadAccelerators([loadAttention]);
  takeTrainingKernels();
  const kinds = Object.keys(gates) as (keyof typeof gates)[];
  const groups: [string, Case[], string[]][] = kinds.map((kind) => [
    kind,
    [...recurrentCases(kind)],
    [kind, `${kind}Grad`],
  ]);
  groups.push(['attention', [...attentionCases()], ['attention', 'attentionGrad']]);
  groups.push(['maxima of convolutions', [...maximumCases()], ['convMaxTable', 'tableProducts']]);
  groups.push(['gradients to weights', [...weightCases()], ['weightGradSums']]);
  assert.is(wasmBackend.simd(), 'relaxed');
  const relaxed = groups.map(([, cases]) => cases.map((one) => run(one, 1)));
  const pairs = process.arch === 'x64' && pairsVectors(process.versions.v8);
  await wasmBackend.useWideVectors(pairs ? {} : { paired: true });
  groups.forEach(([group, cases, kernels], number) => {
    test(`${group}: the bits of the relaxed build, forward and back, for 1 and 3 threads`, () => {
      assert.is(wasmBackend.simd(), 'wide');
      cases.forEach((one, i) => {
        const { results, called } = relaxed[number]![i]!;
        for (const kernel of kernels) assert.ok(called.has(kernel), `${one.name}: ${[...called]} ran`);
        for (const threads of [1, 3])
          run(one, threads).results.forEach((result, at) => {
            assert.ok(bits(result).equals(bits(results[at]!)), `${one.name}, output ${at}, ${threads} threads`);
          });
      });
    });
  });
}

if (hasRelaxedSimd()) await compareAll();
else {
  whereWide(test)('wide kernels give the bits of the relaxed ones', () => {});
}

test.run();
