/** What `explain` prints of its inputs: all of few; of many a summary and those with the largest numbers, so that it can be read. */

import { visible } from '../../tensor/visible.ts';
import { percent, plain, signed } from '../../visualize/format.ts';
import type { Context, Finding } from '../findings.ts';
import { type Arguments, number } from '../flags/flags.ts';
import { legend, printFinding } from './print.ts';
import type { Terminal } from './terminal.ts';

/** Explanations up to which all are printed, and how many of more. */
const ALL = 20;
const SOME = 5;
/** Words or features in the summary. */
const LISTED = 10;

const wholeFrom =
  (least: number) =>
  (n: number): boolean =>
    Number.isInteger(n) && n >= least;

/** @throws UsageError for --strongest and --show that are no counts */
export function checkPages(args: Arguments): void {
  countOf(args);
  showOf(args, 0);
}

function countOf(args: Arguments): number | null {
  const text = args.text('strongest');
  return text === undefined ? null : number('strongest', text, wholeFrom(1), 'a whole number from 1');
}

/** How many inputs are printed one by one. */
function showOf(args: Arguments, inputs: number): number {
  const text = args.text('show');
  if (text === 'all') return inputs;
  if (text !== undefined) return number('show', text, wholeFrom(0), "a whole number from 0, or 'all'");
  return inputs > ALL ? SOME : inputs;
}

export function printFindings(
  args: Arguments,
  findings: readonly Finding[],
  { row }: Context,
  scale: number | undefined,
  terminal: Terminal,
): void {
  const inputs = (findings.at(-1)?.sample ?? -1) + 1;
  const show = showOf(args, inputs);
  const strongest = new Map<number, number>();
  for (const { sample, strongest: size } of findings) strongest.set(sample, Math.max(strongest.get(sample) ?? 0, size));
  const chosen = new Set(
    show >= inputs
      ? strongest.keys()
      : [...strongest]
          .sort((a, b) => b[1] - a[1])
          .slice(0, show)
          .map(([sample]) => sample),
  );
  if (show < inputs) terminal.out(summary(findings, inputs, chosen.size));
  let before = -1;
  for (const finding of findings) {
    if (!chosen.has(finding.sample)) continue;
    const first = finding.sample !== before;
    before = finding.sample;
    terminal.out(`${printFinding(finding, { first, scale, count: countOf(args), terminal })}\n`, 'styled');
  }
  if (chosen.size > 0 && findings.some(({ text }) => text)) terminal.out(legend(row, findings, terminal));
}

/** Many inputs in a few lines: predictions, completeness, and which words or features count most over all. */
function summary(findings: readonly Finding[], inputs: number, shown: number): string {
  const rows: [name: string, text: string][] = [];
  const predicted = new Map<string, number>();
  for (const { prediction, probabilities } of findings) {
    const label = prediction.length > 1 && probabilities ? prediction[0]!.label : null;
    if (label !== null) predicted.set(label, (predicted.get(label) ?? 0) + 1);
  }
  const many = [...predicted].sort((a, b) => b[1] - a[1]).slice(0, LISTED);
  if (many.length > 0) {
    rows.push(['predicted', many.map(([label, count]) => `${label} ${percent(count / findings.length)}`).join(', ')]);
  } else {
    const scores = findings.map(({ prediction }) => prediction[0]!.score).sort((a, b) => a - b);
    const at = (share: number): string => plain(scores[Math.round(share * (scores.length - 1))]!, 4);
    rows.push(['scores', `from ${at(0)} to ${at(1)}, median ${at(0.5)}`]);
  }
  const judged = findings.flatMap(({ completeness }) => (completeness ? [completeness] : []));
  if (judged.length > 0) {
    const off = judged.filter(({ ok }) => !ok).length;
    rows.push(['complete', off === 0 ? 'all' : `all but ${off} of ${judged.length}`]);
  }
  const sizes = meanSizes(findings);
  if (sizes.length > 0) {
    const listed = sizes
      .slice(0, LISTED)
      .map(({ name, size, sum, count }) => `${name} ${plain(size)} (mean ${signed(sum)}, in ${count})`);
    rows.push(['strongest', listed.join(', ')]);
  }
  const lines = rows.map(([name, text]) => `   ${name.padEnd(11)} ${visible(text)}`);
  const rest =
    shown === 0
      ? '--show 5 prints the strongest'
      : `the ${shown} with the largest numbers follow; --show all prints all`;
  return `Over all ${inputs} inputs (${rest}; --json FILE has all):\n${lines.join('\n')}\n\n`;
}

/** Words or features by the mean size of their numbers over all inputs; those that an input lacks count as 0 there. */
function meanSizes(findings: readonly Finding[]): { name: string; size: number; sum: number; count: number }[] {
  const found = new Map<string, { size: number; sum: number; count: number }>();
  for (const { text, table } of findings) {
    const names = text?.tokens ?? table?.names ?? [];
    const scores = text?.scores ?? table?.scores ?? [];
    names.forEach((name, i) => {
      const one = found.get(name) ?? { size: 0, sum: 0, count: 0 };
      found.set(name, { size: one.size + Math.abs(scores[i]!), sum: one.sum + scores[i]!, count: one.count + 1 });
    });
  }
  return [...found]
    .map(([name, { size, sum, count }]) => ({ name, size: size / findings.length, sum: sum / findings.length, count }))
    .sort((a, b) => b.size - a.size);
}
