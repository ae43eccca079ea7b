/** Infidelity: how far an explanation is from telling what perturbing the input does to the score. */

import type { CallableModel } from '../../graph/callable.ts';
import { isFloat, type TypedArray } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkBoolean, checkNoSay, checkOptions, checkSeed } from '../../tensor/options.ts';
import type { TensorFunction } from '../frame/forward.ts';
import { checkFunction } from '../frame/settings.ts';
import { checkChanged, checkPerturbed, checkPositive, type Perturbing } from './shared/checks.ts';
import type { Explained } from './shared/judged.ts';
import { drawRandom, type MetricResult, normal, randomSubset } from './shared/result.ts';
import type { Slot } from './shared/scorer.ts';
import { fillRemoved, makeSubject, type Subject, type SubjectOptions, subjectOptionNames } from './shared/subject.ts';

/** How `infidelity` perturbs the inputs, and what the attributions are that it judges. */
export interface InfidelityOptions extends SubjectOptions {
  /** Perturbations per sample; 50 by default. */
  readonly perturbations?: number;
  /**
   * What attributions are: `contributions` add up to a change of score (integrated gradients, DeepLIFT, SHAP, input x gradient), `gradients`
   * are rates of change (saliency with signs). 'contributions' by default.
   */
  readonly attributions?: 'contributions' | 'gradients';
  /** Standard deviation of Gaussian noise that is added to every judged element; without it features are replaced by the baseline. */
  readonly noise?: number;
  /** Share of the features that a perturbation replaces by the baseline, at random; 0.2 by default. */
  readonly share?: number;
  /** Perturbed inputs of one's own: writes to `x`, a copy of the judged input `input` of the sample. */
  readonly perturb?: Perturbing;
  /** Of noise and subsets; 0 by default. */
  readonly seed?: number;
  /** Scale the attributions so that the infidelity is least (the beta of the paper's own code); false by default. */
  readonly normalize?: boolean;
}

const own = {
  perturbations: 1,
  attributions: 1,
  noise: 1,
  share: 1,
  perturb: 1,
  seed: 1,
  normalize: 1,
} as const;

/**
 * Infidelity (Yeh, Hsieh, Suggala, Inouye, Ravikumar: "On the (in)fidelity and sensitivity of explanations", 2019):
 * `E_I[(I . a - (f(x) - f(x - I)))^2]` over perturbations I. Attributions that are contributions are rates times `x - b`, so that I is
 * divided by `x - b` there (captum's `multiply_by_inputs`); where `x = b` it is taken as it is. From 0 up, in squared units of the
 * score: the lower, the better. Features that a mask hides or that equal the baseline are not among those that are replaced.
 *
 * @param model the model that was explained @param explanation of any method with a number per element of the input, in units of the score: LRP's are
 * parts of the logit
 * @throws PathgradError where attributions have another shape than the inputs, for 0 perturbations, options that would change nothing, and for noise on
 * token ids
 */
export async function infidelity(
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: InfidelityOptions = {},
): Promise<MetricResult> {
  const metric = 'infidelity';
  checkOptions<InfidelityOptions>(metric, options, { ...subjectOptionNames, ...own });
  const { perturbations = 50, attributions = 'contributions', normalize = false, seed = 0 } = options;
  checkPositive('perturbations', perturbations, '50 is usual');
  checkSeed(metric, seed);
  checkBoolean('normalize', normalize);
  if (attributions !== 'contributions' && attributions !== 'gradients') {
    const hint = didYouMean(String(attributions), ['contributions', 'gradients']);
    throw failure('attributions', `unknown value '${String(attributions)}'`, {}, hint);
  }
  // Noise and perturbations of one's own move elements, whatever they have in the place of features.
  const moves = options.noise !== undefined || options.perturb !== undefined;
  checkFunction('perturb', options.perturb, 'e.g. (x) => { x[0] = 0; }');
  if (options.perturb) checkNoSay(metric, { seed: options.seed }, 'perturb draws what it wants');
  if (moves) {
    const features = options.features === 'all' ? undefined : options.features;
    checkNoSay(metric, { groups: options.groups, features }, 'every element is moved, none is replaced as a feature');
  }
  const subject = await makeSubject(model, explanation, moves ? { ...options, features: 'all' } : options);
  const perturb = perturbation(subject, options);
  checkRates(subject, attributions);
  const { samples, scorer } = subject;
  const whole = await scorer.scores(scorer.inputs.tensors);
  // Sums of told^2, told * true and true^2, which is all that both forms need.
  const [told, both, real, squares] = [0, 1, 2, 3].map(() => new Float64Array(samples)) as Quadruple;
  const dots = new Map<number, number>();
  const changed = new Uint8Array(samples);
  try {
    await scorer.run(
      samples * perturbations,
      (row, slot) => {
        const [draw, sample] = [Math.floor(row / samples), row % samples];
        perturb(sample, draw, slot);
        dots.set(row, dotOf(subject, sample, slot, attributions === 'contributions'));
        if (!moves || differs(subject, sample, slot)) changed[sample] = 1;
        return sample;
      },
      (row, score) => {
        const [sample, dot] = [row % samples, dots.get(row)!];
        const change = whole[sample]! - score;
        dots.delete(row);
        told[sample]! += dot * dot;
        both[sample]! += dot * change;
        real[sample]! += change * change;
        squares[sample]! += (dot - change) ** 2;
      },
    );
  } finally {
    scorer.dispose();
  }
  checkChanged(changed, options.perturb ? 'perturb' : 'noise');
  const values = squares.map((sum, i) => {
    if (!normalize) return sum / perturbations;
    const beta = told[i] === 0 ? both[i]! : both[i]! / told[i]!;
    // Rounding must not make a square negative.
    return Math.max(0, beta * beta * told[i]! - 2 * beta * both[i]! + real[i]!) / perturbations;
  });
  return { metric, values };
}

