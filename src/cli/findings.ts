/**
 * What is said about each input of an explanation, apart from how it is shown: printed, as a report, as JSON. One number per
 * token or pixel, where attributions lie so; the strongest entries of any other array.
 */
import type { Completeness, Entropy, Explanation, OutputKind, WarningValues } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import type { FoundPart, FoundTable, Scored } from '../open/found-parts.ts';
import { targetScore } from '../open/score.ts';
import { largest } from '../tensor/largest.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { asImage, sumChannels } from '../visualize/arrays.ts';
import { sharedScale } from '../visualize/normalize.ts';
import type { BaselineChoice } from './baselines.ts';
import { argmaxRows, type OutputChoice } from './flags/choices.ts';
import { ownFlagsOf } from './flags/own-flags.ts';
import { rowOf, shown, shownPairs } from './print/shown.ts';
import type { Batch, ImageView } from './samples/batch.ts';

export interface ClassScore {
  readonly label: string;
  readonly score: number;
}

/** An explanation of any method. */
export type AnyExplanation = Explanation<Tensor | null>;

export interface Finding {
  readonly title: string;
  /** The right answer as the file has it, where a column of them was named. */
  readonly label?: string;
  /** The word that is judged, of models that judge words. */
  readonly at?: string;
  /** The text that it is compared with, of models that say how alike two are. */
  readonly other?: string;
  /** Which input it is of, from 0. */
  readonly sample: number;
  /** All classes, the likeliest first. */
  readonly prediction: readonly ClassScore[];
  /** Whether the scores are probabilities: they are then printed as per cent. */
  readonly probabilities: boolean;
  /** Score of the target at the input: of a single probability with the target 0, that of the other class. */
  readonly score: number;
  /** What is explained, as a name and as the number of the class (null for a single score). */
  readonly target: { readonly label: string; readonly index: number | null; readonly isPredicted: boolean };
  /** Null for methods that compare with none. */
  readonly baseline: { readonly name: string; readonly score: number; readonly entropy: Entropy | null } | null;
  /** Null for methods whose numbers need not add up. */
  readonly completeness: Completeness | null;
  /** What brings the numbers closer to adding up; `library` where no flag does it. */
  readonly raise: WarningValues['incomplete']['raise'] | 'steps' | 'library';
  /** Attribution that gets the full colour where an input is explained for several targets: the largest of all of them; null for one target. */
  readonly scale: number | null;
  /** The largest number as it is coloured: of a token, or of a pixel with its channels summed. */
  readonly strongest: number;
  /** Tokens without padding, and one score each; of a transformer words, which have the sums of their pieces. */
  readonly text?: Scored & { readonly pieces?: Scored };
  /** Attributions as height x width x channels, or x 1 where one number stands for all channels. */
  readonly image?: { readonly view: ImageView; readonly attribution: Float64Array; readonly shape: readonly number[] };
  /** The pairs that count most, of methods that judge pairs: text, image and features then hold what each takes part in, summed. */
  readonly pairs?: {
    readonly names: readonly string[];
    readonly scores: readonly number[];
    /** All pairs of all features, row-major, where these are few enough for a matrix. */
    readonly table?: { readonly names: readonly string[]; readonly values: readonly number[] };
  };
  /** One per input of the model, where attributions are of its inputs (of texts also of their embedding); else none. */
  readonly parts: readonly FoundPart[];
  /** All features of all tables among the parts, where there are some: of a model with an input per column one table. */
  readonly table?: FoundTable;
  /** Names and scores of all entries, for tables, series and other arrays, and for several inputs. */
  readonly features?: { readonly names: readonly string[]; readonly scores: readonly number[] };
}

export interface Context {
  readonly batch: Batch;
  readonly output: OutputChoice;
  /** Null for methods that compare with none. */
  readonly baseline: BaselineChoice | null;
  readonly row: MethodRow;
  /** Whether attributions are of the inputs, not of a layer. */
  readonly atInput: boolean;
  /** Which sample of the batch the first row of the explanations is of; 0 if left out. */
  readonly from?: number;
}

/** One finding per input and target, those of the first input first. */
export function findingsOf(explanations: readonly AnyExplanation[], context: Context): Finding[] {
  const [first] = explanations;
  const rows = first!.predictions.shape[0]!;
  const winners = explanations.map(({ predictions }) => argmaxRows(predictions));
  return Array.from({ length: rows }, (_, row) => row).flatMap((row) => {
    const found = explanations.map((one, i) => findingOf(one, row, winners[i]![row]!, context));
    if (found.length === 1) return found;
    const scale = largest(
      found.map(({ strongest }) => strongest),
      0,
    );
    return found.map((one) => ({ ...one, scale }));
  });
}

