/**
 * MelSpectrogram and STFTSpectrogram: sound as pictures of its frequencies. The first transforms windows of the signal itself, the second is
 * a convolution whose kernels, cosines and sines, are weights of the file. Source: `mel_spectrogram.py`, `stft_spectrogram.py` and the
 * `stft` of Keras 3.15 on TensorFlow.
 */
import { add, equal, maximum, mul, pow, sub, where } from '../../../ops/binary.ts';
import { conv1d } from '../../../ops/conv.ts';
import { framed, waves } from '../../../ops/fourier.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reshape, transpose } from '../../../ops/movement.ts';
import { floatOf } from '../../../ops/promote.ts';
import { max } from '../../../ops/reduce.ts';
import { concat, pad, slice } from '../../../ops/slicing.ts';
import { log, sqrt, square } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import { arctan2 } from '../../operations/elementwise-more.ts';
import { defineLayer, type LayerClass, type WeightRule } from '../layer.ts';
import type { Options } from '../options.ts';
import { melMatrix } from './mel.ts';

const DECIBELS = 10 / Math.LN10;
/** `keras.config.epsilon()`, which no file holds. */
const EPSILON = 1e-7;

/** The window's values; null where every sample counts alike. A window is periodic only where its length is even, as TensorFlow has it. */
function windowOption(o: Options, length: number): ArrayLike<number> | null {
  checkSize(o.subject, [length], TABLE_LIMIT);
  const given = o.raw('window');
  if (given === undefined) return null;
  if (Array.isArray(given) && given.length === length && given.every((v) => Number.isFinite(v)))
    return given as number[];
  const share = { hann: 0.5, hamming: 0.54 }[given as 'hann' | 'hamming'];
  if (share === undefined) throw o.wrong('window', given, `hann, hamming, null or ${length} numbers`);
  const turn = length % 2 === 0 ? length : Math.max(length - 1, 1);
  if (length === 1) return [1];
  return Float64Array.from({ length }, (_, i) => share - (1 - share) * Math.cos((2 * Math.PI * i) / turn));
}

/** `|z| ** exponent` from `|z| ** 2`. At silence a root has no slope; 0, and not NaN, is what reaches the signal there. */
function power(squared: Tensor, exponent: number): Tensor {
  if (exponent === 2) return squared;
  const silent = equal(squared, 0);
  return where(silent, 0, pow(where(silent, 1, squared), exponent / 2));
}

export const melSpectrogram: LayerClass = defineLayer({
  classes: ['MelSpectrogram'],
  create: (o) => {
    const n = o.count('fft_length', 2048);
    const [step, length] = [o.count('sequence_stride', 512), o.count('sequence_length', n)];
    if (length > n) throw o.wrong('sequence_length', length, `at most the fft_length, ${n}`);
    const weights = windowOption(o, length) ?? new Float64Array(length).fill(1);
    const rate = o.count('sampling_rate', 16000);
    const bands = {
      rate,
      count: o.count('num_mel_bins', 128),
      low: o.number('min_freq', 20),
      high: o.number('max_freq', Math.trunc(rate / 2)),
    };
    const [decibels, range, exponent] = [o.flag('power_to_db', true), o.number('top_db', 80), o.number('mag_exp', 2)];
    if (!(exponent > 0)) throw o.wrong('mag_exp', exponent, 'a number above 0');
    const [least, reference] = [o.number('min_power', 1e-10), o.number('ref_power', 1)];
    const bins = Math.floor(n / 2) + 1;
    const margin = Math.floor(n / 2);
    const from = Math.floor((n - length) / 2);
    const loud = (x: Tensor): Tensor => {
      const level = sub(
        mul(log(maximum(x, least)), DECIBELS),
        DECIBELS * Math.log(Math.max(Math.abs(reference), least)),
      );
      // Keras takes the loudest of the batch; then a sample's values would depend on those beside it, so it is the sample's own here.
      const loudest = max(level, { axes: level.shape.map((_, i) => i).slice(1), keepDims: true });
      return maximum(level, sub(loudest, range));
    };
    return {
      call: ([x]) => {
        const time = x!.shape.at(-1)!;
        if (x!.rank < 2 || time <= margin) {
          const hint = `it is reflected by ${margin} samples at both ends, half of fft_length`;
          throw failure(o.subject, 'the signal is too short', { signal: x!.shape, fft_length: n }, hint);
        }
        const frames = Math.floor((time + 2 * margin - n) / step) + 1;
        const reflected = (at: number): number => {
          const i = Math.abs(at + from - margin);
          return i < time ? i : 2 * (time - 1) - i;
        };
        const { cos, sin } = waves(o.subject, n, bins, floatOf(o.subject, x!), { rows: length, from, weights });
        const lines = framed(o.subject, x!, frames, length, step, reflected);
        const spectrum = power(add(square(matmul(lines, cos)), square(matmul(lines, sin))), exponent);
        const mel = matmul(spectrum, tensor(melMatrix(o.subject, bins, bands), [bins, bands.count], x!.dtype));
        const order = [...mel.shape.keys()];
        return transpose(decibels ? loud(mel) : mel, [...order.slice(0, -2), mel.rank - 1, mel.rank - 2]);
      },
    };
  },
});

