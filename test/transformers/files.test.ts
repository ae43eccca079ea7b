/** Folders that transformers saved, and folders that lack something. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTransformer } from '../../src/transformers/index.ts';
import { configOf, randomWeights, small, writeModel } from './support.ts';

const test = suite('transformers: files');
const root = mkdtempSync(join(tmpdir(), 'pathgrad-transformer-'));
test.after(() => rmSync(root, { recursive: true }));
const vocab = `[PAD]\n[UNK]\n[CLS]\n[SEP]\n${Array.from({ length: 36 }, (_, i) => `word${i}`).join('\n')}\n`;

const folder = (name: string, files: Record<string, string | Uint8Array>): string => {
  mkdirSync(join(root, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  return join(root, name);
};
const refused = async (place: string, text: RegExp): Promise<void> => {
  const error = await loadTransformer(place).then(
    () => null,
    (e: Error) => e,
  );
  assert.match(error?.message ?? 'nothing was thrown', text);
};
const config = JSON.stringify(configOf(small));

test('a folder by path and by URL, with its tokenizer', async () => {
  const weights = await writeModel(small, randomWeights(small));
  const files = { 'config.json': config, 'tf_model.h5': weights, 'vocab.txt': vocab };
  const place = folder('whole', { ...files, 'tokenizer_config.json': '{"do_lower_case": false}' });
  for (const source of [place, `${place}/`, pathToFileURL(place)]) {
    const model = await loadTransformer(source);
    assert.equal(model.labels, ['label 0', 'label 1', 'label 2']);
    assert.equal([...model.tokenizer!.encode('word3 Word3').tokens[0]!], ['[CLS]', 'word3', '[UNK]', '[SEP]']);
  }
});

test('what a folder lacks is named, with what to do', async () => {
  await refused(join(root, 'nowhere'), /is not a folder that can be read/);
  await refused(
    folder('empty', { 'notes.txt': '' }),
    /has no config.json \(files \[notes.txt\]\)\nhint: save the model with save_pretrained/,
  );
  const torch = folder('torch', { 'config.json': config, 'model.safetensors': '' });
  await refused(
    torch,
    /has no tf_model.h5 .*\nhint: weights of PyTorch are not read; in Python: TFAutoModel.*from_pt=True/,
  );
  const shards = folder('shards', { 'config.json': config, 'tf_model-00001-of-00002.h5': '' });
  await refused(
    shards,
    /has no tf_model.h5 .*\nhint: the weights are cut into several files, which tf_model.h5.index.json lists: it is missing/,
  );
  await refused(folder('text', { 'config.json': '{', 'tf_model.h5': '' }), /config.json: is not JSON/);
  await refused(folder('nothing', { 'config.json': config, 'tf_model.h5': '' }), /tf_model.h5: is not an HDF5 file/);
});

test.run();
