/** Convolutions, and transposed ones. Kernels are `[out, in / group, ...window]`; transposed ones `[in, out / group, ...window]`. */
import { add } from '../../../ops/binary.ts';
import { conv, convGradInput } from '../../../ops/conv-primitives.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { type Pads, pad, slice } from '../../../ops/slicing.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { channelsFirst, channelsLast } from '../layout.ts';
import { at, constantsOf, fail, integer, integers, maybe, subjectOf } from '../support.ts';
import { autoPad, halves, padsOf, perAxis, windowsOf } from './windows.ts';

/** The spatial axes in front, then the channels in the order that `conv` wants. */
const kernelOf = (w: Tensor): Tensor => transpose(w, [...Array.from({ length: w.rank - 2 }, (_, i) => i + 2), 1, 0]);

function checked(call: OperatorCall, x: Tensor, w: Tensor): readonly number[] {
  const axes = x.rank - 2;
  if (axes < 1 || axes > 3 || w.rank !== x.rank) {
    throw fail(call, 'input and kernel have 1 to 3 spatial axes, the same number', { input: x.shape, kernel: w.shape });
  }
  const window = integers(call, 'kernel_shape') ?? w.shape.slice(2);
  if (window.join() !== w.shape.slice(2).join()) {
    throw fail(call, 'kernel_shape is not that of the kernel', { kernel_shape: window, kernel: w.shape });
  }
  return window;
}

/** `x` and `w` as they come; the result has the channels behind the batch. */
export function convolved(call: OperatorCall, x: Tensor, w: Tensor, bias: Tensor | null): Tensor {
  const window = checked(call, x, w);
  const { strides, dilations, pads } = windowsOf(call, x.shape.slice(2), window);
  const y = conv([channelsLast(x), kernelOf(w)], { strides, dilations, pads, groups: integer(call, 'group', 1) });
  return channelsFirst(bias ? add(y, bias) : y);
}

function transposed(call: OperatorCall): Tensor {
  const [x, w, bias] = [at(call, 0), at(call, 1), maybe(call, 2)];
  const window = checked(call, x, w);
  const axes = window.length;
  const space = x.shape.slice(2);
  const [strides, dilations] = [perAxis(call, 'strides', axes, 1), perAxis(call, 'dilations', axes, 1)];
  const extra = perAxis(call, 'output_padding', axes, 0);
  const groups = integer(call, 'group', 1);
  const mode = autoPad(call);
  const given = integers(call, 'output_shape')?.slice(-axes);
  const reach = window.map((size, i) => (size - 1) * dilations[i]! + 1);
  const whole = space.map((dim, i) => strides[i]! * (dim - 1) + reach[i]!);
  const same = mode.startsWith('SAME');
  const wanted = given ?? (same ? space.map((dim, i) => dim * strides[i]!) : null);
  const pads: Pads = wanted
    ? wanted.map((dim, i) => {
        const total = whole[i]! + extra[i]! - dim;
        // The standard gives the odd one to the front unless the mode is SAME_UPPER.
        return mode === 'SAME_UPPER' ? halves(total, mode) : halves(total, 'SAME_LOWER');
      })
    : mode === 'VALID'
      ? space.map(() => [0, 0] as const)
      : padsOf(call, axes);
  const sizes = whole.map((dim, i) => dim + extra[i]! - pads[i]![0] - pads[i]![1]);
  if (!sizes.every((dim) => Number.isInteger(dim) && dim >= 1)) {
    throw fail(call, 'the result would have no elements', { input: x.shape, kernel: w.shape, sizes });
  }
  const channels = w.shape[1]! * groups;
  const kernel = kernelOf(w);
  const attrs = { strides, dilations, groups };
  const simple = sizes.every((dim, i) => {
    const [before, after] = pads[i]!;
    const count = Math.floor((dim + before + after - reach[i]!) / strides[i]!) + 1;
    return before >= 0 && after >= 0 && count === space[i];
  });
  const scattered = (between: Pads, to: readonly number[]): Tensor =>
    convGradInput([channelsLast(x), kernel], {
      ...attrs,
      pads: between,
      inputShape: [x.shape[0]!, ...to, channels],
    });
  const none = space.map(() => [0, 0] as const);
  const y = simple ? scattered(pads, sizes) : fitted(scattered(none, whole), pads, sizes);
  return channelsFirst(bias ? add(y, bias) : y);
}

/** The whole result cut, or widened with zeros, where paddings are negative or wider than a stride. */
function fitted(y: Tensor, pads: Pads, sizes: readonly number[]): Tensor {
  const around = sizes.map((dim, i) => {
    const before = Math.max(0, -pads[i]![0]);
    return [before, Math.max(0, dim + pads[i]![0] - y.shape[i + 1]!)] as const;
  });
  const wide = pad(y, [[0, 0], ...around, [0, 0]]);
  const cuts = sizes.map((dim, i) => {
    const from = Math.max(0, pads[i]![0]);
    return [i + 1, [from, from + dim] as const] as const;
  });
  return slice(wide, Object.fromEntries(cuts));
}

/** Blocks of columns added where they overlap: the transpose of cutting an image into windows. */
function columnsToImage(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const [image, block] = [constantsOf(call, 1, 'image_shape'), constantsOf(call, 2, 'block_shape')];
  const axes = image.length;
  const count = block.reduce((n, dim) => n * dim, 1);
  const [strides, dilations] = [perAxis(call, 'strides', axes, 1), perAxis(call, 'dilations', axes, 1)];
  const pads = padsOf(call, axes);
  const [batch, channels] = [x.shape[0]!, x.shape[1]! / count];
  const places = image.map(
    (dim, i) => Math.floor((dim + pads[i]![0] + pads[i]![1] - (block[i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1,
  );
  const lanes = transpose(reshape(x, [batch * channels, count, ...places]), [0, ...places.map((_, i) => i + 2), 1]);
  checkSize(subjectOf(call), [count, count], TABLE_LIMIT);
  const identity = Array.from({ length: count * count }, (_, i) => Number(i % (count + 1) === 0));
  const y = convGradInput([lanes, tensor(identity, [...block, 1, count], x.dtype)], {
    strides,
    dilations,
    pads,
    groups: 1,
    inputShape: [batch * channels, ...image, 1],
  });
  return reshape(y, [batch, channels, ...image]);
}

export const convolution: Readonly<Record<string, Operator>> = {
  Conv: (call) => [convolved(call, at(call, 0), at(call, 1), maybe(call, 2))],
  ConvTranspose: (call) => [transposed(call)],
  Col2Im: (call) => [columnsToImage(call)],
};
