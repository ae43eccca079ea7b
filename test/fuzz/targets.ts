/**
 * What is done with an input of each format: what an application would do with such a file, from reading it to a prediction. An input
 * that the model itself asks for is at most 65,536 numbers: more is the caller's to give, not the file's.
 */
import { Explanation } from '../../src/attribution/index.ts';
import {
  arraysOf,
  arrayToTensor,
  encodeText,
  fitPicture,
  numbersOf,
  parseVocabulary,
  readCsv,
  readIdx,
  readJsonRows,
  readNdjson,
  readNpy,
  readNpz,
  readParquet,
  readPicture,
  readPng,
  readWav,
  type Table,
  textsOf,
} from '../../src/inputs/index.ts';
import { inspectModel, loadModel } from '../../src/keras/load/load.ts';
import type { Model } from '../../src/model/model.ts';
import { readReference } from '../../src/model/verify/reference.ts';
import { loadOnnx } from '../../src/onnx/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { readJson } from '../../src/transformers/files.ts';
import { bertTokenizerJson, loadTransformer, TextTokenizer } from '../../src/transformers/index.ts';
import { customLayers } from '../support/zoo-layers.ts';
import type { Format, Parts } from './formats.ts';

const LARGEST_INPUT = 65_536;
const sentence = 'A good film, [MASK] not the end \u202e of it.';
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Inputs that a model says it takes: small numbers, ids and words, the same each time; null where it takes too many. */
export function inputsFor(model: Model): Parameters<Model['predictAll']>[0] | null {
  const made = model.rawInputs.map((info, at) => inputFor(info, at));
  if (made.some((each) => each === null)) return null;
  return (made.length === 1 ? made[0] : made) as Parameters<Model['predictAll']>[0];
}

function inputFor({ shape, dtype }: Model['rawInputs'][number], at: number) {
  const dims = [2, ...(shape ?? [null, null]).slice(1).map((dim) => dim ?? 3)];
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (!(size <= LARGEST_INPUT)) return null;
  const values = Array.from({ length: size }, (_, i) => Math.sin(1 + i + 7 * at));
  if (dtype === 'string') return { strings: values.map((value) => (value > 0 ? 'good film' : 'red')), shape: dims };
  return { data: dtype === 'int32' ? values.map((value) => Math.round(1 + value)) : values, shape: dims };
}

async function runModel(model: Model): Promise<void> {
  const x = inputsFor(model);
  if (x !== null) await model.predictAll(x);
  if (model.hasInputShape) model.summary();
  model.dispose();
}

async function readModel(bytes: Uint8Array, name: string, architecture?: Uint8Array): Promise<void> {
  const options = { name, layers: customLayers, ...(architecture && { architecture }) };
  try {
    const report = await inspectModel(bytes, options);
    // What inspect finds wrong is a sentence in its report; loading throws it.
    if (report.runnable || bytes.length % 2 === 0) await runModel(await loadModel(bytes, options));
  } catch (error) {
    // The forward pass knows the model's name only.
    const isOurs = error instanceof PathgradError && !error.message.includes('nothing computes output');
    const named = !isOurs || error.message.includes(name) || architecture !== undefined;
    throw named ? error : new Error(`an error that does not name the file: ${error.message}`, { cause: error });
  }
}

/** As a stream gives them. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1021) yield bytes.subarray(at, at + 1021);
}

/** Each column as what it may be. What is no number is refused with its place. */
function useTable(table: Table, name: string): void {
  for (const column of table.columns.slice(0, 50)) {
    for (const use of [numbersOf, arraysOf, textsOf] as const) {
      try {
        if (use === numbersOf) numbersOf(table, [column]);
        else if (use === arraysOf) arraysOf(table, column);
        else textsOf(table, column);
      } catch (error) {
        const ours = error instanceof PathgradError && error.message.includes(name);
        if (!ours)
          throw new Error(`a table's error that is not ours or does not name the file: ${error}`, { cause: error });
      }
    }
  }
}

type Target = (parts: Parts) => void | Promise<void>;

