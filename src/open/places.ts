/** Where in a text a transformer that judges words is looked at, and what stands there. */
import { failure } from '../tensor/errors.ts';
import { predictRows, type Transformer, tokenizerOf } from './model.ts';
import type { Pieces, ShownPieces } from './pieces.ts';

/** The text at a position: its word as it is written, or its token. */
export function wordAt(
  { tokens, words }: Pick<ShownPieces, 'tokens'> & Partial<ShownPieces>,
  position: number,
): string {
  const word = words?.find(({ positions }) => positions.includes(position));
  return word?.text ?? tokens[position] ?? `token ${position}`;
}

/** The first position of each word, or of token ids every one but the special. */
export function placesOf({ tokens, padding, fixed, words }: ShownPieces): number[] {
  if (words.length > 0) return words.map(({ positions }) => positions[0]!);
  return [...tokens.keys()].filter((i) => !padding[i] && !fixed[i]);
}

/**
 * A position per text: of the mask, or of the word that has the surest label (`O`, no label, is none).
 * @throws PathgradError for a text without the mask
 */
export async function usualPlaces(model: Transformer, { ids, kwargs, texts }: Pieces): Promise<number[]> {
  if (model.task === 'masked-lm') return texts.map((text, row) => maskIn(model, ids, text, row));
  const [scores] = await predictRows(model, [ids], kwargs);
  const [, width = 1, labels = 1] = scores!.shape;
  const outside = model.labels.indexOf('O');
  return texts.map((text, row) => {
    const sure = (place: number): number => {
      const at = (row * width + place) * labels;
      return Math.max(...Array.from(scores!.data.subarray(at, at + labels)).filter((_, label) => label !== outside));
    };
    const places = placesOf(text);
    return places.reduce((best, place) => (sure(place) > sure(best) ? place : best), places[0]!);
  });
}

function maskIn(model: Transformer, ids: Pieces['ids'], { words }: ShownPieces, row: number): number {
  const tokenizer = tokenizerOf(model);
  const { maskId } = tokenizer;
  const width = ids.shape[1]!;
  const place = maskId === null ? -1 : ids.data.subarray(row * width, (row + 1) * width).indexOf(maskId);
  if (place >= 0) return place;
  const token = maskId === null ? 'mask token' : tokenizer.token(maskId);
  const text = words.map((word) => word.text).join(' ');
  const hint = `write ${token} in the place of a word`;
  throw failure('text', `has no ${token}, the word that the model is to guess`, { text }, hint);
}

/** Whether one position is looked at; the positions of an answer are themselves what is predicted. */
export const judgesPlaces = ({ task }: Transformer): boolean => task === 'token-classification' || task === 'masked-lm';
