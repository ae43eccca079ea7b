/** What --baseline, --output and --labels mean for this model and this batch. Errors name the flag. */

import { outputIndex } from '../attribution/frame/output.ts';
import type { Baselines } from '../attribution/index.ts';
import { readNpy } from '../inputs/index.ts';
import type { Model } from '../keras/model/model.ts';
import { didYouMean } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { exists, readBytes, readText } from './files.ts';
import { type Arguments, number, usage } from './flags.ts';
import type { Batch } from './samples/batch.ts';

export interface OutputChoice {
  readonly index: number;
  readonly name: string;
  /** Number of classes; 1 for a model with one score per row. */
  readonly classes: number;
  /** Name of a class. */
  readonly label: (classIndex: number) => string;
  /** All class names, or null where none were given. */
  readonly labels: readonly string[] | null;
}

/** The output that is explained or printed: the only one, or the one that --output names. */
export function chooseOutput(args: Arguments, model: Model): OutputChoice {
  const names = model.outputs.map(({ name }) => name);
  const wanted = args.text('output');
  if (names.length > 1 && wanted === undefined) {
    throw usage('--output', `is needed, as the model has ${names.length} outputs`, `one of ${names.join(', ')}`);
  }
  // A name goes first, in case that it looks like a number.
  const selector = wanted !== undefined && !names.includes(wanted) && /^-?\d+$/.test(wanted) ? Number(wanted) : wanted;
  const index = outputIndex('--output', selector ?? 0, names, names.length);
  const shape = model.outputs[index]!.shape ?? [];
  if (shape.length > 2) {
    const takes = `[${shape.map((dim) => dim ?? 'any').join(',')}]`;
    throw usage(
      names[index]!,
      `has an output of shape ${takes}`,
      'the command line explains one row of scores per input; the library explains any',
    );
  }
  const classes = shape.length === 2 ? (shape[1] ?? 1) : 1;
  const labels = readLabels(args, classes);
  const name = names[index]!;
  return { index, name, classes, labels, label: (i) => labels?.[i] ?? (classes === 1 ? names[index]! : `class ${i}`) };
}

function readLabels(args: Arguments, classes: number): readonly string[] | null {
  const given = args.text('labels');
  if (given === undefined) return null;
  const labels = exists(given)
    ? readText(given)
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
    : given.split(',');
  const trimmed = labels.map((label) => label.trim());
  const expected = classes === 1 ? 2 : classes;
  if (trimmed.length !== expected) {
    throw usage(
      '--labels',
      `gives ${trimmed.length} names for ${expected} classes`,
      'names separated by commas, or a file with one per line',
    );
  }
  return trimmed;
}

/** The class with the highest score in each row; for one score per row, whether it is at least one half. */
export function argmaxRows({ data, shape }: Tensor): number[] {
  const width = shape.length === 2 ? shape[1]! : 1;
  return Array.from({ length: shape[0]! }, (_, row) => {
    const scores = Array.from(data.subarray(row * width, (row + 1) * width));
    return width === 1 ? Number(scores[0]! >= 0.5) : scores.indexOf(largest(scores));
  });
}

export interface BaselineChoice {
  readonly value: Baselines;
  /** For headings: `padding (token 0)`, `zeros`, `mean.npy`. */
  readonly name: string;
}

/** The baseline that --baseline describes; padding for texts and zeros for all else if it is left out. */
export function chooseBaseline(args: Arguments, batch: Batch): BaselineChoice {
  const pad = batch.vocabulary?.pad ?? 0;
  const padding = { value: pad, name: `padding (token ${pad})` };
  const text = args.text('baseline') ?? (batch.kind === 'text' ? 'pad' : 'zeros');
  const [kind = '', argument] = /^(noise|layer):/.test(text) ? text.split(':') : [text];
  const seedText = args.text('seed');
  const seed = seedText === undefined ? 0 : number('seed', seedText, Number.isInteger, 'a whole number');
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
    case 'max':
      return { value: { kind: 'max' }, name: 'the point farthest away' };
    case 'layer': {
      if (!args.has('layer') && batch.kind !== 'text')
        throw usage('--baseline', `'${text}' needs --layer`, 'it is a value at that layer');
      const value = number('baseline', argument ?? '', Number.isFinite, 'a number, as in layer:0');
      return { value: { space: 'layer', value }, name: `${value} at the layer` };
    }
  }
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return { value, name: batch.kind === 'text' ? `token ${value}` : `constant ${value}` };
  if (text.endsWith('.npy') || exists(text)) return { value: baselineFile(text, batch), name: text };
  const known = ['zeros', 'pad', 'noise', 'max', 'layer'];
  throw usage(
    '--baseline',
    `'${text}' is not known`,
    `${didYouMean(text, known)} (a number or a .npy file will do, too)`,
  );
}

/** A file of the shape of one input, or of one row per input. */
function baselineFile(path: string, batch: Batch): Tensor {
  const { data, shape } = readNpy(readBytes(path), path);
  const row = batch.X.shape.slice(1);
  const lacksBatch = shape.length === row.length;
  return tensor(Float64Array.from(data), lacksBatch ? [1, ...shape] : shape);
}
