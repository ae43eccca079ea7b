/** Batch, layer, group and unit normalization. Statistics of a batch are never used: models here only infer. */
import { add, mul } from '../../../ops/binary.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { batchNorm, groupNorm, layerNorm, unitNorm } from '../../../ops/normalization.ts';
import { variance } from '../../../ops/reduce.ts';
import { rsqrt } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { normalizeAxis } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass, passMask, type WeightRule } from '../layer.ts';

/** The learned scale and shift that a normalization has, where its options ask for them. */
function affineRules(shape: Shape, scale: boolean, center: boolean): WeightRule[] {
  const rule = (name: string): WeightRule => ({ name, shape });
  return [...(scale ? [rule('gamma')] : []), ...(center ? [rule('beta')] : [])];
}

export const batchNormalization: LayerClass = defineLayer({
  classes: ['BatchNormalization', 'SyncBatchNormalization'],
  create: (o) => {
    const axes = o.integers('axis', [-1]);
    const epsilon = o.number('epsilon', 1e-3);
    const [scale, center] = [o.flag('scale', true), o.flag('center', true)];
    // Keras 1's modes 1 and 2 normalize by sample and by batch, at inference too.
    o.expect('mode', 0, '0, normalization by the stored statistics');
    const renorm = o.flag('renorm', false); // its corrections belong to training, their statistics stay in the file
    o.expect('virtual_batch_size', null, 'none');
    o.expect('adjustment', null, 'none');
    o.ignore('momentum', 'synchronized', 'fused', 'renorm_clipping', 'renorm_momentum');
    const at = (rank: number): number[] =>
      axes.map((axis) => normalizeAxis(o.subject, axis, rank)).sort((a, b) => a - b);
    // Several axes: the weights are stored with the input's rank, 1 along the others.
    const shapeOf = (x: Shape): number[] => {
      const kept = at(x.length);
      return kept.length === 1 ? [x[kept[0]!]!] : x.map((dim, i) => (kept.includes(i) ? dim : 1));
    };
    return {
      trainingMatters: true,
      weights: ([x], stored) => {
        const shape = shapeOf(x!);
        const affine = affineRules(shape, scale, center);
        const statistic = (name: string): WeightRule => ({ name, shape, trainable: false });
        // The moving deviation came later.
        const deviation = stored.length === affine.length + 4 ? [] : ['moving_stddev'];
        const corrections = renorm ? [...deviation, 'renorm_mean', 'renorm_stddev'] : [];
        return [...affine, ...['moving_mean', 'moving_variance', ...corrections].map(statistic)];
      },
      call: ([x], w) =>
        batchNorm(x!, {
          mean: w['moving_mean']!,
          variance: w['moving_variance']!,
          gamma: w['gamma'] ?? null,
          beta: w['beta'] ?? null,
          epsilon,
          ...(axes.length === 1 ? { axis: at(x!.rank)[0]! } : {}),
        }),
      mask: passMask,
    };
  },
});

export const layerNormalization: LayerClass = defineLayer({
  classes: ['LayerNormalization'],
  create: (o) => {
    // Keras sorts the axes as they are given, before negative ones are counted from the front.
    const axes = o.integers('axis', [-1]).sort((a, b) => a - b);
    const epsilon = o.number('epsilon', 1e-3);
    const rms = o.flag('rms_scaling', false);
    const [scale, center] = [o.flag('scale', true) || rms, o.flag('center', true) && !rms];
    const sizes = (shape: Shape): number[] => axes.map((axis) => shape[normalizeAxis(o.subject, axis, shape.length)]!);
    return {
      weights: ([x]) => affineRules(sizes(x!), scale, center),
      call: ([x], w) => {
        const [gamma, beta] = [w['gamma'] ?? null, w['beta'] ?? null];
        if (!rms) return layerNorm(x!, { gamma, beta, epsilon, axes });
        // Keras's `rms_scaling` divides by the standard deviation without centring (not by the root mean square).
        const spread = variance(x!, { axes, keepDims: true });
        const kept = axes.map((axis) => normalizeAxis(o.subject, axis, x!.rank));
        const shape = x!.shape.map((dim, i) => (kept.includes(i) ? dim : 1));
        return mul(mul(x!, rsqrt(add(spread, epsilon))), reshape(gamma!, shape));
      },
      mask: passMask,
    };
  },
});

export const groupNormalization: LayerClass = defineLayer({
  classes: ['GroupNormalization'],
  create: (o) => {
    const asked = o.number('groups', 32);
    const [axis = -1] = o.integers('axis', [-1]);
    const epsilon = o.number('epsilon', 1e-3);
    const [scale, center] = [o.flag('scale', true), o.flag('center', true)];
    const groupsFor = (channels: number): number => {
      const groups = asked === -1 ? channels : asked; // -1: every channel on its own (instance normalization)
      if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
        throw failure(o.subject, 'the channels do not divide into the groups', { channels, groups });
      }
      return groups;
    };
    return {
      weights: ([x]) => affineRules([x![normalizeAxis(o.subject, axis, x!.length)]!], scale, center),
      call: ([x], w) => {
        const at = normalizeAxis(o.subject, axis, x!.rank);
        const groups = groupsFor(x!.shape[at]!);
        const toLast = [...x!.shape.keys()].filter((i) => i !== at).concat(at);
        const y = groupNorm(transpose(x!, toLast), groups, {
          gamma: w['gamma'] ?? null,
          beta: w['beta'] ?? null,
          epsilon,
        });
        return transpose(y, inverse(toLast));
      },
      mask: passMask,
    };
  },
});

const inverse = (order: readonly number[]): number[] => order.map((_, i) => order.indexOf(i));

export const unitNormalization: LayerClass = defineLayer({
  classes: ['UnitNormalization'],
  create: (o) => {
    const axes = o.integers('axis', [-1]);
    const normalize = (x: Tensor): Tensor => unitNorm(x, axes, 1e-24); // Keras bounds the norm at 1e-12
    return { call: ([x]) => normalize(x!), mask: passMask };
  },
});
