/** The results file: its schema, the plot, and the measured peak behind the roofline. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeEnvironment } from '../../bench/env.ts';
import type { CaseResult } from '../../bench/harness.ts';
import { chooseKernels, ourBackends } from '../../bench/ours.ts';
import { section } from '../../bench/page.ts';
import { measurePeak, shownPeak } from '../../bench/peak.ts';
import { plot } from '../../bench/plot.ts';
import { formatCase } from '../../bench/report.ts';
import { checkResults, type Results } from '../../bench/schema.ts';
import { markdown } from '../../bench/table.ts';
import { pairs } from '../support/paired.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('bench: results');

const timed = (contender: string, medianMs: number): CaseResult => ({
  suite: 'kernels',
  case: 'matmul 2x2 & <more>',
  contender,
  backend: 'wasm',
  threads: 2,
  medianMs,
  madMs: 0.1,
  p95Ms: medianMs + 1,
  samples: 3,
  timesMs: [medianMs, medianMs, medianMs],
  gflops: 12,
  gbps: 3,
  firstMs: 9,
  maxRelError: 1e-7,
  verified: true,
  cannot: null,
});
const refused: CaseResult = {
  ...timed('tfjs-wasm', 1),
  ...{
    medianMs: null,
    madMs: null,
    p95Ms: null,
    gflops: null,
    gbps: null,
    firstMs: null,
    maxRelError: null,
    verified: false,
  },
  ...{ samples: 0, timesMs: [], cannot: "cannot: Kernel 'X' not registered" },
};
const wrong: CaseResult = {
  ...timed('tfjs-cpu', 0.5),
  ...{ verified: false, maxRelError: 0.1, cannot: 'WRONG RESULT: the error is 1.0e-1' },
};
const results: Results = {
  env: describeEnvironment({
    command: ['kernels'],
    quick: true,
    packages: {},
    peak: { plain: 40, relaxed: null },
    notices: [],
  }),
  cases: [timed('pathgrad', 2), timed('jax-js', 5), refused, wrong],
};

test('what a run writes fits the schema, after a trip through JSON', () => {
  checkResults(JSON.parse(JSON.stringify(results)));
});

test('the schema names what does not fit, and where', () => {
  const broken = { ...results, cases: [{ ...results.cases[0], threads: 1.5 }] };
  assert.throws(() => checkResults(broken), 'results: does not fit bench/schema.json at .cases[0].threads');
  assert.throws(() => checkResults({ env: results.env }), "results: 'cases' is missing at the top");
  const extra = { ...results, cases: [{ ...results.cases[0], speed: 1 }] };
  assert.throws(() => checkResults(extra), "'.cases[0].speed' is not in bench/schema.json");
});

test('the table ranks right results by time against our best; what is missing or wrong stands below', () => {
  const lines = formatCase(results.cases, { plain: 40, relaxed: null }).split('\n');
  assert.match(lines[1]!, /pathgrad .* 1\.00x .*12\.0 GFLOP\/s +15 %/);
  assert.match(lines[2]!, /jax-js .* 2\.50x/);
  assert.match(lines[3]!, /tfjs-wasm .*cannot: Kernel 'X' not registered/);
  assert.match(lines[4]!, /tfjs-cpu .*0\.500 ms for a WRONG RESULT: the error is 1\.0e-1/);
});

test('U10: the Markdown table has a column per contender and backend, marks our best and who beats it, and no spread of one run', () => {
  const faster = { ...timed('torch', 1), threads: 1 };
  const slower = { ...timed('pathgrad', 9), backend: 'reference', threads: 1 };
  const table = (more: readonly (typeof faster)[]): string[] =>
    markdown({ ...results, cases: [...results.cases, ...more] }).split('\n');
  const lines = table([faster, slower]);
  const head = lines.find((line) => line.startsWith('| case |'))!;
  assert.match(head, /^\| case \| pathgrad, wasm, 2 threads \| pathgrad, reference \| /);
  const cells = lines.at(-1)!.split(' | ');
  assert.is(cells[1], '**2 ± 0.1**, 12 GFLOP/s');
  assert.is(cells[2], '9 ± 0.1 (4.50x)');
  assert.match(lines.at(-1)!, '1 ± 0.1 (0.50x **!**)');
  assert.match(lines.at(-1)!, ' wrong result ');
  assert.match(lines.at(-1)!, ' cannot ');
  assert.is(head.split(' | ').length, cells.length);
  const alone = markdown({ ...results, cases: [{ ...timed('pathgrad', 2), madMs: 0, samples: 1 }] });
  assert.match(alone, 'Milliseconds: one run each;');
  assert.not.match(alone, '±');
});

test('the plot is the same for the same results, escapes text and shows every contender', () => {
  const svg = plot(results);
  assert.is(plot(results), svg);
  assert.match(svg, 'matmul 2x2 &amp; &lt;more&gt;');
  assert.is(svg.match(/<circle /g)!.length, 2);
  assert.match(svg, 'pathgrad (wasm, 2 threads)');
  assert.match(svg, "cannot: Kernel 'X' not registered");
  assert.match(svg, 'wrong result');
  assert.match(svg, 'prefers-color-scheme: dark');
  assert.not.match(svg, results.env.date);
  assert.throws(() => plot(results, 'conv'), 'there is no timed case to plot');
});

test('the multiply-add peak is measured as a finite number', () => {
  const { plain, relaxed, wide } = measurePeak(true, 1);
  assert.ok(plain !== null && plain > 0 && plain < 1000, `plain ${plain}`);
  for (const one of [relaxed, wide]) assert.ok(one === null || (one! > 0 && one! < 1000), `${one}`);
  assert.is(wide === null, relaxed === null, 'the pairs need no more than relaxed SIMD');
  assert.equal(Object.keys(measurePeak(false, 1)), ['plain', 'relaxed'], 'pairs are no figure where V8 makes none');
});

test('where V8 pairs vectors, tables and the share of the peak say so', () => {
  const peak = { plain: 40, relaxed: 60, wide: 120 };
  const wide: Results = {
    env: { ...results.env, peak },
    cases: [{ ...timed('pathgrad', 2), backend: 'wasm wide SIMD' }],
  };
  checkResults(JSON.parse(JSON.stringify(wide)));
  assert.match(formatCase(wide.cases, peak), /wasm wide SIMD, 2 threads .*12\.0 GFLOP\/s +5 %/);
  assert.match(markdown(wide), 'peak of one core in GFLOP/s: plain 40, relaxed 60, wide 120.');
  assert.is(shownPeak(peak), 'plain SIMD 40.0, relaxed SIMD 60.0, wide SIMD 120.0');
});

test('relaxed and wide kernels have no place in one run: the flag of V8 changes the time of both', async () => {
  await rejects(
    chooseKernels(['wasm', 'wasm-wide:2']),
    /--backends: wasm and wasm-wide do not go together\nhint: .*run each by/,
  );
  await chooseKernels(['reference', 'wasm:2']);
  if (!pairs) await rejects(chooseKernels(['reference', 'wasm-wide']), /^wasm: .*\nhint: .*leave it out/);
  assert.equal(
    ourBackends(['wasm-wide:2']).map(({ name, threads }) => [name, threads]),
    [['wasm-wide:2', 2]],
  );
  await rejects(
    ourBackends(['wasm-wider'])[0]!.open(),
    /unknown backend 'wasm-wider'\nhint: known: reference, wasm, wasm-wide, gpu/,
  );
});

test('a section of the results page says where and how it was made', () => {
  const text = section('kernels', results);
  for (const part of ['## kernels', 'One run each', '`npm run bench -- kernels`', '(kernels.svg)', '| matmul 2x2'])
    assert.ok(text.includes(part), part);
  const browser = { version: '1.2', webgl2: 'soft', webgpu: 'none' };
  assert.match(
    section('x', { ...results, env: { ...results.env, browser } }),
    'In Chromium 1.2 (WebGL2: soft; WebGPU: none)',
  );
});

test.run();
