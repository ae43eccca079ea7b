/** Operations that move elements and are rarer than those of shaping.ts, made of its ops. Named as Keras 3's classes in snake case. */
import { add, less, mul, where } from '../../ops/binary.ts';
import { gather } from '../../ops/indexing.ts';
import { broadcastTo, expandDims, reshape, transpose } from '../../ops/movement.ts';
import { sum } from '../../ops/reduce.ts';
import { concat, pad, reverse, slice, stack } from '../../ops/slicing.ts';
import { cast } from '../../ops/unary.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { arange, full, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type OpArguments, type OperationRule, rule } from './arguments.ts';

const X = 'x|array|a|input|m|y';

const axisOf = (a: OpArguments, name: string, fallback: number, rank: number): number =>
  normalizeAxis(a.subject, a.number(name, fallback), rank);

const flat = (x: Tensor): Tensor => reshape(x, [x.size]);
/** At least `rank` axes: NumPy puts new ones in front, and for `dstack` one behind. */
const atLeast = (x: Tensor, rank: number): Tensor => {
  const wide =
    x.rank < Math.min(rank, 2) ? reshape(x, [...new Array<number>(Math.min(rank, 2) - x.rank).fill(1), ...x.shape]) : x;
  return rank === 3 && wide.rank === 2 ? expandDims(wide, 2) : wide;
};

function roll(x: Tensor, shift: number, axis: number): Tensor {
  const n = x.shape[axis]!;
  const by = n === 0 ? 0 : ((shift % n) + n) % n;
  if (by === 0) return x;
  return concat([slice(x, { [axis]: [n - by, n] }), slice(x, { [axis]: [0, n - by] })], axis);
}

function rolled(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const shifts = a.integers('shift')!;
  const axes = a.integers('axis');
  if (!axes)
    return reshape(
      roll(
        flat(x),
        shifts.reduce((n, m) => n + m, 0),
        0,
      ),
      x.shape,
    );
  const pairs = Array.from({ length: Math.max(shifts.length, axes.length) }, (_, i) => [
    shifts[shifts.length === 1 ? 0 : i]!,
    normalizeAxis(a.subject, axes[axes.length === 1 ? 0 : i]!, x.rank),
  ]);
  return pairs.reduce((y, [shift, axis]) => roll(y, shift!, axis!), x);
}

function rotated(a: OpArguments): Tensor {
  const x = a.tensor('x');
  const [i, j] = (a.integers('axes') ?? [0, 1]).map((axis) => normalizeAxis(a.subject, axis, x.rank)) as [
    number,
    number,
  ];
  const turns = ((a.number('k', 1) % 4) + 4) % 4;
  const swap = [...x.shape.keys()].map((k) => (k === i ? j : k === j ? i : k));
  if (turns === 0) return x;
  if (turns === 2) return reverse(x, [i, j]);
  return turns === 1 ? transpose(reverse(x, [j]), swap) : reverse(transpose(x, swap), [j]);
}

/** Ones where `keep(row, column)`; of the last two axes. */
function triangle(a: OpArguments, keep: (i: number, j: number, k: number) => boolean): Tensor {
  const x = a.tensor('x');
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const k = a.number('k', 0);
  const on = Array.from({ length: rows * columns }, (_, p) => Number(keep(Math.floor(p / columns), p % columns, k)));
  return where(tensor(on, [rows, columns], 'bool'), x, 0);
}

/** The diagonal of two axes, which comes last. */
function diagonal(x: Tensor, offset: number, axis1: number, axis2: number): Tensor {
  const rest = [...x.shape.keys()].filter((i) => i !== axis1 && i !== axis2);
  const [rows, columns] = [x.shape[axis1]!, x.shape[axis2]!];
  const [top, left] = [Math.max(0, -offset), Math.max(0, offset)];
  const n = Math.max(0, Math.min(rows - top, columns - left));
  const wide = transpose(x, [...rest, axis1, axis2]);
  const lines = reshape(wide, [...rest.map((i) => x.shape[i]!), rows * columns]);
  const at = Array.from({ length: n }, (_, i) => (top + i) * columns + left + i);
  return gather(lines, tensor(at, [n], 'int32'), rest.length);
}

