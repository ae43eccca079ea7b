/**
 * Pictures that get other colours or lose a part in training: RandomHue and RandomErasing, as Keras 3.15 does it. Each picture has draws of its own, in
 * Keras's order. Unlike Keras on TensorFlow, whose way back from HSV has none, RandomHue has a gradient by the pictures.
 */
import {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from '../../ops/binary.ts';
import { reshape } from '../../ops/movement.ts';
import { slice, stack } from '../../ops/slicing.ts';
import { abs, cast, clip, sqrt } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { arange, type Tensor, tensor } from '../../tensor/tensor.ts';
import { inLayout } from '../layers/layout.ts';
import { between, bounds, geometry, range, share } from './pictures.ts';
import type { TrainingRule } from './rule.ts';

/** Hue (a turn is 1), saturation and value of red, green and blue from 0 to 1; without a hue it is 0. */
function hsvOf(red: Tensor, green: Tensor, blue: Tensor): readonly [Tensor, Tensor, Tensor] {
  const value = maximum(maximum(red, green), blue);
  const spread = sub(value, minimum(minimum(red, green), blue));
  const coloured = greater(spread, 0);
  const sixth = mul(where(coloured, spread, 1), 6);
  const from = (a: Tensor, b: Tensor, by: number): Tensor => add(div(sub(a, b), sixth), by);
  const [first, second, third] = [from(green, blue, 0), from(blue, red, 2 / 6), from(red, green, 4 / 6)];
  const hue = where(equal(red, value), first, where(equal(green, value), second, third));
  const lit = greater(value, 0);
  return [
    where(coloured, where(less(hue, 0), add(hue, 1), hue), 0),
    where(lit, div(spread, where(lit, value, 1)), 0),
    value,
  ];
}

/** Red, green and blue: the way back. */
function rgbOf(hue: Tensor, saturation: Tensor, value: Tensor): Tensor[] {
  const six = mul(hue, 6);
  const near = (centre: number): Tensor => sub(2, abs(sub(six, centre)));
  const pure = [sub(abs(sub(six, 3)), 1), near(2), near(4)];
  return pure.map((v) => mul(add(sub(1, saturation), mul(saturation, clip(v, 0, 1))), value));
}

/** By up to half a turn, half of the pictures the other way. */
export const randomHue: TrainingRule = (call) => {
  const { options: o, inputs, context } = call;
  const { each } = geometry(call);
  const [[low, high], [from, to]] = [range(o, 0, 1), bounds(o)];
  if (from === to) throw o.wrong('value_range', [from, to], 'two numbers that differ');
  const x = cast(inputs[0]!, o.computeType);
  const channels = x.shape[o.channelsFirst ? 1 : 3];
  if (channels !== 3) throw failure(o.subject, 'hue is of pictures with 3 channels: red, green, blue', { channels });
  const sign = sub(1, mul(cast(greater(context.uniform(each), 0.5), o.computeType), 2));
  const turn = reshape(mul(mul(between(context.uniform(each), low, high), sign), 0.5), [each[0]!, 1, 1]);
  const turned = (pictures: Tensor): Tensor => {
    const shares = div(sub(pictures, from), to - from);
    const at = (channel: number): Tensor =>
      reshape(slice(shares, { 3: [channel, channel + 1] }), pictures.shape.slice(0, 3));
    const [hue, saturation, value] = hsvOf(at(0), at(1), at(2));
    const moved = add(hue, turn);
    const below = where(greater(moved, 1), sub(moved, 1), moved);
    const within = where(less(below, 0), add(below, 1), below);
    return add(mul(clip(stack(rgbOf(within, saturation, value), 3), 0, 1), to - from), from);
  };
  return inLayout(o.channelsFirst, turned)(x);
};

/** A rectangle of a picture is filled: with a number, with one a channel, or with noise. */
export const randomErasing: TrainingRule = (call) => {
  const { options: o, inputs, context } = call;
  const { height, width, each } = geometry(call);
  const x = cast(inputs[0]!, o.computeType);
  const [[low, high], [small, large], [from, to]] = [range(o, 0, 1, 1), share(o, 'scale', [0.02, 0.33]), bounds(o)];
  const count = each[0]!;
  const drawn = sqrt(between(context.uniform([count, 2]), small, large));
  const inside = (axis: number, which: number): Tensor => {
    const size = x.shape[axis]!;
    const length = mul(reshape(slice(drawn, { 1: [which, which + 1] }), each), size);
    const first = mul(reshape(context.uniform([count]), each), sub(size, length));
    const along = x.shape.map((_, i) => (i === axis ? size : 1));
    const place = reshape(arange(size, o.computeType), along);
    return logicalAnd(greaterEqual(place, first), less(place, add(first, length)));
  };
  const across = inside(width, 0);
  const part = logicalAnd(across, inside(height, 1));
  const chance = between(context.uniform(each), low, high);
  const erased = less(context.uniform(each), chance);
  const given = o.raw('fill_value') ?? null;
  const filled = (): Tensor => {
    if (given === null) return mul(context.normal(x.shape), to);
    if (typeof given === 'number') return tensor([given], [1, 1, 1, 1], o.computeType);
    const three = Array.isArray(given) && given.length === 3 && given.every((v) => typeof v === 'number');
    if (!three) throw o.wrong('fill_value', given, 'a number, three or null');
    if (o.channelsFirst || x.shape[3] !== 3) {
      const hint = 'Keras takes one number a channel of pictures [batch, height, width, 3] alone: give one number';
      throw failure(o.subject, "three numbers of 'fill_value' do not fit the pictures", { pictures: x.shape }, hint);
    }
    return tensor(given as number[], [1, 1, 1, 3], o.computeType);
  };
  return where(logicalAnd(part, erased), clip(filled(), from, to), x);
};
