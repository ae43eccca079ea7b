/** A step moves the batch in and the loss out: weights, gradients and the optimizer's state stay in the backend. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, sequential, Trainer } from '../../src/training/index.ts';

const test = suite('training: what a step moves');

/** Bytes that typed arrays copied while `work` ran. */
async function copied(work: () => Promise<unknown>): Promise<number> {
  const shared = Object.getPrototypeOf(Float32Array.prototype) as Float32Array;
  const { set, slice } = shared;
  let bytes = 0;
  shared.set = function (this: Float32Array, source: ArrayLike<number>, at?: number) {
    bytes += source.length * this.BYTES_PER_ELEMENT;
    set.call(this, source, at);
  };
  shared.slice = function (this: Float32Array, ...range) {
    const part = slice.apply(this, range);
    bytes += part.byteLength;
    return part;
  };
  try {
    await work();
  } finally {
    Object.assign(shared, { set, slice });
  }
  return bytes;
}

for (const optimizer of ['sgd', 'adam'] as const)
  test(`wasm, ${optimizer}: 100,000 parameters stay where they are`, async () => {
    const net = sequential(
      [layers.dense({ units: 1000, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })],
      { inputShape: [90], seed: 1 },
    );
    const [loss, metrics] = ['sparse_categorical_crossentropy', ['accuracy']];
    const trainer = new Trainer(net, { loss: loss!, optimizer, metrics });
    const rows = 16;
    const x = { data: Float32Array.from({ length: rows * 90 }, (_, i) => Math.sin(i)), shape: [rows, 90] };
    const y = Int32Array.from({ length: rows }, (_, i) => i % 10);
    await trainer.fit(x, y, { batchSize: rows });
    const batch = [x.data, y];
    const spec = {
      x: [{ shape: x.shape, dtype: 'float32' }],
      y: [{ shape: [rows], dtype: 'int32' }],
      weights: [null],
    } as const;
    let results: readonly ArrayLike<number>[] = [];
    const moved = await copied(async () => {
      results = await trainer.runStep(spec, batch);
    });
    const fed = x.data.byteLength + y.byteLength;
    assert.ok(moved >= fed, `the copies are seen: ${moved} of ${fed}`);
    assert.ok(moved < fed + 4096, `${moved} bytes were copied, the batch has ${fed}`);
    const out = results.reduce((sum, { length }) => sum + length, 0);
    assert.ok(out < 10, `${out} numbers came out`);
    // The step did train.
    assert.is(trainer.step, 2);
    trainer.dispose();
  });

test.run();
