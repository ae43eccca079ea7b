/**
 * Kernels for vectors of 256 bits give the bits of the relaxed ones, and the right numbers: on the examples of all ops with their gradients, on random
 * shapes, random functions, and whole explanations. Where V8 does not pair vectors (before Node 24) they are slow and right.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import * as o from '../../src/ops/index.ts';
import { isFloat } from '../../src/tensor/dtype.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import { example } from '../support/cli.ts';
import { examplesUnderTest, opsUnderTest } from '../support/ops.ts';
import { bothBackends, count, hasWide, pairs } from '../support/paired.ts';
import { functionOf } from '../support/random-graphs.ts';
import { times } from '../support/thorough.ts';
import { whereWide } from '../support/where-wide.ts';
import { randomShapes } from './random-shapes.ts';
import { agrees, exampleOf, random, run } from './support.ts';

const test = suite('wasm: wide vectors');

if (hasWide) {
  console.log(
    `  note: V8 ${process.versions.v8} ${pairs ? 'pairs vectors' : 'does not pair vectors: slow, and right'}`,
  );
  all(await bothBackends(3));
} else {
  whereWide(test)('wide kernels give the bits of the relaxed ones', () => {});
}

function all(both: Backend): void {
  for (const op of opsUnderTest()) {
    test(`${op.name} on its examples`, () => {
      for (const one of examplesUnderTest(op)) {
        const { f, inputs } = exampleOf(op, one);
        const what = `${op.name} ${JSON.stringify(one)}`;
        // As weights are in models, whose layout is changed beforehand; large ones are compared with each other alone.
        if (one.size === 'real') run(f, inputs, both, 2);
        else for (const constants of [0, 1, 2]) agrees(both, what, f, inputs, 1e-5, constants);
      }
    });

    test(`${op.name}: gradients`, () => {
      for (const one of examplesUnderTest(op)) {
        const data = exampleInputs(one, 'float32');
        const inputs = data.map(({ shape, dtype }) => placeholder(shape, dtype));
        const y = new Tensor(op, inputs, one.attrs, op.shape(inputs, one.attrs), null);
        const floats = inputs.filter(({ dtype }) => isFloat(dtype));
        if (y.dtype !== 'float32' || op.vjp === 'none' || floats.length === 0) continue;
        const plan = compile(grad(y, floats), inputs, { backend: both });
        plan.runSync(data.map((x) => x.data));
        plan.dispose();
      }
    });
  }

  test('products of all widths around those of tiles, with what follows them, dense and full of zeros', () => {
    for (const columns of [1, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 48, 63, 64, 100])
      for (const rows of [1, 5, 6, 7, 12, 13, 40])
        for (const inner of [1, 2, 3, 8, 33, 520]) {
          const [w, b] = [random([inner, columns], 2), random([columns], 3)];
          const x = random([rows, inner], 4);
          const f = ([a]: Tensor[]): Tensor => o.relu(o.add(o.matmul(a!, w), b));
          const g = ([a]: Tensor[]): Tensor => o.sigmoid(o.matmul(o.relu(a!), w));
          for (const h of [f, g]) {
            const place = placeholder(x.shape);
            const y = h([place]);
            const plan = compile([y, grad(y, [place])[0]!], [place], { backend: both });
            plan.runSync([x.data]);
            plan.runSync([(x.data as Float32Array).map((v, i) => (i % 5 === 0 ? v : 0))]);
            plan.dispose();
          }
        }
  });

  test('random functions and their gradients', () => {
    const steps = fc.array(fc.nat({ max: 32 * 1024 * 24 }), { minLength: 2, maxLength: 14 });
    const features = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(features, steps, fc.integer({ min: 1, max: 7 }), fc.nat(), (sizes, list, rows, seed) => {
        const x = placeholder([rows, ...sizes]);
        const y = functionOf({ features: sizes, steps: list })(x);
        const plan = compile([y, ...grad(y, [x])], [x], { backend: both });
        plan.runSync([Float32Array.from(randomNormal(x.size, seed))]);
        plan.dispose();
      }),
      { numRuns: times(200, 2000), seed: 7 },
    );
  });

  test('explanations of pictures, texts and headlines, path-linear and brute', async () => {
    const explained = async (file: string, options: object, X: Tensor, baselines: number): Promise<void> => {
      const model = await loadModel(example(file), { backend: both });
      for (const strategy of ['path-linear', 'brute'] as const) {
        const explainer = new IntegratedGradients(model, { ...options, nSteps: 20, backend: both, strategy });
        const before = count.runs;
        await explainer.explain(X, { baselines, target: 1 });
        assert.ok(count.runs > before, file);
      }
    };
    const ids = (length: number, most: number): Tensor =>
      tensor(
        Int32Array.from({ length: 3 * length }, (_, i) => (i % length < length / 3 ? 0 : (i * 7919) % most)),
        [3, length],
      );
    const pixels = random([3, 28, 28, 1], 5);
    await explained('mnist-cnn.h5', {}, pixels, 0);
    await explained('imdb-cnn.h5', { layer: 'embedding' }, ids(100, 5000), 0);
    await explained('agnews-bilstm.h5', { layer: 'embedding' }, ids(60, 1000), 0);
  });

  randomShapes('wasm, relaxed and wide', both, { numRuns: times(25, 60), largest: 2 ** 30, longSums: 1e-6 });
}

test.run();
