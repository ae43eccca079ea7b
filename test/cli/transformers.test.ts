/** Folders of transformers on the command line: every command on the example, what is printed is what the library computes, refusals by name. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, predictedClass, sumTokens } from '../../src/attribution/index.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';
import { makeFiles, small } from '../transformers/support.ts';

const test = suite('cli: transformers');
const folder = temporaryFolder();
const model = example('imdb-distilbert');
const texts = ['An excellent whodunnit!', 'What a waste of time.'];
const given = texts.flatMap((text) => ['--text', text]);

interface Json {
  readonly items: readonly {
    readonly tokens: string[];
    readonly scores: number[];
    readonly words: string[];
    readonly wordScores: number[];
    readonly target: { label: string };
  }[];
}

test('U4: a folder of transformers is explained: the numbers of the library, for texts of different length in one call', async () => {
  const json = folder.path('out.json');
  const { code, out, err } = await runCli(['explain', `${model}/`, ...given, '--steps', '6', '--json', json]);
  assert.is(code, 0, err);
  assert.match(
    out,
    /^DistilBertForSequenceClassification: 2 texts of up to 10 tokens, explained at layer 'distilbert\/embeddings'/,
  );
  assert.match(out, /prediction +positive 99\.4 %, negative 0\.6 %\n +explained +positive \(predicted\)/);
  assert.match(out, /baseline +\[PAD\] between the special tokens: /);
  const loaded = await loadTransformer(model);
  const { input_ids, attention_mask } = loaded.tokenizer!.encode(texts);
  const ig = new IntegratedGradients(loaded, { layer: 'distilbert/embeddings', nSteps: 6 });
  const { attributions } = await ig.explain(input_ids, {
    forwardKwargs: { attention_mask },
    baselines: loaded.tokenizer!.baseline(),
    target: predictedClass,
  });
  const sums = sumTokens(attributions[0]!).toArray() as number[][];
  const { items } = JSON.parse(readFileSync(json, 'utf8')) as Json;
  assert.equal(
    items.map(({ target }) => target.label),
    ['positive', 'negative'],
  );
  items.forEach(({ tokens, scores }, i) => {
    assert.is(tokens.at(-1), '[SEP]', 'padding is not shown');
    for (const [at, score] of scores.entries()) assert.ok(Math.abs(score - sums[i]![at]!) < 1e-6, `${i} ${tokens[at]}`);
  });
  loaded.dispose();
});

test('targets by label, other baselines, other methods and layers, logits', async () => {
  const run = (...flags: string[]) => runCli(['explain', model, '--text', 'A superb film', '--steps', '4', ...flags]);
  const named = await run('--target', 'negative', '--baseline', '17');
  assert.match(named.out, /explained +negative\n +baseline +token 17 \(-\) between the special tokens: /);
  const all = await run('--target', 'all', '--logits', '--baseline', 'layer:0');
  assert.match(
    all.out,
    /explained +negative\n[\s\S]*explained +positive \(predicted\)\n +baseline +0 at the layer: -?\d/,
  );
  const inner = await run('--explainer', 'layer-conductance', '--layer', 'distilbert/transformer/layer.0');
  assert.is(inner.code, 0, inner.err);
  assert.match(inner.out, /tokens +\[CLS\]\S* A\S* superb/);
  const values = await runCli(['explain', model, '--text', 'A superb film', '--explainer', 'feature-ablation']);
  assert.match(values.out, /explained at the input \(FeatureAblation\)[\s\S]*tokens +A\S* superb/);
});

test('words are shown as they are written, with the sums of their pieces; pairs with what stands between them', async () => {
  const json = folder.path('words.json');
  const flags = ['--steps', '4', '--json', json];
  const one = await runCli(['explain', model, '--text', "An excellent WHODUNNIT, don't miss it ☃", ...flags]);
  assert.match(one.out, /tokens +An\S* excellent\S* WHODUNNIT\S* ,\S* don't\S* miss\S* it\S* ☃\S*\n/);
  assert.match(one.err, /note: the vocabulary has no pieces for this, so the model cannot see what it is: ☃\n/);
  const { tokens, scores, words, wordScores } = (JSON.parse(readFileSync(json, 'utf8')) as Json).items[0]!;
  const pieces = tokens.map((token, i) => (/^(who|##)/.test(token) ? scores[i]! : 0)).slice(0, tokens.indexOf(','));
  assert.ok(pieces.filter(Boolean).length > 2);
  const sum = pieces.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(wordScores[words.indexOf('WHODUNNIT')]! - sum) < 1e-9);
  const two = await runCli(['explain', model, '--text', 'A film', '--text-pair', 'So boring', '--steps', '4']);
  assert.match(
    two.out,
    /1\. A film \| So boring\n[\s\S]*tokens +\[CLS\] A\S* film\S* \[SEP\] So\S* boring\S* \[SEP\]\n/,
  );
});

test('pairs were labelled by pieces: they are of whole words', async () => {
  const svg = folder.path('pairs.svg');
  const flags = ['--explainer', 'integrated-hessians', '--steps', '4', '--svg', svg];
  const { out, err, code } = await runCli(['explain', model, '--text', 'An excellent WHODUNNIT', ...flags]);
  assert.is(code, 0, err);
  assert.match(out, /pairs +.*excellent with WHODUNNIT [+-]/);
  assert.not.match(out, /##/);
  const drawn = readFileSync(svg, 'utf8');
  assert.ok(drawn.includes('>WHODUNNIT<') && !drawn.includes('##'));
});

test('token ids, as flags and as a file, are what the tokenizer makes of the text', async () => {
  const loaded = await loadTransformer(model);
  const ids = Array.from(loaded.tokenizer!.encode('A superb film').input_ids.data);
  const file = folder.path('ids.npy');
  writeFileSync(file, npy('<i4', `(1, ${ids.length})`, Int32Array.from(ids)));
  const scores = async (...flags: string[]) => {
    const json = folder.path('ids.json');
    const { code, err } = await runCli(['explain', model, ...flags, '--steps', '3', '--json', json]);
    assert.is(code, 0, err);
    return (JSON.parse(readFileSync(json, 'utf8')) as Json).items[0]!.scores;
  };
  const text = await scores('--text', 'A superb film');
  assert.equal(await scores('--tokens', ids.join(',')), text);
  assert.equal(await scores('--npy', file), text);
  loaded.dispose();
});

test('predict and inspect', async () => {
  const predicted = await runCli([
    'predict',
    model,
    '--text-file',
    example('sentences.txt'),
    '--index',
    '0,1',
    '--top',
    '1',
  ]);
  assert.is(
    predicted.out
      .split('\n')
      .map((line) => line.replace(/.* {2}/, ''))
      .join('|'),
    'positive 99.4 %|negative 99.6 %|',
  );
  const inspected = await runCli(['inspect', model]);
  assert.is(inspected.code, 0, inspected.err);
  assert.match(inspected.out, /DistilBertForSequenceClassification, a transformer \(distilbert\)/);
  assert.match(inspected.out, /output +\S+ \[any, 2\]: negative, positive/);
  assert.match(inspected.out, /\n {4}layer\.0 +TFTransformerBlock +198,272\n/);
  assert.match(inspected.out, /Total parameters: 1,214,338\n/);
});

test('a plain encoder: any number of positions, and no names of classes', async () => {
  const files = await makeFiles({ ...small, kind: 'bert' });
  const config = { ...(files.config as object), architectures: ['BertModel'] };
  mkdirSync(folder.path('encoder'));
  writeFileSync(folder.path('encoder/config.json'), JSON.stringify(config));
  writeFileSync(folder.path('encoder/tf_model.h5'), files.weights as Uint8Array);
  const { out, code, err } = await runCli(['inspect', folder.path('encoder')]);
  assert.is(code, 0, err);
  assert.match(out, /output +output \[any, any, 8\]\n/);
});

test('compare runs methods and metrics, texts of different length among them', async () => {
  const flags = ['--explainers', 'saliency,integrated-gradients', '--metrics', 'comprehensiveness', '--steps', '4'];
  const html = folder.path('compare.html');
  const { code, out, err } = await runCli(['compare', model, ...given, ...flags, '--html', html]);
  assert.is(code, 0, err);
  assert.match(out, /Saliency +\S+ +(\+|< )\S+ MB +-?\d/);
  assert.match(readFileSync(html, 'utf8'), /layer\.0 +TFTransformerBlock/);
});

test('what makes no sense is refused by name', async () => {
  const cases: readonly (readonly [flags: string[], code: number, message: RegExp])[] = [
    [['--vocab', 'x.txt'], 2, /--vocab: is not for transformers\nhint: the model has a tokenizer of its own/],
    [['--baseline', 'zeros'], 2, /--baseline: 'zeros' is for numbers, and a transformer reads tokens/],
    [['--baseline', 'noise:3'], 2, /--baseline: 'noise:3' is for numbers/],
    [['--baseline', '6000'], 2, /--baseline: there is no token 6000\nhint: the model knows the ids 0 to 5999/],
    [['--text-pair', 'a', '--text-pair', 'b'], 2, /--text-pair: is given 2 times, and --text 1 times/],
    [['--length', '2'], 2, /--length: '2' is not a whole number from 3 to 256/],
    [['--target', 'negativ'], 2, /--target: 'negativ' is no class of this model\nhint: did you mean 'negative'/],
    [['--layer', 'embeding'], 2, /--layer: .*there is no layer 'embeding'/],
    [['--weights', 'x.h5'], 1, /is a folder of transformers, which takes no other weights/],
  ];
  for (const [flags, code, message] of cases) {
    const run = await runCli(['explain', model, '--text', 'x', ...flags]);
    assert.is(run.code, code, run.err);
    assert.match(run.err, message);
  }
  const picture = await runCli(['explain', model, '--image', example('digits/3.png')]);
  assert.match(picture.err, /--image: \S+ reads texts\nhint: give --text/);
  const empty = await runCli(['explain', model, '--text', ' ']);
  assert.match(empty.err, /--text: is blank/);
  assert.is(empty.code, 2);
});

test.run();
