/** Attention. Source: Keras 3.15. */
import { anything, count, flag, type LayerOptions, layerClass, oneOf, rate } from '../fields.ts';
import { type KernelOptions, kernelFields } from './shared.ts';

const scores =
  (base: number) =>
  (call: ReadonlyMap<string, unknown>): number =>
    call.get('return_attention_scores') === true ? base + 1 : base;

/** Options of `attention`. */
export interface AttentionOptions extends LayerOptions {
  readonly useScale?: boolean;
  readonly scoreMode?: 'dot' | 'concat';
  readonly dropout?: number;
  readonly seed?: number | null;
}
/** Dot-product attention (Luong et al. 2015) of `[query, value]` or `[query, value, key]`. */
export const attention = layerClass<AttentionOptions>(
  'Attention',
  { useScale: flag(false), scoreMode: oneOf(['dot', 'concat'], 'dot'), dropout: rate(0), seed: anything(null) },
  { results: (_, call) => scores(1)(call), list: true },
);
/** Additive attention (Bahdanau et al. 2015) of `[query, value]` or `[query, value, key]`. */
export const additiveAttention = layerClass<LayerOptions & { readonly useScale?: boolean; readonly dropout?: number }>(
  'AdditiveAttention',
  { useScale: flag(true), dropout: rate(0) },
  { results: (_, call) => scores(1)(call), list: true },
);
/** Options of `multiHeadAttention`. */
export interface MultiHeadAttentionOptions extends KernelOptions {
  readonly numHeads: number;
  /** Size of each head's queries and keys. */
  readonly keyDim: number;
  /** `keyDim` by default. */
  readonly valueDim?: number | null;
  readonly dropout?: number;
  readonly outputShape?: number | readonly number[] | null;
  readonly attentionAxes?: number | readonly number[] | null;
  readonly seed?: number | null;
}
/** Attention in several heads (Vaswani et al. 2017): `layer(query, { value, key })`; also `attentionMask`, `useCausalMask`, `returnAttentionScores`. */
export const multiHeadAttention = layerClass<MultiHeadAttentionOptions>(
  'MultiHeadAttention',
  {
    numHeads: count,
    keyDim: count,
    valueDim: {
      fallback: null,
      write: (value: number | null, subject, { keyDim }) => count.write!((value ?? keyDim) as never, subject, {}),
    },
    dropout: rate(0),
    outputShape: {
      fallback: null,
      write: (value: number | readonly number[] | null) => (typeof value === 'number' ? [value] : (value as number[])),
    },
    attentionAxes: {
      fallback: null,
      write: (value: number | readonly number[] | null) => (typeof value === 'number' ? [value] : (value as number[])),
    },
    seed: anything(null),
    ...kernelFields,
  },
  { results: (_, call) => scores(1)(call) },
);
/** Options of `groupQueryAttention`. */
export interface GroupQueryAttentionOptions extends KernelOptions {
  readonly headDim: number;
  readonly numQueryHeads: number;
  readonly numKeyValueHeads: number;
  readonly dropout?: number;
  readonly seed?: number | null;
}
/** Attention whose heads share keys and values in groups (Ainslie et al. 2023). */
export const groupQueryAttention = layerClass<GroupQueryAttentionOptions>(
  'GroupQueryAttention',
  {
    headDim: count,
    numQueryHeads: count,
    numKeyValueHeads: count,
    dropout: rate(0),
    seed: anything(null),
    ...kernelFields,
  },
  { results: (_, call) => scores(1)(call) },
);
