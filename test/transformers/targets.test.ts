/** What to explain, in the words of a text; and baselines of masks and random words. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KernelShap, LayerConductance, Saliency } from '../../src/attribution/methods/index.ts';
import { IntegratedGradients } from '../../src/index.ts';
import {
  answerTarget,
  bertTokenizerJson,
  bestAnswers,
  classTarget,
  type LoadedTransformer,
  loadTransformer,
  tokenTarget,
  wordAttributions,
} from '../../src/transformers/index.ts';
import { filesOf, headCases } from './golden-heads.ts';

const test = suite('transformers: targets');
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'anna',
  'lives',
  'in',
  'par',
  '##is',
  'where',
  'does',
  '?',
  '.',
];
const vocab = [...words, ...Array.from({ length: 50 - words.length }, (_, i) => `w${i}`)];
const cases = headCases();

async function open(name: string, labels: readonly string[] = []): Promise<LoadedTransformer> {
  const found = cases.find((one) => one.class === name && one.variant === undefined)!;
  const config = labels.length > 0 ? { ...found.config, id2label: { ...labels } } : found.config;
  return loadTransformer({ ...filesOf(found), config, tokenizer: bertTokenizerJson(`${vocab.join('\n')}\n`) });
}

test('the label of a word: its first token, a label by name, and the predicted one', async () => {
  const model = await open('BertForTokenClassification', ['O', 'PER', 'LOC', 'ORG']);
  assert.is(model.task, 'token-classification');
  const encoded = model.tokenizer!.encode(['Anna lives in Paris.', 'Paris']);
  const target = tokenTarget(model, encoded, [
    { word: 'Paris', label: 'LOC' },
    { word: 0, label: 'PER' },
  ]) as number[][];
  assert.equal(target, [
    [4, 2],
    [1, 1],
  ]);
  assert.equal(tokenTarget(model, encoded, { position: 1, label: 3 }), [
    [1, 3],
    [1, 3],
  ]);
  const predictions = await model.predict(encoded);
  assert.equal(predictions.shape, [2, 8, 4]);
  const predicted = (tokenTarget(model, encoded, { word: 'Paris' }) as (p: typeof predictions) => number[][])(
    predictions,
  );
  const at = predictions.data.subarray(4 * 4, 5 * 4) as Float32Array;
  assert.is(predicted[0]![1], at.indexOf(Math.max(...at)));
  const { input_ids: x, attention_mask, token_type_ids } = encoded;
  const forwardKwargs = { attention_mask, token_type_ids };
  const ig = new IntegratedGradients(model, { layer: 'bert/embeddings', nSteps: 20 });
  const explanation = await ig.explain(x, { forwardKwargs, target, baselines: model.tokenizer!.baseline() });
  const attributions = explanation.attributions[0]!;
  assert.equal(attributions.shape, [2, 8, 16]);
  // Padding of the shorter text is hidden: nothing falls on it.
  assert.ok(attributions.data.subarray((8 + 4) * 16).every((value) => value === 0));
  const perToken = Array.from({ length: 8 }, (_, p) =>
    Array.from(attributions.data.subarray(p * 16, (p + 1) * 16)).reduce((a, b) => a + b, 0),
  );
  const { words: found, rest } = wordAttributions(encoded, perToken);
  assert.equal(
    found.map(({ text }) => text),
    ['Anna', 'lives', 'in', 'Paris', '.'],
  );
  const total = perToken.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(found.reduce((sum, { attribution }) => sum + attribution, rest) - total) < 1e-9);
  model.dispose();
});

test('gradients, Shapley values and conductance explain the label of a word and leave padding alone', async () => {
  const model = await open('BertForTokenClassification');
  const { input_ids: x, attention_mask, token_type_ids } = model.tokenizer!.encode(['anna lives in paris', 'anna']);
  const options = {
    forwardKwargs: { attention_mask, token_type_ids },
    target: [
      [4, 2],
      [1, 0],
    ],
  };
  const alone = await new Saliency(model, { layer: 'bert/embeddings' }).explain(x, options);
  assert.ok(alone.attributions[0]!.data.subarray(7 * 16 + 3 * 16).every((value) => value === 0));
  const conductance = new LayerConductance(model, {
    layer: 'bert/encoder/layer.0',
    inputLayer: 'bert/embeddings',
    nSteps: 4,
  });
  assert.equal(
    (await conductance.explain(x, { ...options, baselines: model.tokenizer!.baseline() })).attributions[0]!.shape,
    [2, 7, 16],
  );
  const shap = new KernelShap(model, { nSamples: 16, seed: 1 });
  const baselines = model.tokenizer!.baseline();
  assert.equal((await shap.explain(x, { ...options, baselines })).attributions[0]!.shape, [2, 7]);
  model.dispose();
});

test('start and end of an answer are two outputs', async () => {
  const model = await open('BertForQuestionAnswering');
  assert.equal(model.outputs, [{ name: 'start' }, { name: 'end' }]);
  const encoded = model.tokenizer!.encode([
    ['Where does Anna live ?', 'Anna lives in Paris.'],
    ['Where ?', 'Paris'],
  ]);
  const [start, end] = await model.predictAll(encoded);
  const width = encoded.input_ids.shape[1]!;
  assert.equal(
    [start!.shape, end!.shape],
    [
      [2, width],
      [2, width],
    ],
  );
  for (const output of [start!, end!]) {
    const second = output.data.subarray(width) as Float32Array;
    assert.ok(Math.abs(second.reduce((a, b) => a + b, 0) - 1) < 1e-6);
    assert.ok(
      second.subarray(7).every((value) => value === 0),
      'hidden positions answer nothing',
    );
  }
  const answers = bestAnswers(encoded, [start!, end!]);
  for (const [row, { text, start: from, end: to }] of answers.entries()) {
    assert.ok(encoded.texts[row]![1]!.includes(text) && from <= to, text);
    assert.is(encoded.sequences[row]![from], 1);
  }
  await model.predict(encoded).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /several outputs \(outputs \[start,end\]\)\nhint: predictAll/),
  );
  const { input_ids: x, attention_mask, token_type_ids } = encoded;
  const options = { forwardKwargs: { attention_mask, token_type_ids }, baselines: model.tokenizer!.baseline() };
  const target = answerTarget(encoded, [{ position: answers[0]!.end }, {}]);
  const ig = new IntegratedGradients(model, { layer: 'bert/embeddings', nSteps: 8, output: 'end' });
  const got = await ig.explain(x, { ...options, target });
  assert.ok(Math.abs(got.predictions.data[answers[0]!.end]! - end!.data[answers[0]!.end]!) < 1e-6);
  model.dispose();
});

test('the word behind a mask', async () => {
  const model = await open('BertForMaskedLM');
  const encoded = model.tokenizer!.encode(['anna lives in [MASK] .', '[MASK]']);
  assert.equal(tokenTarget(model, encoded, { label: 'par' }), [
    [4, 8],
    [1, 8],
  ]);
  const predictions = await model.predict(encoded);
  assert.equal(predictions.shape, [2, 7, 50]);
  const { input_ids: x, attention_mask, token_type_ids } = encoded;
  const ig = new IntegratedGradients(model, { layer: 'bert/embeddings', nSteps: 4 });
  const options = { forwardKwargs: { attention_mask, token_type_ids }, baselines: model.tokenizer!.baseline() };
  const { attributions } = await ig.explain(x, { ...options, target: tokenTarget(model, encoded) });
  assert.equal(attributions[0]!.shape, [2, 7, 16]);
  const none = model.tokenizer!.encode('anna');
  assert.throws(() => tokenTarget(model, none), /text 0 has 0 masks \(mask 4\)\nhint: write the mask token/);
  assert.throws(() => tokenTarget(model, none, { position: 1, label: 'parr' }), /has no token 'parr'/);
  model.dispose();
});

test('baselines: masks, and the mean over random words that keeps what stands around a text', async () => {
  const model = await open('BertForSequenceClassification', ['bad', 'good', 'so']);
  assert.is(classTarget(model, 'good'), 1);
  const tokenizer = model.tokenizer!;
  const { input_ids: x, attention_mask, token_type_ids } = tokenizer.encode(['anna lives in paris', 'anna']);
  const ig = new IntegratedGradients(model, { layer: 'bert/embeddings', nSteps: 4 });
  const explain = (baselines: ReturnType<typeof tokenizer.baseline>) =>
    ig.explain(x, { forwardKwargs: { attention_mask, token_type_ids }, target: 1, baselines });
  const masked = await explain(tokenizer.maskBaseline());
  assert.equal(masked.baselines[0]!.toArray(), [
    [2, 4, 4, 4, 4, 4, 3],
    [2, 4, 3, 0, 0, 0, 0],
  ]);
  const random = await explain(tokenizer.randomWordsBaseline({ count: 3, seed: 5 }));
  const drawn = random.baselines[0]!;
  assert.equal(drawn.shape, [3, 2, 7]);
  const ids = drawn.toArray() as number[][][];
  for (const [first, second] of ids) {
    assert.equal([first![0], first![6], ...second!.filter((_, p) => p !== 1)], [2, 3, 2, 3, 0, 0, 0, 0]);
    assert.is(first![1], second![1]);
    assert.ok(first!.slice(1, 6).every((id) => !tokenizer.specialIds.has(id)));
  }
  assert.not.equal(ids[0], ids[1]);
  const again = await explain(tokenizer.randomWordsBaseline({ count: 3, seed: 5 }));
  assert.equal(again.attributions[0]!.data, random.attributions[0]!.data);
  model.dispose();
});

test('places that a text does not have are refused', async () => {
  const model = await open('BertForTokenClassification', ['O', 'PER', 'LOC', 'ORG']);
  const encoded = model.tokenizer!.encode(['Anna lives in Paris.']);
  const refused = (wanted: object, pattern: RegExp): void => {
    assert.throws(() => tokenTarget(model, encoded, wanted), pattern);
  };
  refused({ word: 'paris', label: 0 }, /text 0 has no word 'paris'\nhint: did you mean 'Paris'/);
  refused({ word: 9, label: 0 }, /text 0 has no word 9\nhint: it has 5/);
  refused({ position: 8, label: 0 }, /text 0 has no position 8 \(positions 8\)/);
  refused({ label: 0 }, /needs a position or a word/);
  refused({ word: 'Paris', label: 'LOCC' }, /no label 'LOCC'\nhint: did you mean 'LOC'/);
  refused([{}, {}] as object, /one place for all texts, or one for each \(texts 1, given 2\)/);
  const classifier = await open('BertForSequenceClassification');
  assert.throws(
    () => tokenTarget(classifier, encoded),
    /says nothing of single tokens \(task sequence-classification\)/,
  );
  assert.throws(() => bestAnswers(encoded, []), /needs the outputs start and end/);
});

test.run();