const diagonalOf = (a: OpArguments): Tensor => {
  const x = a.tensor('x');
  return diagonal(x, a.number('offset', 0), axisOf(a, 'axis1', 0, x.rank), axisOf(a, 'axis2', 1, x.rank));
};

/** A matrix with the values on its k-th diagonal. */
function spread(x: Tensor, k: number): Tensor {
  const n = x.size + Math.abs(k);
  const columns = pad(expandDims(x, 1), [
    [Math.max(0, -k), Math.max(0, k)],
    [0, n - 1],
  ]);
  const on = Array.from({ length: n * n }, (_, p) => Number((p % n) - Math.floor(p / n) === k));
  return where(tensor(on, [n, n], 'bool'), broadcastTo(slice(columns, { 1: [0, 1] }), [n, n]), 0);
}

function difference(a: OpArguments): Tensor {
  let x = a.tensor('x');
  const axis = axisOf(a, 'axis', -1, x.rank);
  for (let times = a.number('n', 1); times > 0; times--) {
    const n = x.shape[axis]!;
    x = add(slice(x, { [axis]: [1, n] }), mul(slice(x, { [axis]: [0, n - 1] }), -1));
  }
  return x;
}

/** Along `axis` each line is looked up by its own indices; the other axes broadcast. */
function takenAlong(a: OpArguments): Tensor {
  const given = a.get('axis') === undefined;
  const x = given ? flat(a.tensor('x')) : a.tensor('x');
  const index = given ? flat(a.tensor('indices')) : a.tensor('indices');
  const axis = given ? 0 : axisOf(a, 'axis', 0, x.rank);
  const [n, k] = [x.shape[axis]!, index.shape[axis]!];
  const lead = x.shape.map((dim, i) => (i === axis ? -1 : Math.max(dim, index.shape[i]!)));
  const order = [...lead.keys()].filter((i) => i !== axis).concat(axis);
  const rows = lead.filter((_, i) => i !== axis);
  const count = rows.reduce((p, q) => p * q, 1);
  const lines = (t: Tensor, last: number): Tensor =>
    reshape(
      transpose(
        broadcastTo(
          t,
          lead.map((dim, i) => (i === axis ? last : dim)),
        ),
        order,
      ),
      [count, last],
    );
  const wanted = lines(cast(index, 'int32'), k);
  const settled = where(less(wanted, 0), add(wanted, n), wanted);
  const start = reshape(mul(arange(count, 'int32'), n), [count, 1]);
  const found = gather(reshape(lines(x, n), [count * n]), add(settled, start), 0);
  return transpose(
    reshape(found, [...rows, k]),
    order.map((_, i) => order.indexOf(i)),
  );
}

function linspace(a: OpArguments): Tensor {
  const num = a.number('num', 50);
  if (a.number('axis', 0) !== 0) throw a.wrong('axis', '0');
  if (a.flag('retstep')) throw a.wrong('retstep', 'false');
  const last = a.flag('endpoint', true) ? num - 1 : num;
  const [start, stop] = [a.operand('start'), a.operand('stop')].map((v) =>
    typeof v === 'number' ? full([], v, a.dtype) : cast(v, a.dtype),
  );
  const step = mul(add(stop!, mul(start!, -1)), last === 0 ? 0 : 1 / last);
  return stack(
    Array.from({ length: num }, (_, i) => add(start!, mul(step, i))),
    0,
  );
}

const several = ['a', 'b', 'c', 'd', 'e', 'f'];

function meshgrid(a: OpArguments): Tensor[] {
  const xs = several.flatMap((name) => (a.get(name) === undefined ? [] : [flat(a.tensor(name))]));
  const swap = a.text('indexing', 'xy') === 'xy' && xs.length > 1;
  const place = (i: number): number => (swap && i < 2 ? 1 - i : i);
  const shape = xs.map((_, i) => xs[place(i)]!.size);
  return xs.map((x, i) =>
    broadcastTo(
      reshape(
        x,
        shape.map((_, k) => (k === place(i) ? x.size : 1)),
      ),
      shape,
    ),
  );
}

