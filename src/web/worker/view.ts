/** An explanation as the page shows it: scores with names, colours per token, pictures as pixels, the largest entries. */
import { describeWarning, type Phrases } from '../../attribution/index.ts';
import { type AnyModel, isTransformer, noticesOf, summaryOf, titleOf, tokenizerOf } from '../../open/model.ts';
import { type ShownPieces, type Unit, unitsOf } from '../../open/pieces.ts';
import { placesOf, wordAt } from '../../open/places.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { finiteNumbers } from '../../visualize/arrays.ts';
import { indexOf } from '../../visualize/format.ts';
import { thresholdByMass } from '../../visualize/normalize.ts';
import type { Mark, MethodInfo, ResultView, Settings } from '../protocol.ts';
import { colouredMark } from './marks.ts';
import { type PairTable, pairTableOf } from './pairs.ts';
import { overPicture, panelsOf } from './panels.ts';
import type { AnyExplanation, Sample, Shown } from './state.ts';

const CLASSES = 5;
const STRONGEST = 12;
/** Per cent of a picture's attribution beyond full colour: a few strong pixels would make all others pale. */
const OUTLIERS = 5;

/** Every explanation has a number of its own. */
let made = 0;

interface Facts {
  readonly sample: Sample;
  readonly settings: Settings;
  readonly explainer: MethodInfo;
  readonly classes: number;
  readonly baselineName: string;
  /** The layer whose neurons have the numbers; null where the input has them. */
  readonly neuronsOf: string | null;
  /** Whether there is a number for every pair. */
  readonly pairs: boolean;
  readonly backend: string;
  readonly milliseconds: number;
  readonly model: AnyModel;
  readonly file: string;
}

export function viewOf(explanation: AnyExplanation, facts: Facts): Shown {
  const { sample, classes, backend, milliseconds } = facts;
  const { predictions, baselinePredictions, completeness, diagnostics } = explanation;
  const label = labelling(facts);
  const probabilities = diagnostics.outputs === 'distribution' || diagnostics.outputs === 'probabilities';
  const index = explanation.target ? explanation.target.data[0]! : null;
  const scores = Array.from(predictions.data, (score, i) => ({ label: label(i), score }));
  const winner = scores.reduce((best, { score }, i) => (score > scores[best]!.score ? i : best), 0);
  const at = classes === 1 ? 0 : (index ?? 0);
  const values = Float64Array.from(explanation.attributions[0]!.data);
  const { shape } = explanation.attributions[0]!;
  const table = facts.pairs ? pairTableOf(values) : null;
  const moves = facts.explainer.sum !== null;
  const shown = facts.neuronsOf
    ? listed(values, shape, (index) => `${facts.neuronsOf} ${index}`)
    : show(sample, table?.sums ?? values, table ? [1, ...pairPlaces(sample, table)] : shape, moves);
  // What is listed: words, not the entries of their vectors.
  const units = shown.units?.map(({ score }) => score) ?? [...(shown.scores ?? values)];
  const of = { name: nameOf(facts), file: facts.file, summary: summaryOf(facts.model) };
  const view: ResultView = {
    id: made++,
    title: sample.title,
    model: of.name,
    file: of.file,
    layer: facts.settings.layer,
    prediction: scores
      .map((entry, i) => ({ ...entry, i }))
      .sort((a, b) => b.score - a.score)
      .filter(({ i }, rank) => rank < CLASSES || i === at)
      .map(({ label: name, score, i }) => ({ label: name, score, index: i })),
    place: placeOf(facts),
    probabilities,
    target: {
      label: classes === 1 && index !== null ? `label ${index}` : label(at),
      index,
      isPredicted: classes > 1 && index === winner,
      score: asked(predictions.data, facts, index),
    },
    explainer: facts.explainer,
    baseline: baselinePredictions && {
      name: facts.baselineName,
      score: baselinePredictions.data[at]!,
      entropy: diagnostics.baselineEntropy?.[0] ?? null,
    },
    completeness: completeness[0] ?? null,
    // Completeness is told beside its number.
    warnings: explanation.warnings
      .filter(({ code }) => code !== 'incomplete')
      .map((w) => capital(describeWarning(w, words))),
    notices: [...noticesOf(facts.model).map(capital), ...sample.notices, ...(table ? [pairsShown] : [])],
    marks: shown.marks,
    picture: shown.picture,
    strongest: table ? strongest((at) => pairName(sample, table, at), table.scores) : shown.strongest,
    scale: shown.scale,
    signed: units.some((v) => v < 0),
    raised: units.reduce((sum, v) => sum + Math.max(0, v), 0),
    lowered: units.reduce((sum, v) => sum + Math.min(0, v), 0),
    backend,
    milliseconds,
  };
  return {
    explanation,
    sample,
    view,
    tokens: shown.tokens,
    scores: shown.scores,
    units: shown.units,
    attribution: shown.attribution,
    of,
  };
}

