/** How inputs are brought to models of different layouts: channels first, one plane, flattened, own scaling, tokens. */
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands/index.ts';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { type Batch, imageOf, textOf } from '../../src/cli/samples/batch.ts';
import { readBatch } from '../../src/cli/samples/read.ts';
import { type Feedable, readInputs } from '../../src/model/inputs.ts';
import type { Model } from '../../src/model/model.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { npy, temporaryFolder } from '../support/cli.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('cli: inputs for models of any layout');
const folder = temporaryFolder();

/** What readBatch reads of a model. */
function model(shape: readonly (number | null)[], layers: readonly object[] = [], dtype = 'float32'): Model {
  const inputs = [{ name: 'x', shape: [null, ...shape], dtype: dtype as 'float32' }];
  const hasInputShape = shape.length > 0;
  const encode = (x: Feedable) => readInputs('m', inputs, x, hasInputShape).map((one) => tensor(one.data, one.shape));
  const inputSources = [{ raw: ['x'], lookup: null }];
  const of = { name: 'm', dtype: 'float32', hasInputShape, inputs, rawInputs: inputs, inputSources, layers, encode };
  return of as unknown as Model;
}

const { groups } = commands.find(({ name }) => name === 'explain')!;
const read = (of: Model, ...argv: string[]): Promise<Batch> =>
  readBatch(parseFlags(['m.h5', ...argv], groups, 'explain'), of);

const colours = folder.path('colours.png'); // 1 x 2: red, then half blue
writeFileSync(colours, encode({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 51) }));
const grey = folder.path('grey.png');
writeFileSync(grey, encode({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 102) }));

const close = ({ inputs }: Batch, shape: readonly number[], values: readonly number[]): void => {
  const [X] = inputs;
  assert.equal(X!.shape, shape);
  assert.equal(
    Array.from(X!.data, (value) => Math.round(value * 1e6) / 1e6),
    values,
  );
};

test('channels last, first, none, and flattened', async () => {
  close(await read(model([1, 2, 3]), '--image', colours), [1, 1, 2, 3], [1, 0, 0, 0, 0, 0.2]);
  close(await read(model([3, 1, 2]), '--image', colours), [1, 3, 1, 2], [1, 0, 0, 0, 0, 0.2]);
  close(await read(model([1, 2]), '--image', grey), [1, 1, 2], [0, 0.4]);
  close(await read(model([2]), '--image', grey), [1, 2], [0, 0.4]);
  close(await read(model([6]), '--image', colours), [1, 6], [1, 0, 0, 0, 0, 0.2]);
  close(await read(model([null, null, 1]), '--image', grey, grey), [2, 1, 2, 1], [0, 0.4, 0, 0.4]);
});

test('attributions go back to height x width x channels', async () => {
  const { samples } = await read(model([3, 1, 2]), '--image', colours);
  assert.equal([...imageOf(samples[0]!)!.arrange([1, 2, 3, 4, 5, 6])], [1, 3, 5, 2, 4, 6]);
});

test('pixel ranges: the flag, or 0..255 where the model scales its input itself', async () => {
  close(await read(model([1, 2, 1]), '--image', grey, '--pixels', '-1..1'), [1, 1, 2, 1], [-1, -0.2]);
  close(await read(model([1, 2, 1]), '--image', grey, '--invert'), [1, 1, 2, 1], [1, 0.6]);
  const own = await read(model([1, 2, 1], [{ className: 'Rescaling', name: 'scale' }]), '--image', grey);
  close(own, [1, 1, 2, 1], [0, 102]);
  assert.match(own.notices[0]!, /pixels are fed as 0\.\.255, since layer 'scale' scales them/);
  await rejects(() => read(model([1, 2, 1]), '--image', grey, '--pixels', '3'), /--pixels: '3' is not a range/);
});

const embedding = { className: 'Embedding', path: 'emb', vocabulary: 5 };
const text = (length: number | null): Model => model([length], [embedding], 'int32');
const vocabulary = folder.path('v.txt');
writeFileSync(vocabulary, '<pad>\n<start>\n<unknown>\ngood\nbad\nlate\n');

test('texts of several lengths are padded to the longest where the model leaves the length open', async () => {
  const batch = await read(text(null), '--vocab', vocabulary, '--text', 'good', '--text', 'bad good');
  close(batch, [2, 3], [0, 1, 3, 1, 4, 3]);
  close(
    await read(text(null), '--vocab', vocabulary, '--text', 'good', '--length', '4', '--padding', 'post'),
    [1, 4],
    [1, 3, 0, 0],
  );
  await rejects(
    () => read(text(3), '--vocab', vocabulary, '--text', 'a', '--length', '4'),
    /the model takes 3 tokens, not 4/,
  );
});

test('words whose id the model does not know count as unknown; what is cut off is said', async () => {
  const batch = await read(text(3), '--vocab', vocabulary, '--text', 'good bad late');
  close(batch, [1, 3], [3, 4, 2]);
  assert.match(batch.notices.join('\n'), /v\.txt: has 6 tokens, the model knows 5/);
  assert.match(batch.notices.join('\n'), /1 word is not in the vocabulary, so the model cannot see which: late/);
  assert.match(batch.notices.join('\n'), /text 1: 1 token is cut off, the model takes 3/);
});

test('ids are padded like texts and named by the vocabulary', async () => {
  const batch = await read(text(4), '--tokens', '1,4', '--vocab', vocabulary);
  close(batch, [1, 4], [0, 0, 1, 4]);
  assert.equal(textOf(batch.samples[0]!), {
    tokens: ['<pad>', '<pad>', '<start>', 'bad'],
    padding: [true, true, false, false],
  });
  assert.equal(textOf((await read(text(2), '--tokens', '1,4')).samples[0]!)!.tokens, ['#1', '#4']);
  await rejects(
    () => read(text(2), '--tokens', '1,5'),
    /token id 5 is outside the vocabulary \(position 1\)\nhint: layer 'emb' knows the ids 0 to 4/,
  );
});

test('rows of numbers: a batch axis is added to one row, ids in .npy files are checked', async () => {
  const row = folder.path('row.npy');
  writeFileSync(row, npy('<f4', '(3,)', Float32Array.of(1, 2, 3)));
  const batch = await read(model([3]), '--npy', row);
  close(batch, [1, 3], [1, 2, 3]);
  assert.is(batch.kind, 'array');
  const ids = folder.path('ids.npy');
  writeFileSync(ids, npy('<i4', '(2, 2)', Int32Array.of(1, 4, 0, 3)));
  assert.is((await read(text(2), '--npy', ids)).kind, 'text');
  await rejects(() => read(model([4]), '--npy', row), /row\.npy: rows do not have the shape that the model takes/);
  writeFileSync(ids, npy('<i4', '(1, 2)', Int32Array.of(1, 9)));
  await rejects(() => read(text(2), '--npy', ids), /ids\.npy: the token id 9 is outside the vocabulary/);
});

test('a model of several inputs needs files that name them', async () => {
  const inputs = [{ name: 'a' }, { name: 'b' }];
  const two = { ...model([3]), inputs, rawInputs: inputs } as unknown as Model;
  await rejects(
    read(two, '--tokens', '1'),
    /m: has 2 inputs \(inputs \[a,b\]\)\nhint: a file for each: --input a=FILE --input b=FILE; or a table \(--csv\)/,
  );
});

test.run();
