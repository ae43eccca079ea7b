/**
 * Pictures that are changed at random in training: RandomFlip, RandomCrop, RandomBrightness and RandomContrast, as Keras 3.15 and tf_keras 2.21 do it. Keras 3 turns
 * a picture along both axes or along none, and gives each its own contrast; tf_keras draws per axis, and one contrast for the batch.
 */
import { add, lessEqual, mul, sub, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { mean } from '../../ops/reduce.ts';
import { reverse } from '../../ops/slicing.ts';
import { cast, clip } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { arange, type Tensor } from '../../tensor/tensor.ts';
import type { Options } from '../layers/options.ts';
import type { TrainedCall, TrainingRule } from './rule.ts';

/** Axes of height and width, and a shape with one number per picture. */
export function geometry({ options: o, inputs: [x] }: TrainedCall): { height: number; width: number; each: number[] } {
  if (x!.rank !== 4) throw failure(o.subject, 'pictures are [batch, height, width, channels]', { input: x!.shape });
  const first = o.channelsFirst;
  return { height: first ? 2 : 1, width: first ? 3 : 2, each: [x!.shape[0]!, 1, 1, 1] };
}

/**
 * Two numbers, rising; one stands for what lies as far below 0 as above, within `least`. What must overlap `least` to `most` is checked where `most` is
 * given, as Keras does.
 */
export function range(o: Options, least: number, most = Infinity, fallback?: number): [number, number] {
  return pair(o, 'factor', o.raw('factor') ?? fallback, least, most);
}

/** An option of shares from 0 to 1, likewise. */
export const share = (o: Options, key: string, fallback: readonly [number, number]): [number, number] =>
  pair(o, key, o.raw(key) ?? fallback, 0, 1);

function pair(
  o: Options,
  key: string,
  value: ReturnType<Options['raw']> | readonly number[],
  least: number,
  most: number,
): [number, number] {
  if (typeof value === 'number' && (most === Infinity || (value >= least && value <= most)))
    return [Math.max(-Math.abs(value), least), Math.abs(value)];
  const fits = Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === 'number');
  const overlaps = fits && (most === Infinity || ((value[0] as number) <= most && (value[1] as number) >= least));
  const wanted = `a number or two${most === Infinity ? '' : `, from ${least} to ${most}`}`;
  if (!overlaps) throw o.wrong(key, value, wanted);
  return [...(value as number[])].sort((a, b) => a - b) as [number, number];
}

export function bounds(o: Options): [number, number] {
  const value = o.raw('value_range') ?? [0, 255];
  const fits = Array.isArray(value) && value.length === 2 && value.every((v) => typeof v === 'number');
  if (!fits) throw o.wrong('value_range', value, 'two numbers');
  return value as [number, number];
}

export const between = (u: Tensor, low: number, high: number): Tensor => add(mul(u, high - low), low);

export const randomFlip: TrainingRule = (call) => {
  const { options: o, inputs, context, layer } = call;
  const { height, width, each } = geometry(call);
  const mode = o.choice('mode', ['horizontal', 'vertical', 'horizontal_and_vertical'], 'horizontal_and_vertical');
  const draw = (): Tensor => lessEqual(context.uniform(each), 0.5);
  const shared = layer.dialect.major === 3 ? draw() : null;
  const axes = [...(mode === 'vertical' ? [] : [width]), ...(mode === 'horizontal' ? [] : [height])];
  return axes.reduce((x, axis) => where(shared ?? draw(), reverse(x, [axis]), x), inputs[0]!);
};

export const randomBrightness: TrainingRule = (call) => {
  const { options: o, inputs, context } = call;
  const { each } = geometry(call);
  const [[low, high], [from, to]] = [range(o, -1), bounds(o)];
  return clip(add(inputs[0]!, mul(between(context.uniform(each), low, high), to - from)), from, to);
};

export const randomContrast: TrainingRule = (call) => {
  const { options: o, inputs, context, layer } = call;
  const x = inputs[0]!;
  const { height, width, each } = geometry(call);
  const modern = layer.dialect.major === 3;
  const given = o.raw('factor');
  const [below, above] = typeof given === 'number' && !modern ? [given, given] : range(o, 0);
  const [from, to] = modern ? bounds(o) : [0, 255];
  const factor = between(context.uniform(modern ? each : [1, 1, 1, 1]), 1 - below, 1 + above);
  const centre = mean(x, { axes: [height, width], keepDims: true });
  return clip(add(mul(sub(x, centre), factor), centre), from, to);
};

/**
 * One place for all pictures of a batch. Keras 3 takes a place at random only where there is more than it needs on both axes, tf_keras also where there
 * is just enough; what is smaller is done as at inference by tf_keras, and refused of Keras 3, which cuts from the middle and stretches the rest.
 */
export const randomCrop: TrainingRule = (call) => {
  const { options: o, inputs, context, layer } = call;
  const x = inputs[0]!;
  const { height, width } = geometry(call);
  const axes = [height, width] as const;
  const size = [o.count('height'), o.count('width')] as const;
  const spare = axes.map((axis, i) => x.shape[axis]! - size[i]!);
  if (spare.every((by) => by === 0)) return x;
  if (layer.dialect.major < 3 && spare.some((by) => by < 0)) return null;
  if (layer.dialect.major >= 3 && spare.some((by) => by <= 0)) {
    const hint = 'a crop in training takes pictures that are larger on both axes';
    throw failure(o.subject, 'RandomCrop has nothing to choose from', { picture: x.shape, crop: size }, hint);
  }
  return axes.reduce((y, axis, i) => {
    // `u` is below 1, but its product may round up to the whole: the last place is the last.
    const first = clip(cast(mul(context.uniform([1]), spare[i]! + 1), 'int32'), 0, spare[i]!);
    return gather(y, add(arange(size[i]!, 'int32'), reshape(first, [1])), axis);
  }, x);
};
