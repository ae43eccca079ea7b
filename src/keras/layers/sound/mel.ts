/**
 * From the bins of a spectrum to bands that are equally wide on the mel scale: triangles with a peak of 1, straight in mel and not in hertz.
 * Keras makes the matrix in float32 whatever the layer computes in, and differences of large mels lose digits there; so every step is
 * rounded as it rounds. Source: `linear_to_mel_weight_matrix` of Keras 3.15, which follows the Hidden Markov Model Toolkit.
 */
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';

export interface MelBands {
  /** Samples per second. */
  readonly rate: number;
  readonly count: number;
  /** The lowest band's lower and the highest band's upper edge in hertz. */
  readonly low: number;
  readonly high: number;
}

const { fround } = Math;

/** `count` numbers from `from` to `to` as TensorFlow's float32 has them. */
function spaced(from: number, to: number, count: number): Float32Array {
  const delta = fround(fround(to - from) / fround(Math.max(count - 1, 1)));
  const values = Float32Array.from({ length: count }, (_, i) => fround(from + fround(delta * i)));
  if (count > 1) values[count - 1] = to;
  return values;
}

const mel = (hertz: number): number => fround(1127 * fround(Math.log(fround(1 + fround(hertz / 700)))));

/** `[bins, bands.count]`, row by row; the first bin, which is no sound, is in no band. */
export function melMatrix(subject: string, bins: number, bands: MelBands): Float32Array {
  checkSize(subject, [bins, bands.count], TABLE_LIMIT);
  const { rate, count, low, high } = bands;
  const edges = spaced(mel(fround(low)), mel(fround(high)), count + 2);
  const hertz = spaced(0, fround(rate / 2), bins);
  const matrix = new Float32Array(bins * count);
  for (let bin = 1; bin < bins; bin++) {
    const at = mel(hertz[bin]!);
    for (let band = 0; band < count; band++) {
      const [lower, centre, upper] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
      const rising = fround(fround(at - lower) / fround(centre - lower));
      const falling = fround(fround(upper - at) / fround(upper - centre));
      matrix[bin * count + band] = Math.max(0, Math.min(rising, falling));
    }
  }
  return matrix;
}
