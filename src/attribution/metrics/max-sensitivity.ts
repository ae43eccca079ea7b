/** Max-sensitivity: how much an explanation changes when the input hardly does. */

import { isFloat } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkNoSay, checkOptions, checkSeed } from '../../tensor/options.ts';
import type { PlatformAbortSignal } from '../../tensor/platform.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { inDType, rowSize } from '../frame/arrays.ts';
import { checkFunction } from '../frame/settings.ts';
import { checkWatching } from '../frame/setup.ts';
import type { ExplainOptions, ModelInput, Progress } from '../frame/types.ts';
import {
  checkChanged,
  checkExplainer,
  checkFinite,
  checkOneTarget,
  checkPerturbed,
  checkPositive,
  type Perturbing,
} from './shared/checks.ts';
import { drawRandom, type MetricResult } from './shared/result.ts';

/** What metrics ask of an explainer: any method of this package, or one's own. */
export interface Explaining {
  /** The attributions of a batch, as every explainer gives them. */
  explain(
    X: ModelInput,
    options?: ExplainOptions,
  ): Promise<{
    readonly attributions: readonly Tensor[];
    readonly X: readonly Tensor[];
    readonly target: Tensor | null;
  }>;
}

/** How far and how often `maxSensitivity` moves the inputs, and what counts as a feature. */
export interface MaxSensitivityOptions {
  /** What `explain` takes; a target that is a function is asked once, for X. */
  readonly explain?: Omit<ExplainOptions, 'onProgress' | 'signal'>;
  /** Perturbed inputs per sample; 10 by default. */
  readonly perturbations?: number;
  /** Perturbations lie in the cube of this radius around the input, uniformly; 0.02 by default, in units of the input. */
  readonly radius?: number;
  /** The norm of attributions and of their change: 2 by default. */
  readonly norm?: 1 | 2 | 'inf';
  /** Of the random numbers; 0 by default. */
  readonly seed?: number;
  /** Perturbed inputs of one's own in the place of a radius: writes to `x`, a copy of input `input` of the sample. */
  readonly perturb?: Perturbing;
  /** Samples that were explained, and how many will be. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: PlatformAbortSignal;
}

const known = {
  explain: 1,
  perturbations: 1,
  radius: 1,
  norm: 1,
  seed: 1,
  perturb: 1,
  onProgress: 1,
  signal: 1,
} as const;

/**
 * Max-sensitivity (Yeh, Hsieh, Suggala, Inouye, Ravikumar: "On the (in)fidelity and sensitivity of explanations", 2019), as captum estimates
 * it: the largest `||a(x + d) - a(x)|| / ||a(x)||` over random d with `|d_i| <= radius`. From 0 up, without unit: the lower, the
 * steadier. A constant explanation has 0: steady is not right. Where `a(x)` is 0, the norm is not divided by.
 *
 * @param explainer of any method @param X as for `explain`: floats, since token ids have no neighbours
 * @throws PathgradError for integer inputs, 0 perturbations, a radius that is not positive or beside `perturb`, and sets of targets
 */
export async function maxSensitivity(
  explainer: Explaining,
  X: ModelInput,
  options: MaxSensitivityOptions = {},
): Promise<MetricResult> {
  const metric = 'maxSensitivity';
  checkOptions<MaxSensitivityOptions>(metric, options, known);
  const { perturbations = 10, radius = 0.02, norm = 2, seed = 0, perturb, onProgress, signal } = options;
  checkPositive('perturbations', perturbations, '10 is usual');
  checkSeed(metric, seed);
  checkWatching(options);
  checkOneTarget(metric, options.explain);
  checkExplainer(metric, explainer, 'the explainer comes first: maxSensitivity(new Saliency(model), X)');
  checkFunction('perturb', perturb, 'e.g. (x) => { x[0] += 0.01; }');
  if (perturb && options.radius !== undefined) {
    throw failure(metric, 'radius and perturb exclude each other', {}, 'give one of them');
  }
  if (perturb) checkNoSay(metric, { seed: options.seed }, 'perturb draws what it wants');
  if (!(typeof radius === 'number' && radius > 0 && Number.isFinite(radius)))
    throw failure('radius', 'must be a positive number', { got: radius }, '0.02 is usual');
  if (norm !== 1 && norm !== 2 && norm !== 'inf') {
    throw failure('norm', 'unknown value', { got: norm }, didYouMean(String(norm), ['1', '2', 'inf']));
  }
  const given = { ...options.explain, ...(signal ? { signal } : {}) };
  const first = await explainer.explain(X, given);
  checkFinite(first.attributions);
  const inputs = first.X;
  const samples = inputs[0]!.shape[0]!;
  const floats = inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
  if (floats.length === 0) {
    const hint = 'embed the tokens, and explain a function of the embedding';
    throw failure(metric, 'perturbs numbers, and the inputs are integers', { X: inputs.map(String) }, hint);
  }
  const target = first.target ?? given.target;
  const held = { ...given, ...(target === undefined || target === null ? {} : { target }) };
  const sizes = normsOf(first.attributions, null, samples, norm);
  const values = new Float64Array(samples);
  const changed = new Uint8Array(samples);
  const total = samples * (perturbations + 1);
  onProgress?.({ done: samples, total });
  for (let draw = 0; draw < perturbations; draw++) {
    const moved = inputs.map((x, input) => {
      if (!floats.includes(input)) return x;
      const data = Float64Array.from(x.data);
      const width = rowSize(x.shape);
      for (let sample = 0; sample < samples; sample++) {
        const own = data.subarray(sample * width, (sample + 1) * width);
        if (perturb) {
          perturb(own, { sample, draw, input });
          checkPerturbed(own, { sample, draw, input });
        } else addUniform(own, radius, drawRandom(seed + input, draw));
      }
      const other = inDType(data, x.dtype);
      for (let e = 0; e < other.length; e++) if (other[e] !== x.data[e]) changed[Math.floor(e / width)] = 1;
      return tensor(other, x.shape);
    });
    const { attributions } = await explainer.explain(moved.length === 1 ? moved[0]! : moved, held);
    checkAlike(first.attributions, attributions);
    checkFinite(attributions);
    const changes = normsOf(first.attributions, attributions, samples, norm);
    for (let i = 0; i < samples; i++) values[i] = Math.max(values[i]!, changes[i]! / (sizes[i] === 0 ? 1 : sizes[i]!));
    onProgress?.({ done: (draw + 2) * samples, total });
  }
  checkChanged(changed, perturb ? 'perturb' : 'radius');
  return { metric, values };
}

function addUniform(x: Float64Array, radius: number, next: () => number): void {
  for (let e = 0; e < x.length; e++) x[e]! += radius * (2 * next() - 1);
}

function checkAlike(a: readonly Tensor[], b: readonly Tensor[]): void {
  if (a.length === b.length && a.every((t, i) => t.size === b[i]!.size)) return;
  const details = { at: a.map(({ shape }) => shape), perturbed: b.map(({ shape }) => shape) };
  throw failure('maxSensitivity', 'the explainer gives other shapes for perturbed inputs', details);
}

/** The norm of each sample's attributions, or of their difference from others, over all tensors. */
function normsOf(
  a: readonly Tensor[],
  b: readonly Tensor[] | null,
  samples: number,
  norm: 1 | 2 | 'inf',
): Float64Array {
  const out = new Float64Array(samples);
  a.forEach(({ data }, t) => {
    const width = data.length / samples;
    for (let i = 0; i < data.length; i++) {
      const d = Math.abs(data[i]! - (b ? b[t]!.data[i]! : 0));
      const sample = Math.floor(i / width);
      out[sample] = norm === 'inf' ? Math.max(out[sample]!, d) : out[sample]! + (norm === 2 ? d * d : d);
    }
  });
  return norm === 2 ? out.map(Math.sqrt) : out;
}
