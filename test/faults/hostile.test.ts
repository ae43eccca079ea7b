/** Hostile and damaged files, made here: each is refused by name, in little time and memory, or read as it should be. */

import { writeFileSync } from 'node:fs';
import { deflateSync, gzipSync, strToU8, zipSync } from 'fflate';
import * as assert from 'uvu/assert';
import { Guard } from '../../src/guard/guard.ts';
import { parseJson } from '../../src/guard/json.ts';
import { openZip } from '../../src/guard/zip.ts';
import { gunzip } from '../../src/inputs/gzip.ts';
import { readIdx } from '../../src/inputs/idx.ts';
import { readPng } from '../../src/inputs/image.ts';
import { readNpy } from '../../src/inputs/npy.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { readReference } from '../../src/model/verify/reference.ts';
import { failure, PathgradError } from '../../src/tensor/errors.ts';
import { visible, visibleLines } from '../../src/tensor/visible.ts';
import { TextTokenizer } from '../../src/transformers/index.ts';
import { escapeHtml } from '../../src/visualize/format.ts';
import { assertWork, startWork } from '../support/busy.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { faults } from '../support/faults.ts';
import { writeH5 } from '../support/h5.ts';

const fault = faults('hostile');

const noWeights = await writeH5({ members: { layers: { members: {} } } });

/** An archive of a Sequential of these layers, which have no weights. */
function archive(layers: readonly object[], more: Record<string, Uint8Array> = {}): Uint8Array {
  const config = { class_name: 'Sequential', config: { name: 's', layers } };
  return zipSync({ 'config.json': strToU8(JSON.stringify(config)), 'model.weights.h5': noWeights, ...more });
}
const input = (...shape: number[]): object => ({
  class_name: 'InputLayer',
  config: { name: 'in', batch_shape: [null, ...shape], dtype: 'float32' },
});
const layer = (class_name: string, config: object): object => ({ class_name, config: { name: 'l', ...config } });

const isOurs = (error: unknown): boolean => error instanceof PathgradError;

/** Within five seconds of work, a PathgradError that matches. */
async function refused(read: () => unknown, said: RegExp): Promise<void> {
  const work = startWork();
  let error: unknown;
  try {
    await read();
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, PathgradError, String((error as Error)?.stack ?? 'it was read'));
  assert.ok(said.test((error as Error).message), (error as Error).message);
  assertWork(work, 5000);
}

fault('H1', 'a flipped bit of an archive changes no prediction in silence', async () => {
  const bytes = archive([input(3), layer('Rescaling', { scale: 0.5, offset: 0.25 })], {
    'metadata.json': strToU8('{"keras_version": "3.5.0"}'),
  });
  const predict = async (file: Uint8Array): Promise<string> => {
    const model = await loadModel(file, { name: 'm.keras' });
    const y = (await model.predictAll([[1, 2, 3]]))[0]!;
    model.dispose();
    return y.data.join();
  };
  const right = await predict(bytes);
  let errors = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit += 13) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    try {
      assert.is(await predict(flipped), right, `bit ${bit}`);
    } catch (error) {
      if (!(error instanceof PathgradError)) throw error;
      errors++;
    }
  }
  assert.ok(errors > 40, `${errors}`);
});

fault(
  'H1',
  'members of an archive that overlap, are there twice, or are more than the archive has room for',
  async () => {
    const open = (bytes: Uint8Array): unknown => openZip(bytes, 'a.zip', new Guard('a.zip', bytes.length));
    const two = zipSync({ a: strToU8('aaaa'), b: strToU8('bbbb') }, { level: 0 });
    const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
    const end = two.length - 22;
    const start = view(two).getUint32(end + 16, true);
    const second = start + 46 + 1;
    const overlapping = two.slice();
    view(overlapping).setUint32(second + 42, 0, true);
    await refused(() => open(overlapping), /differ in name|overlaps/);
    const twice = two.slice();
    twice[second + 46] = 0x61;
    await refused(() => open(twice), /a\.zip\/a: is in the archive twice/);
    const many = two.slice();
    view(many).setUint16(end + 8, 60_000, true);
    view(many).setUint16(end + 10, 60_000, true);
    await refused(() => open(many), /lists more members than the archive has room for/);
  },
);

