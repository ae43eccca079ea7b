/**
 * MultiHeadAttention (Vaswani et al. 2017) over any axes, and GroupedQueryAttention (Ainslie et al. 2023), where several query heads
 * share one of key and value. Kernels are `[width, heads, size]`, that of the output `[heads, size, ...outputs]`.
 */
import { attention as withoutScores } from '../../../backends/wasm/accelerators.ts';
import { add, mul } from '../../../ops/binary.ts';
import { einsum } from '../../../ops/einsum.ts';
import { repeat, reshape } from '../../../ops/movement.ts';
import { cast, sigmoid } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import type { Shape } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import {
  type CallArguments,
  defineLayer,
  keras3Before,
  type LayerClass,
  type LayerRun,
  passMask,
  type WeightRule,
  type Weights,
} from '../layer.ts';
import type { Options } from '../options.ts';
import { callMask, dropoutOf, maskedSoftmax } from './mask.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** Parameters of `call` after the first, in Keras's order. */
function parametersOf(o: Options): readonly string[] {
  const masks = o.dialect.major === 3 ? ['query_mask', 'value_mask', 'key_mask'] : [];
  return ['value', 'key', ...masks, 'attention_mask', 'return_attention_scores', 'training', 'use_causal_mask'];
}

interface Sizes {
  readonly heads: number;
  readonly keyHeads: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** Sizes of the result's last axes; null: the width of the query. */
  readonly outputs: readonly number[] | null;
}

/** Query, key and value of a call. */
export function attentionInputs(
  subject: string,
  xs: readonly Tensor[],
  args: CallArguments,
): [query: Tensor, key: Tensor, value: Tensor] {
  const at = (name: string): Tensor | undefined => xs[args.tensors.get(name)?.[0] ?? -1];
  const value = at('value');
  if (!value) throw failure(subject, 'the file calls it without a value', {}, 'it takes query and value');
  return [xs[0]!, at('key') ?? value, value];
}

/** `[..., width]` to `[..., heads, size]`. */
export function project(x: Tensor, weights: Weights, name: string): Tensor {
  const y = einsum('...x,xyz->...yz', x, weights[`${name}_kernel`]!);
  const bias = weights[`${name}_bias`];
  return bias ? add(y, bias) : y;
}

function shared(o: Options): { bias: boolean; gate: boolean; window: number | null } {
  // Keras 2 notes the shapes that the layer was built with.
  o.ignore('seed', 'flash_attention', 'query_shape', 'key_shape', 'value_shape');
  const window = o.raw('sliding_window') === undefined ? null : o.count('sliding_window');
  return { bias: o.flag('use_bias', true), gate: o.flag('use_gate', false), window };
}

function rules(bias: boolean, gate: boolean, { heads, keyHeads, keySize, valueSize, outputs }: Sizes) {
  return (shapes: readonly Shape[], _: unknown, args?: CallArguments): WeightRule[] => {
    const widthOf = (name: string): number | undefined => shapes[args?.tensors.get(name)?.[0] ?? -1]?.at(-1);
    const query = shapes[0]!.at(-1)!;
    const value = widthOf('value') ?? query;
    const key = widthOf('key') ?? value;
    const result = outputs ?? [query];
    const pair = (name: string, kernel: Shape, own: Shape): WeightRule[] => [
      { name: `${name}_kernel`, shape: kernel },
      ...(bias ? [{ name: `${name}_bias`, shape: own }] : []),
    ];
    const head = (name: string, width: number, count: number, size: number): WeightRule[] =>
      pair(name, [width, count, size], [count, size]);
    return [
      ...head('query', query, heads, keySize),
      ...head('key', key, keyHeads, keySize),
      ...(gate ? head('gate', query, heads, valueSize) : []),
      ...head('value', value, keyHeads, valueSize),
      ...pair('output', [heads, valueSize, ...result], result),
    ];
  };
}

/** `[..., heads, size]` to `[..., ...outputs]`, gated by the query where the layer has a gate. */
function finish(context: Tensor, query: Tensor, weights: Weights, gate: boolean): Tensor {
  const gated = gate ? mul(context, sigmoid(project(query, weights, 'gate'))) : context;
  const kernel = weights['output_kernel']!;
  const outputs = letters.slice(0, kernel.rank - 2);
  const y = einsum(`...yz,yz${outputs}->...${outputs}`, gated, kernel);
  const bias = weights['output_bias'];
  return bias ? add(y, bias) : y;
}

const wantsScores = (args: CallArguments): boolean => args.constants.get('return_attention_scores') === true;

