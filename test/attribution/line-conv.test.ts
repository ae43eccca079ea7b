/** Models whose second product follows lines closely: it goes by their kinks, and explanations are what the definition gives. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findFrontier } from '../../src/attribution/path/frontier.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { inFrontOf, placeSamples } from '../../src/graph/batch.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { PlanCache } from '../../src/graph/plan-cache.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { IntegratedGradients } from '../../src/index.ts';
import * as o from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { tinyModel } from './tiny-models.ts';

const test = suite('path-linear: convolutions of lines');

type Net = (x: Tensor, w: (...shape: number[]) => Tensor) => Tensor;
const same = { padding: 'same' } as const;
const scaled = (x: Tensor, w: (...shape: number[]) => Tensor): Tensor =>
  o.add(o.mul(x, w(x.shape.at(-1)!)), w(x.shape.at(-1)!));
const head = (x: Tensor, w: (...shape: number[]) => Tensor): Tensor => {
  const width = x.size / x.shape[0]!;
  return o.softmax(o.dense(o.reshape(x, [x.shape[0]!, width]), w(width, 3)));
};

/** Nets of a picture of 8 by 8, and what is expected to follow lines in each. */
const nets: Readonly<Record<string, readonly [net: Net, takes: boolean]>> = {
  'convolution, relu, pool, convolution': [
    (x, w) => {
      const h = o.maxPool(o.relu(o.add(o.conv2d(x, w(2, 2, 1, 12), same), w(12))));
      return head(o.maxPool(o.relu(o.add(o.conv2d(h, w(2, 2, 12, 9), same), w(9)))), w);
    },
    true,
  ],
  'no pool between, strides, no bias': [
    (x, w) => {
      const h = o.relu(o.conv2d(x, w(3, 3, 1, 6)));
      return head(o.tanh(o.conv2d(h, w(3, 3, 6, 8), { stride: 2 })), w);
    },
    true,
  ],
  'a pool alone, then a normalized convolution': [
    (x, w) => {
      const h = o.maxPool(o.conv2d(x, w(2, 2, 1, 8), same));
      return head(o.relu(scaled(o.conv2d(h, w(2, 2, 8, 10)), w)), w);
    },
    true,
  ],
  'convolution, relu, pool, dense': [
    (x, w) => {
      const h = o.maxPool(o.relu(o.add(o.conv2d(x, w(2, 2, 1, 5), same), w(5))));
      return head(o.relu(o.dense(o.reshape(h, [x.shape[0]!, 80]), w(80, 20), w(20))), w);
    },
    true,
  ],
  'dense layers': [
    (x, w) => {
      const h = o.relu(o.dense(o.reshape(x, [x.shape[0]!, 64]), w(64, 40), w(40)));
      return head(o.sigmoid(o.dense(h, w(40, 24), w(24))), w);
    },
    true,
  ],
  'a leaky relu behind the second, and a skip connection': [
    (x, w) => {
      const h = o.maxPool(o.relu(o.conv2d(x, w(2, 2, 1, 12), same)));
      const z = o.leakyRelu(o.add(o.conv2d(h, w(2, 2, 12, 9), same), w(9)));
      return head(o.relu6(o.add(z, o.tanh(o.conv2d(z, w(1, 1, 9, 9))))), w);
    },
    true,
  ],
  'windows that overlap': [
    (x, w) => {
      const h = o.maxPool(o.relu(o.conv2d(x, w(2, 2, 1, 12), same)), { window: 3, stride: 2 });
      return head(o.relu(o.conv2d(h, w(2, 2, 12, 9))), w);
    },
    false,
  ],
  'two that read the points': [
    (x, w) => {
      const h = o.maxPool(o.relu(o.conv2d(x, w(2, 2, 1, 12), same)));
      return head(o.relu(o.add(o.conv2d(h, w(2, 2, 12, 9)), o.conv2d(h, w(2, 2, 12, 9)))), w);
    },
    false,
  ],
  groups: [
    (x, w) => {
      const h = o.maxPool(o.relu(o.conv2d(x, w(2, 2, 1, 16), same)));
      return head(o.relu(o.conv2d(h, w(2, 2, 8, 10), { groups: 2 })), w);
    },
    false,
  ],
};

