/** Texts for a model that splits and looks them up itself (TextVectorization, StringLookup). */
import type { Model } from '../model/model.ts';
import type { InputRows } from './input-rows.ts';

/** Whether the model's only input takes texts. */
export const looksUpTexts = ({ rawInputs }: Model): boolean =>
  rawInputs.length === 1 && rawInputs[0]!.dtype === 'string';

/** Texts that a row of such a model has. */
export const textsPerRow = ({ rawInputs }: Model): number => rawInputs[0]!.shape?.[1] ?? 1;

/** Texts as rows of an input, one each. @param flat the input has no axis beside that of the rows */
export function textRows(texts: readonly string[], flat: boolean): InputRows {
  const shape = flat ? [texts.length] : [texts.length, 1];
  return {
    count: texts.length,
    feed: { strings: texts, shape },
    part: (row) => ({ kind: 'text', shown: [texts[row]!] }),
  };
}
