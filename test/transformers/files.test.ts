/** Folders that transformers saved, and folders that lack something. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenizerOf } from '../../src/open/model.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { type ToWrite, writeSafetensors } from '../support/safetensors.ts';
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

test('a folder that has a tokenizer of Python only opens, and who gives it a text is told how to write tokenizer.json', async () => {
  const weights = await writeModel(small, randomWeights(small));
  const files = { 'config.json': config, 'tf_model.h5': weights };
  const others: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    ['xlm', { 'sentencepiece.bpe.model': 'x' }, /sentencepiece\.bpe\.model can be read in Python only.*use_fast=True/],
    ['albert', { 'spiece.model': 'x' }, /spiece\.model can be read in Python only.*writes tokenizer\.json/],
    ['roberta', { 'vocab.json': '{}', 'merges.txt': 'a b' }, /vocab\.json and merges\.txt can be read in Python only/],
    ['none', {}, /put tokenizer\.json or vocab\.txt beside its weights/],
  ];
  for (const [name, more, message] of others) {
    const model = await loadTransformer(folder(`slow-${name}`, { ...files, ...more }));
    assert.is(model.tokenizer, null);
    assert.match(model.tokenizerHint!, message);
    assert.is((await model.predict([[2, 5, 3]])).shape[0], 1);
    assert.throws(() => tokenizerOf(model), message);
  }
  const whole = await loadTransformer(folder('slow-whole', { ...files, 'spiece.model': 'x', 'vocab.txt': vocab }));
  assert.is(whole.tokenizerHint, null);
  assert.ok(tokenizerOf(whole));
});

/** The weights as PyTorch names and lays them out. */
function torchTensors(weights: ReturnType<typeof randomWeights>): Record<string, ToWrite> {
  const leaves: Record<string, string> = { kernel: 'weight', gamma: 'weight', beta: 'bias', embeddings: 'weight' };
  const named = [...weights].map(([path, { data, shape }]): [string, ToWrite] => {
    const parts = path.replace(/layer_\._/g, 'layer.').split('/');
    const leaf = parts.pop()!;
    const name = [...parts, leaves[leaf] ?? leaf].join('.');
    if (leaf !== 'kernel') return [name, { shape, data }];
    const [n, m] = shape as [number, number];
    return [name, { shape: [m, n], data: data.map((_, i) => data[(i % n) * m + Math.floor(i / n)]!) }];
  });
  return Object.fromEntries(named);
}

test('model.safetensors gives the bits of tf_model.h5: whole, in shards, dropped in any order, and of a base model', async () => {
  const ids = { input_ids: [[2, 7, 9, 3, 0]], attention_mask: [[1, 1, 1, 1, 0]] };
  for (const kind of ['distilbert', 'bert'] as const) {
    const sizes = { ...small, kind };
    const weights = randomWeights(sizes);
    const config = JSON.stringify(configOf(sizes));
    const h5 = await loadTransformer({ config, weights: await writeModel(sizes, weights) });
    const expected = [...(await h5.predict(ids)).data];
    const tensors = torchTensors(weights);
    const bytes = writeSafetensors(tensors);
    const place = folder(`${kind}-st`, { 'config.json': config, 'model.safetensors': bytes });
    assert.equal([...(await (await loadTransformer(place)).predict(ids)).data], expected);

    const names = Object.keys(tensors);
    const half = (part: number): Uint8Array =>
      writeSafetensors(Object.fromEntries(Object.entries(tensors).filter((_, i) => i % 2 === part)));
    const shardOf = (i: number): string => `model-0000${1 + (i % 2)}-of-00002.safetensors`;
    const index = JSON.stringify({
      metadata: {},
      weight_map: Object.fromEntries(names.map((n, i) => [n, shardOf(i)])),
    });
    const shards = {
      'config.json': config,
      'model.safetensors.index.json': index,
      [shardOf(0)]: half(0),
      [shardOf(1)]: half(1),
    };
    assert.equal([...(await (await loadTransformer(folder(`${kind}-sh`, shards))).predict(ids)).data], expected);
    const dropped = [shardOf(1), 'model.safetensors.index.json', shardOf(0)].map(
      (name) => new File([shards[name] as BlobPart], name),
    );
    assert.equal([...(await (await loadTransformer({ config, weights: dropped })).predict(ids)).data], expected);
    await refused(
      folder(`${kind}-lost`, { ...shards, [shardOf(1)]: half(0) }),
      /has tensor '.*', which another shard has as well/,
    );
    const lacking = loadTransformer({ config, weights: dropped.slice(0, 2) }).catch((e: Error) => e.message);
    assert.match(String(await lacking), /the shard 'model-00001-of-00002.safetensors' is missing/);

    const base = names
      .filter((name) => name.startsWith(`${kind}.`))
      .map((name) => [name.slice(kind.length + 1), tensors[name]!]);
    const head = { layers: [{ kernel: [...Array(sizes.width)].map(() => [1, 0.5]) }] };
    const bare = await loadTransformer({ config, weights: writeSafetensors(Object.fromEntries(base)) }, { head });
    assert.equal(
      [...(await bare.predict(ids)).data],
      [...(await (await loadTransformer({ config, weights: bytes }, { head })).predict(ids)).data],
    );
  }
});

test('what a folder lacks is named, with what to do', async () => {
  await refused(join(root, 'nowhere'), /is not a folder that can be read/);
  await refused(
    folder('empty', { 'notes.txt': '' }),
    /has no config.json \(files \[notes.txt\]\)\nhint: save the model with save_pretrained/,
  );
  const torch = folder('torch', { 'config.json': config, 'pytorch_model.bin': '' });
  await refused(
    torch,
    /has no model.safetensors .*\nhint: pickles of PyTorch are never opened.*safe_serialization=True/,
  );
  const shards = folder('shards', { 'config.json': config, 'tf_model-00001-of-00002.h5': '' });
  await refused(
    shards,
    /has no model.safetensors .*\nhint: the weights are cut into several files, which tf_model.h5.index.json lists: it is missing/,
  );
  await refused(folder('text', { 'config.json': '{', 'tf_model.h5': '' }), /config.json: is not JSON/);
  await refused(folder('nothing', { 'config.json': config, 'tf_model.h5': '' }), /tf_model.h5: is not an HDF5 file/);
});

test.run();
