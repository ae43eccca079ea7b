/** How inputs are brought to models of different layouts: channels first, one plane, flattened, own scaling, tokens. */
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands/index.ts';
import { parseFlags } from '../../src/cli/flags.ts';
import { type Batch, imageOf, textOf } from '../../src/cli/samples/batch.ts';
import { readBatch } from '../../src/cli/samples/read.ts';
import type { Model } from '../../src/model/model.ts';
import { npy, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: inputs for models of any layout');
const folder = temporaryFolder();

/** What readBatch reads of a model. */
function model(shape: readonly (number | null)[], layers: readonly object[] = [], dtype = 'float32'): Model {
  const inputs = [{ name: 'x', shape: [null, ...shape], dtype }];
  return { name: 'm', dtype: 'float32', hasInputShape: shape.length > 0, inputs, layers } as unknown as Model;
}

const { groups } = commands.find(({ name }) => name === 'explain')!;
const read = (of: Model, ...argv: string[]): Batch => readBatch(parseFlags(['m.h5', ...argv], groups, 'explain'), of);

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

test('channels last, first, none, and flattened', () => {
  close(read(model([1, 2, 3]), '--image', colours), [1, 1, 2, 3], [1, 0, 0, 0, 0, 0.2]);
  close(read(model([3, 1, 2]), '--image', colours), [1, 3, 1, 2], [1, 0, 0, 0, 0, 0.2]);
  close(read(model([1, 2]), '--image', grey), [1, 1, 2], [0, 0.4]);
  close(read(model([2]), '--image', grey), [1, 2], [0, 0.4]);
  close(read(model([6]), '--image', colours), [1, 6], [1, 0, 0, 0, 0, 0.2]);
  close(read(model([null, null, 1]), '--image', grey, grey), [2, 1, 2, 1], [0, 0.4, 0, 0.4]);
});

test('attributions go back to height x width x channels', () => {
  const { samples } = read(model([3, 1, 2]), '--image', colours);
  assert.equal([...imageOf(samples[0]!)!.arrange([1, 2, 3, 4, 5, 6])], [1, 3, 5, 2, 4, 6]);
});

test('pixel ranges: the flag, or 0..255 where the model scales its input itself', () => {
  close(read(model([1, 2, 1]), '--image', grey, '--pixels', '-1..1'), [1, 1, 2, 1], [-1, -0.2]);
  close(read(model([1, 2, 1]), '--image', grey, '--invert'), [1, 1, 2, 1], [1, 0.6]);
  const own = read(model([1, 2, 1], [{ className: 'Rescaling', name: 'scale' }]), '--image', grey);
  close(own, [1, 1, 2, 1], [0, 102]);
  assert.match(own.notices[0]!, /pixels are fed as 0\.\.255, since layer 'scale' scales them/);
  assert.throws(() => read(model([1, 2, 1]), '--image', grey, '--pixels', '3'), /--pixels: '3' is not a range/);
});

const embedding = { className: 'Embedding', path: 'emb', vocabulary: 5 };
const text = (length: number | null): Model => model([length], [embedding], 'int32');
const vocabulary = folder.path('v.txt');
writeFileSync(vocabulary, '<pad>\n<start>\n<unknown>\ngood\nbad\nlate\n');

test('texts of several lengths are padded to the longest where the model leaves the length open', () => {
  const batch = read(text(null), '--vocab', vocabulary, '--text', 'good', '--text', 'bad good');
  close(batch, [2, 3], [0, 1, 3, 1, 4, 3]);
  close(
    read(text(null), '--vocab', vocabulary, '--text', 'good', '--length', '4', '--padding', 'post'),
    [1, 4],
    [1, 3, 0, 0],
  );
  assert.throws(
    () => read(text(3), '--vocab', vocabulary, '--text', 'a', '--length', '4'),
    /the model takes 3 tokens, not 4/,
  );
});

test('words whose id the model does not know count as unknown; what is cut off is said', () => {
  const batch = read(text(3), '--vocab', vocabulary, '--text', 'good bad late');
  close(batch, [1, 3], [3, 4, 2]);
  assert.match(batch.notices.join('\n'), /v\.txt: has 6 tokens, the model knows 5/);
  assert.match(batch.notices.join('\n'), /1 word is not in the vocabulary, so the model cannot see which: late/);
  assert.match(batch.notices.join('\n'), /text 1: 1 token is cut off, the model takes 3/);
});

test('ids are padded like texts and named by the vocabulary', () => {
  const batch = read(text(4), '--tokens', '1,4', '--vocab', vocabulary);
  close(batch, [1, 4], [0, 0, 1, 4]);
  assert.equal(textOf(batch.samples[0]!), {
    tokens: ['<pad>', '<pad>', '<start>', 'bad'],
    padding: [true, true, false, false],
  });
  assert.equal(textOf(read(text(2), '--tokens', '1,4').samples[0]!)!.tokens, ['#1', '#4']);
  assert.throws(
    () => read(text(2), '--tokens', '1,5'),
    /token id 5 is outside the vocabulary \(position 1\)\nhint: layer 'emb' knows the ids 0 to 4/,
  );
});

test('rows of numbers: a batch axis is added to one row, ids in .npy files are checked', () => {
  const row = folder.path('row.npy');
  writeFileSync(row, npy('<f4', '(3,)', Float32Array.of(1, 2, 3)));
  const batch = read(model([3]), '--npy', row);
  close(batch, [1, 3], [1, 2, 3]);
  assert.is(batch.kind, 'array');
  const ids = folder.path('ids.npy');
  writeFileSync(ids, npy('<i4', '(2, 2)', Int32Array.of(1, 4, 0, 3)));
  assert.is(read(text(2), '--npy', ids).kind, 'text');
  assert.throws(() => read(model([4]), '--npy', row), /row\.npy: rows do not have the shape that the model takes/);
  writeFileSync(ids, npy('<i4', '(1, 2)', Int32Array.of(1, 9)));
  assert.throws(() => read(text(2), '--npy', ids), /ids\.npy: the token id 9 is outside the vocabulary/);
});

test('a model of several inputs is refused with what to do', () => {
  const two = { ...model([3]), inputs: [{ name: 'a' }, { name: 'b' }] } as unknown as Model;
  assert.throws(
    () => read(two, '--tokens', '1'),
    /m: has 2 inputs \(inputs \[a,b\]\)\nhint: the command line runs models with one input/,
  );
});

test.run();
