/** `pathgrad predict`: what the model says about each input. */

import { type OutputKind, outputKind } from '../attribution/frame/output-kind.ts';
import { version } from '../attribution/frame/version.ts';
import { loadModel } from '../keras/load/load.ts';
import type { Model } from '../keras/model/model.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { largest } from '../tensor/largest.ts';
import { sizeOf } from '../tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../tensor/tensor.ts';
import { visible } from '../tensor/visible.ts';
import { chooseOutput, type OutputChoice } from './choices.ts';
import { checkWritable, exists, isFolder, writeWhole } from './files.ts';
import { areProbabilities, rank } from './findings.ts';
import { type Arguments, number } from './flags.ts';
import { formatScores, shorten } from './print.ts';
import { ProgressBar } from './progress.ts';
import type { Batch } from './samples/batch.ts';
import { readBatch } from './samples/read.ts';
import type { Terminal } from './terminal.ts';

export async function runPredict(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  const json = args.text('json');
  if (json !== undefined) checkWritable(json);
  const count = (flag: string, otherwise: number): number =>
    number(flag, args.text(flag) ?? String(otherwise), (n) => Number.isInteger(n) && n > 0, 'a whole number from 1');
  const top = count('top', 3);
  const batchSize = count('batch', 32);
  const model = await openModel(args, path);
  const batch = readBatch(args, model);
  notify(batch.notices, args, terminal);
  if (!model.hasInputShape) await model.predict(sliceRows(batch, 0, 1)); // the first input fixes the shapes
  const output = chooseOutput(args, model);
  const bar = new ProgressBar(terminal, 'predicting', args.has('quiet'));
  const rows: number[][] = [];
  const probabilities = areProbabilities(kindOf(model, batch, output), output);
  try {
    for (let from = 0; from < batch.samples.length; from += batchSize) {
      const to = Math.min(from + batchSize, batch.samples.length);
      const result = (await model.predictAll(sliceRows(batch, from, to), { batchSize }))[output.index]!;
      for (const row of splitRows(result)) rows.push(row);
      bar.update(to, batch.samples.length);
      await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C is heard here
      terminal.signal.throwIfAborted();
    }
  } finally {
    bar.clear();
  }
  const titles = batch.samples.map(({ title }) => shorten(title, 60));
  const width = largest(titles.map(({ length }) => length));
  titles.forEach((title, i) => {
    const best = rank(rows[i]!, output, probabilities).slice(0, top);
    terminal.out(`${title.padEnd(width)}  ${visible(formatScores(best, probabilities))}\n`);
  });
  if (json !== undefined) {
    const items = batch.samples.map(({ title }, i) => ({ title, prediction: rows[i] }));
    writeWhole(json, `${JSON.stringify({ pathgrad: version, model: path, labels: output.labels, items }, null, 1)}\n`);
    terminal.err(`wrote ${visible(json)}\n`);
  }
}

/** What the output is, from the model's graph on one row. */
function kindOf(model: Model, { X }: Batch, output: OutputChoice): OutputKind {
  const input = placeholder([1, ...X.shape.slice(1)], model.inputs[0]!.dtype);
  return outputKind(model.apply([input])[output.index]!);
}

/** Loads the model that the command names, with the weights of --weights. */
export async function openModel(args: Arguments, path: string): Promise<Model> {
  refuseTransformer(path);
  return withWeights(args, path, (options) => loadModel(path, options));
}

/** @throws PathgradError for a folder that transformers saved: the library opens it, the command line does not */
export function refuseTransformer(path: string): void {
  const folder = path.replace(/[\\/]+$/, '');
  if (!isFolder(path) || !exists(`${folder}/config.json`)) return;
  const type = `const model = await loadTransformer(${JSON.stringify(folder)})`;
  const hint = `the library opens it: import { loadTransformer } from 'pathgrad/transformers'; ${type}; examples/demo.mjs explains texts with one`;
  throw failure(path, 'is a folder of transformers, which the command line does not open', {}, hint);
}

/** Reads a model with the weights of --weights; a file of weights alone gets a hint in the words of the command line. */
export async function withWeights<T>(
  args: Arguments,
  path: string,
  read: (options: { weights?: string }) => Promise<T>,
): Promise<T> {
  const weights = args.text('weights');
  try {
    return await read(weights === undefined ? {} : { weights });
  } catch (error) {
    if (!(error instanceof PathgradError) || !error.message.includes('holds no model, only weights')) throw error;
    const hint = `give the architecture, what model.to_json() wrote, as MODEL, and --weights ${path}`;
    throw failure(path, 'holds weights without a model', {}, hint, error);
  }
}

/** Notices go to stderr, so that results can be piped. */
export function notify(notices: readonly string[], args: Arguments, terminal: Terminal): void {
  if (args.has('quiet')) return;
  for (const notice of notices) terminal.err(`note: ${visible(notice)}\n`);
}

function sliceRows({ X: { data, shape } }: Batch, from: number, to: number): Tensor {
  const width = sizeOf(shape.slice(1));
  return tensor(data.slice(from * width, to * width), [to - from, ...shape.slice(1)]);
}

function splitRows({ data, shape }: Tensor): number[][] {
  const width = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}
