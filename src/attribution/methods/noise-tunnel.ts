/**
 * NoiseTunnel: another method at inputs with Gaussian noise, many times. `smoothgrad` is the mean of its attributions (Smilkov et al.,
 * "SmoothGrad", 2017), `smoothgrad_sq` the mean of their squares (Hooker et al. 2019), `vargrad` their variance (Adebayo et al. 2018). The
 * noise is on what is attributed: the inputs, or a layer's tensors where the method explains a layer; integers get none. Attributions do not add up to
 * `f(x) - f(b)`: they are about the neighbourhood of x.
 */
import { isFloat } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Average } from '../frame/average.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem, Score } from '../frame/problem.ts';
import { inChunks, rowsOf, scoresOf } from '../frame/rows.ts';
import type { ExplainOptions } from '../frame/types.ts';
import { inDraws, joinDraws } from '../perturb/copies.ts';
import { checkNoise, type NoiseOptions, noiseFor, noiseOptions } from '../perturb/noise.ts';
import { checkBudget } from '../perturb/options.ts';

/** What is made of the attributions of the noisy inputs: their mean, the mean of their squares, or their variance. */
export type NoiseTunnelType = 'smoothgrad' | 'smoothgrad_sq' | 'vargrad';
const types: readonly NoiseTunnelType[] = ['smoothgrad', 'smoothgrad_sq', 'vargrad'];

/**
 * `stdevs`: the deviation of the noise, one number or one per input, or a share of each sample's range; `{ ofRange: 0.15 }` by default (the
 * paper advises 0.1 to 0.2). `seed`: 0 by default. `noise`: the noise itself, per input `[nSamples, samples or 1, ...]`.
 */
export interface NoiseTunnelOptions extends NoiseOptions {
  /** `'smoothgrad'` by default. */
  readonly type?: NoiseTunnelType;
  /** Draws of noise: how often the method runs. 25 by default. */
  readonly nSamples?: number;
}

interface Settings {
  readonly type: NoiseTunnelType;
  readonly nSamples: number;
  readonly noise: NoiseOptions;
}

const name = 'NoiseTunnel';

/** Units are those of the method within; squared for `smoothgrad_sq` and `vargrad`. */
export class NoiseTunnel<M extends Explainable, O extends ExplainOptions = ExplainOptions> extends Explainer<
  M,
  null,
  O
> {
  /**
   * @param explainer any other method with its model, layer and options: `new NoiseTunnel(new Saliency(model), { nSamples: 50 })`
   * @throws PathgradError for unknown options, an unknown type, and budgets, deviations or seeds that make no sense
   */
  constructor(explainer: Explainer<M, Tensor | null, O>, options: NoiseTunnelOptions = {}) {
    if (!(explainer instanceof Explainer)) {
      const hint = 'give an explainer: new NoiseTunnel(new Saliency(model), options)';
      throw failure(name, 'goes around another method', { got: typeof explainer }, hint);
    }
    checkOptions(name, options, { type: 1, nSamples: 1, ...noiseOptions });
    const { type = 'smoothgrad', nSamples: wanted = 25, stdevs, seed, noise } = options;
    if (!types.includes(type)) {
      throw failure(name, `unknown type '${String(type)}'`, {}, didYouMean(String(type), types));
    }
    const nSamples = checkBudget(name, 'nSamples', wanted, 25);
    checkNoise(name, options);
    const drawn = { stdevs: stdevs ?? { ofRange: 0.15 }, seed: seed ?? 0 };
    const settings: Settings = { type, nSamples, noise: noise === undefined ? drawn : { noise } };
    const within = Explainer.inside(explainer);
    const inner = within.method;
    // A draw is the same for a sample with positions left out or without.
    const { prunes: _, ...rest } = inner;
    const method: Method<O> = {
      ...rest,
      name,
      params: {
        explainer: inner.name,
        ...inner.params,
        type,
        nSamples,
        seed: noise === undefined ? drawn.seed : null,
        stdevs: noise === undefined ? JSON.stringify(drawn.stdevs) : 'given',
      },
      completeness: null,
      attribute: (problem, explain) => attribute(problem, explain, within, settings),
    };
    // The tolerance is the other method's, for its own points; the settings have it.
    const { relTol: __, ...others } = within.options;
    super(within.model, others, within.settings, method, within.known);
  }
}

async function attribute<O extends ExplainOptions>(
  problem: Problem,
  options: O,
  { method, known }: { readonly method: Method<O>; readonly known: Readonly<Record<string, 1>> },
  { type, nSamples, noise: noiseOptions }: Settings,
): Promise<Findings> {
  const { samples, scores } = problem;
  if (noiseOptions.noise === undefined && !problem.dtypes.some((dtype) => isFloat(dtype))) {
    const hint = "explain the embedding: the method within with layer: 'NAME', or without NoiseTunnel";
    throw failure(name, 'integers get no noise, and all inputs are integers', { inputs: problem.names }, hint);
  }
  const noise = noiseFor(name, noiseOptions, problem, nSamples);
  let averages: Average[] | null = null;
  let first: Findings | null = null;
  const moved = scores.map(() => new Uint8Array(samples));
  const nonFinite = scores.map((): NonFinite | null => null);
  const steps = new Int32Array(samples);
  // A method's own options of `explain` may speak of the samples by their numbers (a mask for each).
  const together = Object.keys(known).length === 0;

  await inDraws(problem, nSamples, together, async (block, draw, copies) => {
    const to = joinDraws(Array.from({ length: copies }, (_, copy) => noise.add(problem.to, draw + copy)));
    // Methods that look at the score at the input see that of the noisy one.
    const needsEnds = method.completeness !== null || method.needs === 'values';
    const noisy = { ...block, to };
    const found = await method.attribute(needsEnds ? { ...noisy, scores: await scoresAt(noisy) } : noisy, options);
    first ??= found;
    averages ??= found.scores.map(() => new Average());
    found.scores.forEach((each, target) => {
      for (let copy = 0; copy < copies; copy++) {
        const parts = each.attributions.map((values) => {
          const size = values.length / copies;
          const part = values.subarray(copy * size, (copy + 1) * size);
          return type === 'smoothgrad_sq' ? part.map((value) => value * value) : part;
        });
        averages![target]!.add(parts);
      }
      for (let row = 0; row < samples * copies; row++) {
        const sample = row % samples;
        moved[target]![sample]! |= each.moved ? each.moved[row]! : 1;
        if (target === 0) steps[sample]! += found.steps?.[row] ?? 1;
      }
      if (each.nonFinite) nonFinite[target] ??= { ...each.nonFinite, sample: each.nonFinite.sample % samples };
    });
  });
  const { shapes, names, path } = first!;
  return {
    scores: averages!.map((average, target) => ({
      attributions: type === 'vargrad' ? average.std.map((std) => std.map((s) => s * s)) : average.means,
      moved: moved[target]!,
      nonFinite: nonFinite[target]!,
    })),
    ...(shapes && { shapes: shapes.map(([, ...row]) => [samples, ...row]) }),
    ...(names && { names }),
    ...(path && { path }),
    steps,
  };
}

/** The scores with their values at `problem.to`. */
async function scoresAt(problem: Problem): Promise<Score[]> {
  const ends = problem.scores.map(() => new Float64Array(problem.samples));
  await inChunks(problem, problem.samples, async (first, count) => {
    const found = await scoresOf(problem, rowsOf(problem, problem.to, first, count));
    ends.forEach((end, target) => {
      end.set(found[target]!, first);
    });
  });
  return problem.scores.map((score, target) => ({ ...score, end: ends[target]! }));
}
