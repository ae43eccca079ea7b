/** Operations that move elements, make constants, or look things up. Named as Keras 3's classes in snake case. */
import { gather, oneHot } from '../../ops/indexing.ts';
import { broadcastTo, expandDims, repeat, reshape, stopGradient, tile, transpose } from '../../ops/movement.ts';
import { concat, pad, reverse, slice, stack } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import { checkShape, checkSize, normalizeAxis, sizeOf, TABLE_LIMIT } from '../../tensor/shape.ts';
import { arange, full, Tensor, tensor } from '../../tensor/tensor.ts';
import { dtypeNamed, type OpArguments, type OperationRule, rule } from './arguments.ts';
import { getItem, stridedSlice } from './indexing.ts';

const X = 'x|input|tensor|a|array|inputs';
const AXIS = 'axis|dim|axes';

function reshaped(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const target = a.integers('newshape');
  if (!target) throw a.wrong('newshape', 'a shape');
  const known = sizeOf(target.filter((dim) => dim !== -1));
  const open = target.includes(-1) ? x.size / known : 0;
  if (!Number.isInteger(open) || (open === 0 && known !== x.size)) {
    throw failure(a.subject, 'the elements do not fill the new shape', { input: x.shape, target });
  }
  return reshape(
    x,
    target.map((dim) => (dim === -1 ? open : dim)),
  );
}

function split(a: OpArguments): Tensor[] {
  const x = a.tensor('x');
  const axis = normalizeAxis(a.subject, a.number('axis', 0), x.rank);
  const given = a.integers('parts')!;
  const dim = x.shape[axis]!;
  const single = !Array.isArray(a.get('parts'));
  if (single && (dim % given[0]! !== 0 || !(given[0]! > 0 && given[0]! <= dim)))
    throw failure(a.subject, 'the axis does not divide into equal parts', { input: x.shape, axis, parts: given });
  const sizes = single ? new Array<number>(given[0]!).fill(dim / given[0]!) : withRest(given, dim);
  return pieces(x, axis, sizes);
}

/** TensorFlow's -1 among the sizes is what is left. */
function withRest(sizes: readonly number[], dim: number): number[] {
  const rest = dim - sizes.filter((n) => n >= 0).reduce((n, m) => n + m, 0);
  return sizes.map((n) => (n === -1 ? rest : n));
}

function pieces(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  let from = 0;
  return sizes.map((size) => {
    const part = slice(x, { [axis]: [from, from + size] });
    from += size;
    return part;
  });
}

/** Keras splits at indices where it gets a list. */
function splitAt(a: OpArguments): Tensor[] {
  if (!Array.isArray(a.get('parts'))) return split(a);
  const x = a.tensor('x');
  const axis = normalizeAxis(a.subject, a.number('axis', 0), x.rank);
  const cuts = [0, ...a.integers('parts')!, x.shape[axis]!];
  return pieces(
    x,
    axis,
    cuts.slice(1).map((to, i) => to - cuts[i]!),
  );
}

function padded(a: OpArguments): Tensor {
  const x = a.tensor('x');
  if (a.text('mode', 'constant').toLowerCase() !== 'constant') throw a.wrong('mode', "'constant'");
  const given = a.get('pad_width');
  const value = a.number('constant_values', 0);
  const flat = given instanceof Tensor ? a.numbersOf(given) : (given as number[] | number[][] | number | undefined);
  const all = [flat].flat(2) as number[];
  const pairs = x.shape.map((_, i) => {
    if (all.length === 1) return [all[0]!, all[0]!] as const;
    return (all.length === 2 ? all : [all[2 * i] ?? 0, all[2 * i + 1] ?? 0]) as unknown as readonly [number, number];
  });
  return pad(x, pairs, value);
}

function squeezed(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const given = a.integers('axis');
  const axes = given?.length ? a.axes('axis', x) : [...x.shape.keys()].filter((i) => x.shape[i] === 1);
  if (axes.some((axis) => x.shape[axis] !== 1))
    throw failure(a.subject, 'only axes of size 1 can be dropped', { input: x.shape, axes });
  return reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  );
}

