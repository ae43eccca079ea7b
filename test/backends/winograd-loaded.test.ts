/** Who loads Winograd's kernels: models of Keras and ONNX with 3x3 convolutions between channels enough; nobody else. In a process each: what one takes stays. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { input, model as kerasModel, layers, saveModel } from '../../src/training/index.ts';
import { child, source } from '../support/child.ts';
import { temporaryFolder } from '../support/cli.ts';
import { model, node, value, wave } from '../support/onnx-writer.ts';

const test = suite('wasm: Winograd, loaded');
const { path } = temporaryFolder();

/** Whether predicting `[2, ...row]` runs one of its kernels. */
function runs(load: 'loadModel' | 'loadOnnx', file: string, row: readonly number[], options = {}): boolean {
  const module = load === 'loadModel' ? 'src/keras/load/load.ts' : 'src/onnx/load.ts';
  const code = `import { readFileSync } from 'node:fs';
    import { wasmBackend } from ${source('src/backends/wasm/index.ts')};
    import { ${load} } from ${source(module)};
    const model = await ${load}(new Uint8Array(readFileSync(process.argv[1])), ${JSON.stringify(options)});
    const shape = ${JSON.stringify([2, ...row])};
    const seen = new Set();
    wasmBackend.trace(({ fn }) => seen.add(fn));
    await model.predict({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5) });
    console.log(seen.has('winograd'));`;
  const { args, cwd } = child(code, file);
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }) === 'true\n';
}

async function keras(name: string, channels: number, kernelSize: number, strides = 1): Promise<string> {
  const x = input({ shape: [8, 8, channels] });
  const y = layers.conv2d({ filters: 16, kernelSize, strides })(x);
  const format = name.endsWith('.h5') ? 'h5' : 'keras';
  writeFileSync(path(name), await saveModel(kerasModel({ inputs: x, outputs: y }), { format }));
  return path(name);
}

test('loadModel, where a 3x3 convolution has the channels', async () => {
  assert.is(runs('loadModel', await keras('three.keras', 16, 3), [8, 8, 16]), true);
  assert.is(runs('loadModel', await keras('three.h5', 16, 3), [8, 8, 16], { dtype: 'float64' }), false);
  assert.is(runs('loadModel', await keras('few.keras', 3, 3), [8, 8, 3]), false);
  assert.is(runs('loadModel', await keras('wide.keras', 16, 5), [8, 8, 16]), false);
  assert.is(runs('loadModel', await keras('stride.keras', 16, 3, 2), [8, 8, 16]), false);
});

function onnx(name: string, kernel: readonly number[]): string {
  const [filters, channels, size] = kernel as [number, number, number];
  const nodes = [node('Conv', ['x', 'w'], 'y')];
  const parts = { nodes, initializers: [wave('w', kernel, 1)], inputs: [value('x', [channels, 8, 8])] };
  const left = 9 - size;
  writeFileSync(path(name), model(name, { ...parts, output: value('y', [filters, left, left]) }));
  return path(name);
}

test('loadOnnx, where a 3x3 convolution has the channels', () => {
  assert.is(runs('loadOnnx', onnx('three.onnx', [16, 16, 3, 3]), [16, 8, 8]), true);
  assert.is(runs('loadOnnx', onnx('few.onnx', [16, 3, 3, 3]), [3, 8, 8]), false);
  assert.is(runs('loadOnnx', onnx('wide.onnx', [16, 16, 5, 5]), [16, 8, 8]), false);
});

test.run();
