/** An explanation as the page shows it: scores with names, colours per token, pictures as pixels, the largest entries. */
import { describeWarning, type Phrases } from '../../../attribution/index.ts';
import { type AnyModel, isTransformer, noticesOf, summaryOf, titleOf, tokenizerOf } from '../../../open/model.ts';
import type { ShownPieces } from '../../../open/pieces.ts';
import { placesOf, wordAt } from '../../../open/places.ts';
import { targetScore } from '../../../open/score.ts';
import { indexOf } from '../../../visualize/format.ts';
import type { MethodInfo, ResultView, Settings } from '../../protocol/index.ts';
import type { AnyExplanation, Sample, Shown } from '../state.ts';
import { pairName, pairPlaces, pairsOf, pairTableOf } from './pairs.ts';
import { largest, none, type Parts, showText, strongest } from './parts.ts';

const CLASSES = 5;

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

export async function viewOf(explanation: AnyExplanation, facts: Facts): Promise<Shown> {
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
  const table = facts.pairs ? pairTableOf(values, sample.text) : null;
  const moves = facts.explainer.sum !== null;
  const shown = facts.neuronsOf
    ? listed(values, shape, (index) => `${facts.neuronsOf} ${index}`)
    : await show(facts, explanation, table?.sums ?? values, table ? [1, ...pairPlaces(sample, table)] : shape, moves);
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
      score: targetScore(predictions.data, index, probabilities),
    },
    explainer: facts.explainer,
    baseline: baselinePredictions && {
      name: facts.baselineName,
      score: targetScore(baselinePredictions.data, index, probabilities),
      entropy: diagnostics.baselineEntropy?.[0] ?? null,
    },
    completeness: completeness[0] ?? null,
    // Completeness is told beside its number.
    warnings: explanation.warnings
      .filter(({ code }) => code !== 'incomplete')
      .map((w) => capital(describeWarning(w, words))),
    notices: [
      ...noticesOf(facts.model).map(capital),
      ...sample.notices,
      ...(table ? [pairsSaid(shown.found !== null)] : []),
    ],
    marks: shown.marks,
    picture: shown.picture,
    charts: null,
    strongest: table ? strongest((at) => pairName(sample, table, at), table.scores) : shown.strongest,
    scale: shown.scale,
    signed: units.some((v) => v < 0),
    raised: units.reduce((sum, v) => sum + Math.max(0, v), 0),
    lowered: units.reduce((sum, v) => sum + Math.min(0, v), 0),
    backend,
    milliseconds,
  };
  const pairs = table && pairsOf(sample, table);
  const whole: Shown = {
    explanation,
    sample,
    view,
    found: shown.found,
    pairs,
    tokens: shown.tokens,
    scores: shown.scores,
    units: shown.units,
    attribution: shown.attribution,
    of,
  };
  if (!shown.found && !pairs) return whole;
  const { chartsOf } = await import('../tables.ts');
  return { ...whole, view: { ...view, charts: chartsOf(whole, view.scale) } };
}

/** What people call the model; of a transformer, whose files are all called alike, the folder. */
function nameOf({ model, file }: Facts): string {
  return titleOf(model, isTransformer(model) ? file.split('/').slice(0, -1).join('/') : file);
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

/** @param charted whether features have bars or lines, and no colours */
const pairsSaid = (charted: boolean): string =>
  `${charted ? 'The numbers of features' : 'Colours'} are sums over the pairs of each; the table of the strongest has the pairs themselves`;

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

/** @param moves whether numbers raise and lower the score */
async function show(
  { sample, pairs }: Facts,
  explanation: AnyExplanation,
  values: Float64Array,
  shape: readonly number[],
  moves: boolean,
): Promise<Parts> {
  if (sample.text) return showText(sample.text, values);
  if (sample.image) {
    const { pictureParts } = await import('../pictures.ts');
    const found = pictureParts(sample, values, shape, moves);
    if (found) return { ...none, ...found, strongest: strongest(found.name, found.perPixel) };
  }
  if (sample.parts.length > 0) {
    const { found } = await import('../tables.ts');
    const own = found(sample, explanation, pairs ? values : null);
    if (own) {
      const { names, scores } = own.features!;
      return {
        ...none,
        found: own,
        tokens: names,
        scores,
        scale: largest(scores),
        strongest: strongest(names, scores),
      };
    }
  }
  const [first] = sample.inputs;
  const value = (at: number): string =>
    values.length === first!.size ? ` = ${Number(first!.data[at]!.toPrecision(4))}` : '';
  return listed(values, shape, (index, at) => `${index}${value(at)}`);
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
