/** Models that split texts and look words up themselves (TextVectorization, StringLookup): they need no vocabulary, and one would contradict them. */
import type { Model } from '../../../model/model.ts';
import { encodeRows } from '../../../open/input-rows.ts';
import { type AnyModel, isTransformer } from '../../../open/model.ts';
import { looksUpTexts, textRows, textsPerRow } from '../../../open/own-texts.ts';
import { failure } from '../../../tensor/errors.ts';
import { tensor } from '../../../tensor/tensor.ts';
import type { Sample } from '../state.ts';
import { embeddingOf } from './layout.ts';

/** Whether the model's only input takes one text a row. */
export const looksUpOneText = (model: Model): boolean => looksUpTexts(model) && textsPerRow(model) === 1;

/** Whether the model is given fields: several inputs, or columns of categories. */
export const takesFields = (model: Model): boolean =>
  model.rawInputs.length > 1 || (model.rawInputs[0]!.dtype === 'string' && !looksUpOneText(model));

/** Whether texts are what the model is given. */
export const readsTexts = (model: AnyModel): boolean =>
  isTransformer(model) || looksUpOneText(model) || (!takesFields(model) && embeddingOf(model) !== null);

/** A text as the words that the model's own layer finds in it. */
export function ownTextSample(model: Model, text: string): Sample {
  if (text.trim() === '') throw failure('text', 'has no words', {}, 'type a sentence');
  const [input] = model.rawInputs;
  const { inputs, parts, notices } = encodeRows(
    model,
    new Map([[input!.name, textRows([text], input!.shape?.length === 1)]]),
  );
  const [encoded] = inputs;
  const [shown] = parts(0);
  const data = encoded!.data instanceof Int32Array ? encoded!.data : Float32Array.from(encoded!.data);
  const words = shown?.text;
  const common = { title: text, inputs: [tensor(data, encoded!.shape)], notices };
  // A bag of words has no order to show: its entries are listed by their names.
  if (!words || !embeddingOf(model)) return { kind: 'numbers', ...common, parts: shown ? [shown] : [] };
  return {
    kind: 'text',
    ...common,
    parts: [],
    text: { tokens: words.tokens, padding: words.padding, places: words.tokens.map(() => null) },
  };
}
