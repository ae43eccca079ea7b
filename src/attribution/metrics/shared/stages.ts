/**
 * The layers of a model that have weights, from the last to the first as the model calls them, and copies of the model in which some of
 * them are replaced.
 */
import type { CallableModel, ModelWeight } from '../../../graph/callable.ts';
import { nameSeed, shuffle } from '../../../graph/random.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { placeholder, type Tensor } from '../../../tensor/tensor.ts';
import { drawRandom, normal } from './result.ts';

export interface StageModels {
  /** Paths of layers, the last first. */
  readonly stages: readonly string[];
  /** A copy whose weights in `layers` are what `values` says. */
  copy(layers: ReadonlySet<string>, values: (weight: ModelWeight) => ArrayLike<number>): Promise<CallableModel>;
}

interface Fed {
  readonly X: readonly Tensor[];
  readonly forwardKwargs?: { readonly [name: string]: Tensor };
}

/** @throws PathgradError for a model that gives no copies with other weights */
export function checkReplaceable(model: CallableModel): void {
  if (typeof model?.withWeights === 'function') return;
  const hint = 'load the model with loadModel, or give it a method withWeights that returns a copy';
  throw failure('model', 'its weights cannot be replaced', { model: model?.name ?? typeof model }, hint);
}

/**
 * @param fed inputs that the model takes: their shapes are what counts
 * @param only these layers; null for all
 */
export async function stagesOf(model: CallableModel, fed: Fed, only: readonly string[] | null): Promise<StageModels> {
  const called = callOrder(model, fed);
  const stageOf = ({ layer }: ModelWeight): string => nearest(layer, called) ?? layer;
  const found = new Set<string>();
  await model.withWeights!((weight) => {
    found.add(stageOf(weight));
    return null;
  });
  // What is never called comes last: nothing depends on it.
  const place = (layer: string): number => called.get(layer) ?? -1;
  const stages = [...found]
    .sort((a, b) => place(b) - place(a))
    .filter((layer) => only === null || only.includes(layer));
  const missing = only?.find((layer) => !found.has(layer));
  if (missing !== undefined) {
    throw failure('layers', `there is no layer '${missing}' with weights`, {}, didYouMean(missing, [...found]));
  }
  if (stages.length === 0)
    throw failure(
      'model',
      'has no weights to replace',
      { model: model.name },
      'MPRT is for models that have learned some',
    );
  return {
    stages,
    copy: (layers, values) =>
      model.withWeights!((weight) => (layers.has(stageOf(weight)) ? checkNumbers(weight, values(weight)) : null)),
  };
}

/** @throws PathgradError unless `layers` names layers, one at least */
export function checkLayers(layers: readonly string[]): void {
  const hint = "names of layers, e.g. ['dense', 'logits']; leave layers out for all";
  if (!Array.isArray(layers) || layers.length === 0)
    throw failure('layers', 'is a list of at least one layer', { got: layers }, hint);
  if (!layers.every((layer) => typeof layer === 'string'))
    throw failure('layers', 'a layer is named by its path', { got: layers }, hint);
}

/** @throws PathgradError unless `values` are as many finite numbers as the weight has */
function checkNumbers({ layer, name, tensor }: ModelWeight, values: unknown): ArrayLike<number> {
  const list = Array.isArray(values) || ArrayBuffer.isView(values) ? (values as unknown as ArrayLike<number>) : [];
  if (list.length === tensor.size && Array.prototype.every.call(list, Number.isFinite)) return list;
  const problem = `has other numbers for '${name}' of layer '${layer}' than it needs`;
  const got = list.length === tensor.size ? 'what is no finite number' : list.length;
  throw failure('weights', problem, { got, shape: tensor.shape }, 'give a finite number for each of its elements');
}

/** When each layer was called last. */
function callOrder(model: CallableModel, { X, forwardKwargs = {} }: Fed): Map<string, number> {
  const make = (t: Tensor): Tensor => placeholder(t.shape, t.dtype);
  const kwargs = Object.fromEntries(Object.entries(forwardKwargs).map(([name, t]) => [name, make(t)]));
  const called = new Map<string, number>();
  let count = 0;
  model.apply(X.map(make), {
    ...(Object.keys(kwargs).length > 0 ? { kwargs } : {}),
    onOutputs: ({ layer }) => {
      called.set(layer.path, count++);
      return null;
    },
  });
  return called;
}

/** The layer at `path`, or the innermost around it that the model calls. */
function nearest(path: string, called: ReadonlyMap<string, number>): string | null {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) if (called.has(at)) return at;
  return null;
}

/** Random numbers of the scale of the weight that they replace: the same for the same layer and name. */
export function drawnWeights(seed: number): (weight: ModelWeight) => Float64Array {
  return ({ layer, name, tensor, trainable }) => {
    const next = drawRandom(seed, nameSeed(`${layer}/${name}`));
    const values = Float64Array.from(tensor.data);
    if (!trainable) return shuffle(values, next);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    return values.map(() => mean + spread * normal(next));
  };
}
