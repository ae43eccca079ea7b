/** The poolings of sentence-transformers by name; several are put side by side, in this order. */
import { concat } from '../../ops/slicing.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  firstPooling,
  lastPooling,
  maxPooling,
  meanPooling,
  meanSqrtPooling,
  type Pooling,
  weightedMeanPooling,
} from '../heads/pooling.ts';

export type PoolingName = 'cls' | 'max' | 'mean' | 'mean_sqrt_len_tokens' | 'weightedmean' | 'lasttoken';

/** What the config calls each. */
export const poolingNames: Readonly<Record<PoolingName, string>> = {
  cls: 'pooling_mode_cls_token',
  max: 'pooling_mode_max_tokens',
  mean: 'pooling_mode_mean_tokens',
  mean_sqrt_len_tokens: 'pooling_mode_mean_sqrt_len_tokens',
  weightedmean: 'pooling_mode_weightedmean_tokens',
  lasttoken: 'pooling_mode_lasttoken',
};

const poolings: Readonly<Record<PoolingName, Pooling>> = {
  cls: firstPooling,
  max: maxPooling,
  mean: meanPooling,
  mean_sqrt_len_tokens: meanSqrtPooling,
  weightedmean: weightedMeanPooling,
  lasttoken: lastPooling,
};

export function pooled(names: readonly PoolingName[], hidden: Tensor, mask: Tensor | null): Tensor {
  const parts = names.map((name) => poolings[name](hidden, mask));
  return parts.length === 1 ? parts[0]! : concat(parts, -1);
}
