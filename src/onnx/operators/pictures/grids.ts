/** Reading pictures at computed places. Source: Operators.md of ONNX 1.22 (GridSample, AffineGrid). Gradients reach the picture and the places. */

import { add, div, greaterEqual, lessEqual, logicalAnd, mul, sub, where } from '../../../ops/binary.ts';
import { gather } from '../../../ops/indexing.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reshape } from '../../../ops/movement.ts';
import { slice } from '../../../ops/slicing.ts';
import { abs, cast, clip, floor, round } from '../../../ops/unary.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../../operator.ts';
import { channelsFirst, channelsLast } from '../layout.ts';
import { at, constantsOf, fail, integer, subjectOf, text } from '../support.ts';

/** Neighbours of every place along one axis: an index (a whole float) and its weight. */
type Neighbours = readonly { readonly place: Tensor; readonly weight: Tensor | null }[];

/** Folded back at both ends as often as needed. */
function reflected(x: Tensor, size: number, corners: boolean): Tensor {
  const [low, span] = corners ? [0, size - 1] : [-0.5, size];
  if (span === 0) return mul(x, 0);
  const from = abs(sub(x, low));
  const turns = floor(div(from, span));
  const rest = sub(from, mul(turns, span));
  const odd = sub(turns, mul(floor(div(turns, 2)), 2));
  return add(where(greaterEqual(odd, 0.5), sub(span, rest), rest), low);
}

/** Keys's cubic convolution with a = -3/4, at distances 1 + t, t, 1 - t and 2 - t. */
function cubic(t: Tensor): Tensor[] {
  const a = -0.75;
  const near = (d: Tensor): Tensor => add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);
  const far = (d: Tensor): Tensor => sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a);
  return [far(add(t, 1)), near(t), near(sub(1, t)), far(sub(2, t))];
}

function neighbours(mode: string, x: Tensor): Neighbours {
  if (mode === 'nearest') return [{ place: round(x), weight: null }];
  const low = floor(x);
  const t = sub(x, low);
  if (mode === 'cubic') return cubic(t).map((weight, i) => ({ place: add(low, i - 1), weight }));
  return [
    { place: low, weight: sub(1, t) },
    { place: add(low, 1), weight: t },
  ];
}

const modes: Readonly<Record<string, string>> = {
  bilinear: 'linear',
  linear: 'linear',
  nearest: 'nearest',
  bicubic: 'cubic',
  cubic: 'cubic',
};

function sampled(call: OperatorCall): Tensor {
  const [x, grid] = [at(call, 0), at(call, 1)];
  const space = x.shape.slice(2);
  const mode = modes[text(call, 'mode', 'linear')];
  const padding = text(call, 'padding_mode', 'zeros');
  const corners = integer(call, 'align_corners', 0) === 1;
  if (!mode || !['zeros', 'border', 'reflection'].includes(padding)) {
    throw fail(call, 'unknown mode or padding_mode', { mode: text(call, 'mode', 'linear'), padding_mode: padding });
  }
  if (grid.shape.at(-1) !== space.length || grid.rank !== x.rank) {
    throw fail(call, 'the grid has one coordinate per spatial axis', { input: x.shape, grid: grid.shape });
  }
  const [batch, channels] = [x.shape[0]!, x.shape[1]!];
  const area = space.reduce((n, dim) => n * dim, 1);
  const out = grid.shape.slice(1, -1);
  // The last coordinate of the grid belongs to the first spatial axis.
  const axes = space.map((size, i) => {
    const k = space.length - 1 - i;
    const g = reshape(slice(grid, { [grid.rank - 1]: [k, k + 1] }), [batch, ...out]);
    const spread = corners ? mul(add(g, 1), (size - 1) / 2) : div(sub(mul(add(g, 1), size), 1), 2);
    const place =
      mode === 'cubic' || padding === 'zeros'
        ? spread
        : padding === 'border'
          ? clip(spread, 0, size - 1)
          : clip(reflected(spread, size, corners), 0, size - 1);
    return neighbours(mode, place);
  });
  const table = reshape(channelsLast(x), [batch * area, channels]);
  const start = tensor(
    Array.from({ length: batch }, (_, b) => b * area),
    [batch, ...out.map(() => 1)],
    'int32',
  );
  let total: Tensor | null = null;
  for (const corner of combinations(axes)) {
    let index = start;
    let weight: Tensor | null = null;
    let step = area;
    corner.forEach(({ place, weight: w }, i) => {
      const size = space[i]!;
      step /= size;
      const inside =
        padding === 'reflection' ? clip(reflected(place, size, corners), 0, size - 1) : clip(place, 0, size - 1);
      index = add(index, mul(cast(round(inside), 'int32'), step));
      const shown =
        padding === 'zeros' ? cast(logicalAnd(greaterEqual(place, 0), lessEqual(place, size - 1)), x.dtype) : null;
      for (const factor of [w, shown]) if (factor) weight = weight ? mul(weight, factor) : factor;
    });
    const value = gather(table, index, 0);
    const part: Tensor = weight ? mul(value, reshape(weight, [batch, ...out, 1])) : value;
    total = total ? add(total, part) : part;
  }
  return channelsFirst(total!);
}

/** One neighbour of each axis, in every combination. */
function combinations(axes: readonly Neighbours[]): Neighbours[] {
  return axes.reduce<Neighbours[]>((all, next) => all.flatMap((some) => next.map((one) => [...some, one])), [[]]);
}

/** Places `[batch, ...size, axes]` of an affine map of the unit box. */
function affineGrid(call: OperatorCall): Tensor {
  const [theta, size] = [at(call, 0), constantsOf(call, 1, 'size')];
  const corners = integer(call, 'align_corners', 0) === 1;
  const space = size.slice(2);
  const along = (dim: number, i: number): number =>
    corners ? (dim === 1 ? 0 : (2 * i) / (dim - 1) - 1) : (2 * i + 1) / dim - 1;
  const area = space.reduce((n, dim) => n * dim, 1);
  checkSize(subjectOf(call), [area, space.length + 1], TABLE_LIMIT);
  const points = Array.from({ length: area }, (_, flat) => {
    let rest = flat;
    const place = [...space].reverse().map((dim) => {
      const i = rest % dim;
      rest = Math.floor(rest / dim);
      return along(dim, i);
    });
    return [...place, 1];
  });
  const grid = tensor(points.flat(), [1, area, space.length + 1], theta.dtype);
  return reshape(matmul(grid, theta, { transposeB: true }), [size[0]!, ...space, space.length]);
}

export const grids: Readonly<Record<string, Operator>> = {
  GridSample: (call) => [sampled(call)],
  AffineGrid: (call) => [affineGrid(call)],
};
