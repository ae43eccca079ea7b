/**
 * examples/imdb-distilbert, which transformers' TensorFlow classes trained and saved, against what they predict and what alibi makes
 * of them: our sentences padded to 32 tokens, at the embeddings and at the first transformer layer, for both classes. The mask is a
 * forward keyword; the baseline keeps [CLS] and [SEP].
 */
import { strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { checksum, goldenFile, head, largestError, projectFile } from '../support/golden.ts';

interface Run {
  readonly layer: string;
  readonly target: number;
  readonly deltas: readonly number[];
  readonly attributions: readonly (readonly number[])[];
  readonly deltas64: readonly number[];
  readonly attributions64: readonly (readonly number[])[];
  readonly float32Error: readonly number[];
  readonly raw?: readonly number[];
  readonly rawFloat32Error?: number;
}

interface Golden {
  readonly modelChecksum: string;
  readonly ids: readonly (readonly number[])[];
  readonly attentionMask: readonly (readonly number[])[];
  readonly baseline: readonly (readonly number[])[];
  readonly tokens: readonly (readonly string[])[];
  readonly predictions: readonly (readonly number[])[];
  readonly predictions64: readonly (readonly number[])[];
  readonly runs: readonly Run[];
}

const test = suite('golden: DistilBERT');

const folder = new URL('../../examples/imdb-distilbert/', import.meta.url);
const golden = goldenFile<Golden>('imdb-distilbert.json.gz');
const [samples, length] = [golden.ids.length, golden.ids[0]!.length];
const integers = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [samples, length]);
const [ids, mask, baseline] = [integers(golden.ids), integers(golden.attentionMask), integers(golden.baseline)];
/** The reference backend, which computes in float64, is slow: so many sentences suffice. */
const inDouble = 1;

const largestDifference = (found: ArrayLike<number>, wanted: readonly number[]): number =>
  Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!)));

/** The first `rows` sentences. */
async function explain(run: Pick<Run, 'layer' | 'target'>, dtype: FloatDType, rows: number) {
  const model = await loadTransformer(folder, { dtype });
  const explainer = new IntegratedGradients(model, { layer: run.layer, nSteps: 50, compat: 'alibi' });
  const target = new Array<number>(rows).fill(run.target);
  const { attributions, deltas } = await explainer.explain(head(ids, rows), {
    forwardKwargs: { attention_mask: head(mask, rows) },
    baselines: head(baseline, rows),
    target,
  });
  explainer.dispose();
  model.dispose();
  return { found: attributions[0]!, deltas: deltas.data };
}

/** Per token: the sum over the width. */
function perToken({ data, shape }: Tensor): number[][] {
  const width = shape[2]!;
  return Array.from({ length: shape[0]! }, (_, row) =>
    Array.from({ length }, (_, token) => {
      const from = (row * length + token) * width;
      return Array.from(data.subarray(from, from + width)).reduce((sum, value) => sum + value, 0);
    }),
  );
}

test('the golden values belong to this model', () => {
  assert.is(checksum(projectFile('examples/imdb-distilbert/tf_model.h5')), golden.modelChecksum);
});

test('the tokenizer gives the ids, the mask and the baseline that transformers gave', async () => {
  const { tokenizer } = await loadTransformer(folder);
  const sentences = strFromU8(projectFile('examples/sentences.txt')).trim().split('\n');
  const encoded = tokenizer!.encode(sentences, { maxLength: length, padding: 'max' });
  assert.equal(Array.from(encoded.input_ids.data), golden.ids.flat());
  assert.equal(Array.from(encoded.attention_mask.data), golden.attentionMask.flat());
  golden.tokens.forEach((tokens, i) => {
    assert.equal(encoded.tokens[i]!.slice(0, tokens.length), tokens);
  });
  const kept = new Set([tokenizer!.clsId, tokenizer!.sepId]);
  assert.equal(
    golden.ids.flat().map((id) => (kept.has(id) ? id : tokenizer!.padId)),
    golden.baseline.flat(),
  );
  assert.equal(tokenizer!.baseline(), { kind: 'pad', id: tokenizer!.padId, keep: [...kept] });
});

test('predictions are those of transformers', async () => {
  const single = await (await loadTransformer(folder)).predict({ input_ids: ids, attention_mask: mask });
  const double = await (await loadTransformer(folder, { dtype: 'float64' })).predict({
    input_ids: ids,
    attention_mask: mask,
  });
  const error = largestDifference(single.data, golden.predictions.flat());
  const exact = largestDifference(double.data, golden.predictions64.flat());
  console.log(`note: predictions differ by ${error.toExponential(1)}, in float64 by ${exact.toExponential(1)}`);
  assert.ok(error < 1e-5 && exact < 1e-12, `${error} ${exact}`);
});

for (const run of golden.runs) {
  const what = `${run.layer}, class ${run.target}`;
  test(`${what}: attributions and deltas are alibi's`, async () => {
    const { found, deltas } = await explain(run, 'float32', samples);
    const errors = perToken(found).map((row, i) => largestError(row, run.attributions[i]!));
    const raw = run.raw ? largestError(Array.from(found.data.subarray(0, run.raw.length)), run.raw) : 0;
    const worst = Math.max(...errors, raw);
    assert.ok(worst < 1e-4, `off by ${worst} of the largest`);
    const delta = largestDifference(deltas, run.deltas);
    assert.ok(delta < 1e-5, `deltas off by ${delta}`);
    console.log(`note: ${what}: ${worst.toExponential(1)} of the largest attribution`);
  });

  test(`${what}: in float64 too`, async () => {
    const { found, deltas } = await explain(run, 'float64', inDouble);
    const worst = Math.max(...perToken(found).map((row, i) => largestError(row, run.attributions64[i]!)));
    const delta = largestDifference(deltas, run.deltas64.slice(0, inDouble));
    console.log(`note: ${what}, float64: ${worst.toExponential(1)}, deltas ${delta.toExponential(1)}`);
    assert.ok(worst < 1e-12 && delta < 1e-13, `off by ${worst} of the largest, deltas by ${delta}`);
  });
}

test.run();
