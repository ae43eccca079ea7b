/** ROAD: how long a picture keeps its class while its pixels are painted over. */
import type { CallableModel } from '../../graph/callable.ts';
import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkNoSay, checkOptions, checkSeed } from '../../tensor/options.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { checkExplanation, checkShares } from './shared/checks.ts';
import { impute } from './shared/imputation.ts';
import type { Explained } from './shared/judged.ts';
import { drawRandom, type MetricResult, normal } from './shared/result.ts';
import { type ScoreOptions, type Slot, scoreOptionNames } from './shared/scorer.ts';
import { fillRemoved, makeSubject, ranking, type Subject } from './shared/subject.ts';

/** How much `road` paints over, and how. */
export interface RoadOptions extends ScoreOptions {
  /** Percentages of the pixels that are painted over, above 0 and below 100; 10, 20, 30, 40, 50, 70 and 90 by default. */
  readonly percentages?: readonly number[];
  /** Standard deviation of the noise on painted pixels, in units of the input; 0.01 by default. */
  readonly noise?: number;
  /** The most relevant pixels first (default), or the least. */
  readonly order?: 'most' | 'least';
  /** Of the noise; 0 by default. */
  readonly seed?: number;
}

/** `values` is the mean over the percentages of whether the class is kept: 0 to 1. */
export interface RoadResult extends MetricResult {
  readonly percentages: readonly number[];
  /** 1 where the output of the explained class is still the largest, `[N, percentages]`. */
  readonly kept: Uint8Array;
  /** The explained score, `[N, percentages]`. */
  readonly scores: Float64Array;
  /** The share of samples that keep their class, per percentage: ROAD's accuracy. */
  readonly accuracies: Float64Array;
}

const own = { percentages: 1, noise: 1, order: 1, seed: 1 } as const;
const usual = [10, 20, 30, 40, 50, 70, 90];

/**
 * ROAD, remove and debias (Rong, Leemann, Borisov, Kasneci, Kasneci: "A consistent and efficient evaluation strategy for attribution methods",
 * 2022): the most relevant pixels, with all their channels, are replaced by noisy linear imputation, which leaves no trace of their shape, and
 * the class is predicted again. The lower, the better (the class is lost early); with `order: 'least'` the higher. Without unit.
 * A single output is a probability or a score of label 1; its class is kept while it stays on its side of 0.5, or of 0.
 *
 * @param model a classifier of pictures `[N, height, width, channels]` @param explanation of any method, for the class of its target
 * @throws PathgradError for inputs that are no pictures, and percentages out of range
 */
export async function road(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: RoadOptions = {},
): Promise<RoadResult> {
  const metric = 'road';
  checkOptions<RoadOptions>(metric, options, { ...scoreOptionNames, ...own });
  const { percentages = usual, noise = 0.01, order = 'most', seed = 0, ...rest } = options;
  checkShares('percentages', percentages, 100, 'percentages');
  if (percentages.includes(100))
    throw failure('percentages', 'of 100 leave nothing to paint from', {}, 'stay below 100');
  if (!(typeof noise === 'number' && noise >= 0 && Number.isFinite(noise)))
    throw failure('noise', 'must be 0 or a positive number', { got: noise }, '0.01 is usual');
  if (order !== 'most' && order !== 'least') {
    throw failure('order', `unknown value '${String(order)}'`, {}, didYouMean(String(order), ['most', 'least']));
  }
  checkSeed(metric, seed);
  if (noise === 0) checkNoSay(metric, { seed: options.seed }, 'without noise nothing is drawn');
  checkExplanation(explanation);
  const picture = pictureOf(explanation);
  // Pixels are painted, not set to a baseline; X stands in for the one that is not used.
  const subject = await makeSubject(
    model,
    { ...explanation, baselines: explanation.X },
    { ...rest, groups: 'positions', features: 'all' },
  );
  const { scorer, samples } = subject;
  const keeps = keeper(subject);
  const [points, pixels] = [percentages.length, picture[0] * picture[1]];
  const scores = new Float64Array(samples * points);
  const kept = new Uint8Array(samples * points);
  let places: Int32Array = new Int32Array(0);
  try {
    await scorer.run(
      samples * points,
      (row, slot) => {
        const [sample, point] = [Math.floor(row / points), row % points];
        if (point === 0) places = ranking(subject, sample);
        const count = Math.floor((pixels * percentages[point]!) / 100);
        const gone = order === 'most' ? places.subarray(0, count) : places.subarray(pixels - count);
        fillRemoved(subject, sample, slot, () => false);
        paint(slot, picture, gone, noise, drawRandom(seed, point));
        return sample;
      },
      (row, score, outputs) => {
        const sample = Math.floor(row / points);
        scores[row] = score;
        kept[row] = keeps(sample, score, outputs) ? 1 : 0;
      },
    );
  } finally {
    scorer.dispose();
  }
  const accuracies = new Float64Array(points);
  const values = new Float64Array(samples);
  kept.forEach((flag, row) => {
    accuracies[row % points]! += flag / samples;
    values[Math.floor(row / points)]! += flag / points;
  });
  return { metric, values, percentages, kept, scores, accuracies };
}

/** Height, width and channels. */
function pictureOf({ X }: Explained): [number, number, number] {
  const [x] = X;
  if (x && X.length === 1 && x.rank === 4 && isFloat(x.dtype)) return [x.shape[1]!, x.shape[2]!, x.shape[3]!];
  const hint = 'for other inputs: deletion';
  throw failure('road', 'paints pictures [N, height, width, channels]', { X: X.map(String) }, hint);
}

/** Paints over the pixels `gone` of the picture in a slot. */
function paint(
  { inputs, slot }: Slot,
  picture: readonly [number, number, number],
  gone: Int32Array,
  noise: number,
  next: () => number,
): void {
  const [height, width, channels] = picture;
  const size = height * width * channels;
  const own: TypedArray = inputs[0]!.subarray(slot * size, (slot + 1) * size);
  const painted = Float64Array.from(own);
  impute(painted, picture, gone);
  if (noise > 0) {
    for (const pixel of gone) {
      for (let c = 0; c < channels; c++) painted[pixel * channels + c]! += noise * normal(next);
    }
  }
  own.set(painted);
}

/** Whether a sample's outputs still name the class that is explained. */
function keeper({ scorer }: Subject): (sample: number, score: number, outputs: TypedArray) => boolean {
  const { kind, target, outputWidth: width } = scorer;
  if (width > 1) {
    return (sample, _, outputs) => {
      const wanted = target.weights.indexOf(1, sample * width) - sample * width;
      return outputs.every(
        (value, k) => k === wanted || value < outputs[wanted]! || (value === outputs[wanted] && k > wanted),
      );
    };
  }
  if (kind === 'unknown') {
    const hint = 'explain an output that ends in a softmax or a sigmoid, or logits';
    throw failure('road', 'cannot tell the classes of a single output', {}, hint);
  }
  const least = kind === 'probabilities' ? 0.5 : 0;
  return (_, score) => score > least;
}
