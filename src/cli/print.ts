/** Findings as lines for a terminal: colours where it has them, signs where it has not. */
import { visible } from '../tensor/visible.ts';
import { percent, plain, signed } from '../visualize/format.ts';
import { colorSupport, tokensToAnsi } from '../visualize/index.ts';
import type { ClassScore, Finding } from './findings.ts';
import { type Arguments, number } from './flags.ts';
import type { Terminal } from './terminal.ts';

const STRONGEST = 5; // tokens listed with their numbers
const FEATURES = 10;
const CLASSES = 3;

/** The lines about one input, with colours (`styled`): all else in them is made visible here. */
export function printFinding(
  finding: Finding,
  position: number,
  scale: number | undefined,
  terminal: Terminal,
): string {
  const { completeness, target, baseline } = finding;
  const rows: [name: string, text: string, styled?: 'styled'][] = [
    ['prediction', formatScores(finding.prediction.slice(0, CLASSES), finding.probabilities)],
    ['explained', `${target.label}${target.isPredicted ? ' (predicted)' : ''}`],
    [
      'baseline',
      `${baseline.name}: ${score(baseline.score, finding.probabilities)} ${target.label}${entropyOf(finding)}`,
    ],
    ['complete', completenessOf(finding)],
  ];
  const color = colorSupport(terminal.env, terminal.outIsTty);
  if (finding.text) {
    rows.push(['tokens', tokensToAnsi(finding.text.tokens, finding.text.scores, { color, scale }), 'styled']);
    rows.push(['strongest', strongest(finding.text.tokens, finding.text.scores, STRONGEST)]);
  }
  if (finding.features) rows.push(['strongest', strongest(finding.features.names, finding.features.scores, FEATURES)]);
  if (finding.image) rows.push(['pixels', pixelsOf(finding.image.attribution)]);
  const lines = rows.map(([name, text, styled]) => `   ${name.padEnd(11)} ${styled ? text : visible(text)}`);
  const warning = completeness.ok ? [] : [`   ${'warning'.padEnd(11)} ${warningOf(finding)}`];
  return [`${position}. ${shorten(finding.title)}`, ...lines, ...warning, ''].join('\n');
}

/** `positive 98.1 %, negative 1.9 %` */
export function formatScores(scores: readonly ClassScore[], probabilities: boolean): string {
  return scores.map(({ label, score: value }) => `${label} ${score(value, probabilities)}`).join(', ');
}

function score(value: number, probabilities: boolean): string {
  return probabilities ? percent(value) : plain(value, 4);
}

function entropyOf({ baseline: { entropy } }: Finding): string {
  return entropy ? `, entropy ${plain(entropy.nats)} nats (${percent(entropy.fraction)} of a uniform guess)` : '';
}

/** How much of the change of the score the attributions account for. */
export function completenessOf({ completeness: { attributionSum, scoreChange, relative, steps } }: Finding): string {
  const share = `${(100 * (1 + relative)).toFixed(2)} %`;
  return `${share}: attributions sum to ${signed(attributionSum, 4)}, the score changes by ${signed(scoreChange, 4)} (${steps} steps)`;
}

/** What to do where too much is missing. */
export function warningOf({ completeness: { relative, converged } }: Finding): string {
  const advice = converged === null ? 'try --steps 200 or --steps auto' : 'the largest number of steps was not enough';
  return `the attributions add up to ${percent(1 + relative)} of the change of the score: ${advice}`;
}

function strongest(names: readonly string[], scores: readonly number[], count: number): string {
  const order = names.map((_, i) => i).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  const listed = order.slice(0, count).filter((i) => scores[i] !== 0);
  return listed.length === 0
    ? 'nothing moved the score'
    : listed.map((i) => `${names[i]} ${signed(scores[i]!)}`).join(', ');
}

function pixelsOf(attribution: Float64Array): string {
  let [up, down] = [0, 0];
  for (const value of attribution)
    if (value > 0) up += value;
    else down += value;
  return `${signed(up)} from pixels that raise the score, ${signed(down)} from pixels that lower it`;
}

/** What the marks in `tokens` mean; printed once. */
export function legend(terminal: Terminal): string {
  const colored = colorSupport(terminal.env, terminal.outIsTty) !== 'none';
  return colored
    ? 'Green: going from the baseline to this token raised the score; pink: it lowered it.\n'
    : '[+]: going from the baseline to this token raised the score; [-]: it lowered it; more signs, stronger.\n';
}

/** What --scale says: the attribution that gets the full colour. */
export function colorScale(args: Arguments): number | undefined {
  const text = args.text('scale');
  return text === undefined ? undefined : number('scale', text, (n) => n > 0 && Number.isFinite(n), 'a number above 0');
}

/** A title as a heading: one line, not long. */
export function shorten(text: string, length = 72): string {
  const line = text
    .slice(0, 10 * length)
    .replace(/\s+/g, ' ')
    .trim();
  return visible(line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`);
}
