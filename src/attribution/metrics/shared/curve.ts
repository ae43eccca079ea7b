/**
 * Curves of the score while features go, or come, in the order of an explanation (Bach et al. 2015; Samek et al. 2017; Petsiuk, Das and
 * Saenko 2018). Removing is replacing by the baseline.
 */
import type { CallableModel } from '../../../graph/callable.ts';
import { didYouMean, failure } from '../../../tensor/errors.ts';
import { checkBoolean, checkOptions } from '../../../tensor/options.ts';
import type { TensorFunction } from '../../frame/forward.ts';
import { checkPositive } from './checks.ts';
import type { Explained } from './judged.ts';
import type { MetricResult } from './result.ts';
import { fillRemoved, makeSubject, ranking, type SubjectOptions, subjectOptionNames } from './subject.ts';

/** How `insertion` and `deletion` go through the features: in how many steps, in which order, and what takes a feature's place. */
export interface CurveOptions extends SubjectOptions {
  /** Points of the curve after the first; 20 by default, as many as there are features in any sample at most. */
  readonly steps?: number;
  /** Features per point instead of `steps`; the last point takes what is left. */
  readonly featuresPerStep?: number;
  /** The most relevant features first (default), or the least. */
  readonly order?: 'most' | 'least';
  /** Order by absolute values; false by default: what speaks against the target comes last. */
  readonly absolute?: boolean;
}

/** The explained score while features are changed step by step, and the area under it. */
export interface Curve {
  /** Shares of the features that were changed at each point: from 0 to 1, `[points]`; to the nearest whole feature of each sample. */
  readonly shares: Float64Array;
  /** The explained score at each point, `[N, points]`, a sample after another. */
  readonly scores: Float64Array;
}

/** `values` is the area under each sample's curve over the shares of its features that were changed, by trapezoids: a mean score. */
export interface CurveResult extends MetricResult {
  readonly curve: Curve;
}

const own = { steps: 1, featuresPerStep: 1, order: 1, absolute: 1 } as const;

export async function removalCurve(
  metric: 'deletion' | 'insertion',
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: CurveOptions,
): Promise<CurveResult> {
  checkOptions<CurveOptions>(metric, options, { ...subjectOptionNames, ...own });
  const { order = 'most', absolute = false } = options;
  checkBoolean('absolute', absolute);
  if (order !== 'most' && order !== 'least') {
    throw failure('order', `unknown value '${String(order)}'`, {}, didYouMean(String(order), ['most', 'least']));
  }
  const subject = await makeSubject(model, explanation, options);
  const { samples, features, scorer } = subject;
  const shares = sharesOf(options, features.counts);
  const points = shares.length;
  const scores = new Float64Array(samples * points);
  let places = new Int32Array(0);
  const fill: Parameters<typeof scorer.run>[1] = (row, slot) => {
    const [sample, point] = [Math.floor(row / points), row % points];
    if (point === 0) places = placesOf(ranking(subject, sample, absolute), order === 'least');
    const changed = changedAt(shares[point]!, places.length);
    const gone = (f: number): boolean => (metric === 'deletion' ? places[f]! < changed : places[f]! >= changed);
    fillRemoved(subject, sample, slot, gone);
    return sample;
  };
  try {
    await scorer.run(samples * points, fill, (row, score) => {
      scores[row] = score;
    });
  } finally {
    scorer.dispose();
  }
  // Over what was really changed: with fewer features than points the curve is that of one feature a point, whatever is in the batch.
  const values = Float64Array.from(features.counts, (count, i) =>
    area(
      shares.map((share) => changedAt(share, count) / count),
      scores.subarray(i * points, (i + 1) * points),
    ),
  );
  return { metric, values, curve: { shares, scores } };
}

const changedAt = (share: number, count: number): number => Math.round(share * count);

/** Where in the order each feature comes. */
function placesOf(order: Int32Array, reversed: boolean): Int32Array<ArrayBuffer> {
  const places = new Int32Array(order.length);
  order.forEach((feature, place) => {
    places[feature] = reversed ? order.length - 1 - place : place;
  });
  return places;
}

function sharesOf(options: CurveOptions, counts: Int32Array): Float64Array {
  const { steps = 20, featuresPerStep } = options;
  if (options.steps !== undefined && featuresPerStep !== undefined) {
    throw failure('steps', 'featuresPerStep is set already', {}, 'give one of the two');
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  if (featuresPerStep === undefined) {
    checkPositive('steps', steps, '20 is usual');
    const count = Math.min(steps, most);
    return Float64Array.from({ length: count + 1 }, (_, i) => i / count);
  }
  checkPositive('featuresPerStep', featuresPerStep, 'e.g. 1, or leave it out');
  if (counts.some((count) => count !== most)) {
    throw failure(
      'featuresPerStep',
      'needs samples with as many features each',
      {},
      "give steps instead, or features: 'all'",
    );
  }
  const count = Math.ceil(most / featuresPerStep);
  return Float64Array.from({ length: count + 1 }, (_, i) => Math.min(1, (i * featuresPerStep) / most));
}

/** By trapezoids. */
export function area(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 1; i < x.length; i++) sum += ((x[i]! - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2;
  return sum;
}
