/**
 * Pictures that are moved at random in training: RandomRotation, RandomZoom, RandomTranslation, RandomShear and RandomPerspective, each picture by draws of its own.
 * As Keras 3.15 and tf_keras 2.21 do it, which draw from the same distributions; the matrix of each is their `_get_..._matrix`.
 */
import { add, div, less, mul, sub, where } from '../../ops/binary.ts';
import { slice } from '../../ops/slicing.ts';
import { cast, cos, sin } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { inLayout } from '../layers/layout.ts';
import type { Options } from '../layers/options.ts';
import { between, geometry, range } from './pictures.ts';
import type { TrainedCall, TrainingRule } from './rule.ts';
import { fillModes, interpolations, type Places, warp } from './warp.ts';

/** Two numbers, rising; one stands for what lies as far below 0 as above. */
function span(o: Options, key: string, least: number, most: number): [number, number] {
  const value = o.raw(key) ?? (key === 'x_factor' || key === 'y_factor' ? 0 : undefined);
  const given = typeof value === 'number' ? [-Math.abs(value), Math.abs(value)] : value;
  const fits = Array.isArray(given) && given.length === 2;
  if (!fits || !given.every((v) => typeof v === 'number' && v >= least && v <= most))
    throw o.wrong(key, value, `a number or two, from ${least} to ${most}`);
  return [...(given as number[])].sort((a, b) => a - b) as [number, number];
}

interface Size {
  readonly height: number;
  readonly width: number;
}

type Drawn = (low: number, high: number) => Tensor;

/** A rule from where each picture's points come from. */
function moved(placesOf: (o: Options, draw: Drawn, size: Size) => Places): TrainingRule {
  return ({ options: o, inputs, context }: TrainedCall) => {
    const [x] = inputs;
    if (x!.rank !== 4) throw failure(o.subject, 'pictures are [batch, height, width, channels]', { input: x!.shape });
    const options = {
      fillMode: o.choice('fill_mode', fillModes, 'reflect'),
      interpolation: o.choice('interpolation', interpolations, 'bilinear'),
      fillValue: o.number('fill_value', 0),
    };
    const draw: Drawn = (low, high) => add(mul(context.uniform([x!.shape[0]!, 1, 1]), high - low), low);
    const run = inLayout(o.channelsFirst, (y) => {
      const [, height, width] = y.shape as [number, number, number];
      return warp(y, placesOf(o, draw, { height, width }), options);
    });
    return run(cast(x!, o.computeType));
  };
}

/** About the middle, by a share of a whole turn. */
export const randomRotation: TrainingRule = moved((o, draw, { height, width }) => {
  const [low, high] = span(o, 'factor', -Infinity, Infinity);
  const angle = draw(low * 2 * Math.PI, high * 2 * Math.PI);
  const [c, s] = [cos(angle), sin(angle)];
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return [c, mul(s, -1), sub(add(mul(s, y), x), mul(c, x)), s, c, sub(sub(y, mul(s, x)), mul(c, y))];
});

/** About the middle; above 1 is farther away. Both axes by one number where the width has none of its own. */
export const randomZoom: TrainingRule = moved((o, draw, { height, width }) => {
  const by = (key: string): Tensor => {
    const [low, high] = span(o, key, -1, key === 'width_factor' && o.dialect.major < 3 ? Infinity : 1);
    return draw(1 + low, 1 + high);
  };
  const y = by('height_factor');
  const x = (o.raw('width_factor') ?? null) === null ? y : by('width_factor');
  const rest = (zoom: Tensor, size: number): Tensor => mul(sub(1, zoom), (size - 1) / 2);
  return [x, 0, rest(x, width), 0, y, rest(y, height)];
});

/** Down and to the right, by shares of the size. */
export const randomTranslation: TrainingRule = moved((o, draw, { height, width }) => {
  const by = (key: string, size: number): Tensor => {
    const [low, high] = span(o, key, -1, 1);
    return mul(draw(low, high), -size);
  };
  const y = by('height_factor', height);
  return [1, 0, by('width_factor', width), 0, 1, y];
});

/** Lines are shifted by their distance from the first; half of the pictures the other way. */
export const randomShear: TrainingRule = moved((o, draw) => {
  const sign = sub(mul(cast(less(draw(0, 1), 0.5), o.computeType), 2), 1);
  const by = (key: string): Tensor => {
    const [low, high] = span(o, key, -1, 1);
    return mul(draw(low, high), sign);
  };
  const y = by('y_factor');
  return [1, by('x_factor'), 0, y, 1, 0];
});

/**
 * The corners move by shares of their distance from the first, which stays. What maps the moved corners back to where they were is Keras's homography;
 * with widths and heights as 1 its eight equations have a closed form: (p, 0) goes to (1, 0), (0, q) to (0, 1) and (r, s) to (1, 1).
 */
export const randomPerspective: TrainingRule = (call) => {
  const { options: o, inputs, context } = call;
  const { each } = geometry(call);
  const [low, high] = range(o, 0, 1, 1);
  const scale = o.number('scale', 1);
  if (scale < 0 || scale > 1) throw o.wrong('scale', scale, 'from 0 to 1');
  const options = {
    fillMode: 'constant' as const,
    interpolation: o.choice('interpolation', interpolations, 'bilinear'),
    fillValue: o.number('fill_value', 0),
  };
  const x = cast(inputs[0]!, o.computeType);
  const chance = between(context.uniform(each), low, high);
  const changed = less(context.uniform(each), chance);
  const corners = add(between(context.uniform([each[0]!, 4, 2]), -0.5 * scale, 0.5 * scale), 1);
  const at = (corner: number, axis: number): Tensor => slice(corners, { 1: [corner, corner + 1], 2: [axis, axis + 1] });
  const [p, q, r, s] = [at(1, 0), at(2, 1), at(3, 0), at(3, 1)];
  const seen = inLayout(o.channelsFirst, (y) => {
    const [, height, width] = y.shape as [number, number, number];
    if (height < 2 || width < 2)
      throw failure(o.subject, 'a picture of one line has no perspective', { height, width });
    const [c, d] = [div(sub(div(s, q), 1), r), div(sub(div(r, p), 1), s)];
    const [a, b] = [add(c, div(1, p)), add(d, div(1, q))];
    return warp(y, [a, 0, 0, 0, b, 0, div(c, width - 1), div(d, height - 1)], options);
  });
  return where(changed, seen(x), x);
};
