/**
 * Everything about one `explain` call that can be checked before the model runs: inputs, kwargs, what is attributed, the
 * target's form, the baselines' shapes. What comes out is consistent; what is wrong has thrown.
 */

import { isEmbedding } from '../../model/lookup.ts';
import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkBoolean, checkOptions, type OptionNames } from '../../tensor/options.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Tensor, type TensorSpec, tensor } from '../../tensor/tensor.ts';
import { asBackground, inputBaselines, isLayerBaseline } from './baselines/baselines.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import type { Forward } from './forward.ts';
import { examine, Graphs, type Structure } from './graphs.ts';
import { type FormattedInputs, formatInputs, formatKwargs } from './inputs.ts';
import type { LayerChoice, LayerSide } from './layer.ts';
import type { Method } from './method.ts';
import type { Settings } from './settings.ts';
import { checkFunction } from './settings.ts';
import { checkLabels, resolveTarget } from './target.ts';
import { isTargetSet, resolveSet } from './target-set.ts';
import type { ExplainOptions, LayerBaseline, ModelInput, Target, TargetSet } from './types.ts';

/** One entry of `attributions`: the variable or observed tensor that it belongs to, or none for inputs that stay at X. */
export interface AttributedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly variable: number | null;
}

/** What an explainer brings to each of its explanations. */
export interface Explaining {
  readonly forward: Forward;
  readonly settings: Settings;
  readonly method: Omit<Method, 'params'>;
  readonly choice: LayerChoice | null;
  /** Where the variables are when the method observes `choice`. */
  readonly from: LayerChoice | null;
  readonly structures: StructureCache;
}

export interface Setup extends Explaining {
  readonly inputs: FormattedInputs;
  readonly graphs: Graphs;
  readonly structure: Structure;
  readonly attributed: readonly AttributedTensor[];
  readonly target: Target | TargetSet | null;
  /** Baselines of the model's inputs, or in layer space. */
  readonly baselines: BaselineSource[] | LayerBaseline;
}

/** What `explain` takes. */
export type SetUpOptions = Omit<ExplainOptions, 'target'> & { readonly target?: Target | TargetSet | null };

const common: OptionNames<ExplainOptions> = {
  forwardKwargs: 1,
  baselines: 1,
  target: 1,
  attributeToLayerInputs: 1,
  onProgress: 1,
  signal: 1,
};

/**
 * @param own names of the method's own options
 * @throws PathgradError for what is no option of `explain`
 */
export function checkExplain(options: object, own: Readonly<Record<string, 1>>): void {
  checkOptions('explain', options, { ...common, ...own });
  checkWatching(options);
}

/** @throws PathgradError for what is no signal, and for progress that cannot be told */
export function checkWatching({ signal, onProgress }: Pick<ExplainOptions, 'signal' | 'onProgress'>): void {
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
    throw failure('signal', 'is no AbortSignal', { got: typeof signal }, 'give the signal of an AbortController');
  checkFunction('onProgress', onProgress);
}

/** Whether what is explained is a number that has no labels; a function of it may be anything. */
export function givesNumber({ forward, settings }: Pick<Explaining, 'forward' | 'settings'>): boolean {
  return forward.model?.scoreOnly === true && typeof settings.output !== 'function';
}

