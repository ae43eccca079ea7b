/** Reading what a model is asked about: texts, pictures and arrays. Pure functions on bytes and text, for Node and browser. */
export { arrayToTensor, isIntegerArray, type NumericArray, type NumericData, takeRows } from './array.ts';
export { type FitTarget, fitPicture, invertPicture } from './fit.ts';
export { gunzip, isGzip } from './gzip.ts';
export { readIdx } from './idx.ts';
export { type Picture, readPng } from './image.ts';
export { readNpy } from './npy.ts';
export { type EncodedText, type EncodeOptions, encodeText, tokenize } from './text.ts';
export { parseVocabulary, type Vocabulary, type VocabularyOptions } from './vocabulary.ts';
