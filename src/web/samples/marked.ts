/**
 * Samples and what is known of each: which class was predicted, whether it is right; sorted and filtered. No element of the page is touched here.
 * Invariant: a sample keeps its number, from 1 in the order of its file, whatever is shown.
 */
import type { Predicted, SampleRow } from '../protocol/index.ts';

export interface Marked {
  readonly number: number;
  readonly row: SampleRow;
  /** Null until it is computed. */
  readonly predicted: Predicted | null;
}

export type SortKey = 'number' | 'class' | 'score';

export interface Filter {
  /** The name of a class; empty for all. */
  readonly className: string;
  readonly judged: '' | 'right' | 'wrong';
  readonly low: number | null;
  readonly high: number | null;
}

/** What the model's numbers mean: names of its classes, and whether a single score is a probability. */
export interface Meaning {
  readonly labels: readonly string[];
  /** A single score of 0 to 1, and right answers of 0 and 1: above a half is 1. */
  readonly halves: boolean;
}

export function meaningOf(samples: readonly Marked[], labels: readonly string[]): Meaning {
  const known = samples.flatMap(({ predicted }) => (predicted && 'score' in predicted ? [predicted] : []));
  const single = known.length > 0 && known.every(({ index, score }) => index === null && score >= 0 && score <= 1);
  const wanted = samples.flatMap(({ row }) => (row.wanted === null ? [] : [row.wanted]));
  const named = (text: string): boolean =>
    /^[01](\.0+)?$/.test(text) || labels.slice(0, 2).some((one) => alike(one, text));
  return { labels, halves: single && wanted.length > 0 && wanted.every(named) };
}

const alike = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** The number of the predicted class; null where there is none. */
export function classOf({ predicted }: Marked, { halves }: Meaning): number | null {
  if (!predicted || 'failed' in predicted) return null;
  return predicted.index ?? (halves ? Number(predicted.score > 0.5) : null);
}

export const scoreOf = ({ predicted }: Marked): number | null =>
  predicted && 'score' in predicted ? predicted.score : null;

/** A class as people call it. */
export const nameOfClass = (index: number, { labels }: Meaning): string => labels[index] || `class ${index}`;

export function classNameOf(sample: Marked, meaning: Meaning): string {
  const index = classOf(sample, meaning);
  return index === null ? '' : nameOfClass(index, meaning);
}

/** The right answer as predictions are called: a class for its number, where the model has classes. */
export function answerOf(sample: Marked, meaning: Meaning): string {
  const wanted = sample.row.wanted ?? '';
  const isNumber = classOf(sample, meaning) !== null && /^\d+(\.0+)?$/.test(wanted);
  const own = meaning.labels.some((label) => alike(label, wanted));
  const known = meaning.labels.length === 0 || Number(wanted) < meaning.labels.length;
  return isNumber && !own && known ? nameOfClass(Number(wanted), meaning) : wanted;
}

/** Whether the prediction is the right answer; null where that cannot be said. */
export function isRight(sample: Marked, meaning: Meaning): boolean | null {
  const { wanted } = sample.row;
  const index = classOf(sample, meaning);
  if (wanted === null || index === null) return null;
  const byName = meaning.labels.findIndex((label) => alike(label, wanted));
  if (byName >= 0) return byName === index;
  if (/^\d+(\.0+)?$/.test(wanted)) return Number(wanted) === index;
  // A name that is no class of the model is neither.
  return /^class \d+$/i.test(wanted) ? alike(`class ${index}`, wanted) : null;
}

export interface Counts {
  readonly all: number;
  readonly computed: number;
  readonly failed: number;
  readonly right: number;
  readonly judged: number;
}

export function countsOf(samples: readonly Marked[], meaning: Meaning): Counts {
  const judged = samples.map((sample) => isRight(sample, meaning)).filter((right) => right !== null);
  const computed = samples.filter(({ predicted }) => predicted !== null);
  return {
    all: samples.length,
    computed: computed.length,
    failed: computed.filter(({ predicted }) => 'failed' in predicted!).length,
    right: judged.filter(Boolean).length,
    judged: judged.length,
  };
}

/** Those that pass the filter, sorted; what has no score or class comes last either way. */
export function chosenOf(
  samples: readonly Marked[],
  meaning: Meaning,
  { className, judged, low, high }: Filter,
  { key, down }: { readonly key: SortKey; readonly down: boolean },
): Marked[] {
  const kept = samples.filter((sample) => {
    if (className !== '' && classNameOf(sample, meaning) !== className) return false;
    if (judged !== '' && isRight(sample, meaning) !== (judged === 'right')) return false;
    const score = scoreOf(sample);
    return (low === null || (score !== null && score >= low)) && (high === null || (score !== null && score <= high));
  });
  const value = (sample: Marked): number | null =>
    key === 'number' ? sample.number : key === 'score' ? scoreOf(sample) : classOf(sample, meaning);
  const sign = down ? -1 : 1;
  return kept.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.number - b.number;
    return sign * (x - y) || a.number - b.number;
  });
}
