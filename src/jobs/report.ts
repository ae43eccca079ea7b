/**
 * The report of a job: what moved each target over all rows, from the part files, one after another. Memory holds sums by name and an even choice of
 * rows, whatever the number of parts.
 */
import { readFileSync } from 'node:fs';
import { beeswarm, meanAbsoluteBars } from '../visualize/charts/summary.ts';
import { escapeHtml, plain } from '../visualize/format.ts';
import { htmlPage } from '../visualize/report/page.ts';
import { reportStyle } from '../visualize/report/style.ts';
import type { JobFolder } from './folder/job-folder.ts';
import type { JobCounts } from './folder/manifest.ts';
import { decodePart } from './output/decode.ts';

/** Targets that have a section, those with the most rows first; names that a chart shows. */
const TARGETS = 10;
const NAMES = 20;
/** Rows of which the second chart draws points. */
const POINTS = 400;
/** Words fewer texts have than this share are left out of the means: one text is no rule. */
const RARE = 0.001;

interface Sums {
  rows: number;
  readonly names: Map<string, { count: number; sum: number; size: number }>;
  /** Rows for the points, of tables alone; every `stride`-th. */
  points: { readonly names: readonly string[]; readonly scores: readonly number[] }[];
  stride: number;
}

function add(sums: Sums, names: readonly string[], scores: readonly number[]): void {
  names.forEach((name, i) => {
    const score = scores[i]!;
    if (!Number.isFinite(score)) return;
    const one = sums.names.get(name) ?? { count: 0, sum: 0, size: 0 };
    one.count++;
    one.sum += score;
    one.size += Math.abs(score);
    sums.names.set(name, one);
  });
  if (sums.rows % sums.stride === 0 && scores.every(Number.isFinite)) sums.points.push({ names, scores });
  if (sums.points.length >= 2 * POINTS) {
    sums.points = sums.points.filter((_, i) => i % 2 === 0);
    sums.stride *= 2;
  }
  sums.rows++;
}

/** @returns the page @throws PathgradError where no chunk is finished */
export async function jobReport(job: JobFolder, counts: JobCounts): Promise<string> {
  const targets = new Map<string, Sums>();
  for (const chunk of job.recorded().sort((a, b) => a - b)) {
    if (!job.record(chunk)?.part) continue;
    const path = job.partPath(chunk);
    for (const { target, names, scores } of await decodePart(job.manifest.output.format, readFileSync(path), path)) {
      const sums = targets.get(target) ?? { rows: 0, names: new Map(), points: [], stride: 1 };
      targets.set(target, sums);
      add(sums, names, scores);
    }
  }
  const sorted = [...targets].sort(([, a], [, b]) => b.rows - a.rows);
  const left = sorted.length - TARGETS;
  const sections = sorted.slice(0, TARGETS).map(([target, sums]) => sectionOf(target, sums));
  const { model, input } = job.manifest;
  const facts = [
    ['model', model.path],
    ['input', input.path],
    ['rows', String(input.rows)],
    ['explained', String(counts.explained)],
    ['failed', String(counts.failed)],
    ['left out', String(counts.leftOut)],
    ...Object.entries(counts.warnings).map(([code, rows]) => [`warning: ${code}`, `${rows} rows`]),
  ];
  const list = facts.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name!)}</th><td>${escapeHtml(value!)}</td></tr>`,
  );
  const note = left > 0 ? `<p class="note">${left} more targets are left out.</p>` : '';
  const body = `<section><h2>What moved the predictions of ${counts.explained} rows</h2><table>${list.join('')}</table>${sections.join('\n')}${note}</section>`;
  return htmlPage({ title: 'Report of a job', lang: 'en', style: reportStyle('PiYG'), scripts: [] }, body);
}

function sectionOf(target: string, { rows, names, points }: Sums): string {
  const usual = [...names].filter(([, { count }]) => count >= RARE * rows);
  const means = usual
    .map(([name, { count, sum, size }]) => ({ name, count, mean: sum / count, size: size / count }))
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  const shown = means.slice(0, NAMES);
  const options = { width: 'fluid', colormap: 'PiYG' } as const;
  const bars = meanAbsoluteBars(
    { names: shown.map(({ name }) => name), attributions: [shown.map(({ size }) => size)], most: NAMES },
    { ...options, title: `Mean absolute attribution for ${target}` },
  );
  const [first] = points;
  const same =
    first !== undefined &&
    first.names.length > 1 &&
    points.every((one) => one.names.join('\n') === first.names.join('\n'));
  const swarm = same
    ? `<section><h4>${points.length === rows ? 'Each row' : `${points.length} rows, evenly chosen, each`} a point</h4>${beeswarm({ names: first.names, attributions: points.map(({ scores }) => scores) }, { ...options, title: `Attributions for ${target}` })}</section>`
    : '';
  const table = shown.map(
    ({ name, count, mean, size }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${count}</td><td>${plain(mean, 4)}</td><td>${plain(size, 4)}</td></tr>`,
  );
  return `<article class="card summary"><div class="head"><h3>${rows} rows explained for ${escapeHtml(target)}</h3></div>
<div class="cols even"><section><h4>Mean size of the attributions</h4>${bars}</section>${swarm}</div>
<details><summary>The means as a table</summary><table><tr><th>name</th><th>times</th><th>mean attribution</th><th>mean size</th></tr>${table.join('')}</table></details></article>`;
}
