/** Texts and ids looked up before the graph: hashes against published values, inputs in every form, and what is refused. */
import { readFileSync } from 'node:fs';
import { gunzipSync, strToU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { fingerprint64, sipHash } from '../../src/keras/host/hash.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { modelFrom } from '../support/keras-models.ts';

const test = suite('lookups');

const input = (name: string, shape: readonly (number | null)[], dtype: string): object => ({
  class_name: 'InputLayer',
  name,
  config: { name, batch_input_shape: shape, dtype },
  inbound_nodes: [],
});
const node = (className: string, name: string, config: object, from: string): object => ({
  class_name: className,
  name,
  config: { name, trainable: true, ...config },
  inbound_nodes: [[[from, 0, 0, {}]]],
});
const functional = (layers: readonly object[], output: string): object => ({
  class_name: 'Functional',
  keras_version: '2.15.0',
  config: { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [[output, 0, 0]] },
});
const words = (config: object = {}): object =>
  functional(
    [input('x', [null, 2], 'string'), node('StringLookup', 'ids', { vocabulary: ['a', 'b'], ...config }, 'x')],
    'ids',
  );

test('SipHash-2-4 of its reference vectors', () => {
  const key = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
  const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i);
  assert.is(sipHash(bytes(0), key), 0x726fdb47dd0e0e31n);
  assert.is(sipHash(bytes(1), key), 0x74f839c593dc67fdn);
  assert.is(sipHash(bytes(15), key), 0xa129ca6149be45e5n);
});

test('FarmHash fingerprints of all length classes, as TensorFlow 2.21 has them', () => {
  const long = 'the quick brown fox jumps over the lazy dog and then some more words follow until it is long enough';
  for (const [length, expected] of FINGERPRINTS)
    assert.is(fingerprint64(strToU8(long.slice(0, length))), expected, `${length}`);
});

test('texts as nested lists, flat, or with a batch of rows', async () => {
  const model = modelFrom(words());
  assert.equal(model.rawInputs, [{ name: 'x', shape: [null, 2], dtype: 'string' }]);
  assert.equal(
    model.inputs.map(({ name, dtype }) => [name, dtype]),
    [['ids', 'int32']],
  );
  const ids = async (x: never): Promise<number[]> => [...(await model.predictAll(x))[0]!.data];
  assert.equal(
    await ids([
      ['a', 'z'],
      ['b', 'a'],
    ] as never),
    [1, 0, 2, 1],
  );
  assert.equal(await ids({ strings: ['a', 'z'], shape: [1, 2] } as never), [1, 0]);
  assert.equal(await ids({ x: [['b', 'b']] } as never), [2, 2]);
});

function refuses(architecture: object, pattern: RegExp): void {
  assert.throws(
    () => modelFrom(architecture),
    (error: Error) => error.name === 'PathgradError' && pattern.test(error.message),
  );
}

test('what cannot be looked up is refused by name', async () => {
  const model = modelFrom(words({ num_oov_indices: 0 }));
  const error = await model.predictAll([['a', 'z']] as never).catch((thrown: Error) => thrown);
  assert.match(String(error), /layer 'ids' \(StringLookup\): 'z' is not in the vocabulary/);
  const shape = await model.predictAll([['a']] as never).catch((thrown: Error) => thrown);
  assert.match(String(shape), /input 'x': the input has the wrong shape \(expected \[any,2\], got \[1,1\]\)/);
  const numbers = await model.predictAll([[1, 2]]).catch((thrown: Error) => thrown);
  assert.match(String(numbers), /input 'x': the input takes texts/);
  refuses(
    words({ vocabulary: null }),
    /layer 'ids' \(StringLookup\): the file holds no vocabulary[\s\S]*save the model as .keras/,
  );
  refuses(words({ sparse: true, output_mode: 'count' }), /option 'sparse'/);
  refuses(words({ invert: true }), /option 'invert'.*a tensor holds no texts/);
  const text = (config: object): object =>
    functional(
      [input('x', [null, 1], 'string'), node('TextVectorization', 'tv', { vocabulary: ['a'], ...config }, 'x')],
      'tv',
    );
  refuses(
    text({ standardize: { class_name: 'function', config: 'mine' } }),
    /option 'standardize' is Python code, which is never run/,
  );
  const dense = functional([input('x', [null, 2], 'string'), node('Flatten', 'flat', {}, 'x')], 'flat');
  refuses(dense, /layer 'flat' \(Flatten\): it takes the texts of input 'x'/);
  const late = functional(
    [
      input('x', [null, 2], 'float32'),
      node('Flatten', 'flat', {}, 'x'),
      node('IntegerLookup', 'ids', { vocabulary: [1] }, 'flat'),
    ],
    'ids',
  );
  refuses(late, /layer 'ids' \(IntegerLookup\): it looks up what layer 'flat' computes/);
});

test('encoded texts are explained at the embedding', async () => {
  const bytes = gunzipSync(readFileSync(new URL('../golden/zoo/keras3-strings.keras.gz', import.meta.url)));
  const model = await loadModel(bytes, { name: 'strings.keras' });
  const encoded = model.encode([
    [['the film'], ['a poor film']],
    [
      ['the', 'film', 'zz'],
      ['a', 'b', 'c'],
    ],
  ] as never);
  assert.is(encoded.length, model.inputs.length);
  const small = modelFrom(
    functional(
      [
        input('x', [null, 2], 'string'),
        node('StringLookup', 'ids', { vocabulary: ['a', 'b'] }, 'x'),
        node('Embedding', 'embedding', { input_dim: 3, output_dim: 1 }, 'ids'),
        node('Flatten', 'flat', {}, 'embedding'),
      ],
      'flat',
    ),
    { embedding: [{ name: 'embeddings', shape: [3, 1], data: [0, 10, 20] }] },
  );
  const explanation = await new IntegratedGradients(small, { layer: 'embedding', nSteps: 4 }).explain(
    small.encode([['a', 'b']] as never)[0]!,
    { target: 1 },
  );
  assert.equal([...explanation.attributions[0]!.data], [0, 20]);
});

/** tf.fingerprint / farmhash of the first n bytes of the text above. */
const FINGERPRINTS: readonly (readonly [number, bigint])[] = [
  [1, 0x6092b4796110f659n],
  [3, 0x6132d02e3f9faf6an],
  [4, 0x0de4d3fddebdb0bdn],
  [7, 0x58994d61436ec088n],
  [8, 0xf1d0e3ca7ae0b8fen],
  [16, 0x53fdfe1a208a5526n],
  [17, 0x9d20e2dbe4ab1185n],
  [32, 0xfa66ee2d801258cfn],
  [33, 0xd4c34435e5c9e3cdn],
  [64, 0x59bdbc32a8c1787an],
  [65, 0x65ceec172cbfed30n],
  [99, 0x34182c603c9ed6cdn],
];

test.run();
