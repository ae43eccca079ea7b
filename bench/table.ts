/**
 * A results file as Markdown tables, one per suite: a line per case, a column per contender, backend and number of threads. Our best is
 * bold, everything else has its ratio to it; below 1 we lost, and that is marked.
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
  const { plain, relaxed, wide } = env.peak;
  const peaks = { plain, relaxed, ...(wide !== undefined && { wide }) };
  const peak = Object.entries(peaks)
    .map(([kind, value]) => `${kind} ${figure(value)}`)
    .join(', ');
  const commit = `${env.gitSha.slice(0, 7)}${env.gitDirty ? ' with changes' : ''}`;
  const machine = `${env.cpu}, ${env.cores} cores, load ${env.loadAverage[0]}, ${env.browser ? `Chromium ${env.browser.version}` : `Node ${env.node}`}, commit ${commit}`;
  const tables = suites.map((suite) => {
    const own = cases.filter((result) => result.suite === suite);
    return suite === 'size' ? sizeTable(own) : timeTable(own);
  });
  return [`${machine}; peak of one core in GFLOP/s: ${peak}.`, ...tables].join('\n\n');
}

/** A line per case and a column per contender, backend and number of threads, ours first: times, their spread, and ratios to our best. */
function timeTable(cases: readonly CaseResult[]): string {
  const names = [...new Set(cases.map((result) => result.case))];
  const columns = [...new Set([...cases].sort((a, b) => Number(isOurs(b)) - Number(isOurs(a))).map(who))];
  const rows = names.map((name) => {
    const group = cases.filter((result) => result.case === name);
    const best = group
      .filter((result) => isOurs(result) && isRanked(result))
      .reduce<CaseResult | undefined>((a, b) => (a && a.medianMs! <= b.medianMs! ? a : b), undefined);
    const cells = columns.map((column) => {
      const result = group.find((each) => who(each) === column);
      return result ? cell(result, best) : '';
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const counts = cases.filter(isRanked).map(({ samples }) => samples);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const runs = fewest === most ? most : `${fewest} to ${most}`;
  const how = most === 1 ? 'one run each' : `median ± MAD of ${runs} runs`;
  return [
    `Milliseconds: ${how}; in brackets the ratio to our best, which is bold; **!** where others beat it.`,
    '',
    `| case | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---').join('|')}|`,
    ...rows,
  ].join('\n');
}

function cell(result: CaseResult, best: CaseResult | undefined): string {
  if (!isRanked(result)) return result.cannot?.startsWith('WRONG') ? 'wrong result' : 'cannot';
  if (result === best) {
    const gflops = result.gflops ? `, ${figure(result.gflops)} GFLOP/s` : '';
    return `**${time(result)}**${gflops}`;
  }
  if (!best) return time(result);
  const ratio = result.medianMs! / best.medianMs!;
  return `${time(result)} (${ratio.toFixed(2)}x${ratio < 1 ? ' **!**' : ''})`;
}

function sizeTable(cases: readonly CaseResult[]): string {
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)}`;
  const rows = cases.map(({ contender, case: name, bytes }) => {
    const { minified, gzip, brotli } = bytes ?? { minified: 0, gzip: 0, brotli: 0 };
    return `| ${contender}: ${name} | ${kb(minified)} | ${kb(gzip)} | ${kb(brotli)} |`;
  });
  return ['| bundle | minified kB | gzip kB | brotli kB |', '|---|---|---|---|', ...rows].join('\n');
}

const who = ({ contender, backend, threads }: CaseResult): string =>
  `${contender}, ${backend}${threads > 1 ? `, ${threads} threads` : ''}`;
/** A spread is of several runs: one run has none. */
const time = ({ medianMs, madMs, samples }: CaseResult): string =>
  samples > 1 ? `${figure(medianMs)} ± ${figure(madMs)}` : figure(medianMs);
const figure = (value: number | null): string => (value === null ? 'none' : String(Number(value.toPrecision(3))));

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2];
  if (!file) throw failure('bench/table.ts', 'a results file is needed');
  console.log(markdown(checkResults(JSON.parse(readFileSync(file, 'utf8')), file)));
}
