/** `pathgrad explain`: reads model and inputs, explains, prints the findings and writes the files. */
import { describeWarning, type Phrases, type Warning } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import { type AnyModel, fixShapes, noticesOf } from '../open/model.ts';
import { sizeOf } from '../tensor/shape.ts';
import { visible } from '../tensor/visible.ts';
import { explainBatch, readSettings } from './explain-batch.ts';
import { meaningOf } from './explainers.ts';
import { checkOutputs } from './files.ts';
import type { AnyExplanation, Finding } from './findings.ts';
import { type Arguments, usage } from './flags/flags.ts';
import { notify, openModel } from './open.ts';
import { checkPages, printFindings } from './print/pages.ts';
import { colorScale } from './print/print.ts';
import { lastWord, type Terminal } from './print/terminal.ts';
import { ask } from './question.ts';
import { type Batch, rowsFrom, textOf } from './samples/batch.ts';
import { readBatch } from './samples/read.ts';
import { writeOutputs } from './write-outputs.ts';

export async function runExplain(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  checkOutputs(args);
  const settings = readSettings(args);
  const scale = colorScale(args);
  checkPages(args);
  const model = await openModel(args, path);
  const batch = await readBatch(args, model);
  if (args.has('png') && batch.kind !== 'image')
    throw usage(
      '--png',
      'draws pictures, but the inputs are none',
      '--svg draws texts, tables and series, --html all inputs on one page; for a PNG of an SVG: rsvg-convert -z 2 chart.svg -o chart.png, or a browser',
    );
  notify([...noticesOf(model), ...batch.notices], args, terminal);
  await fixShapes(model, rowsFrom(batch, 0, 1).X);
  const question = await ask(args, model, batch);
  const full = args.has('full');
  const { explanations, findings, warnings, context } = await explainBatch(args, question, settings, terminal, full);
  const { row } = context;
  await lastWord(terminal);
  terminal.out(`${visible(heading(model, batch, explanations[0]!, row))}\n${meaningOf(row)}\n\n`);
  printFindings(args, findings, context, scale, terminal);
  const news = [...new Set(newsOf(warnings, args)), ...saturated(findings, row)];
  notify(news, args, terminal);
  const written = writeOutputs(args, { path, model, batch, explanations, findings, context, news }, terminal);
  if (written.length === 0 && findings.some(({ image }) => image))
    notify(['--png FILE or --html FILE draws the pixels'], args, terminal);
}

/** The words of the command line, where they differ. */
const words: Partial<Phrases> = {
  'outputs-are-scores': () =>
    'the outputs are scores, no probabilities: if they are logits, --softmax explains probabilities',
  'no-target': () =>
    'no target for a probability: --target 1 explains p, --target 0 explains 1 - p; the score itself is explained',
};

/** Warnings that the output does not show already, and that are about the user's choices. */
function newsOf(warnings: readonly Warning[], args: Arguments): string[] {
  const shown = warnings.filter(
    ({ code }) =>
      code !== 'incomplete' && code !== 'target-of-one-score' && !(code === 'outputs-are-scores' && args.has('logits')),
  );
  return shown.map((warning) => describeWarning(warning, words));
}

/** A probability from which on its slopes are those of a flat top, and a number below which slopes of scores are no more than a trace. */
const SATURATED = 0.999;
const TRACE = 1e-5;

/** Slopes at the input alone say little where the explained probability hardly moves. */
function saturated(findings: readonly Finding[], row: MethodRow): string[] {
  const looksAtSlopes = !row.baselines && row.values !== true && (row.slopes === true || row.name === 'InputXGradient');
  if (!looksAtSlopes) return [];
  const found = findings.filter(({ probabilities, prediction, target, strongest }) => {
    const score = prediction.find(({ label }) => label === target.label)?.score ?? 0;
    return probabilities && (score > SATURATED || (strongest > 0 && strongest < TRACE));
  });
  if (found.length === 0) return [];
  const [first] = found;
  const how =
    first!.prediction.length > 1 && first!.target.index !== null
      ? '--logits explains what goes into the softmax'
      : 'save the model without its last sigmoid to explain the logit';
  const which = found.length === findings.length ? '' : ` (${found.length} of ${findings.length} explanations)`;
  return [
    `the explained probability is saturated${which}: slopes are nearly 0 there, and their pattern may be an accident; ${how}`,
  ];
}

function heading(model: AnyModel, batch: Batch, { meta, nSteps }: AnyExplanation, row: MethodRow): string {
  const { layer, method } = meta.params;
  const where = layer === 'unspecified' ? 'at the input' : `at ${layerName(model, layer)}`;
  const rule = meta.params['nSteps'] === 'auto' ? `up to ${nSteps} steps (auto)` : `${method}, ${nSteps} steps`;
  const how = row.name === 'IntegratedGradients' ? rule : row.name;
  return `${model.name}: ${describeBatch(batch)}, explained ${where} (${how})`;
}

/** `layer 1 (embedding)`, or by its path. */
export function layerName(model: AnyModel, layer: number | string): string {
  return typeof layer === 'number' ? `layer ${layer} (${model.layers[layer]?.name})` : `layer '${layer}'`;
}

/** `2 pictures of 784 values` */
export function describeBatch({ samples, kind, inputs }: Batch): string {
  const words = { text: ['text', 'tokens'], image: ['picture', 'values'], array: ['row', 'values'] } as const;
  const [noun, unit] = words[kind];
  const some = samples.some((sample) => textOf(sample)?.fixed && textOf(sample)!.padding.some(Boolean)) ? 'up to ' : '';
  return `${samples.length} ${noun}${samples.length > 1 ? 's' : ''} of ${some}${inputs.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1)), 0)} ${unit}`;
}
