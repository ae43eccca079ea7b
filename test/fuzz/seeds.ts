/**
 * The intact files that inputs are made of: the committed ones of test/golden/zoo and examples, and small ones made here, which are most
 * of them: in a small file more of the damage hits structure. `--shared` adds the files below 200 kB that lie beside the project.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { gunzipSync, gzipSync, strToU8, unzipSync, zipSync } from 'fflate';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { square } from '../../src/ops/index.ts';
import { sum } from '../../src/ops/reduce.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { bertTokenizerJson } from '../../src/transformers/index.ts';
import { npy } from '../support/cli.ts';
import { type H5Group, legacyTree, writeH5 } from '../support/h5.ts';
import { openAny } from '../support/open-keras.ts';
import { sharedFolder } from '../support/shared.ts';
import { makeFiles, small } from '../transformers/support.ts';
import type { Seed } from './formats.ts';
import { type Arrays, networks } from './networks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));
/** As Python writes it, with spaces, which is what the reader of damaged HDF5 looks for. */
const python = (value: unknown): string => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');

export async function makeSeeds(withShared = false): Promise<Seed[]> {
  const zoo = zooSeeds();
  const made = await madeModels();
  return [
    ...zoo,
    ...made,
    ...[...zoo, ...made].flatMap(configOf),
    ...[...zoo, ...made].flatMap(weightsOf),
    ...(await transformerSeeds()),
    ...tokenizerSeeds(),
    ...arraySeeds(),
    ...(await textSeeds()),
    ...(withShared ? sharedSeeds() : []),
  ];
}

function zooSeeds(): Seed[] {
  const folder = `${root}/test/golden/zoo/`;
  return readdirSync(folder).flatMap((file): Seed[] => {
    const format = /\.(h5|keras)\.gz$/.exec(file)?.[1] as 'h5' | 'keras' | undefined;
    if (!format) return [];
    const bytes = gunzipSync(readFileSync(folder + file));
    return bytes.length > 180_000 ? [] : [{ format, name: `zoo/${file}`, parts: { [`model.${format}`]: bytes } }];
  });
}

/** Small models in every layout that Keras has had. */
async function madeModels(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const { name, layers, weights } of networks) {
    for (const keras of [...(name === 'recurrent' ? [] : ['1.2.2']), '2.3.1', '2.15.0', '3.4.0']) {
      const config = python(architecture(name, layers, keras));
      const attributes = { keras_version: keras, backend: 'tensorflow', model_config: config };
      const tree = legacyTree(
        Object.fromEntries(
          weights.map(([layer, arrays]) => [
            layer,
            Object.fromEntries(arrays.map(([w, a]) => [keras < '3' ? `${layer}/${w}:0` : `${layer}/${w}`, a])),
          ]),
        ),
      );
      for (const libver of ['earliest', 'latest'] as const) {
        if (libver === 'latest' && keras !== '2.15.0') continue;
        const bytes = await writeH5({ attributes, members: { model_weights: tree } }, libver);
        seeds.push({ format: 'h5', name: `${name} of Keras ${keras}, ${libver}`, parts: { 'model.h5': bytes } });
      }
    }
    const stored = await writeH5({
      members: {
        layers: { members: Object.fromEntries(weights.map(([layer, arrays]) => [layer, varsOf(arrays, name)])) },
      },
    });
    const members = {
      'config.json': strToU8(python(architecture(name, layers, '3.4.0'))),
      'metadata.json': json({ keras_version: '3.4.0', date_saved: '2024-01-01' }),
      'model.weights.h5': stored,
    };
    for (const level of [0, 6] as const) {
      const parts = { 'model.keras': zipSync(members, { level, mtime: '1990-01-01' }) };
      seeds.push({ format: 'keras', name: `${name}, level ${level}`, parts });
    }
  }
  return seeds;
}

function varsOf(arrays: Arrays, network: string): H5Group {
  const vars: H5Group = { members: Object.fromEntries(arrays.map(([, data], i) => [String(i), data])) };
  return network === 'recurrent' && arrays.length === 3
    ? { members: { cell: { members: { vars } }, vars: { members: {} } } }
    : { members: { vars } };
}

function architecture(name: string, layers: readonly object[], keras: string): object {
  if (keras < '2.2') return { class_name: 'Sequential', keras_version: keras, backend: 'tensorflow', config: layers };
  return { class_name: 'Sequential', keras_version: keras, backend: 'tensorflow', config: { name, layers } };
}

