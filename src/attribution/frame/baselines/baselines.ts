/**
 * Baselines from all the forms a caller may write to one source per attributed input (or layer tensor). The caller's
 * arrays are read, never changed.
 */
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { full, Tensor, tensor } from '../../../tensor/tensor.ts';
import { isNested, isShapedArray, repeatRow, rowSize, toTensor } from '../arrays.ts';
import type { FormattedInputs } from '../inputs.ts';
import type { ArrayInput, Baseline, Baselines, LayerBaseline } from '../types.ts';
import { type BaselineSource, constantLike, isBaselineKind, kindSource, single } from './kinds.ts';

export function isLayerBaseline(value: Baselines): value is LayerBaseline {
  return typeof value === 'object' && value !== null && 'space' in value && value.space === 'layer';
}

/** The values, tensors in `dtype`, shapes like `like`'s; `N` rows or one row for all. */
interface Target {
  readonly subject: string;
  readonly like: Tensor;
}

/** @param moving the inputs that the path moves: others are held at X, unless a layer makes baselines of all inputs useful */
export function inputBaselines(
  baselines: Exclude<Baselines, LayerBaseline>,
  inputs: FormattedInputs,
  moving: ReadonlySet<number>,
): BaselineSource[] {
  const perInput = spread(baselines, inputs.names);
  const sources = perInput.map((baseline, i) => {
    const like = inputs.tensors[i]!;
    const subject = inputs.names.length > 1 ? `baseline '${inputs.names[i]}'` : 'baseline';
    if (moving.has(i)) return source(baseline, { subject, like });
    if (baseline === undefined || baseline === null) return single(() => like);
    const hint = 'attribute to the embedding layer of this input, or leave its baseline out';
    throw failure(subject, 'an integer input cannot move along a path and is held at X', { dtype: like.dtype }, hint);
  });
  checkCounts(sources);
  return sources;
}

/** Every array as the rows of a background. What is described (a number, a kind) stays as it is. */
export function asBackground(baselines: Baselines | undefined): Baselines | undefined {
  const data = (one: Baseline): Baseline =>
    isArray(one) && typeof one !== 'number' ? { kind: 'dataset', data: one } : one;
  if (baselines === undefined || baselines === null || isLayerBaseline(baselines) || isBaselineKind(baselines)) {
    return baselines;
  }
  if (Array.isArray(baselines) && baselines.some((one) => !isNested(one))) {
    return (baselines as readonly Baseline[]).map(data);
  }
  if (isArray(baselines)) return data(baselines);
  return Object.fromEntries(Object.entries(baselines).map(([name, one]) => [name, data(one as Baseline)]));
}

/** Baselines in layer space. @param like the layer's values at X */
export function layerBaselines({ value }: LayerBaseline, like: readonly Tensor[]): BaselineSource[] {
  const list = isListOfValues(value, like.length) ? value : like.map(() => value as number | ArrayInput);
  if (list.length !== like.length) {
    throw failure('baseline', `the layer has ${like.length} tensors, ${list.length} baselines are given`);
  }
  return like.map((t, i) => source(list[i]!, { subject: 'baseline in layer space', like: t }));
}

function isListOfValues(value: LayerBaseline['value'], count: number): value is readonly (number | ArrayInput)[] {
  return Array.isArray(value) && (count > 1 || value.some((item) => item instanceof Tensor || isShapedArray(item)));
}

