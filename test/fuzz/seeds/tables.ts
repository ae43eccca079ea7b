/** Intact tables, pictures and sounds: of test/golden/inputs, and small ones made here. */
import { readFileSync } from 'node:fs';
import { strToU8 } from 'fflate';
import type { Seed } from '../formats.ts';
import { parquetFiles } from './parquet.ts';

const golden = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../golden/inputs/${file}`, import.meta.url)));

/** PCM or floats, two channels. */
function wav(kind: number, bits: number): Uint8Array {
  const samples = 24;
  const bytes = new Uint8Array(44 + (samples * bits) / 8);
  const view = new DataView(bytes.buffer);
  bytes.set(strToU8('RIFF'));
  bytes.set(strToU8('WAVEfmt '), 8);
  bytes.set(strToU8('data'), 36);
  view.setUint32(4, bytes.length - 8, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, kind, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 2000 * bits, true);
  view.setUint16(32, bits / 4, true);
  view.setUint16(34, bits, true);
  view.setUint32(40, bytes.length - 44, true);
  for (let i = 44; i < bytes.length; i++) bytes[i] = kind === 3 ? (i % 4 === 3 ? 0x3e : 7) : (31 * i) & 255;
  return bytes;
}

export function tableSeeds(): Seed[] {
  const quoted = '\ufeffname;note;size\r\n"a ""b""";"two\r\nlines";1\r\n c ;;-2.5e3\r\n';
  const csv = { houses: golden('houses.csv'), quoted: strToU8(quoted), numbers: golden('walk.csv') };
  const lists = strToU8('[[1, 2.5, true], [3, null, false]]');
  const nested = strToU8('{"x": [[1, 2], [3, 4]], "word": "red"}\n{"x": [[5, 6], [7, 8]], "word": ""}\n');
  const rows = { wines: golden('wines.ndjson'), nested, array: lists };
  const sounds = { high: golden('high.wav'), 'pcm 24': wav(1, 24), 'floats 32': wav(3, 32) };
  const pictures = ['colours/green-blue', 'jpegs/grey', 'jpegs/subsampled', 'jpegs/progressive'];
  return [
    ...Object.entries(csv).map(([name, bytes]): Seed => ({ format: 'csv', name, parts: { 'table.csv': bytes } })),
    ...Object.entries(rows).map(([name, bytes]): Seed => ({ format: 'ndjson', name, parts: { 'rows.ndjson': bytes } })),
    ...Object.entries({ houses: golden('houses.parquet'), ...parquetFiles() }).map(
      ([name, bytes]): Seed => ({ format: 'parquet', name, parts: { 'table.parquet': bytes } }),
    ),
    ...Object.entries(sounds).map(([name, bytes]): Seed => ({ format: 'wav', name, parts: { 'sound.wav': bytes } })),
    ...pictures.map((name): Seed => ({ format: 'jpeg', name, parts: { 'picture.jpg': golden(`${name}.jpg`) } })),
  ];
}
