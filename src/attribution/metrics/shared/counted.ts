/**
 * Which features count for a sample. What an attention mask hides, and what equals the baseline, changes nothing when it is taken out: as a
 * feature it would only dilute the others, the more of it the longer the text beside a sample is. Every metric that counts features
 * leaves it out here, so that a text has the same numbers alone and padded.
 * Invariant: features that count are numbered from 0 without gaps, in the order that they had; elements of the others are in no feature.
 */
import { didYouMean, failure } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type Features, featuresIn } from './features.ts';
import type { JudgedInput } from './judged.ts';

/** `present`: what differs from the baseline and is not hidden by `attention_mask`; `all`: every feature, as other packages count. */
export type Counting = 'present' | 'all';

/** @throws PathgradError for a word that there is not */
export function checkCounting(value: Counting = 'present'): Counting {
  if (value === 'present' || value === 'all') return value;
  throw failure('features', `unknown value '${String(value)}'`, {}, didYouMean(String(value), ['present', 'all']));
}

/**
 * The features that count.
 * @param baselines per judged input, a row per sample; null where nothing is known of them
 * @param kwargs the explanation's: an `attention_mask` `[N, positions]` hides where it is 0
 */
export function countedFeatures(
  features: Features,
  inputs: readonly JudgedInput[],
  baselines: readonly Tensor[] | null,
  kwargs: { readonly [name: string]: Tensor },
): Features {
  const samples = features.counts.length;
  const counts = new Int32Array(samples);
  const of = inputs.map(({ width }) => new Int32Array(samples * width).fill(-1));
  const visible = inputs.map(({ x, width }) => visibility(x, width, kwargs));
  for (let sample = 0; sample < samples; sample++) {
    const present = new Uint8Array(features.counts[sample]!);
    inputs.forEach(({ x, width }, i) => {
      const own = featuresIn(features, i, sample);
      const base = baselines?.[i]?.data;
      for (let e = 0; e < width; e++) {
        const at = sample * width + e;
        if (own[e]! >= 0 && visible[i]!(at) && (!base || x.data[at] !== base[at])) present[own[e]!] = 1;
      }
    });
    const numbers = Int32Array.from(present, (flag) => (flag === 1 ? counts[sample]!++ : -1));
    inputs.forEach(({ width }, i) => {
      const own = featuresIn(features, i, sample);
      for (let e = 0; e < width; e++) if (own[e]! >= 0) of[i]![sample * width + e] = numbers[own[e]!]!;
    });
  }
  return { counts, of, perSample: true };
}

/** Whether an element of all samples is seen. */
function visibility(
  { shape }: Tensor,
  width: number,
  { attention_mask: mask }: { readonly [name: string]: Tensor },
): (at: number) => boolean {
  const [rows, positions] = [shape[0]!, shape[1]];
  if (mask?.rank !== 2 || mask.shape[0] !== rows || mask.shape[1] !== positions) return () => true;
  const inner = width / positions!;
  return (at) => mask.data[Math.floor(at / inner)] !== 0;
}
