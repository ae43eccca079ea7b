/** From what the page sends to one row of the model's input. */
import { encodeText, type Vocabulary } from '../../inputs/index.ts';
import { placeOf, rowShape } from '../../inputs/layout.ts';
import { wordSpans } from '../../inputs/text.ts';
import type { Model } from '../../model/model.ts';
import { isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { InputData, PixelRange, Pixels, Place } from '../protocol.ts';
import { embeddingOf, pictureLayout } from './layout.ts';
import { modelIn } from './model.ts';
import { looksUpOneText, ownTextSample } from './own-words.ts';
import { pieceSample } from './pieces.ts';
import type { Sample, State } from './state.ts';

export function sampleOf(state: State, input: InputData): Sample {
  const model = modelIn(state);
  if (isTransformer(model)) {
    if (input.kind === 'text') return pieceSample(model, input.text, input.second);
    throw failure(model.name, 'takes texts only', { given: input.kind });
  }
  switch (input.kind) {
    case 'text':
      return looksUpOneText(model) ? ownTextSample(model, input.text) : textSample(state, model, input.text);
    case 'image':
      return imageSample(model, input.pixels, input.range, input.title);
    case 'numbers':
      return numbersSample(model, input.text, input.features);
  }
}

function textSample({ words }: State, model: Model, text: string): Sample {
  const embedding = embeddingOf(model);
  if (!embedding) throw failure(model.name, 'reads no tokens: it has no Embedding at its input');
  if (!words) {
    const hint = 'drop its vocabulary: a text file with one token per line, or the JSON word index of Keras';
    throw failure(model.name, 'needs a vocabulary to read words', {}, hint);
  }
  const { vocabulary, truncating } = words;
  const length = model.inputs[0]!.shape[1] ?? null;
  const { size } = embedding;
  const encoded = encodeText(text, vocabulary, { size, truncating, ...(length !== null && { length }) });
  const { ids, tokens, padding, unknown, dropped } = encoded;
  if (ids.length === 0) throw failure('text', 'has no words', {}, 'type a sentence');
  const notices: string[] = [];
  if (unknown.length > 0) {
    const shown = `${unknown.slice(0, 8).join(', ')}${unknown.length > 8 ? ', …' : ''}`;
    notices.push(
      `Not in the vocabulary, so the model cannot see which ${unknown.length > 1 ? 'words they are' : 'word it is'}: ${shown}`,
    );
  }
  const places = placesIn(text, vocabulary, { padding, dropped, truncating });
  const end = truncating === 'pre' ? 'first' : 'last';
  if (dropped > 0) notices.push(`The model takes ${ids.length} tokens: the ${end} ${dropped} are cut off`);
  if (vocabulary.size > embedding.size) {
    notices.push(
      `${vocabulary.name} has ${vocabulary.size} tokens, the model knows ${embedding.size}: the rest count as unknown`,
    );
  }
  return { kind: 'text', title: text, data: ids, shape: [1, ids.length], notices, text: { tokens, padding, places } };
}

/** Where each token stands in the text; null for the start and for padding. */
function placesIn(
  text: string,
  { start }: Vocabulary,
  { padding, dropped, truncating }: { padding: readonly boolean[]; dropped: number; truncating: 'pre' | 'post' },
): (Place | null)[] {
  const spans = wordSpans(text);
  // The start stands before the first word, and is the first to be cut off.
  let next = (truncating === 'pre' ? dropped : 0) - (start === null ? 0 : 1);
  return padding.map((pad) => {
    const span = pad ? undefined : spans[next++];
    return span ? { part: 0, start: span[0], end: span[1] } : null;
  });
}

function imageSample(model: Model, pixels: Pixels, [black, white]: PixelRange, title: string): Sample {
  const layout = pictureLayout(model);
  if (!layout) throw failure(model.name, 'takes no pictures', { takes: model.inputs[0]!.shape.slice(1) });
  const place = placeOf(pixels, layout.order);
  const data = new Float32Array(pixels.data.length);
  pixels.data.forEach((value, at) => {
    data[place(at)] = black + value * (white - black);
  });
  const arrange = (row: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: data.length }, (_, at) => row[place(at)]!);
  const shape = [1, ...rowShape(pixels, layout.order)];
  return { kind: 'image', title, data, shape, notices: [], image: { pixels, range: [black, white], arrange } };
}

function numbersSample(model: Model, text: string, features?: readonly string[]): Sample {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  const values = parts.map(Number);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw failure('numbers', `'${parts[wrong]}' is not a number`, { position: wrong + 1 });
  const dims = model.inputs[0]!.shape.slice(1);
  const known = sizeOf(dims.map((dim) => dim ?? 1));
  const open = dims.filter((dim) => dim === null).length;
  const rest = values.length / known;
  if (values.length === 0 || open > 1 || !Number.isInteger(rest) || (open === 0 && rest !== 1)) {
    const takes = dims.map((dim) => dim ?? 'any');
    throw failure(
      'numbers',
      'are not as many as the model takes',
      { given: values.length, takes },
      'separate them by commas',
    );
  }
  const shape = [1, ...dims.map((dim) => dim ?? rest)];
  const data = model.inputs[0]!.dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
  return {
    kind: 'numbers',
    title: `${values.length} numbers`,
    data,
    shape,
    notices: [],
    ...(features?.length === values.length && { features }),
  };
}
