/**
 * What is said about each input of an explanation, apart from how it is shown: printed, as a report, as JSON. One number per
 * token or pixel, where attributions lie so; the strongest entries of any other array.
 */
import type { Completeness, Entropy, Explanation, OutputKind, WarningValues } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { indexOf } from '../visualize/format.ts';
import { argmaxRows, type BaselineChoice, type OutputChoice } from './choices.ts';
import type { Batch, ImageView, Sample } from './samples/batch.ts';

export interface ClassScore {
  readonly label: string;
  readonly score: number;
}

/** An explanation of any method. */
export type AnyExplanation = Explanation<Tensor | null>;

export interface Finding {
  readonly title: string;
  /** Which input it is of, from 0. */
  readonly sample: number;
  /** All classes, the likeliest first. */
  readonly prediction: readonly ClassScore[];
  /** Whether the scores are probabilities: they are then printed as per cent. */
  readonly probabilities: boolean;
  /** What is explained, as a name and as the number of the class (null for a single score). */
  readonly target: { readonly label: string; readonly index: number | null; readonly isPredicted: boolean };
  /** Null for methods that compare with none. */
  readonly baseline: { readonly name: string; readonly score: number; readonly entropy: Entropy | null } | null;
  /** Null for methods whose numbers need not add up. */
  readonly completeness: Completeness | null;
  /** What brings the numbers closer to adding up. */
  readonly raise: WarningValues['incomplete']['raise'];
  /** Tokens without padding, and one score each. */
  readonly text?: { readonly tokens: readonly string[]; readonly scores: readonly number[] };
  /** Attributions as height x width x channels, or x 1 where one number stands for all channels. */
  readonly image?: { readonly view: ImageView; readonly attribution: Float64Array; readonly shape: readonly number[] };
  /** Names and scores of all entries, for other arrays. */
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
}

/** One finding per input and target, those of the first input first. */
export function findingsOf(explanations: readonly AnyExplanation[], context: Context): Finding[] {
  return context.batch.samples.flatMap((_, row) => explanations.map((one) => findingOf(one, row, context)));
}

function findingOf(explanation: AnyExplanation, row: number, context: Context): Finding {
  const { batch, output, baseline } = context;
  const { predictions, baselinePredictions, completeness, diagnostics, warnings } = explanation;
  const sample = batch.samples[row]!;
  const probabilities = areProbabilities(diagnostics.outputs, output);
  const index = explanation.target ? explanation.target.data[row]! : null;
  const incomplete = warnings.find(({ code }) => code === 'incomplete');
  return {
    title: sample.title,
    sample: row,
    prediction: rank(rowOf(predictions, row), output, probabilities),
    probabilities,
    target: {
      label: index === null ? output.label(0) : labelOf(index, output),
      index,
      isPredicted: index !== null && index === argmaxRows(predictions)[row],
    },
    baseline: baseline &&
      baselinePredictions && {
        name: baseline.name,
        score: scoreAt(rowOf(baselinePredictions, row), index, probabilities),
        entropy: diagnostics.baselineEntropy?.[row] ?? null,
      },
    completeness: completeness[row] ?? null,
    raise: incomplete?.code === 'incomplete' ? incomplete.values.raise : 'none',
    ...shown(sample, explanation, row, context),
  };
}

/** Whether scores are probabilities. One score of which the model's last op says nothing is, where names of two classes are given. */
export function areProbabilities(kind: OutputKind, output: OutputChoice): boolean {
  if (kind === 'unknown') return output.classes === 1 && output.labels !== null;
  return kind !== 'scores';
}

/** Scores of a row as classes, the largest first; a single score stays one. */
export function rank(scores: ArrayLike<number>, output: OutputChoice, probabilities: boolean): ClassScore[] {
  const label = (i: number): string => (output.classes === 1 ? output.name : output.label(i));
  const listed = Array.from(scores, (score, i) => ({ label: label(i), score }));
  if (output.classes === 1) {
    return output.labels && probabilities ? twoClasses(scores[0]!, output.labels) : listed;
  }
  return listed.sort((a, b) => b.score - a.score);
}

/** One probability p with names for 0 and 1. */
function twoClasses(p: number, labels: readonly string[]): ClassScore[] {
  const both = [
    { label: labels[0]!, score: 1 - p },
    { label: labels[1]!, score: p },
  ];
  return p >= 0.5 ? both.reverse() : both;
}

function labelOf(index: number, output: OutputChoice): string {
  return output.classes === 1 ? (output.labels?.[index] ?? `label ${index}`) : output.label(index);
}

/** The score that a target names: of its class; for the labels 1 and 0 of a single score p and 1 - p, or y and -y. */
function scoreAt(scores: readonly number[], index: number | null, probabilities: boolean): number {
  if (scores.length > 1) return scores[index ?? 0]!;
  if (index !== 0) return scores[0]!;
  return probabilities ? 1 - scores[0]! : -scores[0]!;
}

function rowOf({ data, shape }: Tensor, row: number): number[] {
  const width = sizeOf(shape.slice(1));
  return Array.from(data.subarray(row * width, (row + 1) * width));
}

function shown(
  sample: Sample,
  { attributions, X }: AnyExplanation,
  row: number,
  { atInput }: Context,
): Pick<Finding, 'text' | 'image' | 'features'> {
  const [only] = attributions;
  const values = rowOf(only!, row);
  const shape = only!.shape.slice(1);
  const { text, image } = sample;
  if (attributions.length === 1 && text && shape[0] === text.tokens.length) {
    const width = sizeOf(shape.slice(1));
    const scores = text.tokens.map((_, i) => values.slice(i * width, (i + 1) * width).reduce((sum, v) => sum + v, 0));
    const kept = text.tokens.map((_, i) => i).filter((i) => !text.padding[i]);
    return { text: { tokens: kept.map((i) => text.tokens[i]!), scores: kept.map((i) => scores[i]!) } };
  }
  const picture = attributions.length === 1 && image ? pictureOf(image, values, shape, atInput) : null;
  if (picture) return { image: picture };
  const inputs = atInput && values.length === sizeOf(X[0]!.shape.slice(1)) ? rowOf(X[0]!, row) : null;
  const names: string[] = [];
  const scores: number[] = [];
  attributions.forEach((attribution, part) => {
    const prefix = attributions.length > 1 ? `${part}:` : '';
    rowOf(attribution, row).forEach((score, i) => {
      const place = indexOf(i, attribution.shape.slice(1));
      names.push(`${prefix}[${place}]${inputs ? ` = ${Number(inputs[i]!.toPrecision(4))}` : ''}`);
      scores.push(score);
    });
  });
  return { features: { names, scores } };
}

/** Attributions over the picture: of its own values, or one number per pixel, as maps of layers are that were brought to its size. */
function pictureOf(
  view: ImageView,
  values: number[],
  shape: readonly number[],
  atInput: boolean,
): Finding['image'] | null {
  const [height, width] = view.shape;
  if (atInput && values.length === sizeOf(view.shape))
    return { view, attribution: view.arrange(values), shape: view.shape };
  const map = shape[0] === height && shape[1] === width && values.length === height * width;
  return map ? { view, attribution: Float64Array.from(values), shape: [height, width, 1] } : null;
}
