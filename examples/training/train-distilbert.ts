/**
 * Trains a DistilBERT that says whether a film review is positive, with the settings of `train_imdb_distilbert.py`: Adam, batches of 64, two
 * epochs on the first 128 tokens of each review and one on the first 256, at rates of 1e-3, 5e-4 and 2.5e-4. Its last stage, which
 * teaches that an empty text is neither, is left out. Tokenizer and sizes are those of `--model`, weights random, as the script's.
 *
 *   npx tsx examples/training/train-distilbert.ts DATA_FOLDER [--model examples/imdb-distilbert] [--tune] [--out FOLDER] [--epochs 3] [--rows 25000] [--seed 7]
 *
 * `--tune` begins with the weights of `--model`: AdamW, a rate of 5e-5 that rises for a tenth of the steps and then falls to 0.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { drawSeed, randomNormal } from '../../src/graph/random.ts';
import { readCsv, textsOf } from '../../src/inputs/index.ts';
import { adam, adamw, linearWarmup, Trainer, writeWhole } from '../../src/training/index.ts';
import { loadTransformer, saveTransformer } from '../../src/transformers/index.ts';

const BATCH = 64;
const EPOCHS = [
  { length: 128, rate: 1e-3 },
  { length: 128, rate: 5e-4 },
  { length: 256, rate: 2.5e-4 },
] as const;
const text = { type: 'string' } as const;
/** An option that there is not leads to the usage, which says which there are. */
function given() {
  const options = { model: text, out: text, epochs: text, rows: text, seed: text, tune: { type: 'boolean' } } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch {
    return { values: {}, positionals: [] };
  }
}
const { values, positionals }: ReturnType<typeof given> = given();
const [epochs, most, seed] = [Number(values.epochs ?? 3), Number(values.rows ?? 25_000), Number(values.seed ?? 7)];
const [folder] = positionals;
if (folder === undefined || ![epochs, most, seed].every((n) => Number.isInteger(n) && n > 0)) {
  console.error(
    'usage: npx tsx examples/training/train-distilbert.ts DATA_FOLDER [--model FOLDER] [--tune] [--out FOLDER] [--epochs 3] [--rows 25000] [--seed 7]',
  );
  process.exit(2);
}
// Before the training, not behind it.
if (values.out !== undefined && existsSync(join(values.out, 'config.json'))) {
  console.error(`${values.out}: holds a model already; give --out another folder`);
  process.exit(1);
}

/** Rows of both labels: the file lists one label after the other, so every k-th row is taken. */
async function reviews(split: 'train' | 'test'): Promise<{ texts: string[]; labels: Int32Array }> {
  const name = `imdb_${split}.csv.gz`;
  const path = join(folder!, 'imdb', name);
  if (!existsSync(path)) {
    console.error(`${path}: does not exist; DATA_FOLDER holds imdb/imdb_train.csv.gz and imdb_test.csv.gz`);
    process.exit(1);
  }
  const table = await readCsv(gunzipSync(await readFile(path)), name);
  const [all, labels] = [textsOf(table, 'text'), textsOf(table, 'label')];
  const count = Math.min(most, all.length);
  const rows = Array.from({ length: count }, (_, i) => Math.floor((i * all.length) / count));
  return {
    texts: rows.map((row) => all[row]!.replaceAll('<br />', ' ')),
    labels: Int32Array.from(rows, (row) => Number(labels[row])),
  };
}

const [train, test] = [await reviews('train'), await reviews('test')];
const base = await loadTransformer(values.model ?? 'examples/imdb-distilbert');
const { tokenizer } = base;
if (!tokenizer) throw new Error(`no tokenizer beside the model: ${base.tokenizerHint}`);
let draw = 0;
/** As transformers begins: normal numbers, 0.02 wide, biases 0, and normalizations that change nothing. */
const fresh = ({ name, tensor }: { name: string; tensor: { size: number } }): Float64Array => {
  if (name === 'gamma') return new Float64Array(tensor.size).fill(1);
  if (name === 'beta' || name === 'bias') return new Float64Array(tensor.size);
  return randomNormal(tensor.size, drawSeed(seed, draw++)).map((z) => 0.02 * z);
};
const model = values.tune ? base : await base.withWeights(fresh);

const steps = epochs * Math.ceil(train.texts.length / BATCH);
const gentle = linearWarmup({ learningRate: 5e-5, warmupSteps: Math.ceil(steps / 10), trainingSteps: steps });
const noDecay = ['bias', 'LayerNorm', 'layer_norm'];
const optimizer = values.tune
  ? adamw({ learningRate: gentle, weightDecay: 0.01, excludeFromWeightDecay: noDecay })
  : adam();
const trainer = new Trainer(model, {
  loss: 'sparse_categorical_crossentropy',
  optimizer,
  metrics: ['accuracy'],
  seed,
});
/** What only people read is left out. */
const encode = (texts: readonly string[], maxLength: number) => {
  const { input_ids, attention_mask } = tokenizer.encode(texts, { maxLength, padding: 'max' });
  return { input_ids, attention_mask };
};
for (let epoch = 0; epoch < epochs; epoch++) {
  const { length, rate } = EPOCHS[Math.min(epoch, EPOCHS.length - 1)]!;
  if (!values.tune) trainer.learningRate = rate;
  const began = performance.now();
  const { history } = await trainer.fit(encode(train.texts, length), train.labels, { batchSize: BATCH });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const [loss, accuracy] = [history['loss']!.at(-1)!, history['accuracy']!.at(-1)!];
  console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}, ${seconds} s`);
}
const { length } = EPOCHS[Math.min(epochs, EPOCHS.length) - 1]!;
const { accuracy } = await trainer.evaluate(encode(test.texts, length), test.labels, { batchSize: 128 });
console.log(`test accuracy ${accuracy!.toFixed(4)} on ${test.labels.length} reviews`);
if (values.out !== undefined) {
  const files = await saveTransformer(await model.withWeights(trainer.change));
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(values.out, name);
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, bytes);
  }
  console.log(`saved ${values.out}`);
}
