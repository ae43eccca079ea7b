/** Real HDF5 files against the HDF5 library (h5wasm) as the oracle; hostile files within bounds; damaged copies of real models. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Dataset, File, FS, Group, ready } from 'h5wasm/node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Hdf5Dataset, openHdf5 } from '../../src/hdf5/file.ts';
import { bindWeights } from '../../src/keras/weights/bind.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import '../support/h5.ts';
import { openAny } from '../support/open-keras.ts';
import { sharedFolder } from '../support/shared.ts';

const corpus = join(sharedFolder, 'keras-corpus');

import { startWork } from '../support/busy.ts';
import { specOf } from '../support/keras-spec.ts';
import { seeded } from '../support/seeded.ts';

const test = suite('hdf5 shared');
const load = (path: string): Uint8Array => new Uint8Array(readFileSync(join(corpus, path)));

function hdf5Files(): string[] {
  const all = readdirSync(corpus, { recursive: true, encoding: 'utf8' });
  return all.filter((file) => /\.(h5|hdf5)$/.test(file) && !file.startsWith('hostile')).sort();
}

interface FileSystem {
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
}

/** Values, shapes and text attributes of one file, by both readers. Returns how many datasets and attributes were compared. */
function compare(path: string): { datasets: number; attributes: number } {
  const bytes = load(path);
  (FS as FileSystem).writeFile('oracle.h5', bytes);
  const oracle = new File('oracle.h5', 'r');
  const counts = { datasets: 0, attributes: 0 };
  try {
    const { root } = openHdf5(bytes, path);
    for (const dataset of root.datasets()) {
      const other = oracle.get(dataset.path);
      assert.instance(other, Dataset);
      if (!/float16|opaque|bfloat16/.test(dataset.dtype)) sameValues(dataset, other as Dataset, path);
      counts.datasets++;
    }
    for (const group of [root, ...root.names.map((name) => root.child(name))]) {
      const other = group.path === '' ? oracle : oracle.get(group.path);
      if (group.kind === 'dataset' || !(other instanceof Group)) continue;
      for (const name of group.attributes.names) {
        const want: unknown = other.attrs[name]?.value;
        const got = group.attributes.get(name);
        assert.equal(plain(got), plain(want), `${path}/${group.path}@${name}`);
        counts.attributes++;
      }
    }
  } finally {
    oracle.close();
    (FS as FileSystem).unlink('oracle.h5');
  }
  return counts;
}

function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, Number);
  return typeof value === 'bigint' ? Number(value) : value;
}

function sameValues(dataset: Hdf5Dataset, other: Dataset, path: string): void {
  const where = `${path}/${dataset.path}`;
  assert.equal(dataset.shape, other.shape, where);
  const got = dataset.read();
  const want: unknown = other.value;
  const list = ArrayBuffer.isView(want)
    ? Array.from(want as unknown as Iterable<number | bigint>, Number)
    : [Number(want)];
  assert.is(got.length, list.length, where);
  const differs = list.findIndex((value, i) => !Object.is(got[i], value));
  assert.is(differs, -1, `${where}: element ${differs}`);
}

test('every tenth file agrees with the HDF5 library, bit for bit', async () => {
  await ready;
  const totals = { files: 0, datasets: 0, attributes: 0 };
  for (const [i, path] of hdf5Files().entries()) {
    if (i % 10 !== 0 || statSync(join(corpus, path)).size > 2 ** 21) continue;
    const { datasets, attributes } = compare(path);
    totals.files++;
    totals.datasets += datasets;
    totals.attributes += attributes;
  }
  console.log(JSON.stringify(totals));
  assert.ok(totals.files > 40 && totals.datasets > 300);
});

/** 40 layers whose kernels are filled with their number, one dataset in chunks and one that may grow. */
const LAYERS = [
  'chunked 0,1,2,3',
  'resz 0,1,2,3',
  ...Array.from({ length: 40 }, (_, i) => `l${i}/kernel:0 ${[i, i, i, i].join(',')}`),
]
  .map((line) => `model_weights/${line}`)
  .sort()
  .join(' | ');