function configOf({ format, name, parts }: Seed): Seed[] {
  const bytes = parts[`model.${format}`]!;
  const { config } = openAny(bytes, name);
  const whole = { ...(config as object), keras_version: /Keras 1|zoo\/keras2|Keras 2/.test(name) ? '2.15.0' : '3.4.0' };
  return [{ format: 'config', name: `config of ${name}`, parts: { 'config.json': strToU8(python(whole)) } }];
}

/** An archive's weights with its config beside them, and an `.h5` in place of a file of `save_weights`. */
function weightsOf({ format, name, parts }: Seed): Seed[] {
  if (format === 'h5') {
    const bytes = parts['model.h5']!;
    if (bytes.length > 60_000) return [];
    const text = strToU8(python(openAny(bytes, name).config));
    return [
      {
        format: 'weights',
        name: `weights of ${name}`,
        parts: { 'model.weights.h5': bytes, 'architecture.json': text },
      },
    ];
  }
  const members = unzipSync(parts['model.keras']!);
  const weights = members['model.weights.h5'];
  if (!weights) return [];
  return [
    {
      format: 'weights',
      name: `weights of ${name}`,
      parts: { 'model.weights.h5': weights, 'architecture.json': members['config.json']! },
    },
  ];
}

const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'a',
  'good',
  'film',
  'not',
  'the',
  'end',
  'of',
  'it',
  '.',
  ',',
  '!',
  '##s',
  '##ing',
  'b',
  'c',
];

async function transformerSeeds(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  const vocab = words.join('\n');
  const tokenizer = json(bertTokenizerJson(vocab));
  for (const kind of ['distilbert', 'bert'] as const) {
    const { config, weights } = await makeFiles({ ...small, kind, layers: 1 });
    const parts = { 'config.json': json(config), 'tf_model.h5': weights as Uint8Array };
    seeds.push({
      format: 'transformer',
      name: `${kind} with tokenizer.json`,
      parts: {
        ...parts,
        'tokenizer.json': tokenizer,
        'tokenizer_config.json': json({ do_lower_case: true, pad_token: '[PAD]' }),
      },
    });
    seeds.push({
      format: 'transformer',
      name: `${kind} with vocab.txt`,
      parts: { ...parts, 'vocab.txt': strToU8(vocab) },
    });
  }
  return seeds;
}

