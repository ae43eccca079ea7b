/** `pathgrad explain --explainer` and several targets: what is printed and written where there is no baseline, no sum, no path; `pathgrad methods`. */
import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation } from '../../src/attribution/index.ts';
import { methods } from '../../src/attribution/methods/index.ts';
import type { Finding } from '../../src/cli/findings.ts';
import { warningOf } from '../../src/cli/print/print.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { example, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: explainers');
const folder = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png')];
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--labels', 'neg,pos'];

interface Json {
  readonly explainer: { readonly name: string; readonly says: string; readonly sum: string | null };
  readonly items: readonly {
    readonly title: string;
    readonly target: { readonly label: string };
    readonly baseline: object | null;
    readonly completeness: object | null;
    readonly scores?: readonly number[];
    readonly pairs?: readonly string[];
  }[];
  readonly explanation?: object;
  readonly explanations?: readonly object[];
}

const json = (file: string): Json => JSON.parse(readFileSync(file, 'utf8')) as Json;

test('a method without baseline and sum: nothing is made up, on the terminal, in JSON, report and picture', async () => {
  const [out, html, png] = ['s.json', 's.html', 's.png'].map((name) => folder.path(name)) as [string, string, string];
  const run = await runCli([
    'explain',
    ...mnist,
    '--explainer',
    'saliency',
    '--json',
    out,
    '--html',
    html,
    '--png',
    png,
    '--full',
  ]);
  assert.is(run.code, 0, run.err);
  assert.match(
    run.out,
    /^mnist_cnn: 1 picture of 784 values, explained at the input \(Saliency\)\nSaliency: how steeply/,
  );
  assert.match(run.out, /magnitude of the slope\); they need not add up\n/);
  assert.match(run.out, /complete +not promised: the numbers need not add up\n/);
  assert.match(run.out, /pixels +from 0 to \+\S+; the largest in size at row \d+, column \d+\n/);
  assert.not.match(run.out, /baseline/);
  const { explainer, items, explanation } = json(out);
  assert.equal([explainer.name, explainer.sum], ['Saliency', null]);
  assert.equal([items[0]!.baseline, items[0]!.completeness], [null, null]);
  assert.is(Explanation.fromJSON<Tensor | null>(explanation!).deltas, null);
  const page = readFileSync(html, 'utf8');
  assert.match(page, /<th scope="row">Method<\/th><td>Saliency<\/td>/);
  assert.match(page, /they need not add up<\/td>/);
  assert.match(page, /<th scope="row">Completeness<\/th><td>not promised<\/td>/);
  assert.not.match(page, /<th scope="row">(Baseline|Quadrature)|raises|lowers/);
  assert.is(page.match(/<figure>/g)?.length, 4, 'magnitudes have no pictures of single signs');
  const two = decode(readFileSync(png)).width;
  await runCli(['explain', ...mnist, '--steps', '5', '--png', png]);
  assert.ok(two < decode(readFileSync(png)).width, 'nor has the grid a column for them');
});

test('what is advised where attributions miss the sum is there: steps of integrated gradients by a flag, softplus by another', () => {
  const completeness = { relative: 0.4 };
  const advice = (raise: Finding['raise']): string =>
    warningOf({ completeness, raise } as unknown as Finding).replace(
      /^the attributions add up to 140 % of the change of the score: /,
      '',
    );
  assert.is(advice('auto'), 'try --steps 200 or --steps auto');
  assert.is(advice('nSteps'), 'try --steps 200');
  assert.match(advice('softplus'), /--softplus/);
  assert.not.match(advice('library'), /auto/);
});

test('names in any case and with hyphens', async () => {
  const argv = ['explain', ...imdb, '--text', 'A superb film', '--explainer'];
  const kebab = await runCli([...argv, 'input-x-gradient']);
  assert.match(kebab.out, /explained at layer 1 \(embedding\) \(InputXGradient\)/);
  assert.match(kebab.out, /\[\+\]: positive numbers/);
  assert.is((await runCli([...argv, 'INPUTXGRADIENT'])).out, kebab.out);
});

