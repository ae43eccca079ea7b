/** Who loads attention without scores: transformers, and models of Keras with such layers; nobody else. In a process each: what one takes stays. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { input, model as kerasModel, layers, saveModel } from '../../src/training/index.ts';
import { child, source } from '../support/child.ts';
import { temporaryFolder } from '../support/cli.ts';
import { configOf, randomWeights, small, writeModel } from '../transformers/support.ts';

const test = suite('wasm: attention, loaded');
const { path } = temporaryFolder();

/** Whether predicting with what `make` loads (an expression, of the path given) runs one of its kernels. */
function runs(module: string, names: string, make: string, file: string): boolean {
  const code = `import { readFileSync } from 'node:fs';
    import { wasmBackend } from ${source('src/backends/wasm/index.ts')};
    import { tensor } from ${source('src/index.ts')};
    import { ${names} } from ${source(module)};
    const path = process.argv[1];
    const { model, x } = await (async () => (${make}))();
    const seen = new Set();
    wasmBackend.trace(({ fn }) => seen.add(fn));
    await model.predict(x);
    console.log(seen.has('attention'));`;
  const { args, cwd } = child(code, file);
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }) === 'true\n';
}

async function keras(name: string, heads: number, dropout = 0): Promise<string> {
  const x = input({ shape: [9, 16] });
  const y = layers.multiHeadAttention({ numHeads: heads, keyDim: 4, dropout })(x, { value: x });
  writeFileSync(path(name), await saveModel(kerasModel({ inputs: x, outputs: y }), { format: 'keras' }));
  return path(name);
}
const predictsKeras = (file: string, options = ''): boolean => {
  const x = 'tensor(new Float32Array(288).fill(0.5), [2, 9, 16])';
  const make = `{ model: await loadModel(new Uint8Array(readFileSync(path))${options}), x: ${x} }`;
  return runs('src/keras/load/load.ts', 'loadModel', make, file);
};

test('loadModel, where a layer attends; dropout does nothing in predictions', async () => {
  assert.is(predictsKeras(await keras('two.keras', 2)), true);
  assert.is(predictsKeras(await keras('dropout.keras', 2, 0.5)), true);
  assert.is(predictsKeras(await keras('double.keras', 2), ", { dtype: 'float64' }"), false);
});

test('loadTransformer', async () => {
  mkdirSync(path('tiny'));
  writeFileSync(path('tiny/config.json'), JSON.stringify(configOf(small)));
  writeFileSync(path('tiny/tf_model.h5'), await writeModel(small, randomWeights(small)));
  const x = 'tensor(Int32Array.from({ length: 10 }, (_, i) => i + 1), [2, 5])';
  const make = `{ model: await loadTransformer(path), x: ${x} }`;
  assert.is(runs('src/transformers/index.ts', 'loadTransformer', make, path('tiny')), true);
});

test.run();
