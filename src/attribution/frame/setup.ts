/**
 * Everything about one `explain` call that can be checked before the model runs: inputs, kwargs, what is attributed, the
 * target's form, the baselines' shapes. What comes out is consistent; what is wrong has thrown.
 */

import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions, type OptionNames } from '../../tensor/options.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Settings } from '../methods/settings.ts';
import { inputBaselines, isLayerBaseline } from './baselines/baselines.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import type { Forward } from './forward.ts';
import { examine, Graphs, type Structure } from './graphs.ts';
import { type FormattedInputs, formatInputs, formatKwargs } from './inputs.ts';
import type { LayerChoice } from './layer.ts';
import { resolveTarget } from './target.ts';
import type { ExplainOptions, LayerBaseline, ModelInput, Target } from './types.ts';

/** One entry of `attributions`: the variable of the path that it belongs to, or none for inputs that stay at X. */
export interface Attributed {
  readonly name: string;
  readonly shape: Shape;
  readonly variable: number | null;
}

export interface Setup {
  readonly forward: Forward;
  readonly settings: Settings;
  readonly choice: LayerChoice | null;
  readonly inputs: FormattedInputs;
  readonly graphs: Graphs;
  readonly structure: Structure;
  readonly attributed: readonly Attributed[];
  readonly structures: StructureCache;
  readonly target: Target | null;
  /** Baselines of the model's inputs, or in layer space. */
  readonly baselines: BaselineSource[] | LayerBaseline;
}

const known: OptionNames<ExplainOptions> = {
  forwardKwargs: 1,
  baselines: 1,
  target: 1,
  attributeToLayerInputs: 1,
  onProgress: 1,
  signal: 1,
};

export function setUp(
  forward: Forward,
  settings: Settings,
  choice: LayerChoice | null,
  X: ModelInput,
  options: ExplainOptions,
  structures: StructureCache,
): Setup {
  checkOptions('explain', options, known);
  const alibi = settings.compat === 'alibi';
  const given = options.target ?? null;
  if (given !== null && settings.targetFn !== null) {
    throw failure('target', 'targetFn is set already', {}, 'give a target or targetFn, not both');
  }
  const formatted = formatInputs(forward, X);
  const inputs = alibiIntegers(formatted, forward, alibi && choice === null);
  const kwargs = formatKwargs(forward, options.forwardKwargs, inputs);
  const side = options.attributeToLayerInputs ? 'inputs' : 'outputs';
  const graphs = new Graphs({ forward, inputs: inputs.tensors, kwargs, choice, side, everyCall: alibi });
  if (!choice && graphs.moving.length === 0) throw integerInputs(forward);
  const probeRows = Math.min(inputs.rows, settings.internalBatchSize);
  const structure = lookUp(structures, graphs, probeRows);
  checkConnected(forward, choice, structure);
  const target = given ?? settings.targetFn;
  if (typeof target !== 'function') resolveTarget(target, structure.output.shape, inputs.rows, alibi);
  const baselines = options.baselines ?? null;
  return {
    forward,
    settings,
    choice,
    inputs,
    graphs,
    structure,
    attributed: attributedTensors(graphs, structure, inputs, probeRows),
    structures,
    target,
    baselines: checkBaselines(baselines, inputs, graphs, choice, { alibi, truncate: inputs !== formatted }),
  };
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

function integerInputs(forward: Forward): Error {
  return failure(
    'X',
    'holds integers (token ids?), and no path leads from one id to another',
    {},
    embeddingAdvice(forward),
  );
}

/** Names the embedding layers, whose outputs are what can be attributed to. */
function embeddingAdvice(forward: Forward): string {
  const embeddings = forward.model?.layers.filter(({ className }) => className === 'Embedding') ?? [];
  const layers = embeddings.map(({ name }) => `layer: '${name}'`).join(' or ');
  if (layers) return `attribute to the embedding instead: ${layers}`;
  return forward.model
    ? 'attribute to a layer that computes floats from them (option layer)'
    : 'explain a function of the embedded tokens instead';
}

function checkConnected(forward: Forward, choice: LayerChoice | null, { connected }: Structure): void {
  const hasEmbedding = forward.model?.layers.some(({ className }) => className === 'Embedding') ?? false;
  if (choice || connected.includes(true) || !hasEmbedding) return;
  const problem = 'the output does not depend on it differentiably: the model reads it as token ids';
  throw failure('X', problem, {}, embeddingAdvice(forward));
}

function attributedTensors(
  graphs: Graphs,
  structure: Structure,
  inputs: FormattedInputs,
  probeRows: number,
): Attributed[] {
  const { choice, side } = graphs.options;
  if (!choice) {
    const { moving } = graphs;
    return inputs.tensors.map(({ shape }, i) => {
      const variable = moving.indexOf(i);
      return { name: inputs.names[i]!, shape, variable: variable < 0 ? null : variable };
    });
  }
  const { variables } = structure;
  return variables.map(({ shape }, variable) => {
    const suffix = variables.length > 1 ? ` ${side.slice(0, -1)} ${variable}` : '';
    const rows = (shape[0]! / probeRows) * inputs.rows;
    return { name: `${choice.layer.path}${suffix}`, shape: [rows, ...shape.slice(1)], variable };
  });
}

/** Elements of a variable for one sample. */
export function variableWidth({ attributed }: Setup, variable: number, samples: number): number {
  const found = attributed.find((item) => item.variable === variable)!;
  return sizeOf(found.shape) / samples;
}