const filled = (shape: readonly number[], dtype: FloatDType, values: ArrayLike<number>): Tensor =>
  tensor(dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values, Math.fround), shape);

function modelOf(net: Net, dtype: FloatDType): CallableModel {
  const made: Tensor[] = [];
  const forward = ([x]: readonly Tensor[]): Tensor => {
    let index = 0;
    // The same constants in every graph, as of a model.
    const weights = (...shape: number[]): Tensor => {
      const size = shape.reduce((a, b) => a * b, 1);
      const scale = 1.2 / Math.sqrt(Math.max(4, size / shape.at(-1)!));
      const values = randomNormal(size, 31 + index).map((v) => v * scale);
      made[index] ??= filled(shape, dtype, values);
      return made[index++]!;
    };
    return net(x!, weights);
  };
  const inputs = [{ name: 'x', shape: [null, 8, 8, 1], dtype }];
  return tinyModel({ inputs, dtype, forward: (_, xs) => forward(xs) });
}

const picture = (rows: number, dtype: FloatDType): Tensor => {
  const values = randomNormal(rows * 64, 3).map((v) => Math.max(0, Math.round(v * 64) / 64));
  return filled([rows, 8, 8, 1], dtype, values);
};

async function explain(
  net: Net,
  dtype: FloatDType,
  rows: number,
  backend: Backend,
  options = {},
): Promise<Float64Array> {
  const explainer = new IntegratedGradients(modelOf(net, dtype), { backend, nSteps: 24, ...options });
  const { attributions } = await explainer.explain(picture(rows, dtype), { target: 1 });
  explainer.dispose();
  return Float64Array.from(attributions[0]!.data);
}

function near(got: Float64Array, wanted: Float64Array, bound: number, what: string): void {
  const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const error = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0) / largest;
  assert.ok(error < bound, `${what}: ${error}`);
}

for (const [name, [net, takes]] of Object.entries(nets)) {
  test(`${name}: ${takes ? 'goes by kinks' : 'is left step by step'}, and both are the definition`, async () => {
    for (const rows of [1, 3]) {
      const seen: string[] = [];
      wasmBackend.trace(({ fn }) => seen.push(fn));
      const got = await explain(net, 'float32', rows, wasmBackend);
      wasmBackend.trace(null);
      for (const fn of ['lineConv', 'lineConvGrad']) assert.is(seen.includes(fn), takes, fn);
      // The way back finds the kinks that the way forward has found.
      assert.is(seen.filter((fn) => fn === 'lineKinks').length, Number(takes));
      near(got, await explain(net, 'float64', rows, reference, { strategy: 'brute' }), 3e-6, `${rows} rows`);
    }
  });
}

test('few steps are taken one by one', async () => {
  const seen = new Set<string>();
  wasmBackend.trace(({ fn }) => seen.add(fn));
  await explain(nets['dense layers']![0], 'float32', 2, wasmBackend, { nSteps: 8 });
  wasmBackend.trace(null);
  assert.not.ok(seen.has('lineConv'));
});

/** The frontier of a net of a picture. */
function frontierOf(net: Net): ReturnType<typeof findFrontier> {
  const graph = (rows: number) => {
    const x = placeholder([rows, 8, 8, 1]);
    const output = net(x, (...shape) =>
      filled(
        shape,
        'float32',
        randomNormal(
          shape.reduce((a, b) => a * b, 1),
          1,
        ),
      ),
    );
    const places = placeSamples([output], new Map([[x, inFrontOf(x, rows)]]), rows);
    return { variables: [x], held: [], output, observed: [], places };
  };
  return findFrontier({ plans: new PlanCache({ backend: wasmBackend }), key: 'test', graph });
}