/** What people call the model; of a transformer, whose files are all called alike, the folder. */
function nameOf({ model, file }: Facts): string {
  return titleOf(model, isTransformer(model) ? file.split('/').slice(0, -1).join('/') : file);
}

/** The number that is explained: of a single score itself, or what it leaves of 1 to label 0. */
function asked(scores: ArrayLike<number>, { classes }: Facts, index: number | null): number {
  if (classes > 1) return scores[index ?? 0]!;
  return index === 0 ? 1 - scores[0]! : scores[0]!;
}

/** The names of classes: of words for an answer, of the vocabulary for a masked word. */
function labelling(facts: Facts): (i: number) => string {
  const { model, sample, settings, classes } = facts;
  if (isTransformer(model) && model.task === 'question-answering') return (i) => wordAt(sample.text!, i);
  if (isTransformer(model) && model.task === 'masked-lm') {
    const tokenizer = tokenizerOf(model);
    return (i) => (i < tokenizer.vocabulary ? tokenizer.token(i) : `token ${i}`);
  }
  return (i) => settings.labels[i] ?? (classes === 1 ? outputName(facts) : `class ${i}`);
}

function placeOf({ sample, settings: { place } }: Facts): ResultView['place'] {
  if (place === null || !sample.text) return null;
  const text = sample.text as ShownPieces;
  const places = placesOf(text).map((at) => ({ at, word: wordAt(text, at) }));
  return { at: place, word: wordAt(text, place), places };
}

const pairsShown = 'Colours are sums over the pairs of each; the table of the strongest has the pairs themselves';

/** The input's axes but the batch, without the last where pairs are sums over it. */
function pairPlaces({ shape: [, ...row] }: Sample, { sums }: PairTable): number[] {
  return sizeOf(row) === sums.length ? row : row.slice(0, -1);
}

function pairName(sample: Sample, table: PairTable, at: number): string {
  const name = (i: number): string => sample.text?.tokens[i] ?? `[${indexOf(i, pairPlaces(sample, table))}]`;
  return table.pair(at).map(name).join(' with ');
}

function outputName({ model, settings }: Facts): string {
  if (isTransformer(model)) return model.task === 'embedding' ? 'similarity' : 'score';
  return model.outputs[settings.output]?.name ?? 'score';
}

