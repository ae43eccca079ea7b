/**
 * The first values of weights. Invariant: what a weight begins with follows from the seed of the model, its path and its initializer alone,
 * on every machine. Sources: Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998, Saxe et al. 2014; fans and scales as Keras 3.15.
 */
import { drawSeed, nameSeed, randomNormal, randomUniform } from '../../graph/random.ts';
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Config } from '../settings.ts';
import { orthogonal } from './orthogonal.ts';

/** How many a weight's elements go in and come out of; for kernels of dense layers over several axes these are named. */
export interface Fans {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** Standard deviation of a normal distribution that is cut at two of its own. */
const CUT = 0.87962566103423978;

/**
 * @param initializer as Keras serialises it, `{class_name, config}`
 * @param seed of this weight; one that the initializer has comes first
 * @param fans which axes go in and which come out; by default as of a convolution's kernel
 */
export function initialValues(
  subject: string,
  initializer: Config,
  shape: Shape,
  seed: number,
  fans?: Fans,
): Float64Array<ArrayBuffer> {
  const { class_name: name, config } = initializer as { readonly class_name: string; readonly config: Config };
  const own = config['seed'];
  const draw = typeof own === 'number' ? drawSeed(own, 0) : seed;
  const size = sizeOf(shape);
  const [number, text] = [(key: string) => Number(config[key]), (key: string) => String(config[key])];
  switch (name) {
    case 'Zeros':
      return new Float64Array(size);
    case 'Ones':
      return new Float64Array(size).fill(1);
    case 'Constant':
      return new Float64Array(size).fill(number('value'));
    case 'RandomNormal':
      return randomNormal(size, draw).map((z) => number('mean') + number('stddev') * z) as Float64Array<ArrayBuffer>;
    case 'TruncatedNormal':
      return truncated(size, draw).map((z) => number('mean') + number('stddev') * z) as Float64Array<ArrayBuffer>;
    case 'RandomUniform':
      return uniform(size, draw, number('minval'), number('maxval'));
    case 'Orthogonal':
      if (shape.length < 2) throw failure(subject, 'Orthogonal needs at least two axes', { shape });
      return orthogonal(shape, draw, number('gain'));
    case 'Identity':
      return identity(subject, shape, number('gain'));
    case 'VarianceScaling':
      return scaled(shape, draw, number('scale'), text('mode'), text('distribution'), fans);
    default: {
      const [, kind, distribution] = /^(Glorot|He|Lecun)(Uniform|Normal)$/.exec(name) ?? [];
      if (!kind) throw failure(subject, `initializer '${name}' is not supported`);
      const mode = kind === 'Glorot' ? 'fan_avg' : 'fan_in';
      return scaled(
        shape,
        draw,
        kind === 'He' ? 2 : 1,
        mode,
        distribution === 'Uniform' ? 'uniform' : 'truncated_normal',
        fans,
      );
    }
  }
}

function scaled(
  shape: Shape,
  seed: number,
  scale: number,
  mode: string,
  distribution: string,
  fans?: Fans,
): Float64Array<ArrayBuffer> {
  const [input, output] = fanSizes(shape, fans);
  const fan = mode === 'fan_in' ? input : mode === 'fan_out' ? output : (input + output) / 2;
  const variance = scale / Math.max(1, fan);
  const size = sizeOf(shape);
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance);
    return uniform(size, seed, -limit, limit);
  }
  const cut = distribution === 'truncated_normal';
  const deviation = Math.sqrt(variance) / (cut ? CUT : 1);
  return (cut ? truncated(size, seed) : randomNormal(size, seed)).map(
    (z) => z * deviation,
  ) as Float64Array<ArrayBuffer>;
}

function fanSizes(shape: Shape, fans?: Fans): [number, number] {
  const product = (axes: readonly number[]): number => axes.reduce((p, axis) => p * shape[axis]!, 1);
  if (fans) return [product(fans.input), product(fans.output)];
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1];
  const window = sizeOf(shape.slice(0, -2));
  return [shape.at(-2)! * window, shape.at(-1)! * window];
}

function uniform(size: number, seed: number, from: number, to: number): Float64Array<ArrayBuffer> {
  const next = randomUniform(seed);
  return Float64Array.from({ length: size }, () => from + (to - from) * next());
}

/** Standard normal numbers, drawn again where they lie beyond 2. */
function truncated(size: number, seed: number): Float64Array<ArrayBuffer> {
  const next = randomUniform(seed);
  const draw = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Float64Array.from({ length: size }, () => {
    let z = draw();
    while (Math.abs(z) > 2) z = draw();
    return z;
  });
}

function identity(subject: string, shape: Shape, gain: number): Float64Array<ArrayBuffer> {
  if (shape.length !== 2) throw failure(subject, 'Identity needs two axes', { shape });
  const [rows, columns] = shape as [number, number];
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = gain;
  return values;
}

/** A seed for the weight at `path`, so that models with a layer more begin with the same values in the others. */
export function seedFor(seed: number, path: string): number {
  return drawSeed(seed, nameSeed(path));
}
