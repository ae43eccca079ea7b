/** Transformers of Hugging Face: loading encoders with their heads, sentence models, and the tokenizer that goes with them. */
export type { TransformerConfig } from './config/config.ts';
export type { Architecture } from './encoders/index.ts';
export type { JsonSource, TransformerFiles } from './files.ts';
export type { DenseHead, DenseLayer, Encoding, Head, NewClassifier, OutputKind, Task } from './heads/index.ts';
export type { TransformerLayer } from './layers.ts';
export { type LoadedTransformer, loadTransformer, type TransformerOptions } from './load.ts';
export { type TokenInput, TransformerModel } from './model.ts';
export { type SavedFiles, type SaveTransformerOptions, saveTransformer } from './save.ts';
export {
  explainSimilarity,
  type SimilarityExplainer,
  type SimilarityExplanation,
  SimilarityModel,
  type SimilarityOptions,
  similarities,
  type TextSimilarity,
} from './sentence/similarity.ts';
export {
  type Answer,
  answerTarget,
  bestAnswers,
  classTarget,
  type Place,
  type TargetModel,
  type TokenTarget,
  tokenTarget,
} from './targets.ts';
export {
  bertTokenizerJson,
  type EncodedTexts,
  type EncodeOptions,
  type Offset,
  type TextPair,
  TextTokenizer,
  type TokenizerOptions,
  type Truncation,
  type Word,
  type WordAttributions,
  wordAttributions,
  wordsOf,
} from './tokenizer/index.ts';
