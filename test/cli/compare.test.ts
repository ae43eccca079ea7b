/** `pathgrad compare`: methods and metrics on the same inputs; what does not apply is said and stops nothing; files are whole or not there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation } from '../../src/attribution/index.ts';
import { Saliency } from '../../src/attribution/methods/index.ts';
import { sparseness } from '../../src/attribution/metrics/index.ts';
import type { MetricRow } from '../../src/attribution/metrics/table.ts';
import { statisticsOf } from '../../src/cli/compare/statistics.ts';
import { alignSpreads, cellText, columnName, memoryText } from '../../src/cli/compare/words.ts';
import { Interrupted } from '../../src/cli/print/terminal.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';
import { some } from '../support/thorough.ts';

const test = suite('cli: compare');
const folder = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png'), example('digits/1.png')];
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--labels', 'neg,pos'];
const texts = [...imdb, '--text', 'A superb film', '--text', 'A boring film'];

interface Method {
  readonly name: string;
  readonly reason: string | null;
  readonly milliseconds: number;
  readonly memoryBytes: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly mean?: number;
    readonly sd?: number;
    readonly n?: number;
    readonly values?: readonly number[];
    readonly reason: string | null;
  }[];
  readonly explanation: object;
}

const read = (file: string): { readonly inputs: readonly string[]; readonly methods: readonly Method[] } =>
  JSON.parse(readFileSync(file, 'utf8')) as { inputs: string[]; methods: Method[] };

test('pictures: a table, a report, JSON and CSV with the same numbers, which are the library’s own', async () => {
  const [html, json, csv] = ['c.html', 'c.json', 'c.csv'].map((name) => folder.path(name)) as [string, string, string];
  const chosen = ['--explainers', 'saliency,input-x-gradient', '--metrics', 'sparseness,completeness,deletion'];
  const run = await runCli(['compare', ...mnist, ...chosen, '--html', html, '--json', json, '--table', csv]);
  assert.is(run.code, 0, run.err);
  assert.match(run.out, /^mnist_cnn: 2 pictures of 784 values; explained: what is predicted for each\n/);
  assert.match(run.out, /ms +memory +sparseness ↑ +missing share ↓ +deletion ↓\n/);
  assert.match(run.out, /Saliency +[\d.]+ +(?:\+|< )[\d.]+ MB +0\.\d+ ± 0\.\d+ +- \(1\) +0\.\d+ ± [\d.]+\n/);
  assert.match(run.out, /\(1\) the numbers need not add up/);
  assert.match(run.out, /standard deviations over 2 inputs/);

  const { inputs, methods } = read(json);
  assert.equal(inputs, ['7.png', '1.png']);
  assert.equal(
    methods.map(({ name }) => name),
    ['Saliency', 'InputXGradient'],
  );
  const [first] = methods;
  const explanation = Explanation.fromJSON<Tensor | null>(first!.explanation);
  const model = await loadModel(example('mnist-cnn.h5'));
  const again = await new Saliency(model).explain(explanation.X[0]!, { target: [7, 1] });
  assert.equal(explanation.attributions[0]!.data, again.attributions[0]!.data);
  const { values } = await sparseness(again);
  const found = first!.metrics.find(({ name }) => name === 'sparseness')!;
  assert.equal(found.values, Array.from(values));
  assert.equal([found.mean, found.sd, found.n], Object.values(statisticsOf(values)));
  assert.ok(first!.milliseconds > 0 && first!.memoryBytes >= 0);

  const lines = readFileSync(csv, 'utf8').trimEnd().split('\r\n');
  assert.is(lines[0], 'method,measure,better,mean,sd,n,reason');
  assert.ok(lines.includes(`Saliency,sparseness,higher,${found.mean},${found.sd},2,`), lines.join('\n'));
  assert.ok(lines.includes('Saliency,completeness,lower,,,0,the numbers need not add up'));

  const page = readFileSync(html, 'utf8');
  assert.not.match(page, /<script/);
  assert.is(page.match(/<img /g)?.length, 6, 'the picture and two maps, twice');
  assert.match(page, /Each method has one scale of its own/);
  assert.match(page, /<li>the numbers need not add up<\/li>/);
});

test('texts: what does not apply is said, and the others run', async () => {
  const html = folder.path('texts.html');
  const chosen = [
    '--explainers',
    'saliency,layer-conductance,feature-ablation,lrp',
    '--metrics',
    'road,sufficiency,infidelity',
  ];
  const run = await runCli(['compare', ...texts, ...chosen, '--html', html]);
  assert.is(run.code, 0, run.err);
  assert.match(run.out, /LayerConductance \(1\)\n/);
  assert.match(run.out, /\(1\) --layer: is needed: LayerConductance attributes/);
  assert.match(run.out, /is for pictures/);
  assert.match(run.out, /judges contributions to the score, and these are none/);
  assert.match(run.out, /judges contributions to the score, and these are parts of its logit/);
  const page = readFileSync(html, 'utf8');
  assert.match(page, /did not run <sup>/);
  assert.is(page.match(/<b>FeatureAblation<\/b>/g)?.length, 2, 'on both texts');
  assert.match(page, /superb<\/mark>/);
});

test('rows of numbers: the entries that any method finds strong, as bars of each method', async () => {
  const rows = folder.path('rows.npy');
  const steps = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i / 3));
  writeFileSync(rows, npy('<f4', '(1, 40, 2)', steps));
  const html = folder.path('rows.html');
  const chosen = ['--explainers', 'saliency,deep-lift', '--metrics', 'none', '--html', html];
  const run = await runCli(['compare', 'test/golden/inputs/walks.keras', '--npy', rows, ...chosen]);
  assert.is(run.code, 0, run.err);
  assert.match(run.out, /^walks: 1 row of 80 values/);
  assert.not.match(run.out, /is better/, 'no metric, no word of them');
  const page = readFileSync(html, 'utf8');
  assert.is(page.match(/class="two"/g)?.length, 30, 'fifteen entries, two methods');
  assert.match(page, /The 15 entries of 80 that any method finds strongest/);
});

test('what is left out: some methods of the table for texts, metrics for pictures', async () => {
  const methods = await runCli(['compare', ...texts, '--metrics', 'none', '--quiet']);
  assert.is(methods.code, 0, methods.err);
  for (const name of [
    'IntegratedGradients',
    'Saliency',
    'InputXGradient',
    'DeepLift',
    'GradientShap',
    'FeatureAblation',
  ])
    assert.match(methods.out, new RegExp(`^${name} +[\\d.]+ +(\\+|<)`, 'm'));
  const metrics = await runCli(['compare', ...mnist, '--explainers', 'saliency', '--quiet']);
  for (const name of ['deletion', 'insertion', 'faithfulness correlation', 'missing share', 'sparseness'])
    assert.ok(metrics.out.includes(`${name} `), name);
});

const wrong: readonly (readonly [name: string, code: 1 | 2, pattern: RegExp, argv: readonly string[]])[] = [
  ['an unknown method', 2, /--explainers: 'salincy' is no method/, ['--explainers', 'saliency,salincy']],
  ['a method twice', 2, /--explainers: names 'Saliency' twice/, ['--explainers', 'saliency,Saliency']],
  [
    'an unknown metric',
    2,
    /--metrics: 'delition' is no metric[\s\S]*did you mean 'deletion'/,
    ['--metrics', 'delition'],
  ],
  ['all classes', 2, /'all' is for pathgrad explain/, ['--target', 'all']],
  ['no method that runs', 1, /none of these methods could be run/, ['--explainers', 'layer-conductance']],
  ['a file in no folder', 1, /cannot be written: its folder does not exist/, ['--table', folder.path('no/x.csv')]],
  ['one file twice', 2, /is to be written twice/, ['--table', folder.path('x'), '--json', folder.path('x')]],
];

for (const [name, code, pattern, argv] of wrong) {
  test(`${name}: exit code ${code}, nothing written`, async () => {
    const before = folder.files();
    const judged = argv.includes('--metrics') ? [] : ['--metrics', 'none'];
    const written = argv.includes('--table') ? [] : ['--json', folder.path('never.json')];
    const run = await runCli(['compare', ...mnist, ...argv, ...judged, ...written]);
    assert.match(run.err, pattern);
    assert.is(run.code, code, run.err);
    assert.equal(folder.files(), before);
  });
}

test('missing share, not completeness; small memory is no 0; mean and deviation end at the same digit', () => {
  assert.is(columnName({ name: 'completeness', better: 'lower' } as MetricRow), 'missing share ↓');
  assert.equal(
    [memoryText(0), memoryText(4e4), memoryText(1e5), memoryText(3.4e7)],
    ['< 0.1 MB', '< 0.1 MB', '+0.1 MB', '+34 MB'],
  );
  const cell = (mean: number, sd: number | null) => cellText({ mean, sd, n: 2, values: [], reason: null }, 2);
  assert.equal(
    [cell(0.9731, 0.00712), cell(0.0658, 0.0405), cell(0.5, 0.0001), cell(123.4, 5.678), cell(0.25, null)],
    ['0.973 ± 0.007', '0.066 ± 0.041', '0.500 ± < 0.001', '123 ± 6', '0.25'],
  );
  assert.equal(alignSpreads(['0.5 ± 0.25', '- (1)', '10 ± 2']), ['0.5 ± 0.25', '- (1)', ' 10 ± 2   ']);
});

test('Ctrl-C ends it with code 130, in a method and in a metric, and nothing is written', async () => {
  const asked = [
    ['ShapleyValueSampling ', ['--explainers', 'shapley-value-sampling', '--metrics', 'none']],
    ['GuidedIG, maxSensitivity ', ['--explainers', 'guided-ig', '--metrics', 'max-sensitivity']],
  ] as const;
  for (const [label, argv] of some(asked, 1)) {
    const before = folder.files();
    const stop = new AbortController();
    let drawn = '';
    const pictures = [...'0123'].map((digit) => example(`digits/${digit}.png`));
    const files = ['--image', ...pictures, '--table', folder.path('never.csv')];
    const run = await runCli(['compare', mnist[0]!, ...argv, '--batch', '1', ...files], {
      signal: stop.signal,
      errIsTty: true,
      err: (text) => {
        drawn += text;
        if (text.includes(label)) stop.abort(new Interrupted('interrupted'));
      },
    });
    assert.is(run.code, 130, drawn);
    assert.match(drawn, /interrupted: nothing was written\n$/);
    assert.equal(folder.files(), before);
  }
});

test.run();
