/** Locally connected layers with padding `same`, trained as tf_keras trains them in both of its layouts (test/golden/training/make_local.py). */
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/keras/load/load.ts';
import { sgd, Trainer } from '../../src/training/index.ts';
import { golden } from '../golden/training/golden.ts';

const test = suite('training: locally connected layers');

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly x: readonly number[];
    readonly shape: readonly number[];
    readonly y: readonly number[];
    readonly losses: readonly number[];
    readonly after: readonly number[];
  }[];
}
const { cases } = golden<Golden>('local.json.gz');

for (const { name, file, x, shape, y, losses, after } of cases)
  test(`five steps: ${name}`, async () => {
    const model = await loadModel(gunzipSync(Buffer.from(file, 'base64')), { name: 'local.h5', dtype: 'float64' });
    const trainer = new Trainer(model, { loss: 'mse', optimizer: sgd({ learningRate: 0.05 }), seed: 1 });
    const given = { data: Float64Array.from(x), shape };
    const wanted = { data: Float64Array.from(y), shape: [y.length, 1] };
    const { history } = await trainer.fit(given, wanted, { epochs: 5, batchSize: 8, shuffle: false });
    for (const [i, loss] of losses.entries())
      assert.ok(
        Math.abs(history['loss']![i]! - loss) < 1e-7 * Math.max(1, loss),
        `step ${i}: ${history['loss']![i]} for ${loss}`,
      );
    const [found] = await trainer.predict(given);
    const apart = Math.max(...after.map((v, i) => Math.abs(v - (found!.data[i] as number))));
    assert.ok(apart < 1e-7 && Math.abs(losses[0]! - losses[4]!) > 0.01, `predictions differ by ${apart}`);
  });

test.run();