type Quadruple = [Float64Array, Float64Array, Float64Array, Float64Array];
type Perturb = (sample: number, draw: number, slot: Slot) => void;

function perturbation(subject: Subject, { noise, share, perturb, seed = 0 }: InfidelityOptions): Perturb {
  const { inputs, features } = subject;
  if ([noise, share, perturb].filter((one) => one !== undefined).length > 1) {
    throw failure('infidelity', 'noise, share and perturb exclude each other', {}, 'give one of them');
  }
  if (noise === undefined && !perturb) {
    const part = share === undefined ? 0.2 : share;
    if (!(typeof part === 'number' && part > 0 && part <= 1))
      throw failure('share', 'lies above 0 and at most at 1', { got: part }, '0.2 is usual');
    return (sample, draw, slot) => {
      const count = features.counts[sample]!;
      const gone = new Set(randomSubset(count, Math.max(1, Math.round(part * count)), drawRandom(seed, draw)));
      fillRemoved(subject, sample, slot, (f) => gone.has(f));
    };
  }
  if (noise !== undefined) {
    if (!(typeof noise === 'number' && noise > 0 && Number.isFinite(noise)))
      throw failure('noise', 'must be a positive number', { got: noise }, 'a deviation in units of the input');
    const ids = inputs.find(({ x }) => !isFloat(x.dtype));
    if (ids) {
      const hint = 'leave noise out: tokens are replaced by the baseline';
      throw failure('noise', 'makes no sense for integers', { input: ids.x.toString() }, hint);
    }
  }
  const add = (x: Float64Array, draw: number, input: number): void => {
    const next = drawRandom(seed + input, draw);
    for (let e = 0; e < x.length; e++) x[e]! += noise! * normal(next);
  };
  return (sample, draw, slot) => {
    fillRemoved(subject, sample, slot, () => false);
    for (const { input, x, width } of inputs) {
      const own = Float64Array.from(x.data.subarray(sample * width, (sample + 1) * width));
      if (perturb) {
        perturb(own, { sample, draw, input });
        checkPerturbed(own, { sample, draw, input });
      } else add(own, draw, input);
      slot.inputs[input]!.set(own, slot.slot * width);
    }
  };
}

/** Whether the slot holds another input than the sample's own. */
function differs({ inputs }: Subject, sample: number, { inputs: buffers, slot }: Slot): boolean {
  return inputs.some(({ input, x, width }) => {
    const own: TypedArray = x.data.subarray(sample * width, (sample + 1) * width);
    return own.some((value, e) => value !== buffers[input]![slot * width + e]);
  });
}

/** `I . a`, with I the change that the model really sees. */
function dotOf(
  { inputs, baselines }: Subject,
  sample: number,
  { inputs: buffers, slot }: Slot,
  divide: boolean,
): number {
  let dot = 0;
  for (const { input, x, width, attributions } of inputs) {
    const [now, from] = [buffers[input]!, baselines[input]!.data];
    for (let e = 0; e < width; e++) {
      const at = sample * width + e;
      const change = x.data[at]! - now[slot * width + e]!;
      if (change === 0) continue;
      const distance = divide ? x.data[at]! - from[at]! : 1;
      dot += (attributions[at]! * change) / (distance === 0 ? 1 : distance);
    }
  }
  return dot;
}

function checkRates({ inputs }: Subject, attributions: 'contributions' | 'gradients'): void {
  const bad = inputs.find(({ elementwise, x }) => !elementwise || !isFloat(x.dtype));
  if (attributions === 'contributions' || !bad) return;
  const hint = "explain the input itself, or leave it at 'contributions'";
  throw failure(
    'attributions',
    'gradients need a number for every element of a float input',
    { X: bad.x.toString() },
    hint,
  );
}
