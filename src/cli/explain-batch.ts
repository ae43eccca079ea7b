/** The computation of `pathgrad explain`: what the flags choose, handed to `IntegratedGradients`, with a bar while it works. */
import { type Explanation, IntegratedGradients } from '../attribution/index.ts';
import { embeddingOf } from '../keras/model/embedding.ts';
import type { Model } from '../keras/model/model.ts';
import { softmax } from '../ops/softmax.ts';
import { checkQuadrature, type QuadratureMethod, quadratureMethods } from '../quadrature/index.ts';
import { PathgradError } from '../tensor/errors.ts';
import { tensor } from '../tensor/tensor.ts';
import { chooseBaseline, chooseOutput, chooseTarget } from './choices.ts';
import type { Context } from './findings.ts';
import { type Arguments, number, oneOf, UsageError, usage } from './flags.ts';
import { ProgressBar } from './progress.ts';
import type { Batch } from './samples/batch.ts';
import type { Terminal } from './terminal.ts';

export interface Settings {
  readonly method: QuadratureMethod;
  readonly nSteps: number | 'auto';
  readonly internalBatchSize: number;
  readonly compat: 'alibi' | null;
}

export function readSettings(args: Arguments): Settings {
  const steps = args.text('steps') ?? '50';
  const batch = args.text('batch') ?? '100';
  const compat = args.text('compat');
  const method = oneOf('method', args.text('method') ?? 'gausslegendre', quadratureMethods);
  const nSteps = steps === 'auto' ? 'auto' : number('steps', steps, Number.isInteger, "a whole number, or 'auto'");
  if (nSteps !== 'auto') checkSteps(method, nSteps);
  return {
    method,
    nSteps,
    internalBatchSize: number('batch', batch, (n) => Number.isInteger(n) && n > 0, 'a whole number from 1'),
    compat: compat === undefined ? null : oneOf('compat', compat, ['alibi'] as const),
  };
}

/** The library's own check, in the words of the command line, before a model is read. */
function checkSteps(method: QuadratureMethod, steps: number): void {
  try {
    checkQuadrature(method, steps);
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    throw new UsageError(
      error.message.replace("nSteps 'auto'", '--steps auto').replaceAll('nSteps', '--steps'),
      '--steps',
    );
  }
}

export async function explainBatch(
  args: Arguments,
  model: Model,
  batch: Batch,
  settings: Settings,
  terminal: Terminal,
): Promise<{ explanation: Explanation; context: Context }> {
  const output = chooseOutput(args, model);
  const target = chooseTarget(args, output, batch.samples.length);
  const baseline = chooseBaseline(args, batch);
  const layer = chooseLayer(args, model, batch);
  const explainer = new IntegratedGradients(model, {
    ...settings,
    layer,
    output: (...ys) => (args.has('softmax') ? softmax(ys[output.index]!) : ys[output.index]!),
  });
  const bar = new ProgressBar(terminal, 'explaining', args.has('quiet'));
  try {
    const explanation = await explainer.explain(tensor(batch.X.data, batch.X.shape), {
      baselines: baseline.value,
      target,
      attributeToLayerInputs: args.has('layer-inputs'),
      onProgress: ({ done, total }) => bar.update(done, total),
      signal: terminal.signal,
    });
    return { explanation, context: { batch, output, baseline, atInput: layer === null } };
  } finally {
    bar.clear();
  }
}

/** Token ids have no gradient, so texts are explained at the embedding. */
function chooseLayer(args: Arguments, model: Model, batch: Batch): string | number | null {
  const wanted = args.text('layer');
  if (wanted === undefined) {
    if (args.has('layer-inputs'))
      throw usage('--layer-inputs', 'needs --layer', 'name the layer whose inputs are explained');
    return batch.kind === 'text' ? embeddingOf(model)!.path : null;
  }
  return /^-?\d+$/.test(wanted) ? Number(wanted) : wanted;
}
