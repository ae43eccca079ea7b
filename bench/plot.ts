/**
 * A results file as an SVG: one row per contender and case on a logarithmic time axis, the median as a dot, the MAD as an
 * error bar, the reason where there is no time. The same file gives the same bytes. Colours follow the reader's light or dark
 * setting; pathgrad is also told apart by its filled dot, so that colour is never needed.
 *
 *   npm run bench:plot -- RESULTS.json OUT.svg [--filter TEXT]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { failure } from '../src/tensor/errors.ts';
import type { CaseResult } from './harness.ts';
import { isOurs, isRanked } from './report.ts';
import { checkResults, type Results } from './schema.ts';

const WIDTH = 900;
const LEFT = 310;
const RIGHT = 80;
const ROW = 18;
const CASE_GAP = 30;
const TOP = 64;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .case { font-weight: 600; paint-order: stroke; stroke: #ffffff; stroke-width: 5px } .small { font-size: 11px } .end { text-anchor: end }
  .muted { fill: #656d76 } .middle { text-anchor: middle } .background { fill: #ffffff }
  .grid { stroke: #d0d7de } .bar { stroke: #57606a; stroke-width: 1.5 } .other { fill: #ffffff; stroke: #57606a; stroke-width: 2 }
  .ours { fill: #0969da; stroke: #0969da; stroke-width: 2 } .ours-bar { stroke: #0969da; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .case { stroke: #0d1117 } .muted { fill: #9198a1 } .background { fill: #0d1117 }
    .grid { stroke: #30363d } .bar { stroke: #9198a1 } .other { fill: #0d1117; stroke: #9198a1 }
    .ours { fill: #58a6ff; stroke: #58a6ff } .ours-bar { stroke: #58a6ff }
  }`;

/** The picture of all timed cases whose name contains `filter`. */
export function plot({ env, cases }: Results, filter = ''): string {
  const shown = cases.filter((result) => result.suite !== 'size' && result.case.includes(filter));
  const timed = shown.filter(isRanked);
  if (timed.length === 0) throw failure('bench:plot', 'there is no timed case to plot', { filter });
  const scale = logScale(timed);
  const groups = [...new Set(shown.map(titleOf))].map((title) => shown.filter((result) => titleOf(result) === title));
  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    const ordered = [...group].sort((a, b) => rank(a) - rank(b));
    parts.push(text(12, y, titleOf(ordered[0]!), 'case'));
    const best = ordered.find((result) => isOurs(result) && isRanked(result))?.medianMs ?? null;
    for (const result of ordered) parts.push(row(result, (y += ROW), best, scale));
    y += CASE_GAP;
  }
  const height = y + 14;
  const machine = `${env.cpu}, ${env.cores} cores, ${env.browser ? `Chromium ${env.browser.version}` : `Node ${env.node}`}, ${env.platform}, commit ${env.gitSha.slice(0, 7)}`;
  const spread = timed.some(({ samples }) => samples > 1) ? 'median, bar ± MAD; ' : '';
  const head = [
    text(12, 24, `Time of one run: ${spread}less is better (logarithmic axis)`, 'title'),
    text(12, 42, machine, 'small muted'),
    ...tickLines(scale, height),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>Benchmark results of pathgrad and others</title>`,
    `<style>${style}\n</style>`,
    `<rect class="background" width="${WIDTH}" height="${height}"/>`,
    ...head,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const rank = (result: CaseResult): number => (isRanked(result) ? result.medianMs! : Number.POSITIVE_INFINITY);
const titleOf = (result: CaseResult): string => `${result.suite}: ${result.case}`;

interface Scale {
  readonly ticks: readonly number[];
  x(ms: number): number;
}

/** From the last round number (1, 2 or 5 times a power of ten) below all medians to the first one above. */
function logScale(timed: readonly CaseResult[]): Scale {
  const medians = timed.map((result) => result.medianMs!);
  const round = Array.from({ length: 60 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** (Math.floor(i / 3) - 8));
  const low = round.findLast((value) => value <= Math.min(...medians)) ?? round[0]!;
  const high = round.find((value) => value > Math.max(low, ...medians)) ?? round.at(-1)!;
  const between = round.filter((value) => value >= low && value <= high);
  const decades = between.filter((value) => round.indexOf(value) % 3 === 0);
  const place = (ms: number): number => LEFT + (Math.log(ms / low) / Math.log(high / low)) * (WIDTH - LEFT - RIGHT);
  return {
    ticks: decades.length > 2 ? decades : between,
    x: (ms) => Math.min(WIDTH - RIGHT, Math.max(LEFT, place(ms))),
  };
}

function tickLines({ ticks, x }: Scale, height: number): string[] {
  return ticks.map((tick) => {
    const at = x(tick).toFixed(1);
    const line = `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${height - 22}"/>`;
    return line + text(Number(at), height - 8, formatTime(tick), 'small muted middle');
  });
}

function row(result: CaseResult, y: number, best: number | null, { x }: Scale): string {
  const threads = result.threads > 1 ? `, ${result.threads} threads` : '';
  const label = text(LEFT - 12, y, `${result.contender} (${result.backend}${threads})`, 'small end');
  const { medianMs, madMs } = result;
  if (!isRanked(result) || medianMs === null || madMs === null) {
    const reason = result.cannot?.startsWith('WRONG') ? 'wrong result' : (result.cannot ?? 'no time');
    return label + text(LEFT + 6, y, shorten(reason, 88), 'small muted');
  }
  const kind = isOurs(result) ? 'ours' : 'other';
  const [from, to] = [x(Math.max(medianMs - madMs, medianMs / 100)), x(medianMs + madMs)];
  const middle = y - 4;
  const bar = `<line class="${kind === 'ours' ? 'ours-bar' : 'bar'}" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${middle}" y2="${middle}"/>`;
  const dot = `<circle class="${kind}" cx="${x(medianMs).toFixed(1)}" cy="${middle}" r="4"/>`;
  const ratio = best === null ? '' : `, ${(medianMs / best).toPrecision(3)}x`;
  return label + bar + dot + text(Math.max(x(medianMs) + 10, to + 6), y, `${formatTime(medianMs)}${ratio}`, 'small');
}

const formatTime = (ms: number): string =>
  ms >= 1000
    ? `${Number((ms / 1000).toPrecision(3))} s`
    : ms >= 1
      ? `${Number(ms.toPrecision(3))} ms`
      : `${Number((1000 * ms).toPrecision(3))} µs`;

const shorten = (value: string, length: number): string =>
  value.length > length ? `${value.slice(0, length - 1)}…` : value;

function text(x: number, y: number, value: string, kind: string): string {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${escaped}</text>`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({ options: { filter: { type: 'string' } }, allowPositionals: true });
  const [file, out] = positionals;
  if (!file || !out)
    throw failure(
      'bench:plot',
      'a results file and an output file are needed',
      {},
      'npm run bench:plot -- results.json plot.svg',
    );
  writeFileSync(out, plot(checkResults(JSON.parse(readFileSync(file, 'utf8')), file), values.filter));
}
