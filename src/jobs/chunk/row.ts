/** What the output says of one row and target, before a format makes a line or columns of it. */
import type { AnyExplanation, Finding } from '../../cli/findings.ts';
import { rowOf } from '../../open/found-parts.ts';

/** Classes that a row lists: the likeliest. */
const LISTED = 10;

export interface OutputRow {
  /** Its number in the input, from 0. */
  readonly row: number;
  /** Columns of the input that were asked for. */
  readonly kept: readonly (readonly [name: string, value: unknown])[];
  readonly prediction: readonly { readonly label: string; readonly score: number }[];
  readonly target: string;
  readonly targetIndex: number | null;
  /** Score of the target at the row, and at the baseline where there is one. */
  readonly score: number;
  readonly baselineScore: number | null;
  /** By how much attributions miss the change of score; null where they need not add up. */
  readonly completeness: number | null;
  readonly warnings: readonly string[];
  readonly numbers: RowNumbers;
  /** All attributions, one list per input, where they were asked for. */
  readonly attributions?: readonly (readonly number[])[];
}

/** One number per word or feature; of pictures the sums of what speaks for and against. */
export type RowNumbers =
  | {
      readonly kind: 'words' | 'features' | 'entries';
      readonly names: readonly string[];
      readonly scores: readonly number[];
    }
  | { readonly kind: 'pixels'; readonly positive: number; readonly negative: number };

function numbersOf({ text, image, table, features, parts }: Finding): RowNumbers {
  if (text) return { kind: 'words', names: text.tokens, scores: text.scores };
  if (image) {
    let [positive, negative] = [0, 0];
    for (const value of image.attribution) {
      if (value > 0) positive += value;
      else negative += value;
    }
    return { kind: 'pixels', positive, negative };
  }
  const tables = parts.length > 0 && parts.every((part) => part.table);
  if (table && tables) return { kind: 'features', names: table.names, scores: table.scores };
  return { kind: 'entries', names: features?.names ?? [], scores: features?.scores ?? [] };
}

/** Warnings that concern a row of the batch: those that name rows, and those about the whole. */
export function codesOf({ warnings }: AnyExplanation, at: number): string[] {
  const about = (values: object): boolean => {
    const { samples } = values as { readonly samples?: readonly number[] };
    return samples === undefined || samples.includes(at);
  };
  return [...new Set(warnings.filter(({ values }) => about(values)).map(({ code }) => code))];
}

export function outputRow(
  row: number,
  kept: OutputRow['kept'],
  finding: Finding,
  explanation: AnyExplanation,
  full: boolean,
): OutputRow {
  const at = finding.sample;
  return {
    row,
    kept,
    prediction: finding.prediction.slice(0, LISTED),
    target: finding.target.label,
    targetIndex: finding.target.index,
    score: finding.score,
    baselineScore: finding.baseline?.score ?? null,
    completeness: finding.completeness?.relative ?? null,
    warnings: codesOf(explanation, at),
    numbers: numbersOf(finding),
    ...(full && { attributions: explanation.attributions.map((one) => Array.from(rowOf(one, at))) }),
  };
}
