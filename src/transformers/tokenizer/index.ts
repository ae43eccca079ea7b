/** Text to the tokens that a model takes, and back to words of the text. */
export type { Offset, Truncation } from './encode.ts';
export {
  type EncodedTexts,
  type EncodeOptions,
  type TextPair,
  TextTokenizer,
  type TokenizerOptions,
} from './text-tokenizer.ts';
export { bertTokenizerJson } from './vocab.ts';
export { type Word, type WordAttributions, wordAttributions, wordsOf } from './words.ts';