function swapped(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const [i, j] = [a.number('axis1'), a.number('axis2')].map((axis) => normalizeAxis(a.subject, axis, x.rank));
  return transpose(
    x,
    [...x.shape.keys()].map((k) => (k === i ? j! : k === j ? i! : k)),
  );
}

function moved(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const from = a.integers('source')!.map((axis) => normalizeAxis(a.subject, axis, x.rank));
  const to = a.integers('destination')!.map((axis) => normalizeAxis(a.subject, axis, x.rank));
  const order = [...x.shape.keys()].filter((i) => !from.includes(i));
  for (const k of [...to.keys()].sort((p, q) => to[p]! - to[q]!)) order.splice(to[k]!, 0, from[k]!);
  return transpose(x, order);
}

function taken(a: OpArguments, fallback: number | null): Tensor {
  const [x, index] = [a.tensor('x'), cast(a.tensor('indices'), 'int32')];
  const axis = a.get('axis') === undefined ? fallback : a.number('axis');
  // A negative index counts from the end in NumPy; a constant one is settled here.
  const dim = axis === null ? x.size : x.shape[normalizeAxis(a.subject, axis, x.rank)]!;
  const numbers = a.numbersOf(index);
  const settled = numbers
    ? tensor(
        numbers.map((i) => (i < 0 ? i + dim : i)),
        index.shape,
        'int32',
      )
    : index;
  return axis === null ? gather(reshape(x, [x.size]), settled, 0) : gather(x, settled, axis);
}

const filled = (value: number): OperationRule =>
  rule(`${X} dtype`, (a) =>
    full(
      a.tensor('x').shape,
      value,
      a.get('dtype') ? dtypeNamed(a.subject, a.text('dtype'), a.dtype) : a.tensor('x').dtype,
    ),
  );

/** Blocks of space stacked into channels; `[batch, h, w, c]` to `[batch, h/n, w/n, n n c]`. */
function spaceToDepth(a: OpArguments): Tensor {
  const [x, n] = [a.tensor('x'), a.number('block_size')];
  if (a.text('data_format', 'NHWC') !== 'NHWC') throw a.wrong('data_format', "'NHWC'");
  const [batch, h, w, c] = x.shape as [number, number, number, number];
  const blocks = reshape(x, [batch, h / n, n, w / n, n, c]);
  return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [batch, h / n, w / n, n * n * c]);
}

function depthToSpace(a: OpArguments): Tensor {
  const [x, n] = [a.tensor('x'), a.number('block_size')];
  if (a.text('data_format', 'NHWC') !== 'NHWC') throw a.wrong('data_format', "'NHWC'");
  const [batch, h, w, c] = x.shape as [number, number, number, number];
  const blocks = reshape(x, [batch, h, w, n, n, c / (n * n)]);
  return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [batch, h * n, w * n, c / (n * n)]);
}

