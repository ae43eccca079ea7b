/** Reading what a model is asked about: texts, pictures, sounds, tables and arrays. Pure functions on bytes, text and streams, for Node and browser. */
export { arrayToTensor, isIntegerArray, type NumericArray, type NumericData, takeRows } from './array.ts';
export { type FitTarget, fitPicture, invertPicture } from './fit.ts';
export { gunzip, isGzip } from './gzip.ts';
export { readIdx } from './idx.ts';
export { type Picture, readPng } from './image.ts';
export { readJpeg } from './jpeg.ts';
export { readNpy } from './npy.ts';
export { readNpz } from './npz.ts';
export { type ParquetOptions, type ParquetSource, readParquet } from './parquet/index.ts';
export { isPicture, readPicture } from './picture.ts';
export { type CsvOptions, readCsv } from './table/csv.ts';
export { type JsonRowsOptions, readJsonRows, readNdjson } from './table/json.ts';
export type { ByteSource } from './table/source.ts';
export {
  arraysOf,
  type Cell,
  type NestedNumbers,
  numbersOf,
  type RowChoice,
  type Table,
  textsOf,
} from './table/table.ts';
export { type EncodedText, type EncodeOptions, encodeText, tokenize } from './text.ts';
export { parseVocabulary, type Vocabulary, type VocabularyOptions } from './vocabulary.ts';
export { readWav, type Sound } from './wav.ts';