export const multiHeadAttention: LayerClass = defineLayer({
  classes: ['MultiHeadAttention'],
  create: (o): LayerRun => {
    const [heads, keySize] = [o.count('num_heads'), o.count('key_dim')];
    const valueSize = o.raw('value_dim') === undefined ? keySize : o.count('value_dim');
    const outputs = o.raw('output_shape') === undefined ? null : o.integers('output_shape');
    const asked = o.raw('attention_axes') === undefined ? null : o.integers('attention_axes');
    const rate = dropoutOf(o);
    const zeroed = rate > 0;
    // Keras 2 only.
    const shifted = o.dialect.major < 3 && !o.flag('softmax_robust_masking', false);
    // Keras 3.8 and newer look at the mask that the query carries, whatever the call says of it.
    const dropsMasks = o.dialect.major === 3 && !keras3Before(o.dialect, 8);
    const { bias, gate, window } = shared(o);
    const weights = rules(bias, gate, { heads, keyHeads: heads, keySize, valueSize, outputs });
    return {
      parameters: parametersOf(o),
      first: 'query',
      weights,
      mask: passMask,
      accelerator: withoutScores,
      dropsMasks,
      ...(zeroed ? { trainingMatters: 'drops' as const } : {}),
      call: (xs, w, masks, args) => {
        const [query, key, value] = attentionInputs(o.subject, xs, args);
        const axes = asked?.map((axis) => (axis < 0 ? query.rank + axis : axis)) ?? innerAxes(query.rank);
        const { dot, combine } = equations(query.rank + 1, axes);
        const q = mul(project(query, w, 'query'), 1 / Math.sqrt(keySize));
        const mask = callMask(xs, masks, args, window, dropsMasks);
        const scores = einsum(dot, q, project(key, w, 'key'));
        // With dropout, or scores asked for, and before 3.7 always, Keras 3 computes its softmax in a layer, which shifted scores up to
        // 3.12 and gives masked positions exactly 0 since 3.10.
        const inLayer = o.dialect.major === 3 && (zeroed || wantsScores(args) || query.rank !== 3);
        const moved = shifted || keras3Before(o.dialect, 7) || (inLayer && keras3Before(o.dialect, 13));
        let shares = maskedSoftmax(scores, mask, axes.length, moved);
        if (mask && inLayer && !keras3Before(o.dialect, 10))
          shares = mul(shares, cast(headed(mask, scores.rank, axes.length), shares.dtype));
        const used = args.drops?.units(shares, rate) ?? shares;
        const result = finish(einsum(combine, used, project(value, w, 'value')), query, w, gate);
        return wantsScores(args) ? [result, shares] : result;
      },
    };
  },
});

const innerAxes = (rank: number): number[] => Array.from({ length: rank - 2 }, (_, i) => i + 1);

/** The mask with axes of size 1 for the axes of the scores that it lacks, as `maskedSoftmax` places them. */
function headed(mask: Tensor, rank: number, axes: number): Tensor {
  const lead = mask.rank - 2 * axes;
  const shape = [
    ...mask.shape.slice(0, lead),
    ...new Array<number>(rank - mask.rank).fill(1),
    ...mask.shape.slice(lead),
  ];
  return reshape(mask, shape);
}

/**
 * The einsums of attention over `axes` of projected tensors of `rank` axes, heads and size last. Scores are
 * `[...other axes, heads, ...query axes, ...key axes]`.
 */
function equations(rank: number, axes: readonly number[]): { dot: string; combine: string } {
  const query = [...letters.slice(0, rank)];
  const key = query.map((label, axis) => (axes.includes(axis) ? letters[rank + axis]! : label));
  const batch = query.filter((_, axis) => axis !== rank - 1 && !axes.includes(axis));
  const scores = [...batch, ...axes.map((axis) => query[axis]!), ...axes.map((axis) => key[axis]!)].join('');
  return {
    dot: `${query.join('')},${key.join('')}->${scores}`,
    combine: `${scores},${key.join('')}->${query.join('')}`,
  };
}

export const groupedQueryAttention: LayerClass = defineLayer({
  classes: ['GroupedQueryAttention', 'GroupQueryAttention'],
  create: (o): LayerRun => {
    const [size, heads, keyHeads] = [o.count('head_dim'), o.count('num_query_heads'), o.count('num_key_value_heads')];
    const rate = dropoutOf(o);
    const zeroed = rate > 0;
    const { bias, gate, window } = shared(o);
    if (heads % keyHeads !== 0) {
      throw failure(o.subject, 'the query heads do not divide into the key heads', { heads, keyHeads });
    }
    return {
      rank: 3,
      parameters: parametersOf(o),
      first: 'query',
      weights: rules(bias, gate, { heads, keyHeads, keySize: size, valueSize: size, outputs: null }),
      mask: passMask,
      accelerator: withoutScores,
      ...(zeroed ? { trainingMatters: 'drops' as const } : {}),
      call: (xs, w, masks, args) => {
        const [query, key, value] = attentionInputs(o.subject, xs, args);
        const spread = (x: Tensor): Tensor => repeat(x, heads / keyHeads, 2);
        const q = mul(project(query, w, 'query'), 1 / Math.sqrt(size));
        const scores = einsum('bquh,bkuh->buqk', q, spread(project(key, w, 'key')));
        const mask = callMask(xs, masks, args, window);
        const inLayer = zeroed || wantsScores(args);
        const moved = keras3Before(o.dialect, 7) || (inLayer && keras3Before(o.dialect, 13));
        let shares = maskedSoftmax(scores, mask, 1, moved);
        if (mask && inLayer && !keras3Before(o.dialect, 10))
          shares = mul(shares, cast(headed(mask, 4, 1), shares.dtype));
        const used = args.drops?.units(shares, rate) ?? shares;
        const context = einsum('buqk,bkuh->bquh', used, spread(project(value, w, 'value')));
        const result = finish(context, query, w, gate);
        return wantsScores(args) ? [result, shares] : result;
      },
    };
  },
});
