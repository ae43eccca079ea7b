/** Batch renormalization: weights and statistics after four steps as real Keras 3 and tf_keras have them (test/golden/training/make_renorm.py). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sgd, Trainer } from '../../src/training/index.ts';
import { apart, golden } from '../golden/training/golden.ts';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('training: batch renormalization');
interface Case {
  readonly version: string;
  readonly options: object;
  readonly names: readonly string[];
  readonly before: readonly number[][];
  readonly after: readonly number[][];
}
const x = {
  data: Float64Array.from({ length: 24 * 8 }, (_, i) => {
    const v = Math.sin(0.37 * (i >> 1) ** 2);
    return i % 2 === 0 ? v : 2 * Math.cos(v * 3) + 1;
  }),
  shape: [24, 2, 2, 2],
};
const y = { data: Float64Array.from({ length: 24 * 8 }, (_, i) => Math.cos(0.5 * i)), shape: [24, 2, 2, 2] };

function net({ version, options, names, before }: Case) {
  const key = version[0] === '3' ? 'batch_shape' : 'batch_input_shape';
  const input = { [key]: [null, 2, 2, 2], name: 'in', dtype: 'float64' };
  const layers = [
    { class_name: 'InputLayer', config: input },
    { class_name: 'BatchNormalization', config: { name: 'bn', renorm: true, ...options } },
  ];
  const architecture = { class_name: 'Sequential', config: { name: 's', layers }, keras_version: version };
  const weights = names.map((name, i) => ({ name, shape: [2], data: before[i]! }));
  return modelFrom({ ...architecture, backend: 'tensorflow' }, { bn: weights }, { dtype: 'float64' });
}

for (const one of golden<readonly Case[]>('renorm.json'))
  test(`Keras ${one.version} ${JSON.stringify(one.options)}`, async () => {
    const trainer = new Trainer(net(one), { loss: 'mse', optimizer: sgd({ learningRate: 0.5 }) });
    await trainer.fit(x, y, { batchSize: 6, shuffle: false });
    const values = new Map(trainer.weights().map(({ path, value }) => [path, value.data as Float64Array]));
    for (const [i, name] of one.names.entries()) {
      const off = apart(values.get(`bn/${name}`)!, one.after[i]!);
      assert.ok(off < (one.version[0] === '3' ? 1e-10 : 1e-6), `${name}: off by ${off}`);
    }
    trainer.dispose();
  });

test('a file without the moving deviation is refused by name', async () => {
  const [one] = golden<readonly Case[]>('renorm.json');
  const old = one!.names
    .map((name, i) => [name, one!.before[i]!] as const)
    .filter(([name]) => name !== 'moving_stddev');
  const model = net({ ...one!, names: old.map(([name]) => name), before: old.map(([, values]) => values) });
  const trainer = new Trainer(model, { loss: 'mse', optimizer: 'sgd' });
  try {
    await trainer.fit(x, y);
    assert.unreachable('refused');
  } catch (error) {
    assert.match((error as Error).message, /'bn' \(BatchNormalization\).*no moving deviation/);
  }
});

test.run();
