/**
 * JSON whose author is not trusted. Invariant: one linear pass over the text bounds its length, its depth and the number of its values
 * before JSON.parse sees it, so that whoever walks through the result may recurse.
 */
import { failure } from '../tensor/errors.ts';
import { checkDepth } from './guard.ts';

/** Characters and values. Configs of the largest models in keras.applications have 2 MB and 100,000 values; vocabularies are longer. */
export interface JsonLimits {
  readonly characters: number;
  readonly values: number;
}

/** Architectures and configs, with vocabularies inside. */
const CONFIG: JsonLimits = { characters: 2 ** 24, values: 2 ** 19 };
/** Tokenizers and word indices; arrays of numbers to compare with. */
export const DATA_JSON: JsonLimits = { characters: 2 ** 26, values: 2 ** 22 };

/** Most bytes that a config may have, for those who unpack it. */
export const CONFIG_BYTES = CONFIG.characters;

/**
 * JSON as Python writes it: `NaN` and `Infinity` are allowed outside texts (NaN reads as null, Infinity as a number).
 * @param subject file and place, for the error
 */
export function parseJson(text: string, subject: string, { characters, values } = CONFIG): unknown {
  const refuse = (problem: string, limit: number): never => {
    throw failure(subject, `is JSON with more ${problem} than are read`, { limit, characters: text.length });
  };
  if (text.length > characters) refuse('characters', characters);
  const strict: string[] = [];
  let from = 0;
  let depth = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      for (let c = 0; ++i < text.length && (c = text.charCodeAt(i)) !== 0x22; ) if (c === 0x5c) i++;
    } else if (code === 0x5b || code === 0x7b) {
      checkDepth(++depth, subject);
      if (++count > values) refuse('values', values);
    } else if (code === 0x5d || code === 0x7d) depth--;
    else if (code === 0x2c) {
      if (++count > values) refuse('values', values);
    } else if (code === 0x4e || code === 0x49) {
      const token = code === 0x4e ? 'NaN' : 'Infinity';
      if (!text.startsWith(token, i)) continue;
      strict.push(text.slice(from, i), code === 0x4e ? 'null' : '1e999');
      i += token.length - 1;
      from = i + 1;
    }
  }
  try {
    return JSON.parse(strict.length === 0 ? text : strict.join('') + text.slice(from));
  } catch (cause) {
    throw failure(
      subject,
      'is not JSON',
      { starts: `'${text.slice(0, 30)}'`, characters: text.length },
      'look for a bracket or a quote that is missing, or get the file anew',
      cause,
    );
  }
}
