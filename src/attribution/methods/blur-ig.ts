/**
 * Blur integrated gradients (Xu, Venugopalan, Sundararajan: "Attribution in scale and space", 2020): the path leads from the picture as a Gaussian of
 * `maxSigma` blurs it to the picture, `-sum_k df/dx_i (L(s_k)) * dL_i/ds (s_k) * (s_{k+1} - s_k)`, `L(s)` the picture blurred by `s`. No
 * baseline is chosen, and none brings in values that pictures do not have. `dL/ds` is a difference over `gradStep`.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkBoolean } from '../../tensor/options.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { inDType } from '../frame/arrays.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Findings } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { gradientsOf, inChunks } from '../frame/rows.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import { Gathered } from '../path/gathered.ts';
import { checkPoints } from '../path/points.ts';
import { gaussianBlur, type Picture } from '../pictures/gaussian-blur.ts';
import { type Asking, type PictureOptions, pictureOf } from '../pictures/pictures.ts';

/** What the constructor of `BlurIG` takes, beside layer, output, backend and batch size. */
export interface BlurIGOptions<M> extends Omit<ExplainerOptions<M>, 'layer'>, PictureOptions {
  /** Standard deviation, in pixels, of the strongest blur; 50 by default. Blur that leaves nothing to recognise is enough. */
  readonly maxSigma?: number;
  /** Points on the path; 100 by default. */
  readonly nSteps?: number;
  /** Step of the difference that stands for the derivative of the blur; 0.01 by default. */
  readonly gradStep?: number;
  /** How blurs follow one another: evenly (the default), or their squares do, which takes more points at fine detail. */
  readonly spacing?: 'linear' | 'sqrt';
}

const own: Readonly<Record<Exclude<keyof BlurIGOptions<never>, keyof ExplainerOptions<never>>, 1>> = {
  maxSigma: 1,
  nSteps: 1,
  gradStep: 1,
  spacing: 1,
  grey: 1,
};

/** A Gaussian is a list four times as long. */
const MOST_PIXELS = 100_000;
const spacings = ['linear', 'sqrt'] as const;

interface Blurring {
  /** Standard deviations from 0 to the strongest. */
  readonly sigmas: Float64Array;
  readonly gradStep: number;
  readonly asking: Asking;
}

/** Attributions add up to `f(x) - f(x blurred)` as `nSteps` grows; units are those of the explained score. Beyond the edge is 0. */
export class BlurIG<M extends Explainable = Explainable> extends Explainer<M, Tensor> {
  /** @throws PathgradError for options that there are not or that make no sense; `explain` throws one for what is no picture */
  constructor(model: M, options: BlurIGOptions<M> = {}) {
    const settings = checkSettings('BlurIG', options, own);
    const { maxSigma = 50, nSteps = 100, gradStep = 0.01, spacing = 'linear', grey = false } = options;
    checkBoolean('grey', grey);
    if ((options as ExplainerOptions<M>).layer != null) {
      const hint = 'leave layer out, or use GuidedIG or IntegratedGradients in the space of the layer';
      throw failure('BlurIG', 'blurs the pictures that go into the model, not what a layer makes of them', {}, hint);
    }
    checkPoints(nSteps, 100);
    for (const [name, value] of Object.entries({ maxSigma, gradStep })) {
      if (!(typeof value === 'number' && value > 0 && value <= MOST_PIXELS)) {
        const hint = name === 'maxSigma' ? '50 is usual' : '0.01 is usual';
        throw failure(name, 'must be a positive number of pixels', { got: value, most: MOST_PIXELS }, hint);
      }
    }
    if (!spacings.includes(spacing)) {
      throw failure('spacing', `unknown spacing '${String(spacing)}'`, {}, didYouMean(String(spacing), spacings));
    }
    const even = Float64Array.from({ length: nSteps + 1 }, (_, i) => (i * maxSigma) / nSteps);
    const asking = { method: 'BlurIG', instead: 'IntegratedGradients or GuidedIG', grey };
    const blurring = { sigmas: spacing === 'sqrt' ? even.map(Math.sqrt) : even, gradStep, asking };
    super(model, options, settings, {
      name: 'BlurIG',
      params: { maxSigma, nSteps, gradStep, spacing },
      baselines: 'own',
      ownBaselines: (X) => X.map((t) => ({ count: 1, draw: () => blurred(t, blurring.sigmas[nSteps]!, asking) })),
      completeness: 'nSteps',
      attribute: (problem) => attribute(problem, blurring),
    });
  }
}

const blur = (picture: Picture, sigma: number): Float64Array => gaussianBlur(picture, sigma, 'zeros');

function blurred({ data, shape, dtype }: Tensor, sigma: number, asking: Asking): Tensor {
  const width = data.length / shape[0]!;
  const all = new Float64Array(data.length);
  for (let i = 0; i < shape[0]!; i++) all.set(blur(pictureOf(data, shape, i, asking), sigma), i * width);
  return tensor(all, shape, dtype);
}

async function attribute(problem: Problem, { sigmas, gradStep, asking }: Blurring): Promise<Findings> {
  const { samples, shapes, to, dtypes } = problem;
  const nSteps = sigmas.length - 1;
  const scores = problem.scores.map(() => new Gathered(problem));
  // All points of a sample, then those of the next: a chunk holds its own blurred pictures only.
  await inChunks(problem, samples * nSteps, async (first, count) => {
    const at = Array.from({ length: count }, (_, r) => {
      const step = (first + r) % nSteps;
      return { sample: Math.floor((first + r) / nSteps), step, alpha: 1 - sigmas[step]! / sigmas[nSteps]! };
    });
    const blurs = to.map((values, v) => {
      const width = values.length / samples;
      const [points, slopes] = [new Float64Array(count * width), new Float64Array(count * width)];
      for (const [r, { sample, step }] of at.entries()) {
        const picture = pictureOf(values, shapes[v]!, sample, asking);
        const [here, beyond] = [blur(picture, sigmas[step]!), blur(picture, sigmas[step]! + gradStep)];
        points.set(here, r * width);
        for (let i = 0; i < width; i++) slopes[r * width + i] = (beyond[i]! - here[i]!) / gradStep;
      }
      return { width, points: inDType(points, dtypes[v]!), slopes };
    });
    const rows = { samples: Int32Array.from(at, ({ sample }) => sample), values: blurs.map(({ points }) => points) };
    const gradients = await gradientsOf(problem, rows);
    for (const [g, all] of gradients.entries()) {
      const v = g % to.length;
      const { width, slopes } = blurs[v]!;
      for (const [r, point] of at.entries()) {
        const length = sigmas[point.step + 1]! - sigmas[point.step]!;
        const gathered = scores[Math.floor(g / to.length)]!;
        gathered.add(v, point, all.subarray(r * width, (r + 1) * width), (i) => -length * slopes[r * width + i]!);
      }
    }
  });
  return { scores, steps: new Int32Array(samples).fill(nSteps) };
}
