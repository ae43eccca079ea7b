/** Transformers on the page: what they take, and a text as pieces of words. */
import { outputsOf, summaryOf, tokenizerOf } from '../../open/model.ts';
import { readPieces } from '../../open/pieces.ts';
import type { LoadedTransformer } from '../../transformers/index.ts';
import type { ModelInfo } from '../protocol.ts';
import type { Sample } from './state.ts';

/** The model as the page describes it. */
export function describeTransformer(model: LoadedTransformer, file: string): ModelInfo {
  const [output] = outputsOf(model);
  return {
    name: model.name,
    file,
    summary: summaryOf(model),
    takes: `word pieces: up to ${tokenizerOf(model).positions}`,
    tokens: 'pieces',
    labels: model.labels,
    kinds: ['text'],
    outputs: [{ name: output!.name, classes: output!.shape[1]! }],
    picture: { height: null, width: null, channels: null },
    range: [0, 1],
  };
}

/** @throws PathgradError for a text of nothing but special tokens */
export function pieceSample(model: LoadedTransformer, text: string): Sample {
  const { ids, kwargs, texts, notices } = readPieces(model, [text]);
  const shown = notices.map((notice) => notice.replace(/^the text/, 'The text'));
  const data = ids.data as Int32Array;
  return { kind: 'text', title: text, data, shape: ids.shape, notices: shown, kwargs, text: texts[0]! };
}