test('methods of values alone explain token ids; maps of a layer come to the size of the picture', async () => {
  const words = await runCli(['explain', ...imdb, '--text', 'A superb film', '--explainer', 'feature-ablation']);
  assert.is(words.code, 0, words.err);
  assert.match(words.out, /explained at the input \(FeatureAblation\)[\s\S]*superb\[\+\+\+\]/);
  const map = await runCli(['explain', ...mnist, '--explainer', 'layer-grad-cam', '--png', folder.path('cam.png')]);
  assert.is(map.code, 0, map.err);
  assert.match(map.out, /explained at layer \d+ \(conv_2\) \(LayerGradCam\)/);
});

test('pairs: row sums per word, and the strongest pairs by name', async () => {
  const out = folder.path('pairs.json');
  const html = folder.path('pairs.html');
  const text = ['--text', 'not bad', '--explainer', 'integrated-hessians'];
  const run = await runCli(['explain', ...imdb, ...text, '--json', out, '--html', html]);
  assert.is(run.code, 0, run.err);
  assert.match(run.out, /pairs +.*not with bad [+-]/);
  const { items } = json(out);
  assert.ok(items[0]!.pairs!.includes('not with bad'));
  assert.is(items[0]!.scores!.length, 3, 'a number per word');
  assert.match(readFileSync(html, 'utf8'), /Pairs that count most/);
});

test('several targets: all, some, the likeliest; each has the numbers that it has alone', async () => {
  const out = folder.path('targets.json');
  const text = ['--text', 'A superb film', '--steps', '5', '--full'];
  const all = await runCli(['explain', ...imdb, ...text, '--target', 'all', '--json', out]);
  assert.is(all.code, 0, all.err);
  assert.is(all.out.match(/^1\. A superb film$/gm)?.length, 1, 'the heading once');
  assert.match(all.out, /explained +neg\n[\s\S]*explained +pos \(predicted\)\n/);
  const several = json(out);
  assert.equal(
    several.items.map(({ target }) => target.label),
    ['neg', 'pos'],
  );
  assert.is(several.explanations!.length, 2);
  await runCli(['explain', ...imdb, ...text, '--target', 'neg', '--json', out]);
  assert.equal(json(out).items[0], several.items[0]);
  assert.equal(json(out).explanation, several.explanations![0]);
  const digits = [mnist[0]!, '--image', example('digits/7.png'), example('digits/1.png'), '--explainer', 'saliency'];
  const top = await runCli(['explain', ...digits, '--top', '2', '--json', out]);
  assert.equal(
    json(out).items.map(({ title }) => title),
    ['7.png', '7.png', '1.png', '1.png'],
  );
  assert.match(
    top.out,
    /1\. 7\.png[\s\S]*explained +class 7 \(predicted\)[\s\S]*2\. 1\.png[\s\S]*explained +class 1 \(predicted\)/,
  );
  await runCli(['explain', ...digits, '--classes', '0,3', '--json', out]);
  assert.equal(
    json(out).items.map(({ target }) => target.label),
    ['class 0', 'class 3', 'class 0', 'class 3'],
  );
  await runCli(['explain', ...mnist, '--explainer', 'saliency', '--target', '0,3', '--json', out]);
  assert.equal(
    json(out).items.map(({ target }) => target.label),
    ['class 0', 'class 3'],
    'of one input all that are named',
  );
  await runCli(['explain', ...digits, '--target', '0,3', '--json', out]);
  assert.equal(
    json(out).items.map(({ target }) => target.label),
    ['class 0', 'class 3'],
    'of two inputs one each',
  );
});

test('several classes in the report: each card is named after its class, and all are on one scale', async () => {
  const [html, alone] = [folder.path('all.html'), folder.path('alone.html')];
  const argv = ['explain', ...imdb, '--text', 'A superb film', '--steps', '5', '--quiet'];
  await runCli([...argv, '--target', 'all', '--html', html]);
  const page = readFileSync(html, 'utf8');
  assert.match(page, /<h3 dir="auto">A superb film: neg<\/h3>[\s\S]*<h3 dir="auto">A superb film: pos<\/h3>/);
  assert.match(page, /all its classes are on one scale/);
  const scales = [...page.matchAll(/Full colour<\/th><td>([^<]*)</g)].map(([, text]) => text);
  assert.is(scales.length, 2);
  assert.is(scales[0], scales[1]);
  await runCli([...argv, '--html', alone]);
  assert.not.match(readFileSync(alone, 'utf8'), /one scale|Full colour<\/th>/);
  // The weak class does not look like the strong one.
  const digits = [
    'explain',
    ...mnist,
    '--explainer',
    'input-x-gradient',
    '--logits',
    '--target',
    'all',
    '--html',
    html,
  ];
  assert.is((await runCli(digits)).code, 0);
  assert.match(readFileSync(html, 'utf8'), /<h3 dir="auto">7\.png: class 2<\/h3>/);
});

