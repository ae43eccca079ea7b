/**
 * Folders that `saveTransformer` wrote, read by transformers: the same predictions to 1e-6, no weight missing or left over, the same ids of a
 * text. PATHGRAD_PYTHON is a Python that has transformers: with PyTorch (test/golden/transformers/requirements.txt) all are read, with TensorFlow
alone (python.sh) those that have a class of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTransformer, saveTransformer, type TransformerModel } from '../../src/transformers/index.ts';
import { temporaryFolder } from '../support/cli.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import { titleOf, trainingCases } from '../support/training-golden.ts';
import { arraysOf } from '../support/transformer-golden.ts';
import { makeFiles, small } from '../transformers/support.ts';

const test = suite('transformers: what is saved is read by transformers');
const python = process.env['PATHGRAD_PYTHON'];
const script = fileURLToPath(new URL('../golden/transformers/check_saved.py', import.meta.url));

interface Line {
  readonly name: string;
  /** Why nothing else is said. */
  readonly unchecked?: string;
  readonly difference: number;
  readonly missing: string[];
  readonly unexpected: string[];
  readonly labels: string[];
  readonly ids?: number[][];
}

/** Every visible position of it: what hidden ones come to is no function of the text. */
const inputs = {
  input_ids: [[2, 10, 15, 20, 6, 3]],
  attention_mask: [[1, 1, 1, 1, 1, 1]],
};

/** Writes the model's folder, and what transformers should find in it. */
async function put(top: string, name: string, model: TransformerModel, more: object = {}): Promise<object> {
  const saved = await saveTransformer(model);
  mkdirSync(join(top, name));
  for (const [path, bytes] of Object.entries(saved)) writeFileSync(join(top, name, path), bytes);
  const config = JSON.parse(new TextDecoder().decode(saved['config.json'])) as { architectures: string[] };
  // In double on both sides, so that what differs is not how float32 rounds.
  const again = await loadTransformer(
    { config: saved['config.json']!, weights: saved['model.safetensors']! },
    { output: 'logits', dtype: 'float64' },
  );
  const outputs = (await again.predictAll(inputs)).map(({ shape, data }) => ({ shape, data: Array.from(data) }));
  return { class: config.architectures[0], inputs, outputs, ...more };
}

if (!python) test.skip('transformers is absent: PATHGRAD_PYTHON is a Python that has it', () => {});
else {
  test('all families and heads, trained weights, new classifiers and tf_model.h5', async () => {
    const top = temporaryFolder().path('.');
    const cases = trainingCases();
    const expected: Record<string, object> = {};
    const options = { output: 'logits' } as const;
    const shifted = ({ tensor: { data } }: { tensor: { data: ArrayLike<number | bigint> } }) =>
      Float32Array.from(data as ArrayLike<number>, (v, i) => 0.9 * v + 0.01 * ((i % 7) - 3));
    for (const found of cases) {
      const files = { config: found.config, weights: writeSafetensors(arraysOf(found, found.prefix)) };
      const model = await loadTransformer(files, options);
      const name = titleOf(found, cases).replace(/[^a-z0-9]+/g, '-');
      expected[name] = await put(top, name, await model.withWeights(shifted));
      if (found.head !== 'masked') continue;
      const fresh = await loadTransformer(files, { ...options, head: { labels: ['bad', 'good'], seed: 1 } });
      expected[`${name}-new`] = await put(top, `${name}-new`, await fresh.withWeights(shifted));
    }
    const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 35 }, (_, i) => `W${i}`)];
    for (const kind of ['bert', 'distilbert'] as const) {
      const files = { ...(await makeFiles({ ...small, kind })), tokenizerConfig: { do_lower_case: false } };
      const model = await loadTransformer({ ...files, vocab: new TextEncoder().encode(vocab.join('\n')) }, options);
      expected[`tf-${kind}`] = await put(top, `tf-${kind}`, model, { texts: ['W3 W5 w5', 'W34'] });
    }
    writeFileSync(join(top, 'expected.json'), JSON.stringify(expected));
    const ran = spawnSync(python, [script, top], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    assert.is(ran.status, 0, ran.stderr.slice(-2000));
    const lines = ran.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
    assert.is(lines.length, Object.keys(expected).length);
    const checked = lines.filter(({ unchecked }) => unchecked === undefined);
    assert.ok(checked.length > 0, 'no folder was read');
    const wrong: string[] = [];
    for (const { name, difference, missing, unexpected, labels, ids } of checked) {
      if (!(difference < 1e-6)) wrong.push(`${name}: off by ${difference}`);
      if (missing.length + unexpected.length > 0) wrong.push(`${name}: missing ${missing}, left over ${unexpected}`);
      if (name.endsWith('-new')) assert.equal(labels, ['bad', 'good']);
      if (ids)
        assert.equal(ids, [
          [2, 8, 10, 1, 3],
          [2, 39, 3, 0, 0],
        ]);
    }
    assert.equal(wrong, []);
    const worst = Math.max(...checked.map(({ difference }) => difference));
    console.log(`${checked.length} models read by transformers, predictions within ${worst.toExponential(1)}`);
    for (const { name, unchecked } of lines)
      if (unchecked !== undefined) console.log(`unchecked: ${name}, ${unchecked}`);
  });
}

test.run();
