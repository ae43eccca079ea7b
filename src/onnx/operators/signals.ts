/**
 * Fourier transforms as products with matrices of cosines and sines; a complex number is two elements of the last axis. Source: Operators.md of
 * ONNX 1.22 (DFT, STFT, MelWeightMatrix).
 */
import { add, mul, sub } from '../../ops/binary.ts';
import { framed, waves } from '../../ops/fourier.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape, transpose } from '../../ops/movement.ts';
import { floatOf } from '../../ops/promote.ts';
import { concat, pad, reverse, slice } from '../../ops/slicing.ts';
import { checkSize, normalizeAxis, TABLE_LIMIT } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { dtypeNumbered } from './constants.ts';
import { at, constantsOf, fail, integer, maybe, subjectOf } from './support.ts';

interface Complex {
  readonly real: Tensor;
  readonly imaginary: Tensor | null;
}

/** Along the last axis, which has `n` elements; the inverse divides by n. */
function transformed(call: OperatorCall, { real, imaginary }: Complex, count: number, inverse: boolean): Complex {
  const n = real.shape.at(-1)!;
  const { cos, sin } = waves(subjectOf(call), n, count, floatOf(subjectOf(call), real));
  // exp(-i a) = cos a - i sin a, and its conjugate for the way back.
  const turn = (x: Tensor): Tensor => (inverse ? x : mul(x, -1));
  const parts = {
    real: imaginary ? sub(matmul(real, cos), turn(matmul(imaginary, sin))) : matmul(real, cos),
    imaginary: imaginary ? add(matmul(imaginary, cos), turn(matmul(real, sin))) : turn(matmul(real, sin)),
  };
  if (!inverse) return parts;
  return { real: mul(parts.real, 1 / n), imaginary: mul(parts.imaginary, 1 / n) };
}

/** `[..., 1 or 2]` as its two parts; the second is missing where all numbers are real. */
function parts(call: OperatorCall, x: Tensor): Complex {
  const [last, shape] = [x.rank - 1, x.shape.slice(0, -1)];
  if (x.shape[last] === 1) return { real: reshape(x, shape), imaginary: null };
  if (x.shape[last] !== 2)
    throw fail(call, 'the last axis has one element (real) or two (complex)', { input: x.shape });
  const part = (i: number): Tensor => reshape(slice(x, { [last]: [i, i + 1] }), shape);
  return { real: part(0), imaginary: part(1) };
}

function joined({ real, imaginary }: Complex): Tensor {
  const wide = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
  return concat([wide(real), wide(imaginary!)], real.rank);
}

/** Cut or filled up with zeros to `n` elements of the last axis. */
function resized(x: Tensor, n: number): Tensor {
  const dim = x.shape.at(-1)!;
  if (n <= dim) return slice(x, { [x.rank - 1]: [0, n] });
  return pad(
    x,
    x.shape.map((_, i) => [0, i === x.rank - 1 ? n - dim : 0] as const),
  );
}

/** The axis is an attribute before opset 20 and an input since. */
function dft(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = call.opset < 20 ? integer(call, 'axis', 1) : maybe(call, 2) ? constantsOf(call, 2, 'axis')[0]! : -2;
  const axis = normalizeAxis(subjectOf(call), given, x.rank);
  if (axis === x.rank - 1)
    throw fail(call, 'the last axis holds complex numbers and cannot be transformed', { axis: given });
  const [inverse, oneSided] = [integer(call, 'inverse', 0) === 1, integer(call, 'onesided', 0) === 1];
  const halved = inverse && oneSided;
  const n = maybe(call, 1)
    ? constantsOf(call, 1, 'dft_length')[0]!
    : halved
      ? 2 * (x.shape[axis]! - 1)
      : x.shape[axis]!;
  if (!(n >= 1)) throw fail(call, 'the length of the transform is from 1 up', { dft_length: n });
  const order = [...x.shape.slice(0, -1).keys()].filter((i) => i !== axis).concat(axis);
  const back = order.map((_, i) => order.indexOf(i));
  const { real, imaginary } = parts(call, x);
  const half = Math.floor(n / 2) + 1;
  const line = (v: Tensor, sign: number): Tensor => {
    const row = atLeastRows(transpose(v, order));
    return halved ? mirrored(resized(row, half), n, sign) : resized(row, n);
  };
  const input = { real: line(real, 1), imaginary: imaginary && line(imaginary, -1) };
  const y = transformed(call, input, oneSided && !inverse ? half : n, inverse);
  const placed = (v: Tensor): Tensor => transpose(order.length === 1 ? reshape(v, [v.size]) : v, back);
  // What half of a spectrum stands for is real.
  if (halved) return reshape(placed(y.real), [...placed(y.real).shape, 1]);
  return joined({ real: placed(y.real), imaginary: placed(y.imaginary!) });
}

