import { add, greater, maximum, minimum, mul, where } from '../../ops/binary.ts';
import { gather, scatterAdd } from '../../ops/indexing.ts';
import { reshape } from '../../ops/movement.ts';
import { cast } from '../../ops/unary.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { full, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { axisOf, flatPlaces, inLine, lines, settled } from './indexing.ts';
import { at, fail, text } from './support.ts';

type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';
const reductions: readonly string[] = ['none', 'add', 'mul', 'max', 'min'];

function reductionOf(call: OperatorCall): Reduction {
  const reduction = text(call, 'reduction', 'none');
  if (!reductions.includes(reduction)) throw fail(call, `unknown reduction '${reduction}'`, { known: reductions });
  return reduction as Reduction;
}

const combine: Readonly<Record<Exclude<Reduction, 'none' | 'add'>, (a: Tensor, b: Tensor) => Tensor>> = {
  mul,
  max: maximum,
  min: minimum,
};

/**
 * `updates [n, ...rest]` put into lines of `x [lines, ...rest]` at `index [n]`. Sums take any index. The others write every line once; where
 * a constant index names a line again, the updates go in rounds.
 */
function written(call: OperatorCall, x: Tensor, index: Tensor, updates: Tensor): Tensor {
  const reduction = reductionOf(call);
  const float = x.dtype === 'float32' || x.dtype === 'float64';
  const data = float ? x : cast(x, 'float32');
  const values = float ? updates : cast(updates, 'float32');
  const spread = (v: Tensor, i: Tensor): Tensor => scatterAdd(v, i, { axis: 0, size: x.shape[0]! });
  const back = (y: Tensor): Tensor => (float ? y : cast(y, x.dtype));
  if (reduction === 'add') return back(add(data, spread(values, index)));
  const rounds = index.constant ? roundsOf(index.constant) : [null];
  return back(
    rounds.reduce((y: Tensor, round) => {
      const chosen = round ? tensor(Int32Array.from(round), [round.length]) : null;
      const i = chosen ? gather(index, chosen, 0) : index;
      const v = chosen ? gather(values, chosen, 0) : values;
      const hit = greater(spread(full(i.shape, 1, data.dtype), i), 0);
      const wide = reshape(hit, [x.shape[0]!, ...new Array<number>(x.rank - 1).fill(1)]);
      const now = spread(v, i);
      return where(wide, reduction === 'none' ? now : combine[reduction](y, now), y);
    }, data),
  );
}

/** Places of an index, sorted so that no round names a line twice; the last to write a line comes last. */
function roundsOf(index: ArrayLike<number>): number[][] {
  const seen = new Map<number, number>();
  const rounds: number[][] = [];
  Array.from(index).forEach((line, place) => {
    const round = seen.get(line) ?? 0;
    seen.set(line, round + 1);
    (rounds[round] ??= []).push(place);
  });
  return rounds;
}

function scatteredElements(call: OperatorCall): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, 0, x.rank);
  const index = settled(call, at(call, 1), x.shape[axis]!);
  const updates = at(call, 2);
  if (index.size === 0) return x;
  const places = flatPlaces(index, axis, x.shape);
  const flat = inLine(places);
  return reshape(written(call, reshape(x, [x.size]), flat, reshape(updates, [updates.size])), x.shape);
}

function scatteredND(call: OperatorCall): Tensor {
  const [x, index, updates] = [at(call, 0), cast(at(call, 1), 'int32'), at(call, 2)];
  const { at: start, rest } = lines(call, index, x.shape, 0);
  if (start.size === 0) return x;
  const table = reshape(x, [x.size / Math.max(1, sizeOf(rest)), ...rest]);
  const flat = inLine(start);
  return reshape(written(call, table, flat, reshape(updates, [start.size, ...rest])), x.shape);
}

export const scattering: Readonly<Record<string, Operator>> = {
  Scatter: (call) => [scatteredElements(call)],
  ScatterElements: (call) => [scatteredElements(call)],
  ScatterND: (call) => [scatteredND(call)],
};
