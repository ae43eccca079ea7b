/** `pathgrad compare`: several methods and metrics on the same inputs, printed as a table and written as a report, JSON and CSV. */
import { type AnyModel, fixShapes, noticesOf, predictRows } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import { chooseBaseline } from '../baselines.ts';
import { describeBatch } from '../explain.ts';
import { checkLogits, chooseLayers, layerOf, readBatchSize, usualBatchSize } from '../explain-batch.ts';
import { checkOwnFlags } from '../explainers.ts';
import { checkOutputs, takesOut } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { checkBaseline } from '../flags/refusals.ts';
import { notify, openModel } from '../open.ts';
import { lastWord, type Terminal } from '../print/terminal.ts';
import { ask } from '../question.ts';
import { rowsFrom, tensorsOf } from '../samples/batch.ts';
import { readBatch } from '../samples/read.ts';
import { chooseTarget } from '../targets.ts';
import { writeComparison } from './outputs.ts';
import { runMethods, type Shared, warmUp } from './run.ts';
import { completeSelection, readSelection } from './selection.ts';
import { printComparison } from './table.ts';

export async function runCompare(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  checkOutputs(args);
  const selection = readSelection(args);
  const batchSize = readBatchSize(args);
  if (selection.methods) checkOwnFlags(args, selection.methods); // before a model is read
  if (args.has('layer-inputs') && !args.has('layer'))
    throw usage('--layer-inputs', 'needs --layer', 'name the layer whose inputs are explained');
  const opened = await openModel(args, path);
  const read = await readBatch(args, opened);
  notify([...noticesOf(opened), ...read.notices], args, terminal);
  await fixShapes(opened, rowsFrom(read, 0, 1).X);
  const { model, batch, output, target: named } = await ask(args, opened, read);
  checkLogits(args, model, batch, output);
  const { rows, judges } = completeSelection(selection, batch);
  checkOwnFlags(args, rows);
  layerOf(args, model);
  const shared: Shared = {
    args,
    terminal,
    model,
    batch,
    output,
    target: named ?? (await resolvedTarget(args, { model, batch, output })),
    baseline: chooseBaseline(args, model, batch),
    batchSize: batchSize ?? usualBatchSize(model, batch),
    layersOf: (row) => chooseLayers(args, model, batch, row),
  };
  checkBaseline(model, batch, shared.baseline);
  await warmUp(shared);
  const compared = await runMethods(rows, judges, shared);
  terminal.out(
    printComparison({
      path,
      compared,
      judges,
      shared,
      described: `${describeBatch(batch)}; explained: ${aboutTarget(args)}`,
    }),
  );
  if (compared.every(({ reason }) => reason !== null)) {
    const reasons = compared.map(({ row, reason }) => `${row.name}: ${reason}`).join('; ');
    const hint = takesOut(args) ? reasons : 'the reasons are above; pathgrad methods lists all';
    throw failure('compare', 'none of these methods could be run', {}, hint);
  }
  await lastWord(terminal);
  writeComparison(args, { path, compared, judges, shared }, terminal);
}

/** What is explained, for the heading. */
function aboutTarget(args: Arguments): string {
  const text = args.text('target') ?? 'predicted';
  return text === 'predicted' ? 'what is predicted for each' : text;
}

/** One target per input, found once: a method that moves the input, or a model with other weights, must not choose another. */
async function resolvedTarget(
  args: Arguments,
  { model, batch, output }: { readonly model: AnyModel } & Pick<Shared, 'batch' | 'output'>,
): Promise<Shared['target']> {
  if (args.text('target') === 'all' && !output.labels?.includes('all'))
    throw usage('--target', "'all' is for pathgrad explain", 'methods are compared for one target of each input');
  const target = chooseTarget(args, output, batch.samples.length);
  if (typeof target !== 'function') return target;
  const predictions = await predictRows(model, tensorsOf(batch), batch.kwargs);
  return target(predictions[output.index]!);
}