fault('H1', 'npz members are bounded together', () => {
  const zeros = new Uint8Array(24 * 2 ** 20);
  const bytes = zipSync({ 'x0.npy': zeros, 'x1.npy': zeros, 'y0.npy': zeros }, { level: 1 });
  const archive = openZip(bytes, 'a.npz', new Guard('a.npz', bytes.length));
  archive.get('x0.npy')!.read();
  archive.get('x1.npy')!.read();
  assert.throws(() => archive.get('y0.npy')!.read(), /a\.npz\/y0\.npy: would unpack to more/);
  assert.throws(() => readReference(bytes, 'a.npz'), isOurs);
});

fault('H1', 'JSON: unclosed text with escaped quotes, deep, of many values', async () => {
  await refused(() => parseJson(`{"a":"${'\\"'.repeat(200_000)}`, 'c.json'), /c\.json: is not JSON/);
  await refused(() => parseJson('['.repeat(100_000), 'c.json'), /nests deeper than 200 levels/);
  await refused(() => parseJson(`[${'[],'.repeat(2 ** 20)}[]]`, 'c.json'), /more values than are read/);
  await refused(() => parseJson(`"${'a'.repeat(2 ** 25)}"`, 'c.json'), /more characters than are read/);
  assert.equal(
    parseJson('{"a": [NaN, -Infinity, "NaN"], "__proto__": 1}', 'c'),
    JSON.parse('{"a": [null, -1e999, "NaN"], "__proto__": 1}'),
  );
});

fault('H1', 'models inside models, each called four times', async () => {
  const reference = (name: string, node: number): unknown[] => [[name, node, 0, {}]];
  let inner: object = layer('ReLU', {});
  for (let depth = 0; depth < 11; depth++) {
    const calls =
      depth === 0
        ? [reference('in', 0)]
        : [0, 1, 2, 3].map((i) => (i === 0 ? reference('in', 0) : reference('x', i - 1)));
    const layers = [
      { ...input(2), name: 'in', inbound_nodes: [] },
      { ...inner, name: 'x', inbound_nodes: calls },
    ];
    for (const each of layers) (each as unknown as { config: Record<string, unknown> }).config['name'] = each.name;
    const config = {
      name: `m${depth}`,
      layers,
      input_layers: [['in', 0, 0]],
      output_layers: [['x', calls.length - 1, 0]],
    };
    inner = { class_name: 'Functional', config };
  }
  await refused(() => loadModel(strToU8(JSON.stringify(inner)), { name: 'n.json' }), /calls its layers too often/);
});

const sizes: readonly (readonly [string, object, readonly number[]])[] = [
  ['Resizing', { height: 1e9, width: 1e9 }, [4, 4, 1]],
  ['CategoryEncoding', { num_tokens: 1e9, output_mode: 'one_hot' }, [4]],
  ['UpSampling2D', { size: [1e6, 1e6], interpolation: 'bilinear' }, [4, 4, 1]],
  ['UpSampling1D', { size: 1e9 }, [4, 1]],
  ['ZeroPadding1D', { padding: 1e9 }, [4, 1]],
  ['RepeatVector', { n: 1e9 }, [4]],
  ['AdaptiveAveragePooling1D', { output_size: 1e8 }, [4, 1]],
];
for (const [name, config, shape] of sizes) {
  fault('H1', `${name}: a size in the config is checked before arrays are made`, () =>
    refused(
      () => loadModel(archive([input(...shape), layer(name, config)]), { name: 'm.keras' }),
      /m\.keras.*does not fit/,
    ),
  );
}

const texts = { class_name: 'InputLayer', config: { name: 'in', batch_shape: [null, 1], dtype: 'string' } };
const lookups: readonly (readonly [string, object, RegExp])[] = [
  ['TextVectorization', { vocabulary: ['a'], output_sequence_length: 1e9 }, /does not fit/],
  [
    'TextVectorization',
    { vocabulary: ['a'], max_tokens: 1e9, pad_to_max_tokens: true, output_mode: 'multi_hot' },
    /does not fit/,
  ],
  ['TextVectorization', { vocabulary: ['a'], ngrams: 1e9 }, /option 'ngrams' has an unusable value/],
  ['StringLookup', { vocabulary: ['a'], num_oov_indices: 1e9 }, /option 'num_oov_indices' has an unusable value/],
  ['Hashing', { num_bins: 8, salt: 0.5 }, /option 'salt' has an unusable value/],
];
for (const [name, config, said] of lookups) {
  fault('H1', `${name} ${Object.keys(config).at(-1)}: checked when the model is loaded`, () =>
    refused(() => loadModel(archive([texts, layer(name, config)]), { name: 'm.keras' }), said),
  );
}

