/**
 * What can make an explanation misleading, found from numbers that are there anyway. Every warning says what was seen and
 * what to do; none stops the explanation.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { Completeness } from './completeness.ts';
import { areProbabilities, baselineEntropy, type Entropy } from './entropy.ts';
import type { NonFinite } from './integrate.ts';
import { isScalarOutput } from './target.ts';

export interface Diagnostics {
  /** Entropy of the model's distribution at the baseline, per sample; null when outputs are not probabilities. */
  readonly baselineEntropy: readonly Entropy[] | null;
  /** Several outputs that are no distribution: probably scores before a softmax. */
  readonly looksLikeLogits: boolean;
  readonly firstNonFinite: NonFinite | null;
  /** Attributed inputs that the output does not depend on differentiably. */
  readonly disconnected: readonly string[];
  /** Integer inputs that stayed at X. */
  readonly held: readonly string[];
  /** Name of the pass that computed the gradients. */
  readonly pass: string;
  /** What share of the floating-point operations of sending every point through the whole model it did not need. */
  readonly flopsRemoved: number;
  /** Where it takes gradients: op and shape without the batch, per tensor. */
  readonly frontier: readonly string[];
  /** What share of the positions was left out because the forward kwarg `attention_mask` hides them; their attributions are 0. */
  readonly positionsRemoved: number;
}

export interface Evidence extends Omit<Diagnostics, 'baselineEntropy' | 'looksLikeLogits'> {
  readonly predictions: Tensor;
  readonly baselinePredictions: Tensor;
  readonly completeness: readonly Completeness[];
  readonly relTol: number;
  readonly auto: boolean;
  /** Per sample, whether any gradient on the path was not 0. */
  readonly moved: ArrayLike<number>;
  /** Samples that equal their baseline. */
  readonly unmoved: readonly number[];
  readonly targetGiven: boolean;
  readonly usedTargetFn: boolean;
  /** Largest difference between f(b) and the start of a layer's path; 0 without a bypass. */
  readonly bypassGap: number;
}

const LEAST_ENTROPY = 0.5;

export function diagnose(evidence: Evidence): { diagnostics: Diagnostics; warnings: string[] } {
  const { predictions, baselinePredictions, firstNonFinite, disconnected, held } = evidence;
  const { pass, flopsRemoved, frontier, positionsRemoved } = evidence;
  const entropy = baselineEntropy(baselinePredictions);
  const several = predictions.rank === 2 && !isScalarOutput(predictions.shape);
  const looksLikeLogits = several && !areProbabilities(predictions);
  const path = { pass, flopsRemoved, frontier, positionsRemoved };
  const diagnostics = { baselineEntropy: entropy, looksLikeLogits, firstNonFinite, disconnected, held, ...path };
  const warnings = [
    ...inputWarnings(evidence),
    ...outputWarnings(evidence, looksLikeLogits),
    ...baselineWarnings(evidence, entropy),
    ...pathWarnings(evidence),
  ];
  return { diagnostics, warnings };
}

function inputWarnings({ disconnected, held }: Evidence): string[] {
  return [
    ...disconnected.map(
      (name) =>
        `'${name}' gets zeros: the output does not depend on it differentiably; leave it out if that is not expected`,
    ),
    ...held.map(
      (name) =>
        `'${name}' holds integers and stays at X on the path: explain the layer that embeds it to attribute to it`,
    ),
  ];
}

function outputWarnings({ predictions, targetGiven, usedTargetFn }: Evidence, looksLikeLogits: boolean): string[] {
  const scalar = isScalarOutput(predictions.shape);
  const warnings: string[] = [];
  if (predictions.data.some((p) => !Number.isFinite(p))) {
    warnings.push('a prediction is not finite: check the weights and the scale of the inputs');
  }
  if (looksLikeLogits) {
    warnings.push(
      'the outputs are no probabilities, probably logits: output: (y) => softmax(y) explains probabilities',
    );
  }
  if (scalar && !targetGiven && areProbabilities(predictions)) {
    warnings.push(
      'no target for what may be a probability: target 1 explains p, target 0 explains 1 - p; the score itself is explained',
    );
  }
  if (scalar && usedTargetFn) {
    warnings.push(
      'the target function saw one score per sample: make sure that it returns the labels 0 and 1, not an argmax',
    );
  }
  return warnings;
}

function baselineWarnings({ completeness, unmoved, bypassGap, relTol }: Evidence, entropy: Entropy[] | null): string[] {
  const warnings: string[] = [];
  const least = entropy?.reduce((low, { fraction }) => Math.min(low, fraction), 1) ?? 1;
  if (least < LEAST_ENTROPY) {
    const share = (100 * least).toFixed(0);
    warnings.push(
      `the model is not neutral at the baseline (entropy ${share} % of the maximum): compare with another baseline before you trust the signs`,
    );
  }
  if (unmoved.length > 0)
    warnings.push(`${samples(unmoved)} equal to the baseline: all attributions are 0; choose another baseline`);
  const largest = completeness.reduce((most, { scoreChange }) => Math.max(most, Math.abs(scoreChange)), 0);
  if (bypassGap > relTol * largest) {
    const gap = bypassGap.toPrecision(3);
    warnings.push(
      `part of the prediction bypasses the layer: its attributions add up to the change from f with the layer at its baseline, which differs from f(b) by up to ${gap}; explain the inputs to cover all of it`,
    );
  }
  return warnings;
}

function pathWarnings({ completeness, relTol, auto, moved, firstNonFinite }: Evidence): string[] {
  const bad = completeness.flatMap(({ ok }, i) => (ok ? [] : [i]));
  const warnings: string[] = [];
  if (firstNonFinite) {
    const { sample, step, alpha } = firstNonFinite;
    warnings.push(
      `the gradient is not finite at step ${step} (alpha ${alpha}) of sample ${sample}: use gausslegendre, whose points avoid the ends, or move the baseline`,
    );
    return warnings;
  }
  const flat = bad.filter((i) => moved[i] === 0);
  if (flat.length > 0) {
    warnings.push(
      `the score changes but its gradient is 0 on the whole path (${samples(flat)}): the model is flat there (steps, rounding, saturation), and gradients cannot explain it; explain logits or an earlier layer`,
    );
  }
  const inexact = bad.filter((i) => moved[i] !== 0);
  if (inexact.length > 0) {
    const worst = inexact.reduce((most, i) => Math.max(most, Math.abs(completeness[i]!.relative)), 0);
    const advice = auto ? 'raise maxSteps or relTol' : "raise nSteps or use nSteps: 'auto'";
    warnings.push(
      `attributions miss the change of the score by up to ${percent(worst)} (${samples(inexact)}; limit ${percent(relTol)}): ${advice}`,
    );
  }
  return warnings;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}

function samples(list: readonly number[]): string {
  const shown = list.slice(0, 8).join(', ');
  return `sample${list.length > 1 ? 's' : ''} ${shown}${list.length > 8 ? ` and ${list.length - 8} more` : ''}`;
}
