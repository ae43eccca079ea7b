/**
 * Random functions of a batch `[N, ...]` made of ops that move, split, stack, merge and reduce axes, for any N. A recipe is a list of
 * numbers; what each does depends on the axes that there are. An axis is the list of its factors, the batch ('N') one of them, so that
 * `[2, 'N']` is two blocks of all samples and `['N', 3]` three lines for each. Some recipes mix samples on purpose.
 */
import {
  abs,
  add,
  concat,
  conv1d,
  cos,
  expandDims,
  gather,
  greater,
  matmul,
  max,
  maximum,
  maxPool,
  mean,
  mul,
  pad,
  relu,
  repeat,
  reshape,
  reverse,
  sigmoid,
  sin,
  slice,
  softmax,
  square,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  where,
} from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

type Factor = number | 'N';
type Axis = readonly Factor[];

export interface Recipe {
  /** Axes of one sample. */
  readonly features: readonly number[];
  readonly steps: readonly number[];
}

interface State {
  readonly x: Tensor;
  readonly axes: readonly Axis[];
}

/** Elements per row at most, where there are as many rows as tests take. */
const MOST = 600;
const MOST_ROWS = 7;

/** The function of a recipe; the result is `[N]`. */
export function functionOf({ features, steps }: Recipe): (x: Tensor) => Tensor {
  return (x) => {
    const rows = x.shape[0]!;
    let state: State = { x, axes: [['N'], ...features.map((size) => [size])] };
    const earlier: State[] = [state];
    for (const step of steps) {
      const next = apply(state, step, rows, earlier);
      // The same for all numbers of rows: a function that is another one for a single row is not what is tested.
      if (shapeOf(next.axes, MOST_ROWS).reduce((a, b) => a * b, 1) > MOST * MOST_ROWS) continue;
      state = next;
      earlier.push(state);
    }
    return finish(state, x, rows);
  };
}

const sizeOf = (axis: Axis, rows: number): number => axis.reduce<number>((size, f) => size * (f === 'N' ? rows : f), 1);
const shapeOf = (axes: readonly Axis[], rows: number): number[] => axes.map((axis) => sizeOf(axis, rows));
const set = <T>(list: readonly T[], at: number, ...by: readonly T[]): T[] => [
  ...list.slice(0, at),
  ...by,
  ...list.slice(at + 1),
];

/** A constant that depends on nothing but its shape. */
const constant = (shape: readonly number[], like: Tensor, seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, i) => Math.sin(seed + 1.7 * i) + 0.1),
    [...shape],
    like.dtype,
  );
};

