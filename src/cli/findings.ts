/**
 * What is said about each input of an explanation, apart from how it is shown: printed, as a report, as JSON. One number per
 * token or pixel, where attributions lie so; the strongest entries of any other array.
 */
import type { Completeness, Entropy, Explanation, OutputKind, WarningValues } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import { sizeOf } from '../tensor/shape.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
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
  /** What brings the numbers closer to adding up; `library` where no flag does it. */
  readonly raise: WarningValues['incomplete']['raise'] | 'library';
  /** Tokens without padding, and one score each. */
  readonly text?: { readonly tokens: readonly string[]; readonly scores: readonly number[] };
  /** Attributions as height x width x channels, or x 1 where one number stands for all channels. */
  readonly image?: { readonly view: ImageView; readonly attribution: Float64Array; readonly shape: readonly number[] };
  /** The pairs that count most, of methods that judge pairs: text, image and features then hold what each takes part in, summed. */
  readonly pairs?: { readonly names: readonly string[]; readonly scores: readonly number[] };
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

const PAIRS = 40; // of a table of pairs

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
    raise: incomplete?.code === 'incomplete' ? raiseOf(incomplete.values.raise, context.row) : 'none',
    ...(context.row.pairs ? shownPairs(sample, explanation, row, context) : shown(sample, explanation, row, context)),
  };
}

/** --steps is of integrated gradients. */
function raiseOf(raise: WarningValues['incomplete']['raise'], { name }: MethodRow): Finding['raise'] {
  return name !== 'IntegratedGradients' && (raise === 'nSteps' || raise === 'maxSteps') ? 'library' : raise;
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
  { attributions, X }: Pick<AnyExplanation, 'attributions' | 'X'>,
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

/** A table of pairs: its row sums as the attributions of what the rows are of, and its largest entries. */
function shownPairs(
  sample: Sample,
  explanation: AnyExplanation,
  row: number,
  context: Context,
): ReturnType<typeof shown> & Pick<Finding, 'pairs'> {
  const [table] = explanation.attributions;
  const [, count = 0, across = 0] = table!.shape;
  const values = rowOf(table!, row);
  if (explanation.attributions.length > 1 || count !== across) return shown(sample, explanation, row, context);
  const sums = Float64Array.from({ length: count }, (_, i) =>
    values.slice(i * count, (i + 1) * count).reduce((sum, v) => sum + v, 0),
  );
  const sides = sample.image?.shape.slice(0, 2) ?? [];
  const places = sizeOf(sides) === count ? sides : [count];
  const alone = tensor(sums, [1, ...places]);
  const parts = shown(sample, { attributions: [alone], X: explanation.X }, 0, { ...context, atInput: false });
  const name = (i: number): string => sample.text?.tokens[i] ?? `[${indexOf(i, places)}]`;
  const found = values.flatMap((value, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    // Tables are symmetric: a pair is the sum of its two entries.
    if (value === 0 || j <= i) return [];
    return [{ name: `${name(i)} with ${name(j)}`, score: value + values[j * count + i]! }];
  });
  const kept = found.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, PAIRS);
  return { ...parts, pairs: { names: kept.map((pair) => pair.name), scores: kept.map((pair) => pair.score) } };
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
