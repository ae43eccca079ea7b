/** From what the page sends to one row of the model's input. */
import { encodeText, wordSpans } from '../../../inputs/text.ts';
import type { Vocabulary } from '../../../inputs/vocabulary.ts';
import type { Model } from '../../../model/model.ts';
import { isTransformer } from '../../../open/model.ts';
import { failure } from '../../../tensor/errors.ts';
import { tensor } from '../../../tensor/tensor.ts';
import type { InputData, Place } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import type { Sample, State } from '../state.ts';
import { embeddingOf } from './layout.ts';
import { looksUpOneText, ownTextSample } from './own-words.ts';
import { pieceSample } from './pieces.ts';

/** What is needed for pictures, or for numbers, is fetched with the first of them. */
export async function sampleOf(state: State, input: InputData): Promise<Sample> {
  const model = modelIn(state);
  if (isTransformer(model)) {
    if (input.kind === 'text') return pieceSample(model, input.text, input.second);
    throw failure(model.name, 'takes texts only', { given: input.kind });
  }
  switch (input.kind) {
    case 'text':
      return looksUpOneText(model) ? ownTextSample(model, input.text) : textSample(state, model, input.text);
    case 'image':
      return (await import('../pictures.ts')).imageSample(model, input);
    case 'numbers':
      return (await import('../tables.ts')).numbersSample(model, input);
    case 'fields':
      return (await import('../tables.ts')).fieldsSample(model, input);
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
  const inputs = [tensor(ids, [1, ids.length])];
  return { kind: 'text', title: text, inputs, parts: [], notices, text: { tokens, padding, places } };
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