/** The second half of the spectrum of a real signal: the conjugate of the first, from behind. */
function mirrored(x: Tensor, n: number, sign: number): Tensor {
  const last = x.rank - 1;
  const tail = reverse(slice(x, { [last]: [1, n - x.shape[last]! + 1] }), [last]);
  return concat([x, mul(tail, sign)], last);
}

/** A matrix product needs rows. */
const atLeastRows = (x: Tensor): Tensor => (x.rank === 1 ? reshape(x, [1, x.size]) : x);

/** Transforms of windows `frame_step` apart: `[batch, frames, bins, 2]`. */
function stft(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const step = constantsOf(call, 1, 'frame_step')[0]!;
  const window = maybe(call, 2);
  const n = maybe(call, 3) ? constantsOf(call, 3, 'frame_length')[0]! : window?.size;
  if (!n || !(step >= 1)) throw fail(call, 'frame_step, and frame_length or a window are needed', { frame_step: step });
  const time = x.shape[1]!;
  const frames = Math.floor((time - n) / step) + 1;
  if (!(frames >= 1)) throw fail(call, 'the signal is shorter than a frame', { signal: x.shape, frame_length: n });
  const { real, imaginary } = parts(call, x);
  const windowed = (v: Tensor): Tensor => {
    const y = framed(subjectOf(call), v, frames, n, step);
    return window ? mul(y, window) : y;
  };
  const count = integer(call, 'onesided', 1) === 1 ? Math.floor(n / 2) + 1 : n;
  return joined(transformed(call, { real: windowed(real), imaginary: imaginary && windowed(imaginary) }, count, false));
}

/** Triangles of equal width on the mel scale, `[bins, mels]`. */
function melWeights(call: OperatorCall): Tensor {
  const [mels, length, rate, low, high] = [
    'num_mel_bins',
    'dft_length',
    'sample_rate',
    'lower_edge_hertz',
    'upper_edge_hertz',
  ].map((what, i) => constantsOf(call, i, what)[0]!) as [number, number, number, number, number];
  const bins = Math.floor(length / 2) + 1;
  checkSize(subjectOf(call), [bins, mels], TABLE_LIMIT);
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const step = (mel(high) - mel(low)) / (mels + 2);
  const edges = Array.from({ length: mels + 2 }, (_, i) =>
    Math.floor(((length + 1) * (700 * (10 ** ((mel(low) + i * step) / 2595) - 1))) / rate),
  );
  const values = new Float64Array(bins * mels);
  for (let i = 0; i < mels; i++) {
    const [from, peak, to] = edges.slice(i, i + 3) as [number, number, number];
    if (peak === from) values[peak * mels + i] = 1;
    for (let j = from; j <= peak && peak > from; j++) values[j * mels + i] = (j - from) / (peak - from);
    for (let j = peak; j < to; j++) values[j * mels + i] = (to - j) / (to - peak);
  }
  return tensor(values, [bins, mels], dtypeNumbered(call, integer(call, 'output_datatype', 1)));
}

export const signals: Readonly<Record<string, Operator>> = {
  DFT: (call) => [dft(call)],
  STFT: (call) => [stft(call)],
  MelWeightMatrix: (call) => [melWeights(call)],
};
