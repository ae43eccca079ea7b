/** Recurrent nets over padded texts: pieces of a scan, made once or without a gradient, give what the whole scan gives. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { movingSteps } from '../../src/attribution/path/line-scan.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { IntegratedGradients } from '../../src/index.ts';
import * as o from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { tinyModel } from './tiny-models.ts';

const test = suite('path-linear: scans in pieces');
const [TIME, FEATURES, UNITS, WORDS] = [16, 3, 5, 9];

const array = (shape: readonly number[], dtype: FloatDType, seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: size }, (_, i) => 0.6 * Math.sin(seed + 1.7 * i * (1 + seed / 7)));
  return o.cast(tensor(Float64Array.from(values), shape), dtype);
};

interface Cell {
  readonly gates: number;
  readonly scan: (z: Tensor, u: Tensor, dtype: FloatDType, options: o.RecurrentOptions) => Tensor;
}
const cells: Readonly<Record<string, Cell>> = {
  lstm: { gates: 4, scan: (z, u, _, options) => o.lstm(z, u, options) },
  gru: { gates: 3, scan: (z, u, dtype, options) => o.gru(z, u, array([3 * UNITS], dtype, 5), options) },
  'gru, reset before': { gates: 3, scan: (z, u, _, options) => o.gru(z, u, null, options) },
  simpleRnn: { gates: 1, scan: (z, u, _, options) => o.simpleRnn(z, u, options) },
};

/** An embedding, a scan from either end, and a layer over the last states, or over all. */
function modelOf({ gates, scan }: Cell, dtype: FloatDType, options: { masked?: boolean; all?: boolean } = {}) {
  const table = array([WORDS, FEATURES], dtype, 1);
  const side = (x: Tensor, reverse: boolean, mask: Tensor | null): Tensor => {
    const [w, u] = [array([FEATURES, gates * UNITS], dtype, 2), array([UNITS, gates * UNITS], dtype, reverse ? 4 : 3)];
    const y = o.slice(scan(o.dense(x, w), u, dtype, { reverse, mask }), { 2: [0, UNITS] });
    const at = reverse ? 0 : TIME - 1;
    return options.all
      ? o.sum(o.tanh(y), { axes: 1 })
      : o.reshape(o.slice(y, { 1: [at, at + 1] }), [x.shape[0]!, UNITS]);
  };
  return tinyModel({
    inputs: [{ name: 'ids', shape: [null, TIME], dtype: 'int32' }],
    layers: [['embedding', 'Embedding']],
    dtype,
    forward: (call, [ids]) => {
      const x = call('embedding', [ids!], (i) => o.embedding(table, i!));
      const mask = options.masked ? o.notEqual(ids!, 0) : null;
      const both = o.concat([side(x, false, mask), side(x, true, mask)], 1);
      return o.softmax(o.dense(both, array([2 * UNITS, 3], dtype, 6)));
    },
  });
}

const texts = (...kinds: readonly ('before' | 'after' | 'around' | 'full')[]): Tensor =>
  tensor(
    Int32Array.from(
      kinds.flatMap((kind, row) => {
        const words = (count: number): number[] => Array.from({ length: count }, (_, i) => 1 + ((3 * i + row) % 8));
        const padding = (count: number): number[] => new Array<number>(count).fill(0);
        if (kind === 'full') return words(TIME);
        if (kind === 'around') return [...padding(5), ...words(6), ...padding(5)];
        return kind === 'before' ? [...padding(9), ...words(7)] : [...words(7), ...padding(9)];
      }),
    ),
    [kinds.length, TIME],
  );

async function explained(
  model: ReturnType<typeof modelOf>,
  X: Tensor,
  strategy: 'brute' | 'path-linear',
  backend: Backend,
  nSteps = 5,
): Promise<ArrayLike<number>> {
  const ig = new IntegratedGradients(model, { layer: 'embedding', nSteps, strategy, backend });
  const { attributions } = await ig.explain(X, { target: 1 });
  ig.dispose();
  return attributions[0]!.data;
}

for (const [name, cell] of Object.entries(cells)) {
  test(`${name}: padding before, behind and around the words, masked or not, the last states or all of them: equal to brute force`, async () => {
    for (const options of [{}, { masked: true }, { all: true }, { masked: true, all: true }]) {
      const model = modelOf(cell, 'float64', options);
      for (const X of [texts('before', 'before'), texts('after'), texts('around', 'around', 'before')]) {
        for (const nSteps of options.all ? [3] : [3, 1]) {
          const [brute, linear] = await Promise.all(
            (['brute', 'path-linear'] as const).map((strategy) => explained(model, X, strategy, reference, nSteps)),
          );
          const scale = Math.max(...Array.from(brute!, Math.abs));
          const worst = Math.max(...Array.from(brute!, (v, i) => Math.abs(v - linear![i]!)));
          assert.ok(scale > 1e-4 && worst <= 1e-11 * scale, `${worst} of ${scale}`);
        }
      }
    }
  });

  test(`${name}: the same bits as the whole scan, which a text without padding in the batch asks for`, async () => {
    const model = modelOf(cell, 'float32');
    const pieces = await explained(model, texts('before', 'around'), 'path-linear', wasmBackend);
    const whole = await explained(model, texts('before', 'around', 'full'), 'path-linear', wasmBackend);
    assert.equal([...Array.from(pieces)], [...Array.from(whole).slice(0, pieces.length)]);
  });
}

test('a scan over padding is made once for all points, and none goes back over it', async () => {
  const scans: string[] = [];
  const backend: Backend = {
    name: 'recorder',
    prepare(program) {
      for (const { op, inputs, attrs } of program.steps) {
        if (!op.name.startsWith('lstm')) continue;
        const [rows, time] = program.values[inputs[0]!]!.spec.shape;
        scans.push(
          `${op.name} ${attrs['reverse'] ? 'back' : 'on'} ${rows}x${time}${attrs['of'] === 'state' ? ' to states' : ''}`,
        );
      }
      return reference.prepare(program);
    },
  };
  await explained(modelOf(cells['lstm']!, 'float64'), texts('before', 'before'), 'path-linear', backend);
  const wanted = [
    ...['lstm on 2x8', 'lstm on 10x8', 'lstmGrad on 10x8'],
    ...['lstm back 10x8', 'lstm back 10x8', 'lstmGrad back 10x8 to states', 'lstmGrad back 10x8'],
  ];
  for (const scan of wanted) assert.ok(scans.includes(scan), `${scan} of ${scans.join()}`);
  assert.is(scans.filter((scan) => scan.startsWith('lstmGrad')).length, 3, scans.join());
});

test('steps that move are cut to eighths of the sequence', () => {
  const sample = (from: number, to: number): number[] =>
    Array.from({ length: 32 }, (_, i) => Number(i >= 2 * from && i < 2 * to));
  const moving = (...samples: readonly number[][]) =>
    movingSteps(
      new Float64Array(32 * samples.length),
      Float64Array.from(samples.flat()),
      [samples.length, 16, 2],
      0,
      samples.length,
    );
  assert.equal(moving(sample(5, 16)), [4, 16]);
  assert.equal(moving(sample(0, 9)), [0, 10]);
  assert.equal(moving(sample(5, 6), sample(9, 11)), [4, 12]);
  assert.is(moving(sample(1, 15)), null);
  assert.is(moving(sample(0, 16)), null);
  assert.is(moving(sample(3, 3)), null);
});

test.run();
