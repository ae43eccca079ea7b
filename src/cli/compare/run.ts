/**
 * Methods and metrics on the same inputs, target and baseline, one after another. What one of them refuses is kept as its reason and stops none
 * of the others; only an interruption ends all.
 */

import {
  drawBaselines,
  drawCount,
  inputBaselines,
  isLayerBaseline,
} from '../../attribution/frame/baselines/baselines.ts';
import { toForward } from '../../attribution/frame/forward.ts';
import { formatInputs } from '../../attribution/frame/inputs.ts';
import type { LayerOptions } from '../../attribution/frame/settings.ts';
import { type MethodRow, methods } from '../../attribution/methods/index.ts';
import type { MetricRow } from '../../attribution/metrics/table.ts';
import type { AnyModel } from '../../open/model.ts';
import { PathgradError } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { BaselineChoice } from '../baselines.ts';
import { type Layers, outputFunction, withVectors } from '../explain-batch.ts';
import { type AnyExplanation, type Finding, findingsOf } from '../findings.ts';
import type { OutputChoice } from '../flags/choices.ts';
import type { Arguments } from '../flags/flags.ts';
import { inFlags } from '../flags/in-flags.ts';
import { optionsFor } from '../flags/refusals.ts';
import { ProgressBar } from '../print/progress.ts';
import type { Terminal } from '../print/terminal.ts';
import { type Batch, rowsFrom, tensorsOf } from '../samples/batch.ts';
import { measured, type Taken } from './measure.ts';
import { type Statistics, statisticsOf } from './statistics.ts';

/** What is the same for all. */
export interface Shared {
  readonly args: Arguments;
  readonly terminal: Terminal;
  readonly model: AnyModel;
  readonly batch: Batch;
  readonly output: OutputChoice;
  /** A class for all, or one for each. */
  readonly target: number | readonly number[] | null;
  readonly baseline: BaselineChoice;
  readonly batchSize: number;
  readonly layersOf: (row: MethodRow) => Layers;
}

/** A metric of a method: numbers, or why there are none. */
export type Cell =
  | (Statistics & { readonly values: readonly number[]; readonly reason: null })
  | { readonly reason: string };

/** A method: what it found and what it took, or why it did not run. */
export type Compared =
  | {
      readonly row: MethodRow;
      readonly reason: null;
      readonly explanation: AnyExplanation;
      readonly findings: readonly Finding[];
      readonly taken: Taken;
      /** One per metric. */
      readonly cells: readonly Cell[];
    }
  | { readonly row: MethodRow; readonly reason: string };

export async function runMethods(
  rows: readonly MethodRow[],
  judges: readonly MetricRow[],
  shared: Shared,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const row of rows) compared.push(await runMethod(row, judges, shared));
  return compared;
}

/** One gradient of one input, unmeasured, so that the method that comes first does not pay for starting the engine. */
export async function warmUp(shared: Shared): Promise<void> {
  const { batch, model, target, terminal } = shared;
  const row = methods.find(({ name }) => name === 'Saliency')!;
  const { X, kwargs } = rowsFrom(batch, 0, 1);
  const first = typeof target === 'number' || target === null ? target : target.slice(0, 1);
  try {
    const explainer = row.make(model, optionsOf(row, shared.layersOf(row), shared));
    await explainer
      .explain(X, { target: first, forwardKwargs: kwargs, signal: terminal.signal })
      .finally(() => explainer.dispose());
  } catch {
    // What is wrong is said by the methods that are asked for.
    terminal.signal.throwIfAborted();
  }
}

