/** Transformers on the page: what they take, and a text as pieces of words. */
import { classNames, layersOf, outputsOf, summaryOf, tokenizerOf } from '../../open/model.ts';
import { readPieces } from '../../open/pieces.ts';
import type { LoadedTransformer } from '../../transformers/index.ts';
import type { ModelInfo } from '../protocol.ts';
import type { Sample } from './state.ts';

/** The model as the page describes it. */
export function describeTransformer(model: LoadedTransformer, file: string): ModelInfo {
  const [output] = outputsOf(model);
  const classes = output!.shape[1]!;
  return {
    name: model.name,
    file,
    summary: summaryOf(model),
    layers: layersOf(model),
    takes: `word pieces: up to ${tokenizerOf(model).positions}`,
    tokens: 'pieces',
    second: 'may',
    baselines: baselinesOf(model),
    labels: classNames(model, classes),
    kinds: ['text'],
    outputs: [{ name: output!.name, classes }],
    picture: { height: null, width: null, channels: null },
    range: [0, 1],
  };
}

function baselinesOf(model: LoadedTransformer): ModelInfo['baselines'] {
  const tokenizer = tokenizerOf(model);
  const { padId, maskId } = tokenizer;
  const every = (id: number): string => `${tokenizer.token(id)} for every token`;
  const mask = maskId === null ? [] : [['mask', every(maskId)] as const];
  return [['pad', every(padId)], ...mask, ['layer', 'zeros in place of word vectors']];
}

/** @throws PathgradError for a text of nothing but special tokens */
export function pieceSample(model: LoadedTransformer, text: string, second?: string): Sample {
  const { ids, kwargs, texts, notices } = readPieces(model, [second === undefined ? text : [text, second]]);
  const shown = notices.map((notice) => notice.charAt(0).toUpperCase() + notice.slice(1));
  const data = ids.data as Int32Array;
  return {
    kind: 'text',
    title: second === undefined ? text : `${text} | ${second}`,
    data,
    shape: ids.shape,
    notices: shown,
    kwargs,
    text: texts[0]!,
  };
}