fault('H1', '5,000 unknown layers are named in time, and long names are cut', async () => {
  const layers = Array.from({ length: 5000 }, (_, i) => ({
    class_name: `GlobalAveragePoolingSeparableX${i}`,
    config: { name: `a${i}` },
  }));
  await refused(() => loadModel(archive([input(4), ...layers]), { name: 'm.keras' }), /5000 layers are not supported/);
  const long = await loadModel(archive([input(4), layer('X'.repeat(1e5), {})]), { name: 'm.keras' }).catch(
    (e: Error) => e,
  );
  assert.ok((long as Error).message.length < 4000);
  assert.ok(failure('x'.repeat(1e6), 'y'.repeat(1e6), { z: 'z'.repeat(1e6) }).message.length < 2000);
});

fault('H1', 'NPY: 64 axes at most, Fortran order in linear time', async () => {
  const file = (shape: readonly number[], data: Uint8Array): Uint8Array => {
    const header = `{'descr': '|u1', 'fortran_order': True, 'shape': (${shape.join(',')},), }\n`;
    const size = [header.length & 255, header.length >> 8];
    return Uint8Array.from([0x93, ...strToU8('NUMPY'), 1, 0, ...size, ...strToU8(header), ...data]);
  };
  await refused(
    () => readNpy(file(new Array(65).fill(1), new Uint8Array(1)), 'a.npy'),
    /too many axes \(axes 65, limit 64\)/,
  );
  const wide = [...new Array<number>(60).fill(1), 300, 300];
  const { data } = readNpy(
    file(
      wide,
      Uint8Array.from({ length: 90_000 }, (_, i) => (i % 300) & 255),
    ),
    'a.npy',
  );
  assert.is(data[300 * 7 + 5], 7);
});

const be = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
function chunk(type: string, data: Uint8Array): number[] {
  const body = [...strToU8(type), ...data];
  // The trailer of a gzip file holds the CRC of its content.
  const gz = gzipSync(Uint8Array.from(body));
  return [...be(data.length), ...body, ...[...gz.subarray(gz.length - 8, gz.length - 4)].reverse()];
}
function zlib(data: Uint8Array): Uint8Array {
  let [a, b] = [1, 0];
  for (const byte of data) [a, b] = [(a + byte) % 65521, (b + ((a + byte) % 65521)) % 65521];
  return Uint8Array.from([0x78, 0x9c, ...deflateSync(data), b >> 8, b & 255, a >> 8, a & 255]);
}
function png(width: number, height: number, data: Uint8Array, more: number[] = []): Uint8Array {
  const header = chunk('IHDR', Uint8Array.from([...be(width), ...be(height), 8, 2, 0, 0, 0]));
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  return Uint8Array.from([
    ...signature,
    ...header,
    ...more,
    ...chunk('IDAT', zlib(data)),
    ...chunk('IEND', new Uint8Array(0)),
  ]);
}

fault('H1', 'PNG: data beyond the header, pictures too large, profiles and flipped bits', async () => {
  const pixel = Uint8Array.from([0, 255, 0, 51]);
  const good = png(1, 1, pixel, chunk('iCCP', Uint8Array.from([0x61, 0, 0, ...zlib(new Uint8Array(1000))])));
  assert.equal([...readPng(good, 'a.png').data], [1, 0, 0.2]);
  await refused(() => readPng(png(1, 1, new Uint8Array(2 ** 20)), 'a.png'), /more image data than its header says/);
  await refused(() => readPng(png(8192, 8192, pixel), 'a.png'), /too large a picture/);
  await refused(() => readPng(png(2, 2, pixel), 'a.png'), /cut short/);
  for (let bit = 8 * 16; bit < 8 * good.length; bit += 3) {
    const flipped = good.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => readPng(flipped, 'a.png'), isOurs, `bit ${bit}`);
  }
});

