/**
 * Occlusion (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014): a window slides over the features and puts what
 * it covers to the baseline. The fall of the score is shared among the features that the window covers, and a feature's attribution is its
 * share, averaged over the windows that cover it, so that a sum over channels or an embedding keeps the units of the score. Needs no
 * gradient. Attributions do not add up to `f(x) - f(b)`.
 */

import { failure } from '../../tensor/errors.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { evaluate, type GroupValue, writeRow } from '../perturb/evaluate.ts';
import { checkGroupValue } from '../perturb/options.ts';
import { type Extents, slideWindows, usualWindow, type Windows } from '../perturb/windows.ts';

/** What the constructor of `Occlusion` takes, beside layer, output, backend and batch size. */
export interface OcclusionOptions<M> extends ExplainerOptions<M> {
  /**
   * Extents of the window along the axes of a row, the batch left out: `[3, 3, 1]` for pictures, or one number for all axes. Several inputs
   * take a list of windows. When left out: one feature, one token with its embedding, or an eighth of a picture along both axes with all
   * channels, which moves by half its size.
   */
  readonly window?: Extents | readonly Extents[];
  /** How far it moves along each axis, at most its own extent; 1 by default. It needs a `window`. */
  readonly strides?: Extents | readonly Extents[];
  /**
   * `'shared'` (the default): the fall of the score in equal shares on the features that a window covers, so that sums over channels or
   * embeddings are what they say. `'whole'`: the fall on each of them, as in captum.
   */
  readonly groupValue?: GroupValue;
}

/** Units are those of the explained score; positive: the score would be lower without what is there. */
export class Occlusion<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @param model a Keras model of `loadModel`, any other `CallableModel`, or a function on graph tensors
   * @throws PathgradError for unknown options, a layer that there is not and strides without a window; `explain` throws where windows or
   * strides do not fit the rows
   */
  constructor(model: M, options: OcclusionOptions<M> = {}) {
    const settings = checkSettings('Occlusion', options, { window: 1, strides: 1, groupValue: 1 });
    const { window = null, strides = 1 } = options;
    const groupValue = checkGroupValue('Occlusion', options.groupValue);
    if (window === null && options.strides !== undefined) {
      const hint = 'e.g. window: [3, 3, 1] for pictures, or [2, 50] for two tokens of an embedding';
      throw failure('Occlusion', 'strides need a window', {}, hint);
    }
    const method: Method = {
      name: 'Occlusion',
      params: { window, strides: window && strides, groupValue },
      baselines: 'used',
      completeness: null,
      needs: 'values',
      attribute: (problem) => occlude(problem, window, strides, groupValue),
    };
    super(model, options, settings, method);
  }
}

async function occlude(
  problem: Problem,
  window: Extents | readonly Extents[] | null,
  strides: Extents | readonly Extents[],
  groupValue: GroupValue,
): Promise<Findings> {
  const { samples, to, from, shapes, names, scores } = problem;
  const slides = shapes.map((shape, v): Windows => {
    const subject = shapes.length > 1 ? `Occlusion '${names[v]}'` : 'Occlusion';
    const row = shape.slice(1);
    const own =
      window === null
        ? usualWindow(row)
        : { window: extentsOf('window', window, v, names), strides: extentsOf('strides', strides, v, names) };
    return slideWindows(subject, row, own.window, own.strides);
  });
  const sums = scores.map(() => to.map((all) => new Float64Array(all.length)));
  const covers = to.map((all) => new Int32Array(all.length / samples));
  for (const { v, features } of windowsOf(slides)) for (const feature of features) covers[v]![feature]!++;
  const steps = new Int32Array(samples);
  for (const { sample } of pointsOf(problem, slides)) steps[sample]!++;

  await evaluate(
    problem,
    pointsOf(problem, slides),
    steps.reduce((sum, rows) => sum + rows, 0),
    ({ sample, v, features }, into) => {
      writeRow(to, sample, into);
      const at = sample * into[v]!.length;
      for (const feature of features) into[v]![feature] = from[v]![at + feature]!;
    },
    ({ sample, v, features }, found, at) => {
      const start = sample * covers[v]!.length;
      scores.forEach(({ end }, target) => {
        const fall = end[sample]! - found[target]![at]!;
        const part = groupValue === 'whole' ? fall : fall / features.length;
        for (const feature of features) sums[target]![v]![start + feature]! += part;
      });
    },
  );
  for (const attributions of sums) {
    attributions.forEach((all, v) => {
      const counts = covers[v]!;
      for (let i = 0; i < all.length; i++) all[i]! /= counts[i % counts.length]!;
    });
  }
  return { scores: sums.map((attributions) => ({ attributions })), steps };
}

interface Place {
  readonly v: number;
  readonly features: Int32Array;
}

function* windowsOf(slides: readonly Windows[]): Generator<Place> {
  for (const [v, { count, features }] of slides.entries()) {
    for (let index = 0; index < count; index++) yield { v, features: features(index) };
  }
}

/** Every window over every sample that it changes: where X is at the baseline already the score does not fall. */
function* pointsOf({ from, to, samples }: Problem, slides: readonly Windows[]): Generator<Place & { sample: number }> {
  for (const place of windowsOf(slides)) {
    const [start, end] = [from[place.v]!, to[place.v]!];
    const width = end.length / samples;
    for (let sample = 0; sample < samples; sample++) {
      const at = sample * width;
      if (place.features.some((feature) => start[at + feature] !== end[at + feature])) yield { ...place, sample };
    }
  }
}

function extentsOf(what: string, given: Extents | readonly Extents[], v: number, names: readonly string[]): Extents {
  if (typeof given === 'number' || names.length === 1) return given as Extents;
  if (Array.isArray(given) && given.length === names.length) return (given as readonly Extents[])[v]!;
  throw failure('Occlusion', `${names.length} inputs need a list of as many ${what}`, { inputs: names, got: given });
}