test('kernels for kinks are fetched where a product reads what the frontier leaves: not for any two layers with a relu between', () => {
  const global: Net = (x, w) => {
    const h = o.max(o.relu(o.conv2d(x, w(2, 2, 1, 12))), { axes: [1, 2] });
    return o.softmax(o.dense(o.relu(o.dense(h, w(12, 40), w(40))), w(40, 3)));
  };
  assert.not.ok(frontierOf(global).beforeProduct);
  for (const [name, [net, takes]] of Object.entries(nets)) {
    // What shapes and weights rule out is found once the kernels are there.
    if (takes) assert.ok(frontierOf(net).beforeProduct, name);
  }
  assert.not.ok(frontierOf(nets['two that read the points']![0]).beforeProduct);
});

test('more rows at once than the batch where the rest of the model is narrow, as long as they stay in a cache', () => {
  // Of 64 pixels a row the rest of the model reads 40 elements.
  const { rowsAtOnce } = frontierOf(nets['dense layers']![0]);
  assert.equal([100, 10_000, 20_000].map(rowsAtOnce), [160, 13_107, 20_000]);
});

test('several targets share the way forward, and its kinks', async () => {
  const [net] = nets['convolution, relu, pool, convolution']!;
  const seen: string[] = [];
  const explainer = new IntegratedGradients(modelOf(net, 'float32'), { backend: wasmBackend, nSteps: 24 });
  const x = picture(2, 'float32');
  wasmBackend.trace(({ fn }) => seen.push(fn));
  const all = await explainer.explain(x, { target: 'all' });
  wasmBackend.trace(null);
  const count = (fn: string): number => seen.filter((name) => name === fn).length;
  assert.equal([count('lineKinks'), count('lineConv'), count('lineConvGrad')], [1, 1, 3]);
  for (const [target, one] of (all as unknown as readonly { attributions: Tensor[] }[]).entries()) {
    const { attributions } = await explainer.explain(x, { target });
    assert.equal(one.attributions[0]!.data, attributions[0]!.data, `target ${target}`);
  }
  explainer.dispose();
});

test('the reference in float32 and gpu give the same, step by step', async () => {
  const [net] = nets['convolution, relu, pool, convolution']!;
  const wanted = await explain(net, 'float64', 2, reference, { strategy: 'brute' });
  near(await explain(net, 'float32', 2, reference), wanted, 3e-6, 'reference');
  const gpu = await gpuBackend({ mode: 'cpu' });
  near(await explain(net, 'float32', 2, gpu), wanted, 3e-6, 'gpu');
  await gpu.dispose();
});

test('lines that come far down leave no rounding errors of where they were', async () => {
  const random = (shape: readonly number[], seed: number): Float64Array =>
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ).map((v) => Math.fround(0.3 * v));
  const [first, second, last] = [random([40, 64], 1), random([64, 32], 2), random([32, 4], 3)];
  const find = async (dtype: FloatDType, backend: Backend, options = {}): Promise<Float64Array> => {
    const of = (values: ArrayLike<number>, ...shape: number[]): Tensor => filled(shape, dtype, values);
    const net = (x: Tensor): Tensor => {
      const h = o.relu(
        o.dense(o.relu(o.dense(x, of(first, 40, 64), of(new Array<number>(64).fill(-0.2), 64))), of(second, 64, 32)),
      );
      return o.softmax(o.dense(h, of(last, 32, 4)));
    };
    const explainer = new IntegratedGradients(net, { backend, nSteps: 50, ...options });
    const from = random([1, 40], 4);
    from[3] = 100;
    const { attributions } = await explainer.explain(of(random([1, 40], 5), 1, 40), {
      target: 1,
      baselines: of(from, 1, 40),
    });
    explainer.dispose();
    return Float64Array.from(attributions[0]!.data);
  };
  near(await find('float32', wasmBackend), await find('float64', reference, { strategy: 'brute' }), 3e-6, 'from 100');
});

test.run();