test('slopes of a saturated probability: a note says so, and --logits explains what goes into the softmax', async () => {
  const slopes = ['explain', ...mnist, '--explainer', 'saliency'];
  const saturated = await runCli(slopes);
  assert.match(saturated.err, /the explained probability is saturated[\s\S]*--logits/);
  const logits = await runCli([...slopes, '--logits']);
  assert.is(logits.code, 0, logits.err);
  assert.not.match(logits.err, /saturated|--softmax/);
  assert.match(logits.out, /prediction +class 7 \d+\.\d+, /);
  assert.not.match((await runCli(['explain', ...mnist, '--steps', '5'])).err, /saturated/);
  const both = await runCli([...slopes, '--logits', '--softmax']);
  assert.is(both.code, 2);
});

const wrong: readonly (readonly [name: string, pattern: RegExp, argv: readonly string[]])[] = [
  ['an unknown method', /'salincy' is no method[\s\S]*did you mean 'Saliency'/, ['--explainer', 'salincy']],
  ['steps of another method', /--steps: Saliency has no such setting/, ['--explainer', 'saliency', '--steps', '9']],
  [
    'a rule of another method',
    /--method: is of IntegratedGradients/,
    ['--explainer', 'lrp', '--method', 'riemann_left'],
  ],
  ['alibi and another method', /--compat: is of IntegratedGradients/, ['--explainer', 'lrp', '--compat', 'alibi']],
  ['a baseline for nothing', /--baseline: Saliency takes no baseline/, ['--explainer', 'saliency', '--baseline', '0']],
  ['no layer', /--layer: is needed: LayerConductance/, ['--explainer', 'layer-conductance']],
  ['two sets of targets', /--target: does not go with --top/, ['--target', '1', '--top', '2']],
  ['too many classes', /--top: '11' is not a number of classes from 1 to 10/, ['--top', '11']],
  ['a class twice', /--classes: names class 3 twice/, ['--classes', '3,3']],
  ['predicted in a set', /--classes: 'predicted' stands alone/, ['--classes', '3,predicted']],
  ['a class that is none', /--classes: '10' is no class/, ['--classes', '10']],
];

for (const [name, pattern, argv] of wrong) {
  test(`${name}: exit code 2`, async () => {
    const run = await runCli(['explain', ...mnist, ...argv]);
    assert.is(run.code, 2, run.err);
    assert.match(run.err, pattern);
  });
}

test('every method is listed with its line, by methods and in the help', async () => {
  const list = (await runCli(['methods'])).out.replace(/\s+/g, ' ');
  const help = (await runCli(['explain', '--help'])).out.replace(/\s+/g, ' ');
  for (const { name, says, sum, source } of methods) {
    const line = `${name} ${says}; they ${sum === null ? 'need not add up' : `add up to ${sum}`}`;
    assert.ok(list.includes(line), name);
    assert.ok(list.includes(source), source);
    assert.ok(help.includes(line), name);
  }
  assert.is((await runCli(['methods', 'x'])).code, 2);
});

test('what the table says of methods is what they are', () => {
  let made = 0;
  for (const { name, values, baselines, sum, make } of methods) {
    const sample = (() => {
      try {
        return make(Object.assign((x: Tensor) => x, {})).meta;
      } catch {
        return null; // needs a model with layers
      }
    })();
    if (!sample) continue;
    made++;
    assert.ok(sample.name === name, `${sample.name}, ${name}`);
    assert.is(sample.type[0] === 'blackbox', values === true, name);
    assert.type(baselines, 'boolean');
    assert.ok(sum === null || sum.startsWith('f(x)'), name);
  }
  assert.ok(made > methods.length / 2, `${made} of ${methods.length}`);
});

test.run();
