/** Who loads Winograd's kernels: models of Keras and ONNX with 3x3 convolutions between channels enough; nobody else. And those of depthwise ones: who has such. In a process each: what one takes stays. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import {
  input,
  model as kerasModel,
  layers,
  type SymbolicTensor,
  saveModel,
  sequential,
  Trainer,
} from '../../src/training/index.ts';
import { child, source } from '../support/child.ts';
import { temporaryFolder } from '../support/cli.ts';
import { attribute, model, node, nodeOf, value, wave } from '../support/onnx-writer.ts';

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

test('loadModel, where another layer makes such a convolution: transposed, recurrent, wrapped', async () => {
  const picture = [8, 8, 16];
  const made: Readonly<Record<string, readonly [readonly number[], (x: SymbolicTensor) => SymbolicTensor]>> = {
    transposed: [picture, (x) => layers.conv2dTranspose({ filters: 16, kernelSize: 3 })(x)],
    recurrent: [[3, ...picture], (x) => layers.convLstm2d({ filters: 16, kernelSize: 3 })(x)],
    'at each time': [
      [3, ...picture],
      (x) => layers.timeDistributed({ layer: layers.conv2d({ filters: 16, kernelSize: 3 }) })(x),
    ],
  };
  for (const [name, [shape, make]] of Object.entries(made)) {
    const x = input({ shape });
    const file = path(`${name}.keras`);
    writeFileSync(file, await saveModel(kerasModel({ inputs: x, outputs: make(x) }), { format: 'keras' }));
    assert.is(runs('loadModel', file, shape), true, name);
  }
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

test('loadOnnx, where the kernel is a node or the convolution is transposed', () => {
  const parts = { inputs: [value('x', [16, 8, 8])], output: value('y', [16, 6, 6]) };
  const kernel = wave('w', [16, 16, 3, 3], 1);
  const computed = [node('Identity', ['w'], 'k'), node('Conv', ['x', 'k'], 'y')];
  writeFileSync(path('computed.onnx'), model('computed', { ...parts, nodes: computed, initializers: [kernel] }));
  assert.is(runs('loadOnnx', path('computed.onnx'), [16, 8, 8]), true);
  const transposed = { ...parts, nodes: [node('ConvTranspose', ['x', 'w'], 'y')], output: value('y', [16, 10, 10]) };
  writeFileSync(path('transposed.onnx'), model('transposed', { ...transposed, initializers: [kernel] }));
  assert.is(runs('loadOnnx', path('transposed.onnx'), [16, 8, 8]), true);
});

/** Whether a gradient of a depthwise convolution runs on the kernels of its module when the model is loaded. */
function takesDepthwise(load: 'loadModel' | 'loadOnnx', file: string): boolean {
  const code = `import { readFileSync } from 'node:fs';
    import { acceleratorOf } from ${source('src/backends/wasm/step.ts')};
    import { ${load} } from ${source(load === 'loadModel' ? 'src/keras/load/load.ts' : 'src/onnx/load.ts')};
    await ${load}(new Uint8Array(readFileSync(process.argv[1])));
    const operand = (shape) => ({ shape, dtype: 'float32', constant: true, sparse: 0, finite: () => true });
    const attrs = { strides: [1, 1], dilations: [1, 1], pads: [[0, 0], [0, 0]], groups: 16 };
    const inputs = [operand([1, 6, 6, 16]), operand([3, 3, 1, 16])];
    console.log(acceleratorOf({ op: 'convGradInput', out: operand([1, 8, 8, 16]), inputs, attrs })?.module.name);`;
  const { args, cwd } = child(code, file);
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }) === 'sliding\n';
}

test('kernels of depthwise convolutions, where there are some: in Keras, separable ones too, and in ONNX', async () => {
  const made = {
    depthwise: layers.depthwiseConv2d({ kernelSize: 5 }),
    separable: layers.separableConv2d({ filters: 4, kernelSize: 3 }),
    plain: layers.conv2d({ filters: 16, kernelSize: 3 }),
  };
  for (const [name, layer] of Object.entries(made)) {
    const x = input({ shape: [8, 8, 16] });
    const file = path(`${name}-layer.keras`);
    writeFileSync(file, await saveModel(kerasModel({ inputs: x, outputs: layer(x) }), { format: 'keras' }));
    assert.is(takesDepthwise('loadModel', file), name !== 'plain', name);
  }
  const nodes = [nodeOf('Conv', ['x', 'w'], ['y'], { attributes: [attribute.int('group', 16)] })];
  const parts = { nodes, initializers: [wave('w', [16, 1, 3, 3], 1)], inputs: [value('x', [16, 8, 8])] };
  writeFileSync(path('depthwise.onnx'), model('depthwise', { ...parts, output: value('y', [16, 6, 6]) }));
  assert.is(takesDepthwise('loadOnnx', path('depthwise.onnx')), true);
  assert.is(takesDepthwise('loadOnnx', onnx('no-depthwise.onnx', [16, 16, 3, 3])), false);
});

/** Two epochs with a frozen convolution: the weights after them, and whether one of its kernels ran. */
async function train(): Promise<{ weights: number[]; ran: boolean }> {
  const conv = (trainable: boolean) =>
    layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'tanh', trainable });
  const net = sequential([conv(false), conv(true), layers.flatten(), layers.dense({ units: 1 })], {
    inputShape: [6, 6, 16],
    seed: 1,
  });
  const rows = 8;
  const x = { data: Float32Array.from({ length: rows * 576 }, (_, i) => Math.sin(i * 1.3)), shape: [rows, 6, 6, 16] };
  const trainer = new Trainer(net, { loss: 'mse', optimizer: 'adam', seed: 1 });
  const seen = new Set<string>();
  wasmBackend.trace(({ fn }) => seen.add(fn));
  await trainer.fit(x, new Float32Array(rows).fill(1), { epochs: 2, batchSize: 4 });
  wasmBackend.trace(null);
  const weights = trainer.weights().flatMap(({ value }) => [...value.data]);
  trainer.dispose();
  return { weights, ran: seen.has('winograd') };
}

test('a training with a frozen convolution has the same bits, whether a model was loaded before or not', async () => {
  const before = await train();
  await loadModel(await saveModel(kerasModel(wide()), { format: 'keras' }), { name: 'other.keras' });
  const after = await train();
  assert.ok(before.ran && after.ran);
  assert.equal(after.weights, before.weights);
});

function wide() {
  const inputs = input({ shape: [8, 8, 16] });
  return { inputs, outputs: layers.conv2d({ filters: 16, kernelSize: 3 })(inputs) };
}

test.run();
