/** `pathgrad evaluate`: loss and metrics on labelled rows, and which classes are taken for which. */
import { version } from '../../attribution/frame/version.ts';
import { upTo } from '../../graph/random.ts';
import type { Model } from '../../model/model.ts';
import { fixShapes, noticesOf } from '../../open/model.ts';
import { largest } from '../../tensor/largest.ts';
import { visible } from '../../tensor/visible.ts';
import { evaluatorOf } from '../../training/evaluator.ts';
import type { TransformerModel } from '../../transformers/index.ts';
import { checkOutputs, writeAll } from '../files.ts';
import { argmaxRows } from '../flags/choices.ts';
import { type Arguments, number } from '../flags/flags.ts';
import { notify, openModel } from '../open.ts';
import type { Terminal } from '../print/terminal.ts';
import { rowsFrom } from '../samples/batch.ts';
import { feedOf, readLabelled } from './data.ts';
import { forOutput, goalOf } from './goal.ts';
import { shownLogs } from './train.ts';

export async function runEvaluate(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  checkOutputs(args);
  const fits = (n: number): boolean => Number.isSafeInteger(n) && n > 0;
  const batchSize = number('batch-size', args.text('batch-size') ?? '32', fits, 'a whole number from 1');
  const model = await openModel(args, path);
  const data = await readLabelled(args, model);
  notify([...noticesOf(model), ...data.notices], args, terminal);
  await fixShapes(model, rowsFrom(data.batch, 0, 1).X);
  const goal = goalOf(args, model, data);
  const { output, classes, values } = goal;
  const count = values.length / goal.width;
  // A transformer as it was opened is the library's.
  const evaluator = evaluatorOf(model as Model | TransformerModel, {
    loss: forOutput(model, output, goal.loss),
    metrics: forOutput(model, output, goal.metrics),
  });
  const rows = upTo(count);
  const x = feedOf(model, data.batch, rows);
  const logs = await evaluator.evaluate(x, forOutput(model, output, goal.truth(rows)) as never, { batchSize });
  terminal.signal.throwIfAborted();
  terminal.out(`${visible(path)}: ${count} rows, loss ${goal.said}\n${shownLogs(logs)}\n`);
  let confusion: number[][] | null = null;
  if (classes) {
    const found = argmaxRows((await evaluator.predict(x, { batchSize }))[output.index]!);
    confusion = classes.map(() => classes.map(() => 0));
    values.forEach((value, row) => {
      confusion![value]![found[row]!]!++;
    });
    terminal.out(table(classes.map(visible), confusion));
  }
  const { loss, ...metrics } = logs;
  const content = { pathgrad: version, model: path, rows: count, loss, metrics, classes, confusion };
  writeAll(args, { json: () => `${JSON.stringify(content, null, 1)}\n` }, terminal);
}

/** A line per class: how many there are, how many are found, and what the others are taken for most. */
function table(classes: readonly string[], confusion: readonly (readonly number[])[]): string {
  const MOST = 3;
  const width = largest([5, ...classes.map(({ length }) => length)]);
  const lines = classes.map((name, i) => {
    const row = confusion[i]!;
    const all = row.reduce((a, b) => a + b, 0);
    const others = row
      .map((count, other) => ({ count, other }))
      .filter(({ count, other }) => count > 0 && other !== i)
      .sort((a, b) => b.count - a.count)
      .slice(0, MOST)
      .map(({ count, other }) => `${count} ${classes[other]}`);
    return `${name.padEnd(width)}  ${String(all).padStart(6)}  ${String(row[i]).padStart(6)}  ${others.join(', ')}`.trimEnd();
  });
  return `${['class'.padEnd(width), '  rows', ' found', 'the others taken for'].join('  ')}\n${lines.join('\n')}\n`;
}
