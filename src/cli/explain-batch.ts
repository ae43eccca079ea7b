/** The computation of `pathgrad explain`: what the flags choose, handed to the method, with a bar while it works. */

import type { Explainer } from '../attribution/frame/explainer.ts';
import type { ExplainerOptions } from '../attribution/frame/settings.ts';
import { isTargetSet } from '../attribution/frame/target-set.ts';
import { IntegratedGradients, type Target, type Warning } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import { embeddingOf } from '../keras/model/embedding.ts';
import type { Model } from '../model/model.ts';
import { embedded } from '../open/embedded.ts';
import {
  type AnyModel,
  embeddingsOf,
  isTransformer,
  rowsWithin,
  type Transformer,
  wordVectorsOf,
} from '../open/model.ts';
import { softmax } from '../ops/softmax.ts';
import { type QuadratureMethod, quadratureMethods } from '../quadrature/index.ts';
import { PathgradError } from '../tensor/errors.ts';
import { placeholder, type Tensor } from '../tensor/tensor.ts';
import { type BaselineChoice, chooseBaseline } from './baselines.ts';
import { chooseExplainer } from './explainers.ts';
import { type AnyExplanation, type Context, type Finding, findingsOf } from './findings.ts';
import type { OutputChoice } from './flags/choices.ts';
import { type Arguments, number, oneOf, usage } from './flags/flags.ts';
import { inFlags, withFlags } from './flags/in-flags.ts';
import { checkBaseline, optionsFor, refuse } from './flags/refusals.ts';
import { ProgressBar } from './print/progress.ts';
import type { Terminal } from './print/terminal.ts';
import type { Question } from './question.ts';
import { type Batch, rowsFrom, tensorsOf } from './samples/batch.ts';
import { chooseTargets } from './targets.ts';

export interface Settings {
  readonly row: MethodRow;
  /** Of integrated gradients alone. */
  readonly method: QuadratureMethod;
  readonly nSteps: number | 'auto';
  /** Null: as suits the model. */
  readonly internalBatchSize: number | null;
  readonly compat: 'alibi' | null;
}

export function readSettings(args: Arguments): Settings {
  const row = chooseExplainer(args);
  const steps = row.name === 'IntegratedGradients' ? (args.text('steps') ?? '50') : '50';
  const compat = args.text('compat');
  const method = oneOf('method', args.text('method') ?? 'gausslegendre', quadratureMethods);
  const nSteps: number | 'auto' =
    steps === 'auto' ? 'auto' : number('steps', steps, Number.isInteger, "a whole number, or 'auto'");
  const quadrature = {
    method,
    nSteps,
    compat: compat === undefined ? null : oneOf('compat', compat, ['alibi'] as const),
  };
  // The class's own checks, before a model is read.
  withFlags(args, () => new IntegratedGradients((x: Tensor) => x, quadrature).dispose());
  return { row, ...quadrature, internalBatchSize: readBatchSize(args) };
}

/** --batch: rows that go through the model at a time; null where it is left out. */
export function readBatchSize(args: Arguments): number | null {
  const text = args.text('batch');
  if (text === undefined) return null;
  return number('batch', text, (n) => Number.isInteger(n) && n > 0, 'a whole number from 1');
}

/** Multiplications per call of a transformer, about: a few seconds, so that Ctrl-C is heard and memory stays small. */
const WORK = 1e11;

/** Rows at a time where --batch says nothing: of long texts and large transformers few. */
export function usualBatchSize(model: AnyModel, { inputs }: Batch): number {
  return isTransformer(model) ? Math.min(100, rowsWithin(WORK, model, inputs[0]!.shape[1]!)) : 100;
}

/** Rows that are explained at a time where their numbers are not kept: what lies in memory does not grow with the rows. */
const CHUNK = 128;

export interface Explained {
  /** Of the first rows; of all where `keepAll`. One per target. */
  readonly explanations: readonly AnyExplanation[];
  readonly findings: readonly Finding[];
  readonly warnings: readonly Warning[];
  readonly context: Context;
}

/** What explains, and what it is fed. */
export interface Prepared {
  readonly explainer: Explainer<AnyModel, Tensor | null>;
  readonly baseline: BaselineChoice | null;
  /** With vectors in the place of ids, where inputs are explained so. */
  readonly batch: Batch;
  /** Rows at a time. */
  readonly rows: number;
  readonly atInput: boolean;
}

