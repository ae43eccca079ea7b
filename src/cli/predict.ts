/** `pathgrad predict`: what the model says about each input. */

import { type OutputKind, outputKind } from '../attribution/frame/output-kind.ts';
import { version } from '../attribution/frame/version.ts';
import { type AnyModel, fixShapes, noticesOf, predictRows } from '../open/model.ts';
import { largest } from '../tensor/largest.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { visible } from '../tensor/visible.ts';
import { percent } from '../visualize/format.ts';
import { oneRow } from './explain-batch.ts';
import { checkOutputs, writeAll } from './files.ts';
import { areProbabilities, rank } from './findings.ts';
import type { OutputChoice } from './flags/choices.ts';
import { type Arguments, number } from './flags/flags.ts';
import { notify, openModel } from './open.ts';
import { type Said, wordsSaid } from './predict-words.ts';
import { formatScores, shorten } from './print/print.ts';
import { ProgressBar } from './print/progress.ts';
import type { Terminal } from './print/terminal.ts';
import { ask } from './question.ts';
import { type Batch, rowsFrom } from './samples/batch.ts';
import { readBatch } from './samples/read.ts';

export async function runPredict(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  checkOutputs(args);
  const count = (flag: string, otherwise: number): number =>
    number(flag, args.text(flag) ?? String(otherwise), (n) => Number.isInteger(n) && n > 0, 'a whole number from 1');
  const top = count('top', 3);
  const batchSize = count('batch', 32);
  const opened = await openModel(args, path);
  const read = await readBatch(args, opened);
  notify([...noticesOf(opened), ...read.notices], args, terminal);
  await fixShapes(opened, rowsFrom(read, 0, 1).X);
  const place = ['word', 'token', 'answer'].some((flag) => args.has(flag));
  const said = place ? null : await wordsSaid(opened, read, args.has('logits'));
  if (said) return tellWords({ path, titles: read.samples.map(({ title }) => title), said, args, terminal });
  const { model, batch, output } = await ask(args, opened, read);
  const bar = new ProgressBar(terminal, 'predicting', args.has('quiet'));
  const rows: number[][] = [];
  const probabilities = areProbabilities(kindOf(model, batch, output), output);
  try {
    for (let from = 0; from < batch.samples.length; from += batchSize) {
      const to = Math.min(from + batchSize, batch.samples.length);
      const { X, kwargs } = rowsFrom(batch, from, to);
      const result = await predictRows(model, X, kwargs, { batchSize });
      for (const row of splitRows(result[output.index]!)) rows.push(row);
      bar.update(to, batch.samples.length);
      await new Promise((resolve) => setImmediate(resolve)); // Ctrl-C is heard here
      terminal.signal.throwIfAborted();
    }
  } finally {
    bar.clear();
  }
  const titles = batch.samples.map(({ title, other }) =>
    shorten(other === undefined ? title : `${title} | ${other}`, 60),
  );
  const width = largest(titles.map(({ length }) => length));
  const pairs = batch.samples[0]?.other !== undefined;
  titles.forEach((title, i) => {
    if (pairs && i % 2 === 1) return; // its first text says it
    const best = rank(rows[i]!, output, probabilities, i).slice(0, top);
    terminal.out(`${title.padEnd(width)}  ${visible(formatScores(best, probabilities))}\n`);
  });
  const json = (): string => {
    const items = batch.samples.map(({ title }, i) => ({
      title,
      prediction: output.listed === undefined ? rows[i] : rank(rows[i]!, output, probabilities, i),
    }));
    const labels = output.listed === undefined ? output.labels : null;
    return jsonOf({ model: path, labels, items });
  };
  writeAll(args, { json }, terminal);
}

interface Told {
  readonly path: string;
  readonly titles: readonly string[];
  readonly said: readonly (readonly Said[])[];
  readonly args: Arguments;
  readonly terminal: Terminal;
}

/** Models that judge words: each text with the words that have a label, or with its answer. */
function tellWords({ path, titles, said, args, terminal }: Told): void {
  titles.forEach((title, i) => {
    const parts = said[i]!.map(({ text, label, score }) => `${text}: ${label} ${percent(score)}`);
    terminal.out(`${shorten(title, 60)}\n   ${visible(parts.join(', ') || 'no word has a label')}\n`);
  });
  const items = titles.map((title, i) => ({ title, words: said[i]! }));
  writeAll(args, { json: () => jsonOf({ model: path, items }) }, terminal);
}

const jsonOf = (content: object): string => `${JSON.stringify({ pathgrad: version, ...content }, null, 1)}\n`;

/** What the output is, from the model's graph on one row. */
function kindOf(model: AnyModel, batch: Batch, output: OutputChoice): OutputKind {
  if (output.probabilities !== undefined) return 'unknown'; // its head says it
  return outputKind(model.apply(oneRow(model, batch))[output.index]!);
}

function splitRows({ data, shape }: Tensor): number[][] {
  const width = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, row) => Array.from(data.subarray(row * width, (row + 1) * width)));
}