async function runMethod(row: MethodRow, judges: readonly MetricRow[], shared: Shared): Promise<Compared> {
  const { args, terminal, output, baseline, target } = shared;
  const { signal } = terminal;
  const bar = new ProgressBar(terminal, row.name, args.has('quiet'));
  try {
    const layers = shared.layersOf(row);
    // Methods with gradients see vectors in the place of ids.
    const { model, batch } = await withVectors(shared.model, shared.batch, layers, row);
    const X = tensorsOf(batch);
    const explainer = row.make(model, optionsOf(row, layers, shared));
    const given = {
      ...(row.baselines && { baselines: baseline.value }),
      target,
      attributeToLayerInputs: args.has('layer-inputs'),
      forwardKwargs: batch.kwargs ?? {},
    };
    const { value: explanation, taken } = await measured(async (sample) => {
      const onProgress = ({ done, total }: { done: number; total: number }): void => {
        sample();
        bar.update(done, total);
      };
      return explainer.explain(X, { ...given, onProgress, signal });
    }).finally(() => explainer.dispose());
    bar.clear();
    const context = { batch, output, baseline: row.baselines ? baseline : null, row, atInput: layers.layer === null };
    const findings = findingsOf([explanation], context);
    const explained = {
      ...explanation.data,
      baselines: commonBaselines({ ...shared, model }, X) ?? explanation.baselines,
    };
    const cells: Cell[] = [];
    for (const judge of judges) {
      const judging = { model, X, explain: given, explanation: explained, options: scoring(shared, row, judge) };
      cells.push(await runMetric(judge, row, judging, layers, shared));
    }
    return { row, reason: null, explanation, findings, taken, cells };
  } catch (error) {
    return { row, reason: reasonOf(inFlags(error, args), signal) };
  } finally {
    bar.clear();
  }
}

function optionsOf(
  row: MethodRow,
  layers: Layers,
  { args, batch, model, output, batchSize }: Shared,
): LayerOptions<AnyModel> {
  const own = optionsFor(args, row, model, batch, layers);
  return { ...own, ...layers, internalBatchSize: batchSize, output: outputFunction(args, model, output) };
}

type Judging = Omit<Parameters<MetricRow['run']>[0], 'makeExplainer'>;

async function runMetric(
  judge: MetricRow,
  row: MethodRow,
  judging: Judging,
  layers: Layers,
  shared: Shared,
): Promise<Cell> {
  const refused = refusal(judge, row, shared);
  if (refused) return { reason: refused };
  const makeExplainer = (model: unknown) => row.make(model as AnyModel, optionsOf(row, layers, shared));
  try {
    const { values } = await judge.run({ ...judging, makeExplainer });
    const statistics = statisticsOf(values);
    if (statistics.n === 0) return { reason: 'is not defined for any of these inputs' };
    return { ...statistics, values: Array.from(values), reason: null };
  } catch (error) {
    return { reason: reasonOf(inFlags(error, shared.args), shared.terminal.signal) };
  }
}

/** What the tables say does not go together. */
function refusal({ judges, inputs }: MetricRow, { sum, slopes, logits }: MethodRow, { batch }: Shared): string | null {
  if (judges === 'complete' && sum === null) return 'the numbers need not add up';
  if (judges === 'contributions' && slopes) return 'judges contributions to the score, and these are none';
  if (judges === 'contributions' && logits)
    return 'judges contributions to the score, and these are parts of its logit';
  if (inputs === 'pictures' && batch.kind !== 'image') return 'is for pictures';
  if (inputs === 'floats' && batch.kind === 'text') return 'moves the inputs a little, and token ids cannot';
  return null;
}

function scoring(shared: Shared, row: MethodRow, judge: MetricRow) {
  const { args, terminal, model, output, batchSize } = shared;
  const bar = new ProgressBar(terminal, `${row.name}, ${judge.name}`, args.has('quiet'));
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    if (done >= total) bar.clear();
    else bar.update(done, total);
  };
  return {
    output: outputFunction(args, model, output),
    internalBatchSize: batchSize,
    signal: terminal.signal,
    onProgress,
  };
}

/** Methods are judged with one baseline, whether they compare with it or not; null where it is several, or lies at a layer. */
function commonBaselines({ baseline, model, output }: Shared, X: readonly Tensor[]): Tensor[] | null {
  if (isLayerBaseline(baseline.value)) return null;
  const formatted = formatInputs(toForward(model, output.index, 'float32'), X);
  const sources = inputBaselines(baseline.value, formatted, new Set(formatted.tensors.keys()));
  return drawCount(sources) > 1 ? null : drawBaselines(sources, 0, formatted.tensors);
}

/** Why something did not run, in a line; an interruption goes on. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  if (error instanceof PathgradError) return error.message.replace(/\nhint: /, '; ').replaceAll('\n', ' ');
  return `failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
}
