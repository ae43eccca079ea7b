/**
 * What can make an explanation misleading, found from the model's last op and from numbers that are there anyway. None of it stops
 * the explanation; the words are in warnings.ts.
 */
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../arrays.ts';
import type { OutputKind } from '../output-kind.ts';
import { isScalarOutput } from '../target.ts';
import type { Completeness } from './completeness.ts';
import { baselineEntropy, type Entropy } from './entropy.ts';
import type { Warning, WarningValues } from './warnings.ts';

/** The first path point with a gradient that is not finite. */
export interface NonFinite {
  readonly sample: number;
  readonly step: number;
  readonly alpha: number;
}

/** What was noticed of outputs and baseline; warnings follow from it. */
export interface Diagnostics {
  /** What the explained output is: probabilities, scores, or not known. */
  readonly outputs: OutputKind;
  /**
   * Entropy at the baseline per sample, of the distribution over classes or of the one explained label; null when the outputs are not
   * probabilities.
   */
  readonly baselineEntropy: readonly Entropy[] | null;
  readonly firstNonFinite: NonFinite | null;
  /** Attributed inputs that the output does not depend on differentiably. */
  readonly disconnected: readonly string[];
  /** Integer inputs that stayed at X. */
  readonly held: readonly string[];
}

export interface Evidence extends Omit<Diagnostics, 'baselineEntropy'> {
  /** `[N, outputs]`: what the target weighs each entry of the output with. */
  readonly weights: Float64Array;
  readonly predictions: Tensor;
  /** Null for methods that take no baseline. */
  readonly baselinePredictions: Tensor | null;
  readonly completeness: readonly Completeness[];
  readonly relTol: number;
  /** What brings attributions closer to the change of the score; null where the method does not claim that they add up. */
  readonly raise: WarningValues['incomplete']['raise'] | null;
  /** Samples whose score at the baseline is not finite. */
  readonly endless: readonly number[];
  /** Samples with attributions that are not finite. */
  readonly notFinite: readonly number[];
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

export function diagnose(evidence: Evidence): { diagnostics: Diagnostics; warnings: Warning[] } {
  const { outputs, firstNonFinite, disconnected, held } = evidence;
  const entropy = entropyAtBaseline(evidence);
  const diagnostics = { outputs, baselineEntropy: entropy, firstNonFinite, disconnected, held };
  const warnings = [
    ...disconnected.map((name): Warning => ({ code: 'input-disconnected', values: { name } })),
    ...held.map((name): Warning => ({ code: 'input-held', values: { name } })),
    ...outputWarnings(evidence),
    ...baselineWarnings(evidence, entropy),
    ...pathWarnings(evidence),
  ];
  return { diagnostics, warnings };
}

/** Of the distribution over classes, or of the one label that is explained. */
function entropyAtBaseline({ outputs, baselinePredictions, weights }: Evidence): Entropy[] | null {
  if (!baselinePredictions) return null;
  const { data, shape } = baselinePredictions;
  if (outputs === 'distribution') return baselineEntropy(baselinePredictions);
  if (outputs !== 'probabilities' || shape.length > 2) return null;
  const width = rowSize(shape);
  const explained = Array.from({ length: shape[0]! }, (_, row) => {
    const named = Array.from({ length: width }, (_, k) => row * width + k).filter((at) => weights[at] !== 0);
    return named.length === 1 ? data[named[0]!]! : Number.NaN;
  });
  return baselineEntropy(tensor(Float64Array.from(explained)));
}

function outputWarnings({ predictions, outputs, targetGiven, usedTargetFn }: Evidence): Warning[] {
  const scalar = isScalarOutput(predictions.shape);
  const codes = {
    'prediction-not-finite': !predictions.data.every(Number.isFinite),
    'outputs-are-scores': outputs === 'scores' && predictions.rank === 2 && !scalar,
    'no-target': scalar && !targetGiven && outputs === 'probabilities',
    'target-of-one-score': scalar && usedTargetFn,
  };
  const found = Object.entries(codes) as [keyof typeof codes, boolean][];
  return found.flatMap(([code, seen]) => (seen ? [{ code, values: {} }] : []));
}

function baselineWarnings(
  { completeness, unmoved, bypassGap, relTol }: Evidence,
  entropy: Entropy[] | null,
): Warning[] {
  const warnings: Warning[] = [];
  const fraction = entropy?.reduce((low, { fraction }) => Math.min(low, fraction), 1) ?? 1;
  if (fraction < LEAST_ENTROPY) warnings.push({ code: 'baseline-not-neutral', values: { fraction } });
  if (unmoved.length > 0) warnings.push({ code: 'baseline-equals-input', values: { samples: unmoved } });
  const largest = completeness.reduce((most, { scoreChange }) => Math.max(most, Math.abs(scoreChange)), 0);
  if (bypassGap > relTol * largest) warnings.push({ code: 'layer-bypassed', values: { gap: bypassGap } });
  return warnings;
}

function pathWarnings({ completeness, relTol, raise, moved, firstNonFinite, notFinite, endless }: Evidence): Warning[] {
  if (endless.length > 0) return [{ code: 'baseline-score-not-finite', values: { samples: endless } }];
  if (firstNonFinite) return [{ code: 'gradient-not-finite', values: { ...firstNonFinite } }];
  if (notFinite.length > 0) return [{ code: 'attribution-not-finite', values: { samples: notFinite } }];
  const bad = completeness.flatMap(({ ok }, i) => (ok ? [] : [i]));
  const warnings: Warning[] = [];
  const flat = bad.filter((i) => moved[i] === 0);
  if (flat.length > 0) warnings.push({ code: 'gradient-zero', values: { samples: flat } });
  const inexact = bad.filter((i) => moved[i] !== 0);
  if (inexact.length > 0) {
    const share = inexact.reduce((most, i) => Math.max(most, Math.abs(completeness[i]!.relative)), 0);
    warnings.push({ code: 'incomplete', values: { samples: inexact, share, limit: relTol, raise: raise ?? 'none' } });
  }
  return warnings;
}