function tokenizerSeeds(): Seed[] {
  const vocab = words.join('\n');
  const example = JSON.parse(readFileSync(`${root}/examples/imdb-distilbert/tokenizer.json`, 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  example.model.vocab = Object.fromEntries(Object.entries(example.model.vocab).filter(([, id]) => id < 300));
  return [
    { format: 'tokenizer', name: 'of a vocab.txt', parts: { 'tokenizer.json': json(bertTokenizerJson(vocab)) } },
    { format: 'tokenizer', name: 'of imdb-distilbert', parts: { 'tokenizer.json': json(example) } },
    { format: 'tokenizer', name: 'vocab.txt', parts: { 'vocab.txt': strToU8(vocab) } },
  ];
}

function arraySeeds(): Seed[] {
  const floats = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const plain = npy('<f4', '(2, 3, 4)', floats);
  const fortran = Uint8Array.from(plain, (byte) => byte);
  fortran.set(strToU8("'fortran_order': True, "), Buffer.from(plain).indexOf("'fortran_order'"));
  const npys = {
    plain,
    fortran,
    doubles: npy('<f8', '(6,)', Float64Array.from(floats.subarray(0, 6))),
    integers: npy(
      '<i8',
      '(3, 4)',
      Int32Array.from({ length: 24 }, (_, i) => (i % 2 ? 0 : i)),
    ),
  };
  const npz = zipSync({ 'x0.npy': plain, 'y0.npy': npys.doubles, 'dy0_dx0.npy': plain }, { mtime: '1990-01-01' });
  const idx = Uint8Array.from([
    0,
    0,
    8,
    3,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    5,
    0,
    0,
    0,
    5,
    ...Array.from({ length: 50 }, (_, i) => (7 * i) & 255),
  ]);
  const wide = Uint8Array.from([0, 0, 13, 1, 0, 0, 0, 3, ...new Uint8Array(12)]);
  const pixels = (channels: number, depth: 8 | 16) => {
    const size = 8 * 8 * channels;
    return encode({
      width: 8,
      height: 8,
      channels,
      depth,
      data:
        depth === 8
          ? Uint8Array.from({ length: size }, (_, i) => (31 * i) & 255)
          : Uint16Array.from({ length: size }, (_, i) => 977 * i),
    });
  };
  return [
    ...Object.entries(npys).map(([name, bytes]): Seed => ({ format: 'npy', name, parts: { 'array.npy': bytes } })),
    { format: 'npz', name: 'reference', parts: { 'reference.npz': npz } },
    {
      format: 'npz',
      name: 'reference, stored',
      parts: {
        'reference.npz': zipSync({ 'x0.npy': plain, 'y0.npy': npys.integers }, { level: 0, mtime: '1990-01-01' }),
      },
    },
    { format: 'idx', name: 'bytes', parts: { 'images.idx': idx } },
    { format: 'idx', name: 'floats', parts: { 'images.idx': wide } },
    { format: 'idx', name: 'gzip', parts: { 'images.idx': gzipSync(idx, { mtime: 0 }) } },
    ...[1, 2, 3, 4].map(
      (channels): Seed => ({
        format: 'png',
        name: `${channels} channels`,
        parts: { 'picture.png': pixels(channels, 8) },
      }),
    ),
    { format: 'png', name: '16 bits', parts: { 'picture.png': pixels(3, 16) } },
    ...['0.png', '7.png'].map(
      (name): Seed => ({
        format: 'png',
        name,
        parts: { 'picture.png': new Uint8Array(readFileSync(`${root}/examples/digits/${name}`)) },
      }),
    ),
  ];
}

async function textSeeds(): Promise<Seed[]> {
  const lines = readFileSync(`${root}/examples/imdb-vocab.txt`, 'utf8').split('\n').slice(0, 200).join('\n');
  const model = (await madeModels())[0]!.parts['model.h5']!;
  const reference = {
    ...{ format: 'pathgrad-reference', version: 1, madeWith: 'keras 3.4.0' },
    inputs: [{ name: null, shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
    outputs: [{ shape: [2, 2], dtype: 'float32', data: 'AACAPwAAAEAAAIA/AAAAQA==' }],
    gradients: [
      {
        output: 0,
        input: 0,
        shape: [2, 3],
        data: [0, 0, 0, 0, 0, 0],
        cotangent: { shape: [2, 2], data: [1, 0, 0, 1] },
      },
    ],
  };
  const explanation = await new IntegratedGradients((x) => sum(square(x), { axes: 1 }), { nSteps: 3 }).explain(
    tensor([
      [1, 2],
      [3, -4],
    ]),
  );
  return [
    { format: 'vocabulary', name: 'list', parts: { 'vocabulary.txt': strToU8(lines) } },
    {
      format: 'vocabulary',
      name: 'word index',
      parts: { 'vocabulary.txt': json({ the: 1, good: 2, film: 3, end: 4 }) },
    },
    {
      format: 'reference',
      name: 'JSON',
      parts: { 'reference.json': json(reference), 'model.h5': model },
      fixed: ['model.h5'],
    },
    { format: 'explanation', name: 'of a function', parts: { 'explanation.json': json(explanation) } },
  ];
}

/** Files beside the project, by how they end. */
function sharedSeeds(): Seed[] {
  if (!existsSync(sharedFolder)) return [];
  const endings: readonly (readonly [RegExp, Seed['format'], string])[] = [
    [/\.weights\.h5$/, 'h5', 'model.h5'],
    [/\.(h5|hdf5)$/, 'h5', 'model.h5'],
    [/\.keras$/, 'keras', 'model.keras'],
    [/\.npy$/, 'npy', 'array.npy'],
    [/\.npz$/, 'npz', 'reference.npz'],
    [/\.png$/, 'png', 'picture.png'],
    [/tokenizer.*\.json$/, 'tokenizer', 'tokenizer.json'],
  ];
  return ['cases', 'keras-corpus'].flatMap((folder) => {
    if (!existsSync(`${sharedFolder}/${folder}`)) return [];
    return readdirSync(`${sharedFolder}/${folder}`, { recursive: true, encoding: 'utf8' })
      .sort()
      .flatMap((path): Seed[] => {
        const found = endings.find(([ending]) => ending.test(path));
        const file = `${sharedFolder}/${folder}/${path}`;
        if (!found) return [];
        const bytes = new Uint8Array(readFileSync(file));
        return bytes.length > 200_000
          ? []
          : [{ format: found[1], name: `shared/${basename(path)}`, parts: { [found[2]]: bytes } }];
      });
  });
}