function strongestIn({ text, image, features }: ReturnType<typeof shown>): number {
  if (image) return sharedScale([sumChannels(asImage({ data: image.attribution, shape: image.shape }, 'attribution'))]);
  return sharedScale([(text ?? features)?.scores ?? []]);
}

/** @param winner the class of the row's highest score */
function findingOf(explanation: AnyExplanation, row: number, winner: number, context: Context): Finding {
  const { batch, output, baseline, from = 0 } = context;
  const place = from + row;
  const { predictions, baselinePredictions, completeness, diagnostics, warnings } = explanation;
  const sample = batch.samples[place]!;
  const probabilities = areProbabilities(diagnostics.outputs, output);
  const index = explanation.target ? explanation.target.data[row]! : null;
  const numbers = context.row.pairs
    ? shownPairs(sample, explanation, row, context)
    : shown(sample, explanation, row, context);
  const incomplete = warnings.find(({ code }) => code === 'incomplete');
  return {
    title: sample.title,
    ...(sample.at !== undefined && { at: sample.at }),
    ...(sample.label !== undefined && { label: answerOf(sample.label, output, place) }),
    ...(sample.other !== undefined && { other: sample.other }),
    scale: null,
    strongest: strongestIn(numbers),
    sample: place,
    prediction: rank(rowOf(predictions, row), output, probabilities, place),
    probabilities,
    score: targetScore(rowOf(predictions, row), index, probabilities),
    target: {
      label: index === null ? output.label(0) : labelOf(index, output, place),
      index,
      isPredicted: index === winner,
    },
    baseline: baseline &&
      baselinePredictions && {
        name: baseline.name,
        score: targetScore(rowOf(baselinePredictions, row), index, probabilities),
        entropy: diagnostics.baselineEntropy?.[row] ?? null,
      },
    completeness: completeness[row] ?? null,
    raise: incomplete?.code === 'incomplete' ? raiseOf(incomplete.values.raise, context.row) : 'none',
    ...numbers,
  };
}

/** A right answer as predictions are called: a class for its number, where the model has classes. */
function answerOf(answer: string, output: OutputChoice, place: number): string {
  const named = output.classes > 1 || output.labels !== null;
  const isClass = /^\d+(\.0+)?$/.test(answer) && Number(answer) < Math.max(2, output.classes);
  return named && isClass && !output.labels?.includes(answer) ? labelOf(Number(answer), output, place) : answer;
}

/** `--steps auto` is of integrated gradients, --steps of methods with a path. */
function raiseOf(raise: WarningValues['incomplete']['raise'], row: MethodRow): Finding['raise'] {
  if (row.name === 'IntegratedGradients' || raise !== 'nSteps') return raise;
  return ownFlagsOf(row).includes('steps') ? 'steps' : 'library';
}

/** Whether scores are probabilities. One score of which the model's last op says nothing is, where names of two classes are given. */
export function areProbabilities(kind: OutputKind, output: OutputChoice): boolean {
  if (output.probabilities !== undefined) return output.probabilities;
  if (kind === 'unknown') return output.classes === 1 && output.labels !== null;
  return kind !== 'scores';
}

/** Scores of a row as classes, the largest first; a single score stays one. */
export function rank(
  scores: ArrayLike<number>,
  output: OutputChoice,
  probabilities: boolean,
  row: number,
): ClassScore[] {
  const label = (i: number): string => (output.classes === 1 ? output.name : output.label(i, row));
  const listed = Array.from(scores, (score, i) => ({ label: label(i), score }));
  if (output.classes === 1) {
    return output.labels && probabilities ? twoClasses(scores[0]!, output.labels) : listed;
  }
  return listed.sort((a, b) => b.score - a.score).slice(0, output.listed);
}

/** One probability p with names for 0 and 1. */
function twoClasses(p: number, labels: readonly string[]): ClassScore[] {
  const both = [
    { label: labels[0]!, score: 1 - p },
    { label: labels[1]!, score: p },
  ];
  return p >= 0.5 ? both.reverse() : both;
}

function labelOf(index: number, output: OutputChoice, row: number): string {
  return output.classes === 1 ? (output.labels?.[index] ?? `label ${index}`) : output.label(index, row);
}
