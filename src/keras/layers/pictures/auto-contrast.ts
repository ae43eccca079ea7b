/**
 * AutoContrast: each channel of each picture stretched to the whole range of values. Unlike the other layers that change pictures it works when a
 * model predicts, too. Source: `auto_contrast.py` of Keras 3.15, which takes axes 1 and 2 for a picture's in any `data_format`.
 */
import { add, div, equal, mul, neg, sub, where } from '../../../ops/binary.ts';
import { max, min } from '../../../ops/reduce.ts';
import { clip } from '../../../ops/unary.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from '../layer.ts';

export type Range = readonly [number, number];

/** From one range of values to another, in Keras's order of steps. */
export function moved(x: Tensor, from: Range, to: Range): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return x;
  return add(mul(div(sub(x, from[0]), from[1] - from[0]), to[1] - to[0]), to[0]);
}

export const autoContrast: LayerClass = defineLayer({
  classes: ['AutoContrast'],
  create: (o) => {
    const given = o.raw('value_range') ?? [0, 255];
    const numbers = Array.isArray(given) ? given.filter((v) => Number.isFinite(v)).sort((a, b) => a - b) : [];
    if (numbers.length !== 2 || numbers[0] === numbers[1]) throw o.wrong('value_range', given, 'two numbers');
    const range = numbers as unknown as Range;
    const bytes: Range = [0, 255];
    o.ignore('bounding_box_format', 'data_format');
    return {
      rank: 4,
      call: ([x]) => {
        const y = moved(x!, range, bytes);
        const [low, high] = [min(y, { axes: [1, 2], keepDims: true }), max(y, { axes: [1, 2], keepDims: true })];
        const span = sub(high, low);
        // A channel of one value has nothing to stretch and stays; dividing by 1 there keeps its gradient a number.
        const flat = equal(span, 0);
        const scale = div(255, where(flat, 1, span));
        const stretched = clip(add(mul(y, scale), mul(neg(low), scale)), 0, 255);
        return where(flat, x!, moved(stretched, bytes, range));
      },
    };
  },
});