/** Makes the explainer that the flags choose, and the baseline. @throws UsageError for flags that do not go with the model */
export async function prepare(
  args: Arguments,
  { model: asked, batch: read, output }: Question,
  { row, internalBatchSize, ...quadrature }: Settings,
): Promise<Prepared> {
  checkLogits(args, asked, read, output);
  const layers = chooseLayers(args, asked, read, row);
  const { model, batch } = await withVectors(asked, read, layers, row);
  const chosen = row.baselines && (args.has('baseline') || !row.ownBaselines);
  const baseline = chosen ? chooseBaseline(args, asked, read, layers.layer === null ? batch : null) : null;
  checkBaseline(asked, read, baseline);
  const rows = internalBatchSize ?? usualBatchSize(asked, batch);
  const options = { ...layers, internalBatchSize: rows, output: outputFunction(args, asked, output) };
  const explainer = withFlags(args, () =>
    row.name === 'IntegratedGradients'
      ? new IntegratedGradients(model, { ...options, ...quadrature })
      : row.make(model, Object.assign(options, optionsFor(args, row, model, batch, layers))),
  );
  return { explainer, baseline, batch, rows, atInput: layers.layer === null };
}

/** @param keepAll whether all numbers are wanted, not only what is said of each input */
export async function explainBatch(
  args: Arguments,
  { model: asked, batch: read, output, target: named }: Question,
  { row, internalBatchSize, ...quadrature }: Settings,
  terminal: Terminal,
  keepAll = true,
): Promise<Explained> {
  const target = named ?? chooseTargets(args, output, read.samples.length);
  const { explainer, baseline, batch, rows, atInput } = await prepare(
    args,
    { model: asked, batch: read, output },
    { row, internalBatchSize, ...quadrature },
  );
  const bar = new ProgressBar(terminal, 'explaining', args.has('quiet'));
  const total = batch.samples.length;
  const perRow = (args.text('target') ?? '').includes(',') || ownRows(baseline?.value, total);
  const atOnce = keepAll || perRow || total < 2 * CHUNK ? total : Math.max(CHUNK, rows);
  const context = { batch, output, baseline, row, atInput };
  let first: readonly AnyExplanation[] | null = null;
  const findings: Finding[] = [];
  const warnings: Warning[] = [];
  try {
    for (let from = 0; from < total; from += atOnce) {
      const to = Math.min(from + atOnce, total);
      const { X, kwargs } =
        atOnce === total ? { X: tensorsOf(batch), kwargs: batch.kwargs ?? {} } : rowsFrom(batch, from, to);
      const common = {
        ...(baseline && { baselines: baseline.value }),
        attributeToLayerInputs: args.has('layer-inputs'),
        forwardKwargs: kwargs,
        onProgress: ({ done, total: work }: { done: number; total: number }) =>
          bar.update(from * work + (to - from) * done, total * work),
        signal: terminal.signal,
      };
      const own = Array.isArray(target) && from + to < 2 * total && atOnce < total ? target.slice(from, to) : target;
      const explanations = isTargetSet(own)
        ? await explainer.explain(X, { ...common, target: own })
        : [await explainer.explain(X, { ...common, target: own as Target })];
      first ??= explanations;
      findings.push(...findingsOf(explanations, { ...context, from }));
      warnings.push(...explanations.flatMap((one) => one.warnings));
    }
    return { explanations: first!, findings, warnings, context };
  } catch (error) {
    throw inFlags(error, args);
  } finally {
    bar.clear();
  }
}

/** Whether a baseline has a row for each input. */
const ownRows = (value: unknown, rows: number): boolean =>
  [value, ...Object.values((value ?? {}) as object)].some(
    (one) => rows > 1 && (one as Tensor | null)?.shape?.[0] === rows,
  );

/**
 * Of a model that takes ids beside numbers, the model that takes vectors in their place: then all inputs have gradients. Texts alone are explained at
 * their embedding, and methods that need values alone explain the ids.
 */
