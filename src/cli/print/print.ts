/** Findings as lines for a terminal: colours where it has them, signs where it has not. */
import type { Completeness } from '../../attribution/index.ts';
import type { MethodRow } from '../../attribution/methods/index.ts';
import { largest } from '../../tensor/largest.ts';
import { visible } from '../../tensor/visible.ts';
import { percent, plain, shortened, signed } from '../../visualize/format.ts';
import { colorSupport, tokensToAnsi } from '../../visualize/index.ts';
import type { ClassScore, Finding } from '../findings.ts';
import { type Arguments, number } from '../flags/flags.ts';
import type { Terminal } from './terminal.ts';

const STRONGEST = 5; // tokens listed with their numbers
const FEATURES = 10;
const CLASSES = 3;

export interface PrintOptions {
  /** Whether it is the first about its input: the others leave out what they share with it. */
  readonly first: boolean;
  readonly scale: number | undefined;
  /** How many words or features are listed; null for the usual number. */
  readonly count: number | null;
  readonly terminal: Terminal;
}

/** The lines about one input and target, with colours (`styled`): all else in them is made visible here. */
export function printFinding(finding: Finding, { first, scale, count, terminal }: PrintOptions): string {
  const { completeness, target, baseline, probabilities } = finding;
  const rows: [name: string, text: string, styled?: 'styled'][] = [];
  if (first && finding.at !== undefined) rows.push(['at', finding.at]);
  if (first && finding.other !== undefined) rows.push(['and', shorten(finding.other)]);
  if (first) rows.push(['prediction', formatScores(finding.prediction.slice(0, CLASSES), probabilities)]);
  if (first && finding.label !== undefined) rows.push(['labelled', finding.label]);
  rows.push(['explained', `${target.label}${target.isPredicted ? ' (predicted)' : ''}`]);
  if (baseline) {
    const at = `${score(baseline.score, probabilities)} ${target.label}`;
    rows.push(['baseline', `${baseline.name}: ${at}${entropyOf(baseline)}`]);
  }
  rows.push(['complete', completeness ? completenessOf(completeness) : 'not promised: the numbers need not add up']);
  const full = scale ?? finding.scale ?? undefined;
  const color = colorSupport(terminal.env, terminal.outIsTty);
  if (finding.text) {
    rows.push(['tokens', tokensToAnsi(finding.text.tokens, finding.text.scores, { color, scale: full }), 'styled']);
    rows.push(['strongest', strongest(finding.text.tokens, finding.text.scores, count ?? STRONGEST)]);
  }
  if (finding.features)
    rows.push(['strongest', strongest(finding.features.names, finding.features.scores, count ?? FEATURES)]);
  if (finding.parts.length > 1) rows.push(['inputs', sharesOf(finding)]);
  if (finding.pairs) rows.push(['pairs', strongest(finding.pairs.names, finding.pairs.scores, count ?? FEATURES)]);
  if (finding.image) rows.push(['pixels', pixelsOf(finding.image, completeness !== null)]);
  const lines = rows.map(([name, text, styled]) => `   ${name.padEnd(11)} ${styled ? text : visible(text)}`);
  const warning = !completeness || completeness.ok ? [] : [`   ${'warning'.padEnd(11)} ${warningOf(finding)}`];
  const title = first ? [`${finding.sample + 1}. ${shorten(finding.title)}`] : [];
  return [...title, ...lines, ...warning, ''].join('\n');
}

/** `positive 98.1 %, negative 1.9 %` */
export function formatScores(scores: readonly ClassScore[], probabilities: boolean): string {
  return scores.map(({ label, score: value }) => `${label} ${score(value, probabilities)}`).join(', ');
}

function score(value: number, probabilities: boolean): string {
  return probabilities ? percent(value) : plain(value, 4);
}

function entropyOf({ entropy }: NonNullable<Finding['baseline']>): string {
  return entropy ? `, entropy ${plain(entropy.nats)} nats (${percent(entropy.fraction)} of a uniform guess)` : '';
}

/** How much of the change of the score the attributions account for. */
export function completenessOf({ attributionSum, scoreChange, relative, steps }: Completeness): string {
  const share = `${(100 * (1 + relative)).toFixed(2)} %`;
  const points = steps > 1 ? ` (${steps} steps)` : '';
  return `${share}: attributions sum to ${signed(attributionSum, 4)}, the score changes by ${signed(scoreChange, 4)}${points}`;
}

/** What brings attributions closer to the change of the score, in flags where there are. */
const advice: Readonly<Record<Finding['raise'], string>> = {
  auto: 'try --steps 200 or --steps auto',
  nSteps: 'try --steps 200',
  softplus: 'relu is softened: a larger --softplus with more --steps comes closer',
  maxSteps: 'the largest number of steps was not enough',
  steps: 'try --steps 200',
  library: "more steps may come closer (the library's option nSteps)",
  draws: 'more draws come closer: --samples',
  layer: 'part of the score goes past the layer: choose one that all of it goes through',
  none: 'the method promises the sum but this model breaks it: compare with IntegratedGradients',
};

/** What to do where too much is missing; empty where nothing is. */
export function warningOf({ completeness, raise }: Finding): string {
  const share = completeness ? percent(1 + completeness.relative) : '';
  return `the attributions add up to ${share} of the change of the score: ${advice[raise]}`;
}

function strongest(names: readonly string[], scores: readonly number[], count: number): string {
  const order = names.map((_, i) => i).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  const listed = order.slice(0, count).filter((i) => scores[i] !== 0);
  return listed.length === 0 ? 'all are 0' : listed.map((i) => `${names[i]} ${signed(scores[i]!)}`).join(', ');
}

/** What each input of the model has of all: its sum, and its part in the sizes. */
function sharesOf({ parts }: Finding): string {
  return parts.map(({ name, sum, share }) => `${name} ${signed(sum)} (${percent(share)} of all)`).join(', ');
}

function pixelsOf({ attribution, shape }: NonNullable<Finding['image']>, addsUp: boolean): string {
  let [up, down] = [0, 0];
  for (const value of attribution)
    if (value > 0) up += value;
    else down += value;
  if (addsUp) return `${signed(up)} from pixels that raise the score, ${signed(down)} from pixels that lower it`;
  const [low, high] = [-largest(attribution.map((v) => -v)), largest(attribution)];
  if (low === 0 && high === 0) return 'all are 0';
  const at = attribution.indexOf(high >= -low ? high : low);
  const [, width = 1, channels = 1] = shape;
  const pixel = Math.floor(at / channels);
  const place = `row ${Math.floor(pixel / width) + 1}, column ${(pixel % width) + 1}`;
  return `from ${signed(low)} to ${signed(high)}; the largest in size at ${place}`;
}

/** What the marks in `tokens` mean; printed once. */
export function legend(row: MethodRow, findings: readonly Finding[], terminal: Terminal): string {
  const several = findings.some(({ scale }) => scale !== null);
  return `${marksOf(row, findings, terminal)}${several ? 'All classes of a text are on one scale.\n' : ''}`;
}

function marksOf({ sum }: MethodRow, findings: readonly Finding[], terminal: Terminal): string {
  const colored = colorSupport(terminal.env, terminal.outIsTty) !== 'none';
  if (sum === null) {
    const below = findings.some(({ text }) => text?.scores.some((score) => score < 0));
    if (colored)
      return below ? 'Green: positive numbers; pink: negative ones.\n' : 'Green: the numbers; none is negative.\n';
    return `[+]: positive numbers${below ? '; [-]: negative ones' : ', none is negative'}; more signs, larger.\n`;
  }
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
  return visible(shortened(line, length));
}
