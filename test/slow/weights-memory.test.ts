/**
 * How often the weights of a picture model lie in memory. A model that was loaded holds them once: neither the bytes of its file nor the arrays
 * that were read of it, and that without a garbage collection. Explaining adds the kernels that are packed in the linear memory, Winograd's for
 * each direction, others once (`test/backends/wasm-across.test.ts`), and no kernels with batch normalizations folded in beside them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, loadModel, tensor, wasmBackend } from '../../src/index.ts';
import { layers, saveModel, sequential } from '../../src/training/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const folder = mkdtempSync(join(tmpdir(), 'pathgrad-memory-'));
const side = 8;
const widths = [32, 512, 512];

/** Bytes that arrays hold, when what has been awaited is forgotten; the second collection waits for what the first has begun. */
async function arrays(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** Convolutions with batch normalizations behind them. @returns the bytes of its weights */
async function write(file: string, format: 'keras' | 'h5', seed: number): Promise<number> {
  const parts = widths.flatMap((filters, i) => [
    layers.conv2d({ filters, kernelSize: 3, strides: i === 1 ? 2 : 1, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.activation({ activation: 'relu' }),
  ]);
  const model = sequential(
    [...parts, layers.globalAveragePooling2d(), layers.dense({ units: 10, activation: 'softmax' })],
    { inputShape: [side, side, 3], seed },
  );
  writeFileSync(file, (await saveModel(model, { format })) as Uint8Array);
  return 4 * model.countParams();
}

const test = suite('memory of weights');
test.after(() => rmSync(folder, { recursive: true }));

for (const [seed, format] of (['keras', 'h5'] as const).entries()) {
  const file = join(folder, `model.${format}`);

  test(`${format}: a loaded model holds its weights once, an explained one twice more`, async () => {
    const weights = await write(file, format, seed);
    const before = await arrays();
    const rawMemory = wasmBackend.memoryInUse();
    const model = await loadModel(file);
    const atOnce = (process.memoryUsage().arrayBuffers - before) / weights;
    const loaded = ((await arrays()) - before) / weights;
    assert.ok(loaded > 0.9 && loaded < 1.05, `${loaded.toFixed(2)} times the weights after loading`);
    assert.ok(atOnce < 1.3, `${atOnce.toFixed(2)} times the weights, what is to be collected included`);

    const x = tensor(
      Float32Array.from({ length: side * side * 3 }, (_, i) => Math.sin(i * i)),
      [1, side, side, 3],
    );
    const explainer = new IntegratedGradients(model, { nSteps: 10 });
    await explainer.explain(x, { target: 1 });
    const explained = ((await arrays()) - before) / weights;
    assert.ok(explained < 1.15, `${explained.toFixed(2)} times the weights in arrays after explaining`);
    // Both directions, Winograd's kernels with 16/9 of the elements, and those of the predictions at one row; beside them values of 10 rows.
    const packed = (wasmBackend.memoryInUse() - rawMemory) / weights;
    assert.ok(packed > 2 && packed < 5.5, `${packed.toFixed(2)} times the weights in the linear memory`);

    // What is held once can be read as often as one likes.
    const [kernel] = model.layers.find(({ className }) => className === 'Conv2D')!.weights;
    assert.is(kernel!.tensor.data, kernel!.tensor.data);
    explainer.dispose();
    model.dispose();
  });
}

test.run();
