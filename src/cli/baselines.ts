/** What --baseline means for this model and this batch. Errors name the flag. */
import type { Baselines } from '../attribution/index.ts';
import { readNpy } from '../inputs/index.ts';
import { normalMeans } from '../open/embedded.ts';
import { type AnyModel, isTransformer, type Transformer, tokenizerOf } from '../open/model.ts';
import { tokenBaseline } from '../open/pieces.ts';
import { didYouMean } from '../tensor/errors.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { exists, readBytes } from './files.ts';
import { type Arguments, number, usage } from './flags/flags.ts';
import { type Batch, type BatchInput, tensorsOf } from './samples/batch.ts';

export interface BaselineChoice {
  readonly value: Baselines;
  /** For headings: `padding (token 0)`, `zeros`, `mean.npy`. */
  readonly name: string;
}

/**
 * The baseline that --baseline describes. If it is left out: padding for texts, what a model normalizes by for its tables and series, zeros for all
 * else.
 * @param moved the batch with vectors in the place of ids, where it is explained so; null where a layer is explained
 */
export function chooseBaseline(
  args: Arguments,
  model: AnyModel,
  batch: Batch,
  moved: Batch | null = batch,
): BaselineChoice {
  if (isTransformer(model)) return piecesBaseline(args, model);
  const pad = batch.vocabulary?.pad ?? 0;
  const padding = { value: pad, name: `padding (token ${pad})` };
  const usual = batch.kind === 'text' ? 'pad' : 'zeros';
  const means = moved && batch.kind === 'array' ? normalMeans(model, tensorsOf(batch)) : [];
  const text = args.text('baseline') ?? (means.some(Boolean) ? 'normal' : usual);
  const [kind = '', argument] = /^(noise|layer):/.test(text) ? text.split(':') : [text];
  const seed = readSeed(args);
  if (kind === 'pad' && batch.kind !== 'text')
    throw usage('--baseline', "'pad' is for texts", 'zeros, a number, noise or a .npy file');
  switch (kind) {
    case 'pad':
      return padding;
    case 'zeros':
      return batch.kind === 'text' && pad === 0 ? padding : { value: 0, name: 'zeros' };
    case 'noise': {
      const count =
        argument === undefined
          ? 1
          : number('baseline', argument, (n) => Number.isInteger(n) && n > 0, 'a count, as in noise:10');
      const name = count === 1 ? 'uniform noise' : `uniform noise, mean of ${count}`;
      return { value: { kind: 'noise', count, seed }, name };
    }
    case 'normal':
      if (!means.some(Boolean))
        throw usage('--baseline', "'normal' needs an input that a Normalization reads", 'zeros or mean');
      return { value: means.map((mean, i) => (mean ? oneRow(mean, batch.inputs[i]!) : null)), name: normalName(means) };
    case 'mean': {
      if (batch.kind === 'text' || !moved)
        throw usage('--baseline', "'mean' is for tables, series and pictures", 'pad, or layer:0');
      if (batch.samples.length < 2)
        throw usage(
          '--baseline',
          "'mean' is over the rows that are given, and there is one",
          'give more rows, or zeros',
        );
      const value = moved.inputs.map((input) =>
        input.data instanceof Int32Array ? null : oneRow(meanOf(input), input),
      );
      return { value, name: `mean of the ${batch.samples.length} rows` };
    }
    case 'max':
      return { value: { kind: 'max' }, name: 'the point farthest away' };
    case 'layer': {
      if (!args.has('layer') && batch.kind !== 'text')
        throw usage('--baseline', `'${text}' needs --layer`, 'it is a value at that layer');
      return layerBaseline(text);
    }
  }
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (isNumber(value)) return { value, name: batch.kind === 'text' ? `token ${value}` : `constant ${value}` };
  if (text.endsWith('.npy') || exists(text)) return { value: baselineFile(text, batch), name: text };
  const known = ['zeros', 'pad', 'noise', 'max', 'mean', 'normal', 'layer'];
  throw usage(
    '--baseline',
    `'${text}' is not known`,
    `${didYouMean(text, known)} (a number or a .npy file will do, too)`,
  );
}

const oneRow = (data: Float64Array, { shape }: BatchInput): Tensor => tensor(data, [1, ...shape.slice(1)]);

const normalName = (means: readonly unknown[]): string =>
  `the mean that the model normalizes by${means.every(Boolean) ? '' : '; zeros for other inputs'}`;

function meanOf({ data, shape }: BatchInput): Float64Array {
  const rows = shape[0]!;
  const width = data.length / rows;
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) sums[i % width]! += data[i]! / rows;
  return sums;
}

/** What models compute with: beyond float32's largest all would be infinite. */
const isNumber = (value: number): boolean => Number.isFinite(Math.fround(value));

function readSeed(args: Arguments): number {
  const text = args.text('seed');
  return text === undefined ? 0 : number('seed', text, Number.isInteger, 'a whole number');
}

/** A file of the shape of one input, or of one row per input. */
function baselineFile(path: string, batch: Batch): Tensor {
  if (batch.inputs.length > 1)
    throw usage('--baseline', 'a file is for models with one input', 'zeros, mean or normal');
  const { data, shape } = readNpy(readBytes(path), path);
  const row = batch.inputs[0]!.shape.slice(1);
  const lacksBatch = shape.length === row.length;
  return tensor(Float64Array.from(data), lacksBatch ? [1, ...shape] : shape);
}

/** Of a transformer: other tokens between the special ones, or a value in the place of the vectors of all. */
function piecesBaseline(args: Arguments, model: Transformer): BaselineChoice {
  const text = args.text('baseline') ?? 'pad';
  const tokenizer = tokenizerOf(model);
  if (text === 'pad') return tokenBaseline(model, tokenizer.padId);
  if (/^random(:|$)/.test(text)) {
    const countText = text.split(':')[1] ?? '10';
    const count = number('baseline', countText, (n) => Number.isInteger(n) && n > 0, 'a count, as in random:10');
    const seed = readSeed(args);
    return { value: tokenizer.randomWordsBaseline({ count, seed }), name: `random words, mean of ${count}` };
  }
  if (text === 'mask') {
    if (tokenizer.maskId !== null) return tokenBaseline(model, tokenizer.maskId);
    throw usage('--baseline', 'the tokenizer of this model has no mask token', 'pad, layer:0 or the id of a token');
  }
  if (text.startsWith('layer:')) return layerBaseline(text);
  if (/^\d+$/.test(text)) {
    const id = Number(text);
    if (id < model.config.vocabulary && id < tokenizer.vocabulary)
      return { ...tokenBaseline(model, id), name: `token ${id} (${tokenizer.token(id)}) between the special tokens` };
    throw usage('--baseline', `there is no token ${id}`, `the model knows the ids 0 to ${model.config.vocabulary - 1}`);
  }
  const known = ['pad', 'mask', 'random:10', 'layer:0'];
  if (['zeros', 'noise', 'max'].includes(text.split(':')[0]!) || text.endsWith('.npy')) {
    const hint = `${known.join(', ')} or the id of a token`;
    throw usage('--baseline', `'${text}' is for numbers, and a transformer reads tokens`, hint);
  }
  throw usage('--baseline', `'${text}' is not known`, `${didYouMean(text, known)} (the id of a token will do, too)`);
}

function layerBaseline(text: string): BaselineChoice {
  const value = number('baseline', text.split(':')[1] ?? '', isNumber, 'a number, as in layer:0');
  return { value: { space: 'layer', value }, name: `${value} at the layer` };
}