/** NumPy's `array_split`: the first parts are one longer where the axis does not divide. */
function parts(x: Tensor, axis: number, given: readonly number[], single: boolean): Tensor[] {
  const n = x.shape[axis]!;
  const count = given[0]!;
  const cuts = single
    ? Array.from({ length: count + 1 }, (_, i) => i * Math.floor(n / count) + Math.min(i, n % count))
    : [0, ...given, n];
  return cuts.slice(1).map((to, i) => slice(x, { [axis]: [cuts[i]!, Math.max(cuts[i]!, to)] }));
}

const splitter = (axis: number | null): OperationRule =>
  rule(`${X} indices_or_sections axis`, (a) => {
    const x = a.tensor('x');
    const at = axis === null ? axisOf(a, 'axis', 0, x.rank) : axis === 1 && x.rank === 1 ? 0 : axis;
    const single = !Array.isArray(a.get('indices_or_sections'));
    const given = a.integers('indices_or_sections')!;
    if (single && axis !== null && x.shape[at]! % given[0]! !== 0)
      throw a.wrong('indices_or_sections', 'a divisor of the axis');
    return parts(x, at, given, single);
  });

const joined = (rank: number, axis: (x: Tensor) => number): OperationRule =>
  rule('xs|tup', (a) => {
    const xs = a.tensors('xs').map((x) => atLeast(x, rank));
    return concat(xs, axis(xs[0]!));
  });

export const moreShaping: Readonly<Record<string, OperationRule>> = {
  roll: rule(`${X} shift axis`, rolled),
  rot90: rule(`${X} k axes`, rotated),
  fliplr: rule(X, (a) => reverse(a.tensor('x'), [1])),
  flipud: rule(X, (a) => reverse(a.tensor('x'), [0])),
  ravel: rule(X, (a) => flat(a.tensor('x'))),
  ndim: rule(X, (a) => full([], a.tensor('x').rank, 'int32')),
  append: rule('x1 x2 axis', (a) => {
    const xs = [a.tensor('x1'), a.tensor('x2')];
    return a.get('axis') === undefined ? concat(xs.map(flat), 0) : concat(xs, a.number('axis'));
  }),
  vstack: joined(2, () => 0),
  hstack: joined(1, (x) => (x.rank === 1 ? 0 : 1)),
  dstack: joined(3, () => 2),
  hsplit: splitter(1),
  vsplit: splitter(0),
  dsplit: splitter(2),
  array_split: splitter(null),
  tril: rule(`${X} k`, (a) => triangle(a, (i, j, k) => j <= i + k)),
  triu: rule(`${X} k`, (a) => triangle(a, (i, j, k) => j >= i + k)),
  diagonal: rule(`${X} offset axis1 axis2`, diagonalOf),
  trace: rule(`${X} offset axis1 axis2`, (a) => sum(diagonalOf(a), { axes: -1 })),
  diag: rule(`${X} k`, (a) => {
    const [x, k] = [a.tensor('x'), a.number('k', 0)];
    return x.rank === 1 ? spread(x, k) : diagonal(x, k, 0, 1);
  }),
  diagflat: rule(`${X} k`, (a) => spread(flat(a.tensor('x')), a.number('k', 0))),
  diff: rule(`${X} n axis`, difference),
  take_along_axis: rule(`${X} indices axis`, takenAlong),
  full: rule('fill_value shape dtype', (a) => {
    const value = a.operand('fill_value');
    return broadcastTo(typeof value === 'number' ? full([], value, a.dtype) : value, a.integers('shape')!);
  }),
  linspace: rule('start stop num endpoint retstep dtype axis', linspace),
  meshgrid: { params: [...several, 'indexing'], run: meshgrid },
  select: rule('condlist choicelist default', (a) => {
    const [conditions, choices] = [a.tensors('condlist'), a.tensors('choicelist')];
    const last = a.get('default') === undefined ? 0 : a.operand('default');
    const rest = typeof last === 'number' ? full([], last, choices[0]!.dtype) : last;
    return choices.reduceRight((y, choice, i) => where(cast(conditions[i]!, 'bool'), choice, y), rest);
  }),
  slice_update: rule('inputs start_indices updates', (a) => {
    const [x, start, update] = [a.tensor('inputs'), a.integers('start_indices')!, a.tensor('updates')];
    const around = start.map((from, i) => [from, x.shape[i]! - from - update.shape[i]!] as const);
    return where(pad(full(update.shape, 1, 'bool'), around), pad(cast(update, x.dtype), around), x);
  }),
};
