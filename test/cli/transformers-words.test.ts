/** Transformers that judge words, on the command line: labels, answers and masked words are asked of one place, and are what the library gives there. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explainSimilarity, loadTransformer } from '../../src/transformers/index.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { tinyFolder } from '../support/tiny-transformer.ts';

const test = suite('cli: transformers that judge words');
const folder = temporaryFolder();
const names = ['O', 'B-PER', 'B-LOC'];
const labels = tinyFolder(folder.path('labels'), 'ForTokenClassification', names);
const answers = tinyFolder(folder.path('answers'), 'ForQuestionAnswering');
const masks = tinyFolder(folder.path('masks'), 'ForMaskedLM');
const text = 'The king lives in London';
const context = 'It is the king, of all';

interface Json {
  readonly items: readonly {
    readonly at?: string;
    readonly other?: string;
    readonly prediction: readonly { readonly label: string; readonly score: number }[];
    readonly target: { readonly label: string };
    readonly scores: readonly number[];
    readonly completeness: { readonly attributionSum: number; readonly relative: number };
  }[];
}

async function explained(...argv: string[]): Promise<Json['items']> {
  const json = folder.path('out.json');
  const { code, err } = await runCli(['explain', ...argv, '--steps', '20', '--json', json]);
  assert.is(code, 0, err);
  return (JSON.parse(readFileSync(json, 'utf8')) as Json).items;
}

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-5, `${a} ${b}`);

test('labels: of a word that is named, as probabilities of the library, and of the surest word of each text', async () => {
  const model = await loadTransformer(labels);
  const { input_ids } = model.tokenizer!.encode(text);
  const scores = (await model.predict(input_ids)).toArray() as number[][][];
  const [item] = await explained(labels, '--text', text, '--word', 'london', '--target', 'B-LOC');
  assert.equal([item!.at, item!.target.label], ['London', 'B-LOC']);
  for (const { label, score } of item!.prediction) near(score, scores[0]![5]![names.indexOf(label)]!);
  near(item!.completeness.relative, 0);
  const [first, second] = await explained(labels, '--text', text, '--text', 'A man');
  const sure = ['The', 'king', 'lives', 'in', 'London'].map((_, i) => Math.max(...scores[0]![i + 1]!.slice(1)));
  assert.is(first!.at, ['The', 'king', 'lives', 'in', 'London'][sure.indexOf(Math.max(...sure))]);
  const [alone] = await explained(labels, '--text', 'A man');
  assert.equal(second!.at, alone!.at);
  for (const [i, score] of second!.scores.entries()) near(score, alone!.scores[i]!);
  model.dispose();
});

test('labels: predict lists words, compare runs, --logits are logits', async () => {
  const predicted = await runCli(['predict', labels, '--text', text]);
  assert.match(predicted.out, /^The king lives in London\n {3}The: B-\w+ \d.* %, king: /);
  const flags = ['--explainers', 'saliency,feature-ablation', '--metrics', 'none'];
  const compared = await runCli(['compare', labels, '--text', text, '--text', 'A man', ...flags]);
  assert.is(compared.code, 0, compared.err);
  assert.match(compared.out, /\nSaliency +\d/);
  const [item] = await explained(labels, '--text', text, '--token', '1', '--logits');
  assert.is(item!.at, 'The');
  assert.ok(item!.prediction.some(({ score }) => score < 0));
});

test('answers: where one starts and ends, for the likeliest place or one that is named', async () => {
  const model = await loadTransformer(answers);
  const { input_ids } = model.tokenizer!.encode([['who is it', context]]);
  const [start, end] = await model.predictAll(input_ids);
  const given = [answers, '--text', 'who is it', '--text-pair', context];
  const [first] = await explained(...given);
  near(first!.prediction[0]!.score, Math.max(...start!.data));
  const [last] = await explained(...given, '--answer', 'end', '--word', 'king');
  assert.is(last!.target.label, 'king');
  const king = 8; // [CLS] who is it [SEP] it is the king
  const found = last!.prediction.find(({ label }) => label === 'king');
  near(found!.score, end!.data[king]!);
  near(last!.completeness.relative, 0);
  const predicted = await runCli(['predict', ...given]);
  assert.match(predicted.out, /\| It is the king, of all\n {3}[\w ,]+: answer \d/);
  model.dispose();
});

test('masked words: the likeliest, or one that is named; the mask stays in the baseline', async () => {
  const given = [masks, '--text', 'The king is [MASK] today'];
  const [first] = await explained(...given);
  assert.equal([first!.at, first!.prediction.length], ['[MASK]', 20]);
  assert.is(first!.target.label, first!.prediction[0]!.label);
  assert.is(first!.scores[4], 0, 'the mask is in the baseline');
  const [named] = await explained(...given, '--target', 'happy');
  assert.is(named!.target.label, 'happy');
  const predicted = await runCli(['predict', ...given]);
  assert.match(predicted.out, / {2}\S+ \d.*%, \S+ \d.*%/);
});

test('similarity: each text of a pair with the other as it is, the numbers of the library', async () => {
  const sentences = tinyFolder(folder.path('sentences'), 'Model');
  const model = await loadTransformer(sentences);
  const pair = ['The king lives in London', 'A man'] as const;
  const given = [sentences, '--text', pair[0], '--text-pair', pair[1]];
  const items = await explained(...given);
  const [wanted] = await explainSimilarity(model, [pair], { nSteps: 20 });
  assert.is(items.length, 2);
  items.forEach(({ prediction, scores, other }, i) => {
    assert.is(other, pair[1 - i]);
    near(prediction[0]!.score, wanted!.similarity);
    for (const [at, score] of scores.entries()) near(score, wanted!.texts[i]!.attributions[at]!);
  });
  const predicted = await runCli(['predict', ...given]);
  assert.match(predicted.out, /^The king lives in London \| A man {2}similarity -?\d\S+\n$/);
  const compared = await runCli(['compare', ...given, '--explainers', 'saliency', '--metrics', 'sparseness']);
  assert.is(compared.code, 0, compared.err);
  for (const [flags, message] of [
    [['--text', 'x'], /--text-pair: is missing: the model says how alike two texts are/],
    [['--tokens', '2,3'], /--text: is missing/],
    [[...given.slice(1), '--target', '1'], /--target: is for models with classes/],
  ] as const) {
    const { code, err } = await runCli(['explain', sentences, ...flags]);
    assert.is(code, 2, err);
    assert.match(err, message);
  }
  model.dispose();
});

test('what makes no sense is refused by name', async () => {
  const cases: readonly (readonly [argv: string[], message: RegExp])[] = [
    [[labels, '--text', 'a b', '--word', 'c'], /--word: 'c' is not in 'a b'\nhint: its words: a, b/],
    [[labels, '--text', 'a b', '--token', '9'], /--token: '9' is not a position from 0 to 3/],
    [[labels, '--text', 'a b', '--text', 'a', '--token', '3'], /--token: there is no token 3 in 'a'/],
    [[labels, '--text', 'a', '--answer', 'end'], /--answer: is for models that answer questions/],
    [[answers, '--text', 'a', '--answer', 'middle'], /--answer: 'middle' is not known/],
    [[masks, '--text', '[MASK]', '--top', '0'], /--top: '0' is not a number of classes/],
  ];
  const mask = await runCli(['explain', masks, '--text', 'no mask']);
  assert.is(mask.code, 1);
  assert.match(
    mask.err,
    /text: has no \[MASK\], the word that the model is to guess \(text no mask\)\nhint: write \[MASK\]/,
  );
  for (const [argv, message] of cases) {
    const { code, err } = await runCli(['explain', ...argv]);
    assert.is(code, 2, err);
    assert.match(err, message);
  }
});

test.run();