export const shaping: Readonly<Record<string, OperationRule>> = {
  reshape: rule(`${X} newshape|shape`, reshaped),
  transpose: rule(`${X} axes|perm`, (a) => transpose(a.tensor('x'), a.integers('axes'))),
  swapaxes: rule(`${X} axis1 axis2`, swapped),
  moveaxis: rule(`${X} source destination`, moved),
  concatenate: rule(`xs|values|arrays|inputs ${AXIS}`, (a) => concat(a.tensors('xs'), a.number('axis', 0))),
  stack: rule(`xs|values|x|arrays ${AXIS}`, (a) => stack(a.tensors('xs'), a.number('axis', 0))),
  unstack: rule(`${X} num axis`, (a) => {
    const x = a.tensor('x');
    const axis = normalizeAxis(a.subject, a.number('axis', 0), x.rank);
    const shape = x.shape.filter((_, i) => i !== axis);
    return pieces(x, axis, new Array<number>(x.shape[axis]!).fill(1)).map((part) => reshape(part, shape));
  }),
  split: rule(`${X}|value parts|indices_or_sections axis`, splitAt),
  split_sizes: rule(`x|value|input parts|num_or_size_splits axis|split_dim num`, split),
  expand_dims: rule(`${X} ${AXIS}`, (a) => {
    return (a.integers('axis') ?? [0]).reduce((x, axis) => expandDims(x, axis), a.tensor('x'));
  }),
  squeeze: rule(`${X} axis|squeeze_dims`, squeezed),
  flatten: rule(X, (a) => reshape(a.tensor('x'), [a.tensor('x').size])),
  pad: rule(`${X} pad_width|paddings mode constant_values`, padded),
  tile: rule(`${X} repeats|multiples`, (a) => {
    const [x, counts] = [a.tensor('x'), a.integers('repeats')!];
    return tile(x, [...new Array<number>(Math.max(0, x.rank - counts.length)).fill(1), ...counts]);
  }),
  repeat: rule(`${X} repeats axis`, (a) => {
    const x = a.tensor('x');
    const flat = a.get('axis') === undefined;
    return repeat(flat ? reshape(x, [x.size]) : x, a.number('repeats'), flat ? 0 : a.number('axis'));
  }),
  broadcast_to: rule(`${X} shape`, (a) => broadcastTo(a.tensor('x'), a.integers('shape')!)),
  flip: rule(`${X} ${AXIS}`, (a) => reverse(a.tensor('x'), a.axes('axis', a.tensor('x')))),
  get_item: rule(`${X} key|slice_spec`, (a) => getItem(a, a.tensor('x'), a.get('key') ?? null)),
  strided_slice: rule(
    'x|input begin end strides begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask',
    stridedSlice,
  ),
  slice: rule(`${X} start_indices|begin shape|size`, (a) => {
    const [x, start, size] = [a.tensor('x'), a.integers('start_indices')!, a.integers('shape')!];
    return slice(
      x,
      Object.fromEntries(start.map((from, i) => [i, [from, size[i] === -1 ? x.shape[i]! : from + size[i]!] as const])),
    );
  }),
  take: rule(`${X} indices axis`, (a) => taken(a, null)),
  gather: rule(`x|params indices axis`, (a) => taken(a, 0)),
  one_hot: rule('x|indices num_classes|depth on_value off_value axis dtype', (a) => {
    if (a.number('axis', -1) !== -1) throw a.wrong('axis', '-1');
    if (a.number('on_value', 1) !== 1 || a.number('off_value', 0) !== 0)
      throw a.wrong('on_value', '1, and 0 for off_value');
    checkSize(a.subject, [a.number('num_classes')], TABLE_LIMIT);
    return oneHot(a.tensor('x'), a.number('num_classes'), a.dtype);
  }),
  shape: rule(X, (a) => tensor([...a.tensor('x').shape], undefined, 'int32')),
  size: rule(X, (a) => full([], a.tensor('x').size, 'int32')),
  rank: rule(X, (a) => full([], a.tensor('x').rank, 'int32')),
  zeros_like: filled(0),
  ones_like: filled(1),
  full_like: rule(`${X} fill_value dtype`, (a) =>
    full(a.tensor('x').shape, a.number('fill_value'), a.tensor('x').dtype),
  ),
  fill: rule('dims value', (a) =>
    full(checkShape(a.subject, a.integers('dims')!, TABLE_LIMIT), a.number('value'), a.dtype),
  ),
  arange: rule('start stop step', (a) => {
    const [first, last] = [a.number('start', 0), a.get('stop') === undefined ? null : a.number('stop')];
    const [from, to, step] = [last === null ? 0 : first, last ?? first, a.number('step', 1)];
    const length = Math.max(0, Math.ceil((to - from) / step));
    checkSize(a.subject, [length], TABLE_LIMIT);
    const values = Array.from({ length }, (_, i) => from + i * step);
    return values.every((v, i) => v === i) ? arange(values.length, 'int32') : a.constant(values);
  }),
  stop_gradient: rule(X, (a) => stopGradient(a.tensor('x'))),
  space_to_depth: rule('x|input block_size data_format', spaceToDepth),
  depth_to_space: rule('x|input block_size data_format', depthToSpace),
};
