/** Layers in the user's TypeScript: how they are found, what they see, and what is refused. The zoo compares some with Keras. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel, mul, registerLayer, unregisterLayer } from '../../src/index.ts';
import { counted, legacyTree, writeH5 } from '../support/h5.ts';

const test = suite('custom layers');

const layer = (className: string, config: object): object => ({
  class_name: className,
  config: { trainable: true, ...config },
});
const config = JSON.stringify({
  class_name: 'Sequential',
  config: {
    name: 'm',
    layers: [
      layer('My>Scale', { name: 'scale', batch_input_shape: [null, 2], times: 3 }),
      layer('Lambda', { name: 'twice', function: ['4wEAAAA=', null, null] }),
    ],
  },
});

/** scale.factor = [1, 2]. */
async function file(): Promise<Uint8Array> {
  const tree = legacyTree({ scale: { 'scale/factor:0': counted([2]) }, twice: {} });
  return writeH5({ attributes: { model_config: config, keras_version: '2.15.0' }, members: { model_weights: tree } });
}

async function run(options: Parameters<typeof loadModel>[1]): Promise<number[]> {
  const model = await loadModel(await file(), { name: 'm.h5', ...options });
  return [...(await model.predictAll([[1, 10]]))[0]!.data];
}

test('what is missing is named with the call that gives it', async () => {
  const error = await run({}).catch((thrown: Error) => thrown);
  assert.match(String(error), /m.h5: 2 layers are not supported:/);
  assert.match(String(error), /layer 'scale' \(Scale\): 'My>Scale' is a custom class, .*registerLayer\('Scale', …\)/);
  assert.match(String(error), /layer 'twice' \(Lambda\): .*layers: \{ 'twice': \(\[x\]\) => … \}/);
});

test('given for one model: by class or by layer name; weights under their names in the file', async () => {
  const y = await run({
    layers: {
      Scale: {
        forward: ([x], { weights, config: { times } }) => {
          assert.equal(Object.keys(weights), ['factor']);
          return mul(mul(x!, weights['factor']!), Number(times));
        },
      },
      twice: ([x]) => mul(x!, 2),
    },
  });
  assert.equal(y, [6, 120]);
});

test('registered for all models, a given layer comes first', async () => {
  registerLayer('Scale', {
    weights: ([x]) => [{ name: 'f', shape: [x!.at(-1)!] }],
    forward: ([x], { weights }) => mul(x!, weights['f']!),
  });
  registerLayer('Lambda', ([x]) => mul(x!, -1));
  try {
    assert.equal(await run({}), [-1, -20]);
    assert.equal(await run({ layers: { twice: ([x]) => mul(x!, 2) } }), [2, 40]);
    assert.throws(() => registerLayer('Lambda', ([x]) => x!), /'Lambda' is registered already/);
  } finally {
    assert.is(unregisterLayer('Scale'), true);
    assert.is(unregisterLayer('Lambda'), true);
  }
  assert.is(unregisterLayer('Lambda'), false);
});

test('declared weights are checked, results too', async () => {
  const failing = async (scale: object, pattern: RegExp): Promise<void> => {
    const error = await run({ layers: { Scale: scale as never, twice: ([x]) => x! } }).catch((thrown: Error) => thrown);
    assert.is((error as Error).name, 'PathgradError');
    assert.match((error as Error).message, pattern);
  };
  const forward = ([x]: readonly unknown[]): unknown => x;
  await failing(
    { weights: () => [{ name: 'f', shape: [3] }], forward },
    /layer 'scale' \(Scale\): weight 'f' has the wrong shape \(expected \[3\], found \[2\]/,
  );
  await failing({ weights: () => [], forward }, /the file has more weights than the layer/);
  await failing({ forward: () => 3 }, /layer 'scale' \(Scale\): its TypeScript must return a tensor/);
  await failing({ call: forward }, /'Scale' has no forward/);
  await failing({ layers: () => ({ dense: { units: 3 } }), forward }, /inner layer 'dense' has no className/);
});

test('gradients flow through, and inner layers are found by path', async () => {
  const tree = legacyTree({ scale: { 'scale/dense/kernel:0': counted([2, 2]) }, twice: {} });
  const bytes = await writeH5({
    attributes: { model_config: config, keras_version: '2.15.0' },
    members: { model_weights: tree },
  });
  const model = await loadModel(bytes, {
    name: 'm.h5',
    layers: {
      Scale: {
        layers: () => ({ dense: { className: 'Dense', units: 2, use_bias: false } }),
        forward: ([x], { layers }) => layers['dense']!(x!),
      },
      twice: ([x]) => x!,
    },
  });
  assert.is(model.getLayer('scale/dense').className, 'Dense');
  assert.equal([...(await model.predictAll([[1, 1]]))[0]!.data], [4, 6]); // [[1, 2], [3, 4]]
  assert.is(model.countParams(), 4);
});

test.run();
