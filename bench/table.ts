/**
 * A results file as Markdown tables for README.md, one per suite: a line per case, our best first, then each other contender
 * with its ratio to it. Below 1 we lost; those are in bold.
 *
 *   node --import tsx bench/table.ts RESULTS.json
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { failure } from '../src/tensor/errors.ts';
import type { CaseResult } from './harness.ts';
import { isOurs, isRanked } from './report.ts';
import { checkResults, type Results } from './schema.ts';

/** One table per timed suite; the size suite gets one of bytes. */
export function markdown({ env, cases }: Results): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))];
  const peak = [`plain ${figure(env.peak.plain)}`, `relaxed ${figure(env.peak.relaxed)}`].join(', ');
  const commit = `${env.gitSha.slice(0, 7)}${env.gitDirty ? ' with changes' : ''}`;
  const machine = `${env.cpu}, ${env.cores} cores, load ${env.loadAverage[0]}, ${env.browser ? `Chromium ${env.browser.version}` : `Node ${env.node}`}, commit ${commit}`;
  const tables = suites.map((suite) => {
    const own = cases.filter((result) => result.suite === suite);
    return suite === 'size' ? sizeTable(own) : timeTable(own);
  });
  return [`${machine}; peak of one core in GFLOP/s: ${peak}.`, ...tables].join('\n\n');
}

function timeTable(cases: readonly CaseResult[]): string {
  const names = [...new Set(cases.map((result) => result.case))];
  const rows = names.map((name) => {
    const group = cases.filter((result) => result.case === name);
    const ranked = group.filter(isRanked).sort((a, b) => a.medianMs! - b.medianMs!);
    const best = ranked.find(isOurs);
    const others = group
      .filter((result) => result !== best)
      .sort((a, b) => (a.medianMs ?? Number.POSITIVE_INFINITY) - (b.medianMs ?? Number.POSITIVE_INFINITY));
    const gflops = best?.gflops ? `, ${figure(best.gflops)} GFLOP/s` : '';
    const ours = best ? `${who(best)}: ${milliseconds(best)}${gflops}` : 'none';
    return `| ${name} | ${ours} | ${others.map((other) => versus(other, best)).join('; ')} |`;
  });
  return ['| case | our best | others: time, ratio to our best |', '|---|---|---|', ...rows].join('\n');
}

function versus(other: CaseResult, best: CaseResult | undefined): string {
  if (!isRanked(other)) return `${who(other)}: ${other.cannot?.startsWith('WRONG') ? 'wrong result' : 'cannot'}`;
  const ratio = best ? other.medianMs! / best.medianMs! : Number.NaN;
  const shown = `${who(other)}: ${milliseconds(other)}, ${ratio.toFixed(2)}x`;
  return ratio < 1 ? `**${shown}**` : shown;
}

function sizeTable(cases: readonly CaseResult[]): string {
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)}`;
  const rows = cases.map(({ contender, case: name, bytes }) => {
    const { minified, gzip, brotli } = bytes ?? { minified: 0, gzip: 0, brotli: 0 };
    return `| ${contender}: ${name} | ${kb(minified)} | ${kb(gzip)} | ${kb(brotli)} |`;
  });
  return ['| bundle | minified kB | gzip kB | brotli kB |', '|---|---|---|---|', ...rows].join('\n');
}

const who = ({ contender, threads }: CaseResult): string =>
  threads > 1 ? `${contender} ${threads} threads` : contender;
const milliseconds = (result: CaseResult): string => `${figure(result.medianMs)} ± ${figure(result.madMs)} ms`;
const figure = (value: number | null): string => (value === null ? 'none' : String(Number(value.toPrecision(3))));

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2];
  if (!file) throw failure('bench/table.ts', 'a results file is needed');
  console.log(markdown(checkResults(JSON.parse(readFileSync(file, 'utf8')), file)));
}