/** Each part by the name that the seeds give it. */
export const targets: Readonly<Record<Format, Target>> = {
  h5: (parts) => readModel(parts['model.h5']!, 'model.h5'),
  keras: (parts) => readModel(parts['model.keras']!, 'model.keras'),
  weights: (parts) => readModel(parts['model.weights.h5']!, 'model.weights.h5', parts['architecture.json']!),
  config: (parts) => readModel(parts['config.json']!, 'config.json'),
  tfjs: async (parts) => {
    const files = Object.entries(parts).map(([name, bytes]) => new File([bytes as Uint8Array<ArrayBuffer>], name));
    try {
      const report = await inspectModel(files, { name: 'model.json' });
      if (report.runnable) await runModel(await loadModel(files, { name: 'model.json' }));
    } catch (error) {
      const named =
        !(error instanceof PathgradError) || /model\.json|nothing computes output|no model\.json/.test(error.message);
      throw named ? error : new Error(`an error that does not name the file: ${error.message}`, { cause: error });
    }
  },
  onnx: async (parts) => {
    const model = await loadOnnx(parts['model.onnx']!, { name: 'model.onnx' });
    await runModel(model);
  },
  transformer: async (parts) => {
    const inFolders = Object.entries(parts).filter(([name]) => name.includes('/'));
    const shards = Object.entries(parts).filter(
      ([name]) => /^model[-.].*safetensors/.test(name) && !name.includes('/'),
    );
    const files = shards.map(([name, bytes]) => new File([bytes as Uint8Array<ArrayBuffer>], name));
    const model = await loadTransformer({
      config: parts['config.json']!,
      weights: parts['tf_model.h5'] ?? files,
      ...(parts['modules.json'] && { modules: parts['modules.json'], moduleFiles: Object.fromEntries(inFolders) }),
      ...(parts['sentence_bert_config.json'] && { sentenceConfig: parts['sentence_bert_config.json'] }),
      ...(parts['config_sentence_transformers.json'] && { promptConfig: parts['config_sentence_transformers.json'] }),
      ...(parts['tokenizer.json'] ? { tokenizer: parts['tokenizer.json'] } : { vocab: parts['vocab.txt']! }),
      ...(parts['tokenizer_config.json'] && { tokenizerConfig: parts['tokenizer_config.json'] }),
    });
    const { input_ids, attention_mask } = model.tokenizer!.encode([sentence, 'good']);
    await model.predictAll({ input_ids, attention_mask });
    model.dispose();
  },
  tokenizer: async (parts) => {
    const name = Object.keys(parts)[0]!;
    const source = text(parts[name]!);
    const json = name === 'vocab.txt' ? bertTokenizerJson(source, {}, name) : await readJson(parts[name]!, name);
    new TextTokenizer(json, { name, positions: 64 }).encode([sentence, `${'a'.repeat(40)}!`], { padding: 'max' });
  },
  npy: (parts) => {
    arrayToTensor(readNpy(parts['array.npy']!, 'array.npy'), 'float32');
  },
  npz: (parts) => {
    const bytes = parts['reference.npz']!;
    // Arrays for a model's inputs by the one reader, for verify by the other.
    if (bytes.length % 2 === 0)
      for (const array of readNpz(bytes, 'reference.npz').values()) arrayToTensor(array, 'float32');
    else readReference(bytes, 'reference.npz');
  },
  idx: (parts) => {
    arrayToTensor(readIdx(parts['images.idx']!, 'images.idx'), 'float32', 255);
  },
  png: (parts) => {
    fitPicture(readPng(parts['picture.png']!, 'picture.png'), { height: 28, width: 28, channels: 1 }, 'picture.png');
  },
  jpeg: async (parts) => {
    const picture = await readPicture(parts['picture.jpg']!, 'picture.jpg');
    fitPicture(picture, { height: 28, width: 28, channels: picture.channels === 1 ? 1 : 3 }, 'picture.jpg');
  },
  wav: (parts) => {
    const { data, samples, channels } = readWav(parts['sound.wav']!, 'sound.wav');
    if (data.length !== samples * channels) throw new Error('a sound of another length than it says');
  },
  csv: async (parts) => {
    const bytes = parts['table.csv']!;
    useTable(await readCsv(bytes.length % 2 ? bytes : pieces(bytes), 'table.csv'), 'table.csv');
  },
  ndjson: async (parts) => {
    const bytes = parts['rows.ndjson']!;
    const rows = bytes.length % 3 === 0 ? { rows: [0] } : {};
    const table = bytes[0] === 0x5b ? readJsonRows(text(bytes), 'rows.ndjson', rows) : null;
    useTable(table ?? (await readNdjson(pieces(bytes), 'rows.ndjson', rows)), 'rows.ndjson');
  },
  parquet: async (parts) => {
    const bytes = parts['table.parquet']!;
    const rows = bytes.length % 3 === 0 ? { rows: { from: 1, to: 3 } } : {};
    const file = bytes.length % 2 ? bytes : new Blob([bytes.slice()]);
    useTable(await readParquet(file, 'table.parquet', rows), 'table.parquet');
  },
  vocabulary: (parts) => {
    const vocabulary = parseVocabulary(text(parts['vocabulary.txt']!), 'vocabulary.txt');
    for (const id of encodeText(sentence, vocabulary, { length: 20 }).ids) vocabulary.tokenOf(id);
  },
  reference: async (parts) => {
    const reference = readReference(parts['reference.json']!, 'reference.json');
    const model = await loadModel(parts['model.h5']!, { name: 'model.h5' });
    await model.verify(reference);
    model.dispose();
  },
  explanation: (parts) => {
    Explanation.fromJSON(text(parts['explanation.json']!)).toJSON();
  },
};