export function setUp(explaining: Explaining, X: ModelInput, options: SetUpOptions): Setup {
  const { forward, settings, method, structures } = explaining;
  const alibi = settings.compat === 'alibi';
  const given = options.target ?? null;
  if (given !== null && settings.targetFn !== null) {
    throw failure('target', 'targetFn is set already', {}, 'give a target or targetFn, not both');
  }
  const observed = method.observes ? explaining.choice : null;
  const choice = method.observes ? explaining.from : explaining.choice;
  const formatted = formatInputs(forward, X);
  const inputs = alibiIntegers(formatted, forward, alibi && choice === null);
  const kwargs = formatKwargs(forward, options.forwardKwargs, inputs);
  const side = layerSide(options.attributeToLayerInputs, explaining.choice);
  const graphs = new Graphs({
    forward,
    inputs: inputs.tensors,
    kwargs,
    choice,
    side: observed ? 'outputs' : side,
    observed,
    observedSide: side,
    everyCall: alibi,
    integers: method.needs === 'values',
  });
  const where = method.observes ? 'inputLayer' : 'layer';
  if (!choice && graphs.moving.length === 0) throw integerInputs(forward, where);
  const probeRows = Math.min(inputs.rows, settings.internalBatchSize);
  const structure = lookUp(structures, graphs, probeRows);
  checkConnected(forward, choice, structure, where);
  if (observed) checkObserved(observed, choice, structure);
  const target = given ?? settings.targetFn;
  if (typeof target !== 'function') {
    const { shape } = structure.output;
    const resolved = isTargetSet(target)
      ? resolveSet(target, shape, inputs.rows, null)
      : [resolveTarget(target, shape, inputs.rows, alibi)];
    if (givesNumber(explaining)) resolved.forEach(checkLabels);
  }
  const baselines = (method.background ? asBackground(options.baselines) : options.baselines) ?? null;
  if (method.baselines !== 'used' && baselines !== null) {
    const [why, other] =
      method.baselines === 'own' ? ['makes its own of the input', 'any'] : ['looks at the input alone', 'one'];
    const hint = `leave baselines out, or choose a method that compares with ${other}, such as IntegratedGradients`;
    throw failure('baselines', `${method.name} takes none: it ${why}`, {}, hint);
  }
  return {
    ...explaining,
    choice,
    inputs,
    graphs,
    structure,
    attributed: attributedTensors(graphs, structure, inputs, probeRows),
    target,
    baselines:
      method.ownBaselines && baselines === null
        ? [...method.ownBaselines(inputs.tensors)]
        : checkBaselines(baselines, inputs, graphs, choice, { alibi, truncate: inputs !== formatted }),
  };
}

function layerSide(attributeToLayerInputs: boolean | undefined, choice: LayerChoice | null): LayerSide {
  checkBoolean('attributeToLayerInputs', attributeToLayerInputs ?? false);
  if (attributeToLayerInputs && !choice) {
    throw failure('attributeToLayerInputs', 'there is no layer', {}, 'set the option layer, or leave it out');
  }
  return attributeToLayerInputs ? 'inputs' : 'outputs';
}

/** The same for other inputs and kwargs of the same kind: some of the rows, perhaps shorter. Baselines and target are as they were. */
export function withInputs(setup: Setup, inputs: FormattedInputs, kwargs: Readonly<Record<string, Tensor>>): Setup {
  const graphs = new Graphs({ ...setup.graphs.options, inputs: inputs.tensors, kwargs });
  const probeRows = Math.min(inputs.rows, setup.settings.internalBatchSize);
  const structure = lookUp(setup.structures, graphs, probeRows);
  return { ...setup, inputs, graphs, structure, attributed: attributedTensors(graphs, structure, inputs, probeRows) };
}

/** Looking at a graph means building it and its gradient once: kept per kind of input. */
export type StructureCache = Map<string, Structure>;
const MAX_STRUCTURES = 64;

function lookUp(cache: StructureCache, graphs: Graphs, rows: number): Structure {
  const key = `${rows} ${graphs.key}`;
  const found = cache.get(key) ?? examine(graphs, rows);
  if (cache.size >= MAX_STRUCTURES) cache.clear();
  cache.set(key, found);
  return found;
}

function checkBaselines(
  baselines: NonNullable<ExplainOptions['baselines']> | null,
  inputs: FormattedInputs,
  graphs: Graphs,
  choice: LayerChoice | null,
  { alibi, truncate }: { readonly alibi: boolean; readonly truncate: boolean },
): BaselineSource[] | LayerBaseline {
  if (isLayerBaseline(baselines)) {
    if (!choice) throw failure('baselines', 'layer space needs a layer', {}, 'set the option layer of the explainer');
    if (alibi) throw failure('baselines', 'alibi has no baselines in layer space', {}, 'leave compat out');
    return baselines;
  }
  const every = inputs.tensors.map((_, i) => i);
  const sources = inputBaselines(baselines, inputs, new Set(choice ? every : graphs.moving));
  return truncate ? sources.map(truncated) : sources;
}

/** Ledger Q16: alibi interpolates a single integer input as if it were floats, from a baseline cast to integers. */
function alibiIntegers(inputs: FormattedInputs, forward: Forward, apply: boolean): FormattedInputs {
  const only = inputs.tensors[0]!;
  if (!apply || inputs.tensors.length > 1 || isFloat(only.dtype)) return inputs;
  return { ...inputs, tensors: [tensor(only.data, only.shape, forward.dtype)] };
}

