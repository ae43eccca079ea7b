/** Steps of four small nets beside those of real Keras: weights after 1, 10 and 100, and the loss of each epoch. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { adam, type Callback, layers, type Optimizer, sequential, sgd, Trainer } from '../../src/training/index.ts';

const test = suite('training steps');
const golden = JSON.parse(readFileSync(new URL('../golden/training/steps.json', import.meta.url), 'utf8')) as {
  readonly [dtype: string]: Readonly<
    Record<
      string,
      { readonly losses: readonly number[]; readonly weights: Readonly<Record<string, readonly number[][]>> }
    >
  >;
};
const ROWS = 40;
const largestError = (found: ArrayLike<number>, wanted: readonly number[]): number =>
  wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i]!)), 0);

const nets = {
  dense: {
    shape: [5],
    loss: 'categorical_crossentropy',
    stack: () => [
      layers.dense({ units: 6, activation: 'relu' }),
      layers.dense({ units: 4, activation: 'tanh' }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  },
  conv1d: {
    shape: [8, 3],
    loss: 'binary_crossentropy',
    stack: () => [
      layers.conv1d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.globalMaxPooling1d(),
      layers.dense({ units: 2, activation: 'sigmoid' }),
    ],
  },
  conv2d: {
    shape: [6, 6, 2],
    loss: 'mean_squared_error',
    stack: () => [
      layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  },
  bilstm: {
    shape: [5, 3],
    loss: 'categorical_crossentropy',
    stack: () => [
      layers.bidirectional({ layer: layers.lstm({ units: 3 }) }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  },
} as const;

const optimizers: Readonly<Record<string, () => Optimizer>> = {
  sgd: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
  adam: () => adam({ learningRate: 0.01 }),
};

function truth(loss: string, units: number): Float64Array {
  return Float64Array.from({ length: ROWS * units }, (_, i) => {
    if (loss === 'mean_squared_error') return Math.cos(0.5 * i);
    if (loss === 'binary_crossentropy') return Number((i * 5) % 3 === 0);
    return Number((Math.floor(i / units) * 7) % units === i % units);
  });
}

async function compare(name: keyof typeof nets, rule: string, dtype: FloatDType, bound: number): Promise<void> {
  const { shape, loss, stack } = nets[name];
  const built = sequential(stack(), { inputShape: [...shape], dtype });
  let k = 0;
  const model = await built.withWeights(({ name: weight, tensor }) => {
    const at = k++;
    const values = Float64Array.from({ length: tensor.size }, (_, i) => 0.3 * Math.sin(1.7 * i + at));
    if (weight === 'gamma') return values.map((v) => 1 + v / 10);
    return weight === 'moving_variance' ? values.fill(1) : values;
  });
  const count = ROWS * shape.reduce<number>((a, b) => a * b, 1);
  const x = { data: Float64Array.from({ length: count }, (_, i) => Math.sin(0.37 * i ** 2)), shape: [ROWS, ...shape] };
  const units = model.outputs[0]!.shape!.at(-1)!;
  const y = { data: truth(loss, units), shape: [ROWS, units] };
  const expected = golden[dtype]![`${name} ${rule}`]!;
  const trainer = new Trainer(model, { loss, optimizer: optimizers[rule]!() });
  const errors: number[] = [];
  const look: Callback = {
    onBatchEnd() {
      const wanted = expected.weights[trainer.step];
      if (!wanted) return;
      const scale = Math.max(...wanted.flat().map(Math.abs));
      trainer.weights().forEach(({ value }, i) => {
        errors.push(largestError(value.data, wanted[i]!) / scale);
      });
    },
  };
  const { history } = await trainer.fit(x, y, { epochs: 10, batchSize: 4, shuffle: false, callbacks: [look] });
  trainer.dispose();
  const worst = Math.max(...errors);
  assert.ok(errors.length > 5 && worst <= bound, `${name} ${rule} ${dtype}: weights differ by ${worst} of the largest`);
  const loss10 = largestError(history['loss']!, expected.losses) / Math.max(...expected.losses);
  assert.ok(loss10 <= bound, `${name} ${rule} ${dtype}: losses differ by ${loss10}`);
}

for (const name of Object.keys(nets) as (keyof typeof nets)[]) {
  for (const rule of Object.keys(optimizers)) {
    test(`${name} with ${rule}: float64`, () => compare(name, rule, 'float64', 1e-10));
    test(`${name} with ${rule}: float32`, () => compare(name, rule, 'float32', 1e-5));
  }
}

test('memory stays flat over 1,000 steps', async () => {
  const model = sequential([layers.dense({ units: 8, activation: 'relu' }), layers.dense({ units: 1 })], {
    inputShape: [4],
  });
  const trainer = new Trainer(model, { loss: 'mse', optimizer: adam() });
  const x = { data: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i)), shape: [100, 4] };
  const y = { data: Float32Array.from({ length: 100 }, (_, i) => Math.cos(i)), shape: [100, 1] };
  await trainer.fit(x, y, { epochs: 2, batchSize: 1 });
  const before = wasmBackend.memoryInUse();
  await trainer.fit(x, y, { epochs: 10, batchSize: 1 });
  assert.is(trainer.step, 1200);
  assert.is(wasmBackend.memoryInUse(), before);
  trainer.dispose();
});

test.run();