/** One step: `step` chooses an op, an axis and how. */
function apply(state: State, step: number, rows: number, earlier: readonly State[]): State {
  const { x, axes } = state;
  const rank = axes.length;
  const kind = step % 32;
  const at = Math.floor(step / 32) % Math.max(1, rank);
  const how = Math.floor(step / 1024);
  const axis = axes[at];
  const plain = axis !== undefined && !axis.includes('N');
  const to = (next: Tensor, changed: readonly Axis[] = axes): State => ({ x: next, axes: changed });
  switch (kind) {
    case 0:
      return to(tanh(x));
    case 1:
      return to(square(x));
    case 2:
      return to(how % 2 ? sin(x) : cos(mul(x, 0.7)));
    case 3:
      return to(relu(x));
    case 4:
      return to(mul(x, 0.5 + (how % 3)));
    case 5:
      return to(sigmoid(x));
    case 6:
      return to(where(greater(x, 0.1), mul(x, 2), sub(0.2, x)));
    case 7:
      return to(add(x, abs(x)));
    case 8:
    case 9:
    case 10: {
      const order = axes.map((_, i) => (i + 1 + at) % rank);
      if (how % 2 && rank > 1) [order[0], order[rank - 1]] = [order[rank - 1]!, order[0]!];
      return to(
        transpose(x, order),
        order.map((i) => axes[i]!),
      );
    }
    case 11:
    case 12: {
      if (at + 1 >= rank) return state;
      const merged = [...axes.slice(0, at), [...axis!, ...axes[at + 1]!], ...axes.slice(at + 2)];
      return to(reshape(x, shapeOf(merged, rows)), merged);
    }
    case 13:
    case 14: {
      if (!axis || axis.length < 2) return state;
      const cut = 1 + (how % (axis.length - 1));
      const split = set<Axis>(axes, at, axis.slice(0, cut), axis.slice(cut));
      return to(reshape(x, shapeOf(split, rows)), split);
    }
    case 15: {
      const added = [...axes.slice(0, at), [1], ...axes.slice(at)];
      return rank < 5 ? to(expandDims(x, at), added) : state;
    }
    case 16:
      return rank ? to(concat([x, mul(x, -1.5)], at), set<Axis>(axes, at, [2, ...axis!])) : state;
    case 17:
      return rank
        ? to(
            tile(
              x,
              axes.map((_, i) => (i === at ? 2 : 1)),
            ),
            set<Axis>(axes, at, [2, ...axis!]),
          )
        : state;
    case 18:
      return rank ? to(repeat(x, 2, at), set<Axis>(axes, at, [...axis!, 2])) : state;
    case 19: {
      const [first, ...rest] = axis ?? [];
      if (typeof first !== 'number' || first < 2) return state;
      const block = sizeOf(rest, rows);
      const from = how % 2 ? block : 0;
      return to(slice(x, { [at]: [from, from + (first - 1) * block] }), set<Axis>(axes, at, [first - 1, ...rest]));
    }
    case 20:
      return plain && axis.length === 1 && typeof axis[0] === 'number'
        ? to(
            pad(
              x,
              axes.map((_, i) => (i === at ? ([1, how % 2] as const) : ([0, 0] as const))),
              0.3,
            ),
            set<Axis>(axes, at, [axis[0] + 1 + (how % 2)]),
          )
        : state;
    case 21:
      return plain || how % 8 === 0 ? to(reverse(x, rank ? [at] : [])) : state;
    case 22:
    case 23: {
      if (!axis || (!plain && how % 6 !== 0)) return state;
      const reduce = [sum, mean, max][how % 3]!;
      return to(reduce(x, { axes: at }), [...axes.slice(0, at), ...axes.slice(at + 1)]);
    }
    case 24:
      return plain || (rank && how % 8 === 0) ? to(softmax(x, at)) : state;
    case 25: {
      const last = axes.at(-1);
      if (rank < 2 || !last || last.includes('N')) return state;
      return to(matmul(x, constant([sizeOf(last, rows), 3], x, step)), set<Axis>(axes, rank - 1, [3]));
    }
    case 26: {
      if (rank < 2) return state;
      const [m, k] = [axes[rank - 2]!, axes[rank - 1]!];
      if (k.includes('N') && how % 4 !== 0) return state;
      return to(matmul(x, mul(x, 0.5), { transposeB: true }), [...axes.slice(0, -2), m, m]);
    }
    case 27:
      return plain
        ? to(gather(x, tensor(Int32Array.of(0, sizeOf(axis, rows) - 1, 0)), at), set<Axis>(axes, at, [3]))
        : state;
    case 28:
      return to(
        mul(
          x,
          constant(
            shapeOf(axes, rows).map((size, i) => (i === at && plain ? size : 1)),
            x,
            step,
          ),
        ),
      );
    case 29: {
      const other = earlier[how % earlier.length]!;
      const fits =
        other.axes.length <= rank &&
        other.axes.every((own, i) => own.join() === axes[i + rank - other.axes.length]!.join());
      return fits ? to(how % 2 ? mul(x, other.x) : maximum(x, sin(other.x))) : state;
    }
    case 30: {
      if (rank !== 3 || axes[1]!.includes('N') || axes[2]!.includes('N')) return state;
      const [width, channels] = [x.shape[1]!, x.shape[2]!];
      if (width < 2 || channels > 8) return state;
      return how % 2 && width >= 2
        ? to(maxPool(x, { window: 2, stride: 1 }), [axes[0]!, [width - 1], axes[2]!])
        : to(conv1d(x, constant([2, channels, 2], x, step)), [axes[0]!, [width - 1], [2]]);
    }
    default: {
      // The same sizes in another order: a reshape that tears samples apart, unless there is one block only.
      if (axis?.length !== 2 || plain || how % 4 !== 0) return state;
      const torn = set<Axis>(axes, at, [axis[1]!, axis[0]!]);
      return to(reshape(x, shapeOf(torn, rows)), torn);
    }
  }
}

/** `[N]`: all axes but the batch summed; a result that lost its batch meets the input again. */
function finish({ x, axes }: State, input: Tensor, rows: number): Tensor {
  const split = axes.flatMap((axis) => axis.map((factor) => [factor] as Axis));
  const whole = reshape(x, shapeOf(split, rows));
  const batch = split.findIndex(([factor]) => factor === 'N');
  const others = split.flatMap((_, i) => (i === batch ? [] : [i]));
  const result = sum(tanh(mul(whole, 0.3)), { axes: others });
  const back = sum(input, { axes: input.shape.map((_, i) => i).slice(1) });
  return batch < 0 ? mul(back, result) : add(result, mul(back, 0.1));
}
