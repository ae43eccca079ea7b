/** The small HDF5 files of test/golden/hdf5, which h5py wrote, with what h5py reads in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { AttributeValue, Hdf5File } from '../../src/hdf5/file.ts';

interface Stored {
  readonly shape: readonly number[];
  /** All values, or those that are not 0 by place. */
  readonly data: readonly number[] | Readonly<Record<string, number>>;
}

export interface GoldenHdf5 {
  /** Such as `indexes-v110`. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly datasets: Readonly<Record<string, Stored>>;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

const folder = new URL('../golden/hdf5/', import.meta.url);

export function goldenHdf5(part = ''): GoldenHdf5[] {
  const unpacked = (file: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(gunzipSync(readFileSync(new URL(file, folder))));
  const expected = JSON.parse(new TextDecoder().decode(unpacked('expected.json.gz'))) as Record<string, GoldenHdf5>;
  return readdirSync(folder)
    .filter((file) => file.endsWith('.h5.gz') && file.startsWith(part))
    .map((file) => {
      const name = file.slice(0, -6);
      return { ...expected[name]!, name, bytes: unpacked(file) };
    });
}

/** Compares every value of the file with what h5py read; returns how many datasets there are. */
export function compareValues(file: Hdf5File, { name, datasets }: GoldenHdf5): number {
  const found = file.root.datasets();
  assert.equal(found.map(({ path }) => path).sort(), Object.keys(datasets).sort(), name);
  for (const dataset of found) {
    const { shape, data } = datasets[dataset.path]!;
    const where = `${name}/${dataset.path}`;
    assert.equal(dataset.shape, shape, where);
    const want = Array.isArray(data) ? data : Object.assign(new Array<number>(dataset.size).fill(0), data);
    const got = dataset.read();
    assert.is(got.length, want.length, where);
    const differs = want.findIndex((value, i) => got[i] !== value);
    assert.is(differs, -1, `${where}: element ${differs} is ${got[differs]}, h5py reads ${want[differs]}`);
  }
  return found.length;
}