/** One baseline per input. A number, kind or nothing for a model with several inputs counts for each of them. */
function spread(baselines: Exclude<Baselines, LayerBaseline>, names: readonly string[]): readonly Baseline[] {
  const count = names.length;
  if (baselines === undefined || baselines === null || typeof baselines === 'number' || isBaselineKind(baselines)) {
    return names.map(() => baselines as Baseline);
  }
  if (Array.isArray(baselines) && (count > 1 || isListOfOne(baselines))) {
    if (baselines.length === count) return baselines as readonly Baseline[];
    throw failure('baselines', `${count} inputs need ${count} baselines, ${baselines.length} are given`, {
      inputs: names,
    });
  }
  if (isArray(baselines)) {
    if (count === 1) return [baselines];
    throw failure('baselines', 'several inputs need a list or a record of baselines', { inputs: names });
  }
  if (ArrayBuffer.isView(baselines)) {
    throw failure('baselines', 'a typed array needs a shape', {}, 'give { data, shape }');
  }
  if (typeof baselines !== 'object') {
    const hint = "give a number, an array or a kind, e.g. { kind: 'zeros' }";
    throw failure('baselines', 'cannot be read', { got: baselines }, hint);
  }
  const record = baselines as { readonly [name: string]: Baseline };
  const stranger = Object.keys(record).find((key) => !names.includes(key));
  if (stranger !== undefined) {
    throw failure('baselines', `there is no input '${stranger}'`, { inputs: names }, didYouMean(stranger, names));
  }
  return names.map((name) => record[name]);
}

function isArray(value: unknown): value is ArrayInput {
  return value instanceof Tensor || isShapedArray(value) || isNested(value);
}

/** `[tensor]`, `[null]`, `[0.5]` or `[{ kind }]` for the only input, as opposed to its nested rows. */
function isListOfOne(list: readonly unknown[]): boolean {
  return list.length === 1 && !Array.isArray(list[0]);
}

function source(baseline: Baseline, { subject, like }: Target): BaselineSource {
  if (baseline === undefined || baseline === null) return single(() => full(like.shape, 0, like.dtype));
  if (typeof baseline === 'number') {
    const t = constantLike(baseline, like, subject);
    return single(() => t);
  }
  if (isBaselineKind(baseline)) return kindSource(baseline, like, subject);
  const t = toTensor(subject, baseline, like.dtype, like.dtype);
  if (sameShape(t.shape, like.shape) || sameShape(t.shape, [1, ...like.shape.slice(1)])) return single(() => t);
  const missesBatch = sameShape(t.shape, like.shape.slice(1));
  const several = sameShape(t.shape.slice(1), like.shape.slice(1));
  const hint = missesBatch
    ? 'the batch axis is missing: one row for all samples is [row]'
    : several
      ? "rows to average over are { kind: 'dataset', data }"
      : undefined;
  throw failure(subject, 'needs the shape of X, or one row of it', { got: t.shape, X: like.shape }, hint);
}

function checkCounts(sources: readonly BaselineSource[]): void {
  const counts = sources.map(({ count }) => count);
  const several = counts.filter((count) => count > 1);
  if (new Set(several).size > 1) {
    throw failure('baselines', 'inputs have different numbers of baselines', { counts }, 'use one count for all');
  }
}

/** How many baselines are averaged. */
export function drawCount(sources: readonly BaselineSource[]): number {
  return Math.max(...sources.map(({ count }) => count));
}

/** Baseline `index` of every input, one row per sample. */
export function drawBaselines(sources: readonly BaselineSource[], index: number, like: readonly Tensor[]): Tensor[] {
  return sources.map((s, i) => {
    const t = s.draw(s.count === 1 ? 0 : index);
    const { shape, dtype } = like[i]!;
    return sameShape(t.shape, shape) ? t : tensor(repeatRow(t.data, dtype, shape[0]!, rowSize(shape)), shape);
  });
}

/** What `Explanation.baselines` holds: `[N, ...]` per input, or `[count, N or 1, ...]` when several are averaged. */
export function recordBaselines(sources: readonly BaselineSource[], like: readonly Tensor[]): Tensor[] {
  if (drawCount(sources) === 1) return drawBaselines(sources, 0, like);
  return sources.map(({ count, draw }) => {
    const drawn = Array.from({ length: count }, (_, i) => draw(i));
    const first = drawn[0]!;
    const data = new (first.data.constructor as Float64ArrayConstructor)(first.size * count);
    drawn.forEach((t, i) => {
      data.set(t.data, i * first.size);
    });
    return tensor(data, [count, ...first.shape]);
  });
}
