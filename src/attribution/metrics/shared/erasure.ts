/**
 * The two measures of ERASER (DeYoung et al.: "ERASER: A benchmark to evaluate rationalized NLP models", 2020), over several shares of the
 * tokens: `AOPC = mean over k of (f(x) - f(x without the top k))`, or `f(x) - f(the top k alone)`. Removing is replacing by the
 * baseline (padding or a mask), which keeps the other tokens where they are.
 * Tokens that are hidden or equal the baseline, as padding does, are not counted: there is nothing to remove.
 */
import type { CallableModel } from '../../../graph/callable.ts';
import { checkOptions } from '../../../tensor/options.ts';
import type { TensorFunction } from '../../frame/forward.ts';
import { checkShares } from './checks.ts';
import type { Explained } from './judged.ts';
import type { MetricResult } from './result.ts';
import { fillRemoved, makeSubject, ranking, type SubjectOptions, subjectOptionNames } from './subject.ts';

/** How much of a text `comprehensiveness` and `sufficiency` take as its rationale. */
export interface ErasureOptions extends SubjectOptions {
  /** Shares of the tokens that are taken as the rationale, above 0, at most 1; 0.01, 0.05, 0.1, 0.2 and 0.5 by default, as in ERASER. */
  readonly shares?: readonly number[];
}

/** `values` is the mean over the shares. */
export interface ErasureResult extends MetricResult {
  readonly shares: readonly number[];
  /** The difference of scores for each share, `[N, shares]`, a sample after another. */
  readonly differences: Float64Array;
}

const usual = [0.01, 0.05, 0.1, 0.2, 0.5];

export async function erasure(
  metric: 'comprehensiveness' | 'sufficiency',
  model: CallableModel | TensorFunction,
  explanation: Explained,
  options: ErasureOptions,
): Promise<ErasureResult> {
  checkOptions<ErasureOptions>(metric, options, { ...subjectOptionNames, shares: 1 });
  const { shares = usual } = options;
  checkShares('shares', shares, 1, 'shares of the tokens');
  const subject = await makeSubject(model, explanation, options);
  const { samples, scorer } = subject;
  const rows = shares.length + 1;
  const differences = new Float64Array(samples * shares.length);
  const whole = new Float64Array(samples);
  /** Where each token comes in the order. */
  let places = new Int32Array(0);
  let count = 0;
  const fill: Parameters<typeof scorer.run>[1] = (row, slot) => {
    const [sample, at] = [Math.floor(row / rows), row % rows];
    if (at === 0) {
      const order = ranking(subject, sample);
      count = order.length;
      places = new Int32Array(count);
      order.forEach((feature, place) => {
        places[feature] = place;
      });
      fillRemoved(subject, sample, slot, () => false);
      return sample;
    }
    const top = topOf(shares[at - 1]!, count);
    fillRemoved(subject, sample, slot, (f) => (metric === 'comprehensiveness' ? places[f]! < top : places[f]! >= top));
    return sample;
  };
  try {
    await scorer.run(samples * rows, fill, (row, score) => {
      const [sample, at] = [Math.floor(row / rows), row % rows];
      if (at === 0) whole[sample] = score;
      else differences[sample * shares.length + at - 1] = whole[sample]! - score;
    });
  } finally {
    scorer.dispose();
  }
  const values = whole.map((_, i) => {
    const own = differences.subarray(i * shares.length, (i + 1) * shares.length);
    return own.reduce((sum, d) => sum + d, 0) / shares.length;
  });
  return { metric, values, shares, differences };
}

/** At least one token, and no fewer than the share says. */
function topOf(share: number, count: number): number {
  // 0.1 of 30 tokens are 3, whatever 0.1 is in binary.
  return Math.min(count, Math.max(1, Math.ceil(share * count - 1e-9)));
}
