/**
 * The benchmark: npm run bench -- SUITE [options]. Checks every contender's result, then times who is right (harness.ts).
 * Exits with 1 when a result of ours is wrong or missing, never because something is slow. README.md says how to read it.
 */

import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean, failure, PathgradError } from '../src/tensor/errors.ts';
import type { BrowserBench } from './browser/launch.ts';
import { describeEnvironment } from './env.ts';
import { type BenchCase, type CaseResult, fullBudget, quickBudget, runCase } from './harness.ts';
import { chooseKernels, isWide, ourBackends } from './ours.ts';
import { measurePeak, shownPeak } from './peak.ts';
import { openPeers } from './peers/open.ts';
import type { Peer } from './peers/peer.ts';
import { formatCase, isOurs } from './report.ts';
import { checkResults } from './schema.ts';
import { igCases } from './suites/ig.ts';
import { kernelCases } from './suites/kernels.ts';
import { loadCases } from './suites/load.ts';
import { modelCases } from './suites/models.ts';
import { netCases } from './suites/nets.ts';
import { sizeResults } from './suites/size.ts';
import { trainCases } from './suites/train.ts';

const usage = `npm run bench -- SUITE [options]
  SUITE            ig, nets, kernels, models, load, train, size, or several: ig,kernels
  --filter TEXT    only cases whose name contains TEXT (several: a,b)
  --backends LIST  ours: reference, wasm, wasm:2 (two threads); default wasm,wasm:2. wasm-wide, wasm-wide:2: vectors of
                   256 bits, in a run without wasm
  --peers LIST     tfjs-wasm, tfjs-cpu, jax-js, alibi, tf-function, captum, torch, keras (alibi:2: with two threads only), all,
                   none; default all
  --json FILE      write the results (bench/schema.json)
  --browser        the kernel suite in headless Chromium (gpu:webgl2, gpu:webgpu run there; without a GPU in software)
  --hardware       with --browser: let Chromium choose the adapter instead of asking for SwiftShader
  --quick          one run each: are the results right?`;

const suites = ['ig', 'nets', 'kernels', 'models', 'load', 'train', 'size'] as const;
type Suite = (typeof suites)[number];

const options = {
  filter: { type: 'string' },
  backends: { type: 'string', default: 'wasm,wasm:2' },
  peers: { type: 'string', default: 'all' },
  json: { type: 'string' },
  quick: { type: 'boolean', default: false },
  browser: { type: 'boolean', default: false },
  hardware: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const list = (text: string): string[] => text.split(',').filter((item) => item !== '');

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help || positionals.length === 0) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const chosen = positionals.flatMap(list).map(suiteNamed);
  const wide = isWide(list(values.backends));
  if (!values.browser) await chooseKernels(list(values.backends));
  const inBrowser = values.browser ? await browserOf(chosen, list(values.backends), values.hardware) : null;
  const peak = inBrowser?.peak ?? measurePeak(wide);
  const notices: string[] = [];
  if (wide) notices.push('V8 pairs vectors in all WebAssembly of this run, that of peers too');
  if (!globalThis.gc) notices.push('garbage is not collected between samples: run with node --expose-gc');
  const peerless = inBrowser !== null || chosen.every((suite) => suite === 'size');
  const peers = peerless ? [] : await openPeers(list(values.peers), notices);
  const env = describeEnvironment({
    // Paths of this machine are nobody's business.
    command: args.map((arg) => basename(arg)),
    quick: values.quick,
    packages: Object.assign({}, ...peers.map((peer) => peer.versions)) as Record<string, string>,
    peak,
    notices,
    ...(inBrowser && { browser: { version: inBrowser.version, ...inBrowser.renderers } }),
  });
  const { browser } = env;
  const engine = browser ? `Chromium ${browser.version}` : `Node ${env.node}`;
  console.log(`${env.cpu}, ${env.cores} cores, load ${env.loadAverage.join(' ')}, ${engine}`);
  if (browser) console.log(`WebGL2: ${browser.webgl2}; WebGPU: ${browser.webgpu}`);
  console.log(`multiply-add peak of one core: ${shownPeak(peak)} GFLOP/s`);
  for (const notice of notices) console.log(`notice: ${notice}`);
  const cases: CaseResult[] = [];
  const print = (results: readonly CaseResult[]): void => {
    console.log(`\n${formatCase(results, peak)}`);
    cases.push(...results);
  };
  try {
    for (const [index, name] of inBrowser?.names.entries() ?? []) {
      if (matches(values.filter)({ name })) print(await inBrowser!.run(index, values.quick));
    }
    for (const suite of inBrowser ? [] : chosen) {
      if (suite === 'size') {
        for (const group of grouped(await sizeResults())) print(group);
        continue;
      }
      const wanted = (await casesOf(suite, ourBackends(list(values.backends)), peers, values.quick)).filter(
        matches(values.filter),
      );
      for (const bench of wanted) print(await runCase(bench, values.quick ? quickBudget : fullBudget));
    }
  } finally {
    for (const peer of peers) await peer.close?.();
    await inBrowser?.close();
  }
  if (cases.length === 0) throw failure('--filter', 'no case matches', { filter: values.filter });
  if (values.json) writeFileSync(values.json, `${JSON.stringify(checkResults({ env, cases }), null, 1)}\n`);
  const wrong = cases.filter((result) => isOurs(result) && !result.verified);
  if (wrong.length > 0) console.error(`\n${wrong.length} of our results are wrong or missing`);
  return wrong.length > 0 ? 1 : 0;
}

function suiteNamed(name: string): Suite {
  const found = suites.find((suite) => suite === name);
  if (!found) throw failure('bench', `unknown suite '${name}'`, {}, didYouMean(name, suites));
  return found;
}

async function casesOf(
  suite: Exclude<Suite, 'size'>,
  backends: ReturnType<typeof ourBackends>,
  peers: readonly Peer[],
  quick: boolean,
): Promise<BenchCase[]> {
  switch (suite) {
    case 'ig':
      return igCases(backends, peers);
    case 'nets':
      return netCases(backends, peers);
    case 'kernels':
      return kernelCases(backends, peers);
    case 'models':
      return modelCases(backends, peers);
    case 'load':
      return loadCases(backends);
    case 'train':
      return trainCases(backends, peers, quick);
  }
}

/** The kernel suite is the one that runs in a browser. */
async function browserOf(
  chosen: readonly Suite[],
  backends: readonly string[],
  hardware: boolean,
): Promise<BrowserBench> {
  if (chosen.some((suite) => suite !== 'kernels'))
    throw failure('--browser', 'only the kernel suite runs in a browser', { suites: chosen });
  return (await import('./browser/launch.ts')).openBrowserBench(backends, hardware);
}

const matches =
  (filter: string | undefined) =>
  ({ name }: { readonly name: string }): boolean =>
    filter === undefined || list(filter).some((text) => name.includes(text));

function grouped(results: readonly CaseResult[]): CaseResult[][] {
  return [...new Set(results.map((result) => result.case))].map((name) => results.filter((r) => r.case === name));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PathgradError || (error as { code?: string }).code ? (error as Error).message : error);
  process.exitCode = 2;
}
