/** Files that are something else than what they are given as: each reader says what they look like and what is read. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contentOf, notText } from '../../src/guard/content.ts';
import {
  readCsv,
  readIdx,
  readNdjson,
  readNpy,
  readNpz,
  readParquet,
  readPicture,
  readWav,
} from '../../src/inputs/index.ts';
import { example } from '../support/cli.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('inputs: other formats');
const text = new TextEncoder().encode('# pathgrad\n\nExplains what a model predicts.\n');
const png = new Uint8Array(readFileSync(example('digits/7.png')));
const hdf5 = new Uint8Array(readFileSync(example('mnist-cnn.h5'))).subarray(0, 4096);
const readers: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  readPicture: (bytes) => readPicture(bytes, 'f'),
  readIdx: (bytes) => readIdx(bytes, 'f'),
  readNpy: (bytes) => readNpy(bytes, 'f'),
  readNpz: (bytes) => readNpz(bytes, 'f'),
  readWav: (bytes) => readWav(bytes, 'f'),
  readParquet: (bytes) => readParquet(bytes, 'f'),
  readCsv: (bytes) => readCsv(bytes, 'f'),
  readNdjson: (bytes) => readNdjson(bytes, 'f'),
};

test('a text given as a picture advised PNG alone, and other readers did not say what they got', async () => {
  for (const [name, read] of Object.entries(readers)) {
    const called = async () => read(text);
    if (name === 'readCsv') continue; // it is a table of one column
    const said = name === 'readNdjson' ? /is not JSON/ : /^f: is not .*: plain text \('# pathgrad'\).*\nhint: ./;
    await rejects(called(), said);
  }
  await rejects(readPicture(text, 'f'), /f: is not a picture that is read: .*\nhint: PNG and JPEG are read/);
});

test('a picture or a model given as data of another kind is called what it is', async () => {
  for (const [name, read] of Object.entries(readers)) {
    if (name !== 'readPicture') await rejects((async () => read(png))(), /^f: is not .*: a PNG file.*\nhint: ./);
    await rejects((async () => read(hdf5))(), /^f: is not .*: an HDF5 file.*\nhint: ./);
  }
});

test('an empty file is called empty, with what to do', async () => {
  for (const read of Object.values(readers))
    await rejects((async () => read(new Uint8Array(0)))(), /^f: (is empty|holds no row).*\nhint: ./);
});

test('texts that begin with the letters of a format are texts', () => {
  const of = (start: string): string | null => contentOf(new TextEncoder().encode(start));
  for (const start of ['BMI,age\n', 'the new WAVE', 'age,income{"a"', 'the ftyp'])
    assert.match(of(start)!, /^plain text/, start);
  assert.is(of('%PDF-1.7'), 'a PDF file');
  assert.is(of(' {"a": 1}'), 'JSON');
  assert.is(of('<!doctype html>'), 'a web page');
  // A letter that the piece cuts in two.
  assert.match(contentOf(new TextEncoder().encode('é'.repeat(400)).subarray(0, 511))!, /^plain text \('é+…'\)$/);
  const latin = Uint8Array.from([...Buffer.from('BMI,Gr'), 0xf6, ...Buffer.from('sse')]);
  assert.is(contentOf(latin), null);
  assert.match(notText('f', latin).message, /f: is not UTF-8 text\nhint: save it as UTF-8/);
});

test('a cut .keras archive, and whatever else is cut, came without a hint', async () => {
  const { loadModel } = await import('../../src/index.ts');
  const archive = new Uint8Array(readFileSync(example('wine-mlp.keras')));
  for (const share of [0.02, 0.3, 0.9, 0.999]) {
    const cut = archive.subarray(0, Math.floor(share * archive.length));
    await rejects(loadModel(cut, { name: 'cut.keras' }), /cut\.keras.*\nhint: get the file anew/s);
  }
  const model = new Uint8Array(readFileSync(example('mnist-cnn.h5')));
  for (const share of [0.001, 0.5, 0.999])
    await rejects(loadModel(model.subarray(0, Math.floor(share * model.length)), { name: 'cut.h5' }), /\nhint: ./);
  await rejects(readPicture(png.subarray(0, 100), 'cut.png'), /\nhint: ./);
  const sound = Uint8Array.from([...Buffer.from('RIFF'), 40, 0, 0, 0, ...Buffer.from('WAVEfmt '), 16, 0, 0, 0, 1, 0]);
  await rejects((async () => readWav(sound, 'cut.wav'))(), /\nhint: get the file anew/);
  await rejects(readParquet(new TextEncoder().encode(`PAR1${'x'.repeat(40)}`), 'cut'), /\nhint: get the file anew/);
});

test.run();
