/** Operations of `keras.ops.nn` and `keras.ops.image`: convolutions, pooling, losses, normalization, attention. Channels come last. */
import { add, div, mul, neg, sub, where } from '../../ops/binary.ts';
import { conv1d, conv2d, depthwiseConv, separableConv } from '../../ops/conv.ts';
import { einsum } from '../../ops/einsum.ts';
import { oneHot } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { batchNorm, layerNorm } from '../../ops/normalization.ts';
import { avgPool, maxPool } from '../../ops/pool.ts';
import { max, mean, sum } from '../../ops/reduce.ts';
import { pad, slice } from '../../ops/slicing.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { cast, clip, log, rsqrt, softplus, square } from '../../ops/unary.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type OpArguments, type OperationRule, rule } from './arguments.ts';
import { floatOf } from './elementwise.ts';

const channelsLast = (a: OpArguments): void => {
  if (a.text('data_format', 'channels_last') !== 'channels_last') throw a.wrong('data_format', "'channels_last'");
};
const paddingOf = (a: OpArguments): 'same' | 'valid' => {
  const padding = a.text('padding', 'valid').toLowerCase();
  if (padding !== 'same' && padding !== 'valid') throw a.wrong('padding', "'same' or 'valid'");
  return padding;
};
/** One number stands for all axes. */
const perAxis = (given: readonly number[] | undefined, axes: number): number[] | undefined =>
  given && (given.length === 1 ? new Array<number>(axes).fill(given[0]!) : [...given]);

const CONV = 'strides padding data_format dilation_rate';

function convolved(
  params: string,
  f: (x: Tensor, kernel: Tensor, options: object, a: OpArguments) => Tensor,
): OperationRule {
  return rule(params, (a) => {
    channelsLast(a);
    const [x, kernel] = [
      floatOf(a, 'inputs'),
      floatOf(a, a.get('kernel') === undefined ? 'depthwise_kernel' : 'kernel'),
    ];
    const [stride, dilation] = [a.integers('strides'), a.integers('dilation_rate')].map((v) => perAxis(v, x.rank - 2));
    const options = { padding: paddingOf(a), ...(stride && { stride }), ...(dilation && { dilation }) };
    return f(x, kernel, options, a);
  });
}

const pooled = (pool: typeof maxPool): OperationRule =>
  rule('inputs pool_size strides padding data_format', (a) => {
    channelsLast(a);
    const x = floatOf(a, 'inputs');
    const size = perAxis(a.integers('pool_size'), x.rank - 2)!;
    const stride = perAxis(a.integers('strides'), x.rank - 2);
    return pool(x, { window: size, stride: stride ?? size, padding: paddingOf(a) });
  });

const floor = 1e-7;
const bounded = (x: Tensor): Tensor => clip(x, floor, 1 - floor);

/** Of probabilities, divided by their sum, or of scores. */
function crossEntropies(a: OpArguments, output: Tensor, axis: number): Tensor {
  if (a.flag('from_logits')) return logSoftmax(output, axis);
  return log(bounded(div(output, sum(output, { axes: axis, keepDims: true }))));
}

function binaryCrossEntropy(a: OpArguments): Tensor {
  const [target, output] = [floatOf(a, 'target'), floatOf(a, 'output')];
  if (a.flag('from_logits')) return sub(softplus(output), mul(target, output));
  const p = bounded(output);
  return neg(add(mul(target, log(p)), mul(sub(1, target), log(sub(1, p)))));
}

/** `[batch, positions, heads, size]` for each of query, key and value; heads of the query may share those of the key. */
function attention(a: OpArguments): Tensor {
  const [query, key, value] = [floatOf(a, 'query'), floatOf(a, 'key'), floatOf(a, 'value')];
  if (query.shape[2] !== key.shape[2]) throw a.wrong('key', 'as many heads as the query');
  const given = a.get('scale') === undefined ? 1 / Math.sqrt(query.shape[3]!) : a.number('scale');
  let scores = mul(einsum('btnh,bsnh->bnts', query, key), given);
  if (a.get('attn_logits_soft_cap') !== undefined) throw a.wrong('attn_logits_soft_cap', 'nothing');
  if (a.get('bias') !== undefined) scores = add(scores, floatOf(a, 'bias'));
  if (a.get('mask') !== undefined) scores = where(cast(a.tensor('mask'), 'bool'), scores, -1e30);
  if (a.flag('is_causal')) {
    const [t, s] = scores.shape.slice(-2) as [number, number];
    const seen = Array.from({ length: t * s }, (_, i) => Number(i % s <= Math.floor(i / s)));
    scores = where(tensor(seen, [t, s], 'bool'), scores, -1e30);
  }
  return einsum('bnts,bsnh->btnh', softmax(scores, -1), value);
}

function normalized(a: OpArguments): Tensor {
  const x = floatOf(a, 'x');
  if (a.flag('rms_scaling')) throw a.wrong('rms_scaling', 'false');
  const axes = (a.integers('axis') ?? [-1]).map((axis) => normalizeAxis(a.subject, axis, x.rank));
  const [gamma, beta] = ['gamma', 'beta'].map((name) => (a.get(name) === undefined ? undefined : floatOf(a, name)));
  return layerNorm(x, { axes, epsilon: a.number('epsilon', 1e-7), ...(gamma && { gamma }), ...(beta && { beta }) });
}

/** Parameters of one axis, laid along it. */
function along(a: OpArguments, name: string, x: Tensor): Tensor | undefined {
  if (a.get(name) === undefined) return undefined;
  const axis = normalizeAxis(a.subject, a.number('axis', -1), x.rank);
  const value = floatOf(a, name);
  return reshape(
    value,
    x.shape.map((_, i) => (i === axis ? value.size : 1)),
  );
}

