/** `pathgrad inspect`: the layers of a model file, whether it can be run, and what stands in the way. */

import { readHdf5 } from '../../hdf5/parts.ts';
import { inspectModel } from '../../keras/load/inspect.ts';
import { loadModel } from '../../keras/load/load.ts';
import { readReference } from '../../model/verify/reference.ts';
import { bareEncoder, type Transformer } from '../../open/model.ts';
import { placeOf } from '../../open/place.ts';
import { failure } from '../../tensor/errors.ts';
import { shortened, visible } from '../../tensor/visible.ts';
import { readBytes } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { openModel, withWeights } from '../open.ts';
import type { Terminal } from '../print/terminal.ts';
import { inspectOnnxFile } from './onnx.ts';
import { inspectTransformer } from './transformer.ts';

export async function runInspect(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  const place = await placeOf(path);
  if (place.kind === 'transformers' || place.kind === 'onnx') {
    if (args.has('verify')) throw usage('--verify', 'is for files of Keras', 'leave it out');
    if (place.kind === 'onnx') return inspectOnnxFile(args, place.path, terminal);
    return inspectTransformer(await openToLook(args, path, place.path), path, terminal);
  }
  const report = await withWeights(args, place.path, (options) => inspectModel(place.path, options));
  const made = [`Keras ${report.kerasVersion ?? 'of an unknown version'}`, ...(report.backend ? [report.backend] : [])];
  const what = `${report.kind} model '${shortened(report.name)}', ${report.format}`;
  terminal.out(`${visible(report.file)}: ${what}, written by ${shortened(made.join(' on '))}\n`);
  for (const { name, shape, dtype } of report.inputs)
    terminal.out(`input   ${shortened(name)} ${shape ? formatShape(shape) : '[any]'} ${dtype}\n`);
  for (const { name, shape } of report.outputs)
    terminal.out(`output  ${shortened(name)} ${shape ? formatShape(shape) : ''}`.trimEnd().concat('\n'));
  terminal.out('\n');
  if (report.summary !== null) terminal.out(`${report.summary.trimEnd()}\n`);
  else terminal.out(`${table(report.layers)}\n`);
  terminal.out(`\n${verdict(report, path)}\n`);
  const reference = args.text('verify');
  if (reference !== undefined) await verify(args, place.path, reference, terminal);
}

/** An encoder without a head has layers to be listed all the same. */
async function openToLook(args: Arguments, path: string, folder: string): Promise<Transformer> {
  try {
    return (await openModel(args, path)) as Transformer;
  } catch (error) {
    if (!bareEncoder((error as Error).cause, path)) throw error;
    const { loadTransformer } = await import('../../transformers/index.ts');
    return loadTransformer(folder, { head: ({ hidden }) => hidden });
  }
}

/** Prints errors against bounds; a model that does not compute what Keras computed ends the program with code 1. */
async function verify(args: Arguments, path: string, reference: string, terminal: Terminal): Promise<void> {
  const bytes = readBytes(reference);
  const values = await readHdf5(() => readReference(bytes, reference));
  const model = await withWeights(args, path, (options) => loadModel(path, options));
  const report = await model.verify(values);
  const made = report.madeWith === null ? '' : `, made with ${report.madeWith}`;
  terminal.out(`\nCompared with ${reference} (${report.samples} samples${made}):\n`);
  const width = Math.max(...report.items.map(({ what }) => what.length));
  for (const { what, error, tolerance, passed } of report.items) {
    const bound = `largest error ${error.toExponential(1)}, allowed ${tolerance.toExponential(0)}`;
    terminal.out(`  ${what.padEnd(width)}  ${bound}  ${passed ? 'ok' : 'DIFFERS'}\n`);
  }
  model.dispose();
  if (report.passed) return terminal.out('All values agree.\n');
  const wrong = report.items.filter((item) => !item.passed).length;
  const hint = 'the reference may be of another version of the model; if it is not, this is a bug in pathgrad';
  throw failure(path, `${wrong} of ${report.items.length} comparisons differ from ${reference}`, {}, hint);
}

type Report = Awaited<ReturnType<typeof inspectModel>>;

/** For models without a summary of their own: path, class, shapes, numbers, and what is unsupported. */
function table(layers: Report['layers']): string {
  const rows = layers.map(({ path, className, outputShapes, parameters, unsupported }) => [
    shortened(path),
    shortened(className),
    outputShapes.map(formatShape).join(' ') || '?',
    parameters === null ? '?' : parameters.toLocaleString('en-US'),
    unsupported === null ? '' : 'not supported',
  ]);
  const head = ['layer', 'class', 'output shape', 'parameters', ''];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width, i) => (i === 4 ? '' : '─'.repeat(width)))), ...rows.map(line)].join('\n');
}

function verdict({ runnable, unsupported, problem, inputs }: Report, path: string): string {
  const files = inputs.length > 1 ? '--csv FILE (or --input NAME=FILE for each input)' : '…';
  if (runnable) return `This model can be run and explained: pathgrad explain ${visible(path)} ${files}`;
  const reasons = unsupported.map(
    (each) => `  ${shortened(each.path)} (${shortened(each.className)}): ${shortened(each.reason, 500)}`,
  );
  if (problem !== null) reasons.push(`  ${problem.replaceAll('\n', '\n  ')}`);
  return ['This model cannot be run:', ...reasons].join('\n');
}

function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((dim) => dim ?? 'any').join(', ')}]`;
}
