/** Operations that give the same elements in another shape or order. Source: Operators.md of ONNX 1.22. */
import { broadcastTo, reshape, tile, transpose } from '../../ops/movement.ts';
import { concat, slice } from '../../ops/slicing.ts';
import { broadcastShapes, normalizeAxes, normalizeAxis, sizeOf } from '../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { all, at, constantsOf, fail, integer, integers, listed, subjectOf, text } from './support.ts';

const axisOf = (call: OperatorCall, fallback: number, rank: number): number =>
  normalizeAxis(subjectOf(call), integer(call, 'axis', fallback), rank);

/** A size of 0 keeps the input's, unless `allowzero`; one of -1 is what is left. */
function reshaped(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = listed(call, 'shape', 1, 5);
  if (!given) throw fail(call, 'the new shape is missing');
  const keeps = integer(call, 'allowzero', 0) === 0;
  const shape = given.map((dim, i) => (dim === 0 && keeps ? x.shape[i] : dim));
  if (shape.some((dim) => dim === undefined)) {
    throw fail(call, 'a size of 0 keeps an axis that the input lacks', { input: x.shape, shape: given });
  }
  const wanted = shape as number[];
  const known = sizeOf(wanted.filter((dim) => dim !== -1));
  if (known === 0 && x.size === 0)
    return reshape(
      x,
      wanted.map((dim) => (dim === -1 ? 0 : dim)),
    );
  return reshape(x, wanted);
}

function flattened(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = integer(call, 'axis', 1);
  const axis = given < 0 ? given + x.rank : given;
  if (axis < 0 || axis > x.rank) throw fail(call, `axis ${given} is out of range for rank ${x.rank}`);
  return reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

/** Axes are an attribute before opset 13 and an input since. */
function squeezed(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = listed(call, 'axes', 1, 13);
  const axes = given
    ? normalizeAxes(subjectOf(call), given, x.rank)
    : [...x.shape.keys()].filter((i) => x.shape[i] === 1);
  if (axes.some((axis) => x.shape[axis] !== 1)) {
    throw fail(call, 'only axes of size 1 can be dropped', { input: x.shape, axes });
  }
  return reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  );
}

function unsqueezed(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const given = listed(call, 'axes', 1, 13);
  if (!given) throw fail(call, 'axes are missing');
  const rank = x.rank + given.length;
  const axes = normalizeAxes(subjectOf(call), given, rank);
  const rest = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!)),
  );
}

function expanded(call: OperatorCall): Tensor {
  const x = at(call, 0);
  return broadcastTo(x, broadcastShapes(subjectOf(call), x.shape, constantsOf(call, 1, 'shape')));
}

function concatenated(call: OperatorCall): Tensor {
  const xs = all(call);
  return concat(xs, axisOf(call, 1, xs[0]!.rank));
}

/** Into the sizes given, or into equal parts, the last of which may be smaller. */
function split(call: OperatorCall): Tensor[] {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  const dim = x.shape[axis]!;
  const count = integers(call, 'num_outputs') ? 0 : call.wanted.length;
  const parts = integer(call, 'num_outputs', count);
  if (!(parts >= 1 && parts <= Math.max(dim, call.wanted.length))) {
    throw fail(call, 'the number of parts does not fit the axis', { num_outputs: parts, axis, size: dim });
  }
  const each = Math.ceil(dim / parts);
  const equal = (): number[] => Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, dim - i * each)));
  const sizes = listed(call, 'split', 1, 13) ?? equal();
  if (sizes.reduce((n, size) => n + size, 0) !== dim || sizes.some((size) => size < 0)) {
    throw fail(call, 'the parts do not add up to the axis', { axis, size: dim, split: sizes });
  }
  let from = 0;
  return sizes.map((size) => {
    const part = slice(x, { [axis]: [from, from + size] });
    from += size;
    return part;
  });
}

function tiled(call: OperatorCall): Tensor {
  const x = at(call, 0);
  return tile(x, constantsOf(call, 1, 'repeats'));
}

/** Blocks of channels laid out in space; `CRD` counts the block's columns last within a channel, `DCR` first. */
function depthToSpace(call: OperatorCall): Tensor {
  const [x, n] = [at(call, 0), integer(call, 'blocksize')];
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const depth = channels / (n * n);
  if (x.rank !== 4 || n < 1 || !Number.isInteger(depth)) {
    throw fail(call, 'the channels of [batch, channels, height, width] do not divide into blocks', {
      input: x.shape,
      blocksize: n,
    });
  }
  const crd = text(call, 'mode', 'DCR') === 'CRD';
  const blocks = reshape(x, crd ? [batch, depth, n, n, height, width] : [batch, n, n, depth, height, width]);
  const moved = transpose(blocks, crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return reshape(moved, [batch, depth, height * n, width * n]);
}

function spaceToDepth(call: OperatorCall): Tensor {
  const [x, n] = [at(call, 0), integer(call, 'blocksize')];
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (x.rank !== 4 || n < 1 || height % n !== 0 || width % n !== 0) {
    throw fail(call, 'height and width do not divide into blocks', { input: x.shape, blocksize: n });
  }
  const blocks = reshape(x, [batch, channels, height / n, n, width / n, n]);
  return reshape(transpose(blocks, [0, 3, 5, 1, 2, 4]), [batch, channels * n * n, height / n, width / n]);
}

/** The sizes from `start` to `end`, negative counted from behind. */
function shapeOf(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const end = call.attrs.has('end') ? integer(call, 'end') : x.rank;
  const sizes = x.shape.slice(integer(call, 'start', 0), end);
  return tensor([...sizes], [sizes.length], 'int32');
}

export const shaping: Readonly<Record<string, Operator>> = {
  Reshape: (call) => [reshaped(call)],
  Flatten: (call) => [flattened(call)],
  Squeeze: (call) => [squeezed(call)],
  Unsqueeze: (call) => [unsqueezed(call)],
  Transpose: (call) => [transpose(at(call, 0), integers(call, 'perm') ?? undefined)],
  Expand: (call) => [expanded(call)],
  Concat: (call) => [concatenated(call)],
  Split: split,
  Tile: (call) => [tiled(call)],
  DepthToSpace: (call) => [depthToSpace(call)],
  SpaceToDepth: (call) => [spaceToDepth(call)],
  Shape: (call) => [shapeOf(call)],
  Size: (call) => [full([], at(call, 0).size, 'int32')],
  Identity: (call) => [at(call, 0)],
};