/** Sizes before and after height and width; the third of three that fit together may be missing. */
function margins(a: OpArguments, sign: 1 | -1): [number, number][] {
  const x = a.tensor('images');
  const names = sign === 1 ? 'padding' : 'cropping';
  const pairs = [
    ['top', 'bottom', 'target_height', x.shape.at(-3)!],
    ['left', 'right', 'target_width', x.shape.at(-2)!],
  ] as const;
  return pairs.map(([before, after, target, size]) => {
    const at = (name: string): number | undefined => (a.get(name) === undefined ? undefined : a.number(name));
    const [first, last, wanted] = [at(`${before}_${names}`), at(`${after}_${names}`), at(target)];
    const all = wanted === undefined ? undefined : sign * (wanted - size);
    return [first ?? (all ?? 0) - (last ?? 0), last ?? (all ?? 0) - (first ?? 0)];
  });
}

const IMAGE = 'target_height target_width data_format';

export const neural: Readonly<Record<string, OperationRule>> = {
  conv: convolved(`inputs kernel ${CONV}`, (x, kernel, options) => {
    const groups = x.shape.at(-1)! / kernel.shape.at(-2)!;
    return (x.rank === 3 ? conv1d : conv2d)(x, kernel, { ...options, groups });
  }),
  depthwise_conv: convolved(`inputs kernel ${CONV}`, (x, kernel, options) => depthwiseConv(x, kernel, options)),
  separable_conv: convolved(`inputs depthwise_kernel pointwise_kernel ${CONV}`, (x, kernel, options, a) =>
    separableConv(x, kernel, floatOf(a, 'pointwise_kernel'), options),
  ),
  max_pool: pooled(maxPool),
  average_pool: pooled(avgPool),
  binary_crossentropy: rule('target output from_logits', binaryCrossEntropy),
  categorical_crossentropy: rule('target output from_logits axis', (a) => {
    const [target, output, axis] = [floatOf(a, 'target'), floatOf(a, 'output'), a.number('axis', -1)];
    return neg(sum(mul(target, crossEntropies(a, output, axis)), { axes: axis }));
  }),
  sparse_categorical_crossentropy: rule('target output from_logits axis', (a) => {
    if (a.number('axis', -1) !== -1) throw a.wrong('axis', '-1');
    const [target, output] = [a.tensor('target'), floatOf(a, 'output')];
    const shares = a.flag('from_logits') ? logSoftmax(output, -1) : crossEntropies(a, output, -1);
    const ids = target.rank === output.rank ? reshape(target, target.shape.slice(0, -1)) : target;
    return neg(sum(mul(oneHot(ids, output.shape.at(-1)!, output.dtype as 'float32'), shares), { axes: -1 }));
  }),
  multi_hot: rule('inputs|x num_classes|num_tokens axis dtype sparse', (a) => {
    if (a.number('axis', -1) !== -1) throw a.wrong('axis', '-1');
    const x = a.tensor('inputs');
    const hot = oneHot(x, a.number('num_classes'), a.dtype);
    return x.rank > 1 ? max(hot, { axes: x.rank - 1 }) : hot;
  }),
  batch_norm: rule('x mean variance offset scale axis epsilon', (a) => {
    const x = floatOf(a, 'x');
    const [centre, variance, beta, gamma] = ['mean', 'variance', 'offset', 'scale'].map((name) => along(a, name, x));
    const parameters = { mean: centre!, variance: variance!, epsilon: a.number('epsilon', 1e-3) };
    return batchNorm(x, { ...parameters, ...(beta && { beta }), ...(gamma && { gamma }) });
  }),
  layer_norm: rule('x gamma beta axis epsilon rms_scaling', normalized),
  rms_norm: rule('x scale axis epsilon', (a) => {
    const x = floatOf(a, 'x');
    const axes = (a.integers('axis') ?? [-1]).map((axis) => normalizeAxis(a.subject, axis, x.rank));
    const epsilon = a.number('epsilon', x.dtype === 'float64' ? 2.220446049250313e-16 : 1.1920929e-7);
    const y = mul(x, rsqrt(add(mean(square(x), { axes, keepDims: true }), epsilon)));
    return a.get('scale') === undefined ? y : mul(y, floatOf(a, 'scale'));
  }),
  psnr: rule('x1 x2 max_val', (a) => {
    const error = mean(square(sub(floatOf(a, 'x1'), floatOf(a, 'x2'))));
    return sub(20 * Math.log10(a.number('max_val')), mul(log(error), 10 / Math.LN10));
  }),
  dot_product_attention: rule(
    'query key value bias mask scale is_causal flash_attention attn_logits_soft_cap',
    attention,
  ),
  rgb_to_grayscale: rule('images data_format', (a) => {
    channelsLast(a);
    const weights = tensor([0.2989, 0.587, 0.114], [3]);
    const x = floatOf(a, 'images');
    return sum(mul(x, cast(weights, x.dtype)), { axes: -1, keepDims: true });
  }),
  pad_images: rule(`images top_padding left_padding bottom_padding right_padding ${IMAGE}`, (a) => {
    channelsLast(a);
    const x = a.tensor('images');
    return pad(x, [...(x.rank === 4 ? [[0, 0] as const] : []), ...margins(a, 1), [0, 0]]);
  }),
  crop_images: rule(`images top_cropping left_cropping bottom_cropping right_cropping ${IMAGE}`, (a) => {
    channelsLast(a);
    const x = a.tensor('images');
    const [rows, columns] = margins(a, -1) as [[number, number], [number, number]];
    const [h, w] = [x.rank - 3, x.rank - 2];
    return slice(x, { [h]: [rows[0], x.shape[h]! - rows[1]], [w]: [columns[0], x.shape[w]! - columns[1]] });
  }),
};