/** What each hostile file must give: the beginning of its values, or the refusal. */
const HOSTILE: Readonly<Record<string, string | RegExp>> = {
  'big_200M_unalloc.h5': /x: claims more values than the file can hold \(read 800000000/,
  'compact.h5': 'x 0,1,2',
  'cycle.h5': /a\/self: the group is reached twice/,
  'external.h5': /e: is a soft or external link/,
  'f16_bool_bf16.h5':
    'be 0,1,2,3 | empty  | h 0,1,2,3 | i8 -3,-2,-1,0 | initialized:0 1 | iter 12345678901 | scalar 2.5',
  'gzip_shuffle_f32.h5': 'lzf 0,1,2,3 | x 1.764052391052246,0.40015721321105957,0.978738009929657,2.2408931255340576',
  'huge_contig_unallocated.h5': /x: a dimension of 2\^32 or more/,
  'huge_unallocated.h5': /x: a dimension of 2\^32 or more/,
  'libver_latest.h5': LAYERS,
  'proto.h5': '__proto__/x 0,1,2',
  'softcycle.h5': /is a soft or external link/,
  'split_names.h5': '',
  'userblock.h5': 'x 0,1,2',
};

test('hostile files are read right or refused, at once', () => {
  for (const name of readdirSync(join(corpus, 'hostile'))) {
    const want = HOSTILE[name];
    assert.ok(want !== undefined, `no expectation for ${name}`);
    const read = (): string =>
      openHdf5(load(`hostile/${name}`), name)
        .root.datasets()
        .map((dataset) => `${dataset.path} ${Array.from(dataset.read().slice(0, 4)).join(',')}`)
        .sort()
        .join(' | ');
    if (want instanceof RegExp) assert.throws(read, want, name);
    else assert.is(read(), want, name);
  }
});

test('names split over several attributes are joined; a __proto__ attribute is read as any other', () => {
  const group = openHdf5(load('hostile/split_names.h5'), 'split').root.group('model_weights');
  const parts = [0, 1, 2].map((i) => group?.attributes.texts(`layer_names${i}`)?.length ?? 0);
  assert.ok(
    parts.every((count) => count > 0),
    parts.join(),
  );
  assert.ok(openHdf5(load('hostile/proto.h5'), 'proto').root.attributes.get('__proto__') !== undefined);
});

test('damaged copies of real models are refused or read, in bounded memory', async () => {
  const before = process.memoryUsage().rss; // h5wasm alone takes 600 MB
  const random = seeded(7);
  const outcomes = { read: 0, refused: 0 };
  let slowest = 0;
  const sources = [
    'dl4j-k1-cnn/cnn_tf_model.h5',
    'generated/nested_bn/model.h5',
    'generated/nested_bn/model.keras',
    'dl4j-k2-bilstm/bidirectional_lstm_tensorflow_2.h5',
  ];
  for (const source of sources) {
    const good = load(source);
    for (let i = 0; i < 100; i++) {
      const copy = good.slice(0, i % 5 === 0 ? Math.floor(random() * good.length) : good.length);
      for (let flips = i % 5 === 0 ? 0 : 1 + (i % 7); flips > 0; flips--) {
        copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
      }
      const work = startWork();
      try {
        const file = openAny(copy, source);
        await bindWeights(file, specOf(file, file, source));
        outcomes.read++;
      } catch (error) {
        assert.instance(error, PathgradError, `${source} ${i}: ${String(error)}`);
        outcomes.refused++;
      }
      slowest = Math.max(slowest, work());
    }
  }
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(`${JSON.stringify(outcomes)}, slowest ${slowest.toFixed(0)} ms, ${grown.toFixed(0)} MB more resident`);
  assert.ok(grown < 500, `${grown} MB`);
  assert.ok(outcomes.refused > 50 && outcomes.read > 50);
});

test.run();
