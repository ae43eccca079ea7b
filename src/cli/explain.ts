/** `pathgrad explain`: reads model and inputs, computes integrated gradients, prints the findings and writes the files. */
import { describeWarning, type Explanation, type Phrases, type Warning } from '../attribution/index.ts';
import type { Model } from '../keras/model/model.ts';
import { sizeOf } from '../tensor/shape.ts';
import { tensor } from '../tensor/tensor.ts';
import { visible } from '../tensor/visible.ts';
import { explainBatch, readSettings } from './explain-batch.ts';
import { checkWritable } from './files.ts';
import { findingsOf } from './findings.ts';
import { type Arguments, usage } from './flags.ts';
import { notify, openModel } from './predict.ts';
import { colorScale, legend, printFinding } from './print.ts';
import type { Batch } from './samples/batch.ts';
import { readBatch } from './samples/read.ts';
import type { Terminal } from './terminal.ts';
import { writeOutputs } from './write-outputs.ts';

export async function runExplain(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  const outputs = ['html', 'png', 'json'].flatMap((flag) => args.text(flag) ?? []);
  for (const file of outputs) checkWritable(file);
  if (new Set(outputs).size < outputs.length)
    throw usage(outputs[0]!, 'is to be written twice', 'give each output its own file');
  const settings = readSettings(args);
  const scale = colorScale(args);
  const model = await openModel(args, path);
  const batch = readBatch(args, model);
  if (args.has('png') && batch.kind !== 'image')
    throw usage('--png', 'draws pictures, but the inputs are none', 'try --html');
  notify(batch.notices, args, terminal);
  if (!model.hasInputShape) await model.predict(tensor(batch.X.data, batch.X.shape)); // the first input fixes the shapes
  const { explanation, context } = await explainBatch(args, model, batch, settings, terminal);
  const findings = findingsOf(explanation, context);
  terminal.out(`${visible(heading(model, batch, explanation))}\n\n`);
  findings.forEach((finding, i) => {
    terminal.out(`${printFinding(finding, i + 1, scale, terminal)}\n`, 'styled');
  });
  if (batch.kind === 'text') terminal.out(legend(terminal));
  const news = newsOf(explanation.warnings);
  notify(news, args, terminal);
  const written = writeOutputs(args, { path, model, batch, explanation, findings, output: context.output, news });
  for (const file of written) terminal.err(`wrote ${visible(file)}\n`);
  if (written.length === 0 && findings.some(({ image }) => image))
    terminal.err('note: --png FILE or --html FILE draws the pixels\n');
}

/** The words of the command line, where they differ. */
const words: Partial<Phrases> = {
  'outputs-are-scores': () =>
    'the outputs are scores, no probabilities: if they are logits, --softmax explains probabilities',
  'no-target': () =>
    'no target for a probability: --target 1 explains p, --target 0 explains 1 - p; the score itself is explained',
};

/** Warnings that the output does not show already, and that are about the user's choices. */
function newsOf(warnings: readonly Warning[]): string[] {
  const shown = warnings.filter(({ code }) => code !== 'incomplete' && code !== 'target-of-one-score');
  return shown.map((warning) => describeWarning(warning, words));
}

function heading(model: Model, batch: Batch, { meta, nSteps }: Explanation): string {
  const { layer, method } = meta.params;
  const rows = batch.samples.length;
  const [noun, unit] = ({ text: ['text', 'tokens'], image: ['picture', 'values'], array: ['row', 'values'] } as const)[
    batch.kind
  ];
  const count = `${rows} ${noun}${rows > 1 ? 's' : ''} of ${sizeOf(batch.X.shape.slice(1))} ${unit}`;
  const named = typeof layer === 'number' ? `layer ${layer} (${model.layers[layer]?.name})` : `layer '${layer}'`;
  const where = layer === 'unspecified' ? 'at the input' : `at ${named}`;
  const rule = meta.params.nSteps === 'auto' ? `up to ${nSteps} steps (auto)` : `${method}, ${nSteps} steps`;
  return `${model.name}: ${count}, explained ${where} (${rule})`;
}