fault('H1', 'gzip: the checksum of every member, and pixels that are not copied again', async () => {
  const [one, two] = [gzipSync(strToU8('hello ')), gzipSync(strToU8('world'))];
  const both = Uint8Array.from([...one, ...two]);
  assert.is(new TextDecoder().decode(gunzip(both, 'a.gz')), 'hello world');
  const damaged = both.slice();
  damaged[one.length - 8]! ^= 1;
  await refused(() => gunzip(damaged, 'a.gz'), /its checksum does not match/);
  await refused(() => gunzip(gzipSync(new Uint8Array(2 ** 20)), 'a.gz', 1000), /inflates to more/);
  const idx = gzipSync(Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]));
  assert.equal([...readIdx(idx, 'a.gz').data], [7, 8, 9]);
});

function tokenizer(change: Record<string, unknown>, model: Record<string, unknown> = {}): object {
  const vocab = { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, a: 4 };
  return {
    ...{
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'BertPreTokenizer' },
      decoder: null,
    },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab, ...model },
    ...change,
  };
}
fault('H1', 'tokenizer.json: ids, patterns and steps', async () => {
  const text = `${'a'.repeat(40)}!`;
  const encode = (json: object): unknown => new TextTokenizer(json, { name: 't.json' }).encode(text);
  encode(tokenizer({}));
  const replace = (pattern: object, content: string): object => ({ type: 'Replace', pattern, content });
  await refused(() => encode(tokenizer({}, { vocab: { '[PAD]': 1e9 } })), /t\.json: has an id that cannot be used/);
  await refused(
    () => encode(tokenizer({ normalizer: replace({ Regex: '(a+)+$' }, 'x') })),
    /a pattern that is not known/,
  );
  await refused(
    () => encode(tokenizer({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(a|a)*b' } } })),
    /a pattern/,
  );
  await refused(
    () => encode(tokenizer({ pre_tokenizer: { type: 'FixedLength', length: 0 } })),
    /'FixedLength', which is not supported/,
  );
  const doubling = { type: 'Sequence', normalizers: new Array(40).fill(replace({ String: 'a' }, 'aa')) };
  await refused(() => encode(tokenizer({ normalizer: doubling })), /multiply the text/);
  await refused(() => encode(tokenizer({}, { max_input_chars_per_word: 1e9 })), /too many characters/);
});

const nasty = 'a\u001b]0;x\u0007\u001b[31m\u009b\u202eb\u2066c\u200f\u061c\u00ad\u007f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

fault('H2', 'control and bidi characters become signs; scripts from right to left stay', () => {
  assert.is(visible('\u001b[31m\u202e'), '␛[31m<U+202E>');
  assert.is(visibleLines('a\nb\tc\r'), 'a\nb\tc␍');
  const hebrew = 'שלום \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 🏳️‍🌈';
  assert.is(visible(hebrew), hebrew);
  assert.not.match(escapeHtml(nasty), steering);
  assert.not.match(failure(nasty, nasty, { nasty }, nasty).message, steering);
});

fault('H2', 'names of models, layers and classes do not steer the terminal', async () => {
  const { path } = temporaryFolder();
  const file = path('m.keras');
  const write = (className: string): void => {
    const layers = [input(3), { class_name: className, config: { name: nasty } }];
    const config = { class_name: 'Sequential', config: { name: nasty, layers } };
    const metadata = strToU8(JSON.stringify({ keras_version: `3.0${nasty}` }));
    writeFileSync(
      file,
      zipSync({
        'config.json': strToU8(JSON.stringify(config)),
        'metadata.json': metadata,
        'model.weights.h5': noWeights,
      }),
    );
  };
  for (const className of ['ReLU', `Odd${nasty}`]) {
    write(className);
    for (const command of ['inspect', 'predict', 'explain']) {
      const more = command === 'inspect' ? [] : ['--npy', path('none.npy')];
      const { out, err } = await runCli([command, file, ...more]);
      assert.ok((out + err).length > 0);
      assert.not.match(out + err, steering, command);
    }
  }
  const typed = await runCli([nasty]);
  assert.not.match(typed.err, steering);
});

fault.run();
