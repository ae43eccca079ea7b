/** What the training examples share: the command line, a line per epoch, saving, the accuracy on the test set. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { FitProgress, Trainer } from '../../src/training/index.ts';
import { saveModel } from '../../src/training/index.ts';
import type { Labelled } from './data.ts';

/** What the command line says. */
export interface Settings {
  /** Where the data sets lie. */
  readonly data: string;
  /** Where the model goes; nowhere by default. */
  readonly out: string | null;
  readonly seed: number;
  readonly epochs: number;
}

/** @param script its name, for the usage @param epochs as many as the document has */
export function settings(script: string, epochs: number): Settings {
  const options = { out: { type: 'string' }, seed: { type: 'string' }, epochs: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [seed, count] = [Number(values.seed ?? 7), Number(values.epochs ?? epochs)];
    if (positionals.length === 1 && Number.isInteger(seed) && Number.isInteger(count) && count > 0)
      return { data: positionals[0]!, out: values.out ?? null, seed, epochs: count };
  } catch {
    // An option that there is not: the usage says which there are.
  }
  console.error(
    `usage: npx tsx examples/training/${script} DATA_FOLDER [--out model.keras] [--seed 7] [--epochs ${epochs}]`,
  );
  process.exit(2);
}

/** The batch and the loss so far, on a terminal. */
export function progress({ epoch, epochs, batch, batches, logs }: FitProgress): void {
  if (!process.stderr.isTTY) return;
  const last = batch === batches;
  process.stderr.write(
    `\repoch ${epoch + 1}/${epochs}  ${batch}/${batches ?? '?'}  ${shown(logs)}\x1b[K${last ? '\n' : ''}`,
  );
}

const shown = (logs: Readonly<Record<string, number>>): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join('  ');

/** Judges the model on the test set, prints that, and saves it where one was asked for. */
export async function finish(trainer: Trainer, test: Labelled, what: string, out: string | null): Promise<void> {
  const logs = await trainer.evaluate(test.x, test.y, { batchSize: 256 });
  console.log(`test accuracy ${logs['accuracy']!.toFixed(4)} on ${test.y.length} ${what}`);
  if (out === null) return;
  const format = out.endsWith('.keras') ? 'keras' : 'h5';
  await writeFile(out, await saveModel(await trainer.model(), { format }));
  console.log(`saved ${out}`);
}
