/** Transformers on the page: what they take, and a text as pieces of words. */
import { classNames, outputsOf, summaryOf, type Transformer, tokenizerOf } from '../../../open/model.ts';
import { readPieces, type ShownPieces } from '../../../open/pieces.ts';
import { judgesPlaces } from '../../../open/places.ts';
import { failure } from '../../../tensor/errors.ts';
import type { ModelInfo, Place } from '../../protocol/index.ts';
import { layersOf } from '../model/layers.ts';
import type { Sample } from '../state.ts';

/** The model as the page describes it. */
export function describeTransformer(model: Transformer, file: string): ModelInfo {
  const alike = model.task === 'embedding';
  const outputs = alike ? [{ name: 'similarity', shape: [null, 1] }] : outputsOf(model);
  const labels =
    model.task === 'question-answering' || model.task === 'masked-lm' ? null : (outputs[0]!.shape.at(-1) ?? 1);
  return {
    name: model.name,
    file,
    summary: summaryOf(model),
    layers: layersOf(model.layers),
    takes: `word pieces: up to ${tokenizerOf(model).positions}`,
    tokens: 'pieces',
    places: judgesPlaces(model),
    second: alike ? 'must' : 'may',
    baselines: baselinesOf(model),
    labels: labels === null ? [] : classNames(model, labels),
    fields: [],
    normal: false,
    sounds: false,
    kinds: ['text'],
    outputs: outputs.map(({ name }) => ({ name, classes: labels, number: alike || model.scoreOnly === true })),
    picture: { height: null, width: null, channels: null },
    range: [0, 1],
  };
}

function baselinesOf(model: Transformer): ModelInfo['baselines'] {
  const tokenizer = tokenizerOf(model);
  const { padId, maskId } = tokenizer;
  const every = (id: number): string => `${tokenizer.token(id)} for every token`;
  const mask = maskId === null ? [] : [['mask', every(maskId)] as const];
  return [['pad', every(padId)], ...mask, ['layer', 'zeros in place of word vectors']];
}

/** @throws PathgradError for a text of nothing but special tokens, and where two texts are needed and one is missing */
export function pieceSample(model: Transformer, text: string, second?: string): Sample {
  const alike = model.task === 'embedding';
  if (alike && text.trim() === '') {
    throw failure('first text', 'is missing: the model says how alike two texts are', {}, 'type one');
  }
  if (alike && second === undefined) {
    throw failure('second text', 'is missing: the model says how alike two texts are', {}, 'type one');
  }
  const together = second === undefined || alike ? text : ([text, second] as const);
  const { ids, kwargs, texts, encoded, notices } = readPieces(model, [together]);
  const shown = notices.map((notice) => notice.charAt(0).toUpperCase() + notice.slice(1));
  const title = second === undefined ? text : `${text} | ${second}`;
  const other = alike && second !== undefined ? { other: second } : {};
  const places = placesIn(texts[0]!, [text, second ?? ''], encoded!.texts[0]!);
  return {
    kind: 'text',
    title,
    inputs: [ids],
    parts: [],
    notices: shown,
    kwargs,
    text: { ...texts[0]!, places },
    ...(encoded && { encoded }),
    ...other,
  };
}

/** Where the first piece of each word stands in what was typed: a prompt of the model's own may stand before it. */
function placesIn(
  { tokens, words }: ShownPieces,
  typed: readonly [string, string],
  read: readonly string[],
): (Place | null)[] {
  const places = tokens.map((): Place | null => null);
  for (const { sequence: part, start, end, positions } of words) {
    const before = (read[part] ?? '').length - typed[part].length;
    if (start < before || !(read[part] ?? '').endsWith(typed[part])) continue;
    places[positions[0]!] = { part, start: start - before, end: end - before };
  }
  return places;
}