const modes = ['log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'] as const;

export const stftSpectrogram: LayerClass = defineLayer({
  classes: ['STFTSpectrogram'],
  create: (o) => {
    const mode = o.choice('mode', modes, 'log');
    const length = o.count('frame_length', 256);
    const step = o.count('frame_step', Math.max(Math.floor(length / 2), 1));
    const n = o.count('fft_length', 2 ** Math.ceil(Math.log2(length)));
    const padding = o.choice('padding', ['valid', 'same'], 'valid');
    const [first, wide] = [o.channelsFirst, o.flag('expand_dims', false)];
    o.ignore('window', 'periodic', 'scaling'); // they made the kernels, which the file holds
    const bins = Math.floor(n / 2) + 1;
    const kernel = (name: string): WeightRule => ({ name, shape: [length, 1, bins] });

    /** `[batch, channels, bins, frames]`. */
    const transformed = (x: Tensor, w: Tensor): Tensor => {
      const [batch, channels, time] = x.shape as [number, number, number];
      const y = conv1d(reshape(x, [batch * channels, time, 1]), w, { stride: step, padding });
      return transpose(reshape(y, [batch, channels, y.shape[1]!, bins]), [0, 1, 3, 2]);
    };
    const value = (real: Tensor | null, imaginary: Tensor | null): Tensor => {
      if (!real || !imaginary) return (real ?? imaginary)!;
      if (mode === 'angle') return arctan2(imaginary, real);
      if (mode === 'stft') return concat([real, imaginary], 2);
      const squared = add(square(real), square(imaginary));
      // All bins but the first and the last stand for two of the whole spectrum.
      if (mode === 'psd')
        return add(
          squared,
          pad(slice(squared, { 2: [1, -1] }), [
            [0, 0],
            [0, 0],
            [1, 1],
            [0, 0],
          ]),
        );
      const magnitude = sqrt(maximum(squared, EPSILON));
      return mode === 'log' ? log(maximum(magnitude, EPSILON)) : magnitude;
    };
    return {
      rank: 3,
      weights: () => [
        ...(mode === 'imag' ? [] : [kernel('real_kernel')]),
        ...(mode === 'real' ? [] : [kernel('imag_kernel')]),
      ],
      call: ([x], w) => {
        const signal = first ? x! : transpose(x!, [0, 2, 1]);
        const part = (name: string): Tensor | null => (w[name] ? transformed(signal, w[name]) : null);
        const y = value(part('real_kernel'), part('imag_kernel'));
        if (wide) return transpose(y, first ? [0, 1, 3, 2] : [0, 3, 2, 1]);
        const [batch, channels, high, frames] = y.shape as [number, number, number, number];
        const joined = reshape(y, [batch, channels * high, frames]);
        return first ? joined : transpose(joined, [0, 2, 1]);
      },
    };
  },
});