function truncated({ count, draw }: BaselineSource): BaselineSource {
  const round = (t: Tensor): Tensor => tensor(t.data.map(Math.trunc) as TypedArray, t.shape);
  return { count, draw: (index) => round(draw(index)) };
}

/** What is looked at must lie behind what moves, and before the output. */
function checkObserved({ layer }: LayerChoice, from: LayerChoice | null, { watched }: Structure): void {
  if (watched === 'both') return;
  const start = from ? `layer '${from.layer.path}'` : 'the inputs';
  const problem = watched === 'unmoved' ? `does not depend on ${start}` : 'does not lead to the output';
  const hint =
    watched === 'unmoved' && from
      ? 'inputLayer must come before it'
      : 'choose a layer between the inputs and the output';
  throw failure(`layer '${layer.path}'`, problem, {}, hint);
}

function integerInputs(forward: Forward, option: string): Error {
  return failure(
    'X',
    'holds integers (token ids?), and no path leads from one id to another',
    {},
    embeddingAdvice(forward, option),
  );
}

/** Names the embedding layers, whose outputs are what can be attributed to. */
function embeddingAdvice(forward: Forward, option: string): string {
  const embeddings = forward.model?.layers.filter(({ className }) => isEmbedding(className)) ?? [];
  const layers = embeddings.map(({ name }) => `${option}: '${name}'`).join(' or ');
  if (layers && option === 'inputLayer') return `let the embedding move in the place of the ids: ${layers}`;
  if (layers) return `attribute to the embedding instead: ${layers}`;
  return forward.model
    ? `${option === 'layer' ? 'attribute to' : 'start from'} a layer that computes floats from them (option ${option})`
    : 'explain a function of the embedded tokens instead';
}

function checkConnected(forward: Forward, choice: LayerChoice | null, { connected }: Structure, option: string): void {
  if (choice && !connected.includes(true)) {
    const problem = 'the output does not depend on it differentiably, so that every attribution would be 0';
    throw failure(`layer '${choice.layer.path}'`, problem, {}, 'choose a layer before the output');
  }
  const hasEmbedding = forward.model?.layers.some(({ className }) => isEmbedding(className)) ?? false;
  if (choice || connected.includes(true) || !hasEmbedding) return;
  const problem = 'the output does not depend on it differentiably: the model reads it as token ids';
  throw failure('X', problem, {}, embeddingAdvice(forward, option));
}

function attributedTensors(
  graphs: Graphs,
  structure: Structure,
  inputs: FormattedInputs,
  probeRows: number,
): AttributedTensor[] {
  const { choice, side, observed, observedSide } = graphs.options;
  if (observed) return layerTensors(observed, observedSide, structure.observed, inputs, probeRows);
  if (!choice) {
    const { moving } = graphs;
    return inputs.tensors.map(({ shape }, i) => {
      const variable = moving.indexOf(i);
      return { name: inputs.names[i]!, shape, variable: variable < 0 ? null : variable };
    });
  }
  return layerTensors(choice, side, structure.variables, inputs, probeRows);
}

function layerTensors(
  { layer }: LayerChoice,
  side: LayerSide,
  tensors: readonly TensorSpec[],
  inputs: FormattedInputs,
  probeRows: number,
): AttributedTensor[] {
  return tensors.map(({ shape }, variable) => {
    const suffix = tensors.length > 1 ? ` ${side.slice(0, -1)} ${variable}` : '';
    return { name: `${layer.path}${suffix}`, shape: withRows(shape, probeRows, inputs.rows), variable };
  });
}

/** The shape of a tensor for `rows` samples, of which the one for `probeRows` is known. */
const withRows = (shape: Shape, probeRows: number, rows: number): Shape => [
  (shape[0]! / probeRows) * rows,
  ...shape.slice(1),
];

/** What each variable is called. */
export function variableNames({ choice, graphs, inputs, structure }: Setup): string[] {
  if (!choice) return graphs.moving.map((i) => inputs.names[i]!);
  return layerTensors(choice, graphs.options.side, structure.variables, inputs, inputs.rows).map(({ name }) => name);
}

/** The shape of each variable for all samples. */
export function variableShapes({ structure, inputs, settings }: Setup): Shape[] {
  const probeRows = Math.min(inputs.rows, settings.internalBatchSize);
  return structure.variables.map(({ shape }) => withRows(shape, probeRows, inputs.rows));
}