export async function withVectors<M extends AnyModel>(
  model: M,
  batch: Batch,
  { layer }: Layers,
  row: MethodRow,
): Promise<{ model: M; batch: Batch }> {
  const plain = isTransformer(model) || batch.kind === 'text' || layer !== null || row.values || row.layer;
  if (plain || model.inputs.every(({ dtype }) => dtype !== 'int32')) return { model, batch };
  const made = await embedded(model as Model, tensorsOf(batch));
  if (!made) return { model, batch };
  const inputs = made.rows.map(({ data, shape }) => ({ data, shape }));
  return {
    model: made.model as unknown as M,
    batch: { ...batch, inputs, kwargs: { ...batch.kwargs, ...made.kwargs } },
  };
}

/** @throws UsageError for --logits where the chosen output is no softmax over classes, and beside --softmax */
export function checkLogits(args: Arguments, model: AnyModel, batch: Batch, { index, classes }: OutputChoice): void {
  if (isTransformer(model)) {
    if (args.has('softmax'))
      throw usage('--softmax', 'is for models that give logits', 'leave it out: transformers give probabilities');
    return;
  }
  if (!args.has('logits')) return;
  if (args.has('softmax')) throw usage('--logits', 'does not go with --softmax', 'give one of them');
  const output = model.apply(oneRow(model, batch))[index]!;
  if (classes > 1 && output.op?.name === 'softmax') return;
  throw usage('--logits', 'is for models that end in a softmax over classes', 'this one does not: leave it out');
}

/** Placeholders for one row of the batch. */
export function oneRow(model: AnyModel, { inputs }: Batch): Tensor[] {
  return inputs.map(({ shape }, i) => placeholder([1, ...shape.slice(1)], model.inputs[i]!.dtype));
}

/** What is explained: the output that was chosen, as probabilities under --softmax, or what goes into its softmax under --logits. */
export function outputFunction(
  args: Arguments,
  model: AnyModel,
  { index }: OutputChoice,
): NonNullable<ExplainerOptions<AnyModel>['output']> {
  // A transformer is loaded so that it gives logits.
  if (args.has('logits') && !isTransformer(model)) return (...ys) => ys[index]!.inputs[0]!;
  return (...ys) => (args.has('softmax') ? softmax(ys[index]!) : ys[index]!);
}

/** The layers that are explained and from which inputs move, where they are not the model's inputs. */
export interface Layers {
  readonly layer: string | number | null;
  readonly inputLayer?: string;
}

/** The layer that --layer names, by name, path or number. @throws UsageError with the nearest names, where the model has none */
export function layerOf(args: Arguments, model: AnyModel): string | number | null {
  const wanted = args.text('layer');
  if (wanted === undefined) return null;
  const layer = /^-?\d+$/.test(wanted) ? Number(wanted) : wanted;
  try {
    model.getLayer(layer);
    return layer;
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    const hint = error.hint ?? 'pathgrad inspect MODEL lists the layers';
    throw usage('--layer', error.message.split('\nhint: ')[0]!, hint);
  }
}

/** Where a transformer's texts are explained: paths from word to word need the words' vectors as they are. */
const vectorsOf = (model: Transformer, { words }: MethodRow): string =>
  words ? wordVectorsOf(model) : embeddingsOf(model);

/**
 * Token ids have no gradient, so texts are explained at the embedding, or move there where a layer behind it is explained; unless the method
 * needs no gradient, or is about the gradients of a layer alone.
 */
export function chooseLayers(args: Arguments, model: AnyModel, batch: Batch, row: MethodRow): Layers {
  const layer = layerOf(args, model);
  if (layer === null && args.has('layer-inputs'))
    throw usage('--layer-inputs', 'needs --layer', 'name the layer whose inputs are explained');
  if (layer === null && row.layer === true)
    throw usage(
      '--layer',
      `is needed: ${row.name} attributes to the tensors of a layer`,
      'pathgrad inspect MODEL lists the layers',
    );
  refuse(args, model, batch, row, { layer });
  if (batch.kind !== 'text' || row.values || row.layer === 'chosen') return { layer };
  const embedding = isTransformer(model) ? vectorsOf(model, row) : embeddingOf(model)!.path;
  return row.layer ? { layer, inputLayer: embedding } : { layer: layer ?? embedding };
}
