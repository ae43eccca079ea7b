/** SpectralNormalization in training: weights after 1 and 5 steps as real Keras 3 and tf_keras have them (test/golden/training/make_spectral.py). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { type Callback, sgd, Trainer } from '../../src/training/index.ts';
import { apart, golden } from '../golden/training/golden.ts';

const test = suite('training: SpectralNormalization');
interface Case {
  readonly frozen: boolean;
  readonly file: string;
  readonly after: Readonly<Record<string, readonly (readonly [name: string, values: readonly number[]])[]>>;
}
const x = { data: Float64Array.from({ length: 8 * 50 }, (_, i) => Math.sin(0.37 * i ** 2)), shape: [8, 5, 5, 2] };
const y = { data: Float64Array.from({ length: 16 }, (_, i) => Math.cos(0.5 * i)), shape: [8, 2] };

for (const major of [3, 2])
  for (const { frozen, file, after } of golden<readonly Case[]>(`spectral-keras${major}.json.gz`))
    test(`Keras ${major}${frozen ? ', one layer frozen' : ''}`, async () => {
      const bytes = new Uint8Array(Buffer.from(file, 'base64'));
      const model = await loadModel(bytes, { name: major === 3 ? 'm.keras' : 'm.h5', dtype: 'float64' });
      const trainer = new Trainer(model, { loss: 'mse', optimizer: sgd({ learningRate: 0.25, momentum: 0.5 }) });
      const trained = trainer.weights().filter(({ trainable }) => trainable);
      assert.is(trained.length, frozen ? 2 : 4, `trained: ${trained.map(({ path }) => path)}`);
      assert.not.ok(trained.some(({ path }) => path.includes('vector_u')));
      let looked = 0;
      const look: Callback = {
        onEpochEnd() {
          const wanted = after[String(trainer.step)];
          if (!wanted) return;
          const own = trainer.weights();
          for (const [name, values] of wanted) {
            // Weights of one name and size are told apart by their values.
            const off = own.map(({ value }) => apart(value.data as Float64Array, values));
            assert.ok(Math.min(...off) <= 1e-10, `step ${trainer.step}, ${name}: off by ${Math.min(...off)}`);
            looked++;
          }
        },
      };
      await trainer.fit(x, y, { epochs: 5, batchSize: 8, shuffle: false, callbacks: [look] });
      assert.is(looked, 12);
      trainer.dispose();
    });

test.run();
