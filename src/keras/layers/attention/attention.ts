/** Attention without projections: Attention (Luong, dot products or tanh) and AdditiveAttention (Bahdanau). */
import { add, logicalAnd, mul, sub, where } from '../../../ops/binary.ts';
import { matmul } from '../../../ops/matmul.ts';
import { expandDims } from '../../../ops/movement.ts';
import { sum } from '../../../ops/reduce.ts';
import { softmax } from '../../../ops/softmax.ts';
import { tanh } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import {
  type CallArguments,
  defineLayer,
  type LayerClass,
  type LayerRun,
  type Mask,
  passMask,
  type Weights,
} from '../layer.ts';
import type { Options } from '../options.ts';
import { causalMask, dropoutOf } from './mask.ts';

/** Scores `[batch, queries, keys]` of query and key `[batch, positions, width]`. */
type Score = (query: Tensor, key: Tensor, weights: Weights) => Tensor;

const parameters = ['mask', 'training', 'return_attention_scores', 'use_causal_mask'];

export const attention: LayerClass = defineLayer({
  classes: ['Attention'],
  create: (o) => {
    const useScale = o.flag('use_scale', false);
    const mode = o.choice('score_mode', ['dot', 'concat'], 'dot');
    const rule = (name: string): { name: string; shape: number[] } => ({ name, shape: [] });
    const score: Score = (query, key, { scale, concat_score_weight: weight }) => {
      if (mode === 'dot') {
        const scores = matmul(query, key, { transposeB: true });
        return scale ? mul(scores, scale) : scores;
      }
      const pairs = add(expandDims(query, -2), expandDims(key, -3));
      return mul(sum(tanh(scale ? mul(pairs, scale) : pairs), { axes: -1 }), weight!);
    };
    const weights = [...(useScale ? [rule('scale')] : []), ...(mode === 'concat' ? [rule('concat_score_weight')] : [])];
    return { ...attend(o, score), weights: () => weights };
  },
});

export const additiveAttention: LayerClass = defineLayer({
  classes: ['AdditiveAttention'],
  create: (o) => {
    const useScale = o.flag('use_scale', true);
    const score: Score = (query, key, { scale }) => {
      const pairs = tanh(add(expandDims(query, -2), expandDims(key, -3)));
      return sum(scale ? mul(pairs, scale) : pairs, { axes: -1 });
    };
    return {
      ...attend(o, score),
      weights: ([query]) => (useScale ? [{ name: 'scale', shape: [query!.at(-1)!] }] : []),
    };
  },
});

/** What both layers share: inputs `[query, value]` or `[query, value, key]`, masks, the weighted mean. */
function attend(o: Options, score: Score): Omit<LayerRun, 'weights'> {
  const rate = dropoutOf(o);
  const alwaysCausal = o.flag('causal', false);
  const call = (xs: readonly Tensor[], weights: Weights, masks: readonly Mask[], args: CallArguments): Tensor[] => {
    const [query, value, key = value] = xs;
    if (!query || !value || xs.length > 3) {
      throw failure(o.subject, 'takes a list of query, value and perhaps key', { given: xs.length });
    }
    const scores = score(query, key!, weights);
    const causal = alwaysCausal || args.constants.get('use_causal_mask') === true;
    const all = softmax(masked(scores, masks[1] ?? null, causal));
    const shares = args.drops?.units(all, rate) ?? all;
    const result = matmul(shares, value);
    const seen = masks[0] ? where(expandDims(masks[0], -1), result, 0) : result;
    return args.constants.get('return_attention_scores') === true ? [seen, shares] : [seen];
  };
  return { many: true, parameters, call, mask: passMask, ...(rate > 0 ? { trainingMatters: 'drops' as const } : {}) };
}

/** Keras takes 1e9 off where a position is masked: a row that is masked all over keeps the order of its scores, if they are that large. */
function masked(scores: Tensor, value: Mask, causal: boolean): Tensor {
  const columns = value && expandDims(value, -2);
  const triangle = causal ? causalMask(scores.shape.at(-2)!, scores.shape.at(-1)!) : null;
  const mask = columns && triangle ? logicalAnd(columns, triangle) : (columns ?? triangle);
  return mask ? where(mask, scores, sub(scores, 1e9)) : scores;
}