/** Words for the one input that there is, and for the page's controls. */
const words: Partial<Phrases> = {
  'outputs-are-scores': () =>
    'the outputs are scores, no probabilities: if they are logits, switch on “apply softmax” to explain probabilities',
  'baseline-equals-input': () => 'the input equals the baseline: all attributions are 0; choose another baseline',
  'gradient-not-finite': ({ step, alpha }) =>
    `the gradient is not finite at step ${step} (alpha ${alpha}): use Gauss-Legendre, whose points avoid the ends, or move the baseline`,
  'gradient-zero': () =>
    'the score changes but its gradient is 0 on the whole path: the model is flat there (steps, rounding, saturation), and gradients cannot explain it; explain logits or an earlier layer',
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

type Parts = Pick<Shown, 'tokens' | 'scores' | 'units' | 'attribution'> &
  Pick<ResultView, 'marks' | 'picture' | 'strongest' | 'scale'>;

const none = { tokens: null, scores: null, units: null, attribution: null, marks: null, picture: null };

/** @param moves whether numbers raise and lower the score */
function show(sample: Sample, values: Float64Array, shape: readonly number[], moves: boolean): Parts {
  if (sample.text) {
    const { tokens, padding } = sample.text;
    const width = values.length / tokens.length;
    const kept = tokens.map((_, i) => i).filter((i) => !padding[i]);
    const all = tokens.map((_, i) => values.subarray(i * width, (i + 1) * width).reduce((sum, v) => sum + v, 0));
    const scores = kept.map((i) => all[i]!);
    const names = kept.map((i) => tokens[i]!);
    finiteNumbers(all, 'scores');
    const units = unitsIn(sample.text, all);
    const [words, sums] = [units.map(({ name }) => name), units.map(({ score }) => score)];
    const scale = largest(sums);
    const marks = marksOf(units, sample.text, all, scale);
    return { ...none, tokens: names, scores, units, marks, scale, strongest: strongest(words, sums) };
  }
  const attribution = sample.image ? overPicture(sample.image, values, shape) : null;
  if (attribution) {
    const { data, shape: lies } = attribution;
    const [height = 1, width = 1, channels = 1] = lies;
    const size = { width, height };
    const perPixel = Array.from({ length: width * height }, (_, pixel) =>
      data.subarray(pixel * channels, (pixel + 1) * channels).reduce((sum, v) => sum + v, 0),
    );
    const names = (pixel: number): string =>
      `row ${Math.floor(pixel / size.width) + 1}, column ${(pixel % size.width) + 1}`;
    const scale = thresholdByMass(perPixel, OUTLIERS);
    return {
      ...none,
      attribution,
      scale,
      picture: { ...size, panels: panelsOf(sample, attribution, scale, moves || perPixel.some((v) => v < 0), moves) },
      strongest: strongest(names, perPixel),
    };
  }
  const value = (at: number): string =>
    values.length === sample.data.length ? ` = ${Number(sample.data[at]!.toPrecision(4))}` : '';
  const features = values.length === sample.features?.length ? sample.features : null;
  return listed(values, shape, (index, at) => `${features?.[at] ?? index}${value(at)}`);
}

/** Numbers that have no place in a text or a picture. */
function listed(values: Float64Array, shape: readonly number[], name: (index: string, at: number) => string): Parts {
  const names = (at: number): string => name(`[${indexOf(at, shape.slice(1))}]`, at);
  const all = [...values];
  return {
    ...none,
    tokens: all.map((_, i) => names(i)),
    scores: all,
    scale: largest(all),
    strongest: strongest(names, all),
  };
}

/** Words and special tokens, or the tokens of a vocabulary, without padding. */
function unitsIn(text: NonNullable<Sample['text']>, scores: readonly number[]): Unit[] {
  if (text.words) return unitsOf(text as ShownPieces, scores);
  const whole = { fixed: text.tokens.map(() => false), words: [] };
  return unitsOf({ ...text, ...whole }, scores);
}

/** @param all scores of all tokens */
function marksOf(
  units: readonly Unit[],
  { tokens, places }: NonNullable<Sample['text']>,
  all: readonly number[],
  scale: number,
): Mark[] {
  return units.map(({ name, score, joined, fixed, positions }) => {
    const pieces = positions.length > 1 ? positions.map((p) => ({ token: tokens[p]!, score: all[p]! })) : [];
    return colouredMark({ token: name, score, joined, pieces, fixed, place: places[positions[0]!] ?? null }, scale);
  });
}

const largest = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

type Names = readonly string[] | ((at: number) => string);

function strongest(names: Names, scores: readonly number[]): { name: string; score: number }[] {
  return scores
    .map((score, at) => ({ score, at }))
    .filter(({ score }) => score !== 0)
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, STRONGEST)
    .map(({ score, at }) => ({ name: typeof names === 'function' ? names(at) : names[at]!, score }));
}
