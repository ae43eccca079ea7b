/**
 * A convolution whose output only a max pool reads, as one op that never stores it: a global pool (`ops/conv-max.ts`), bias, relu and dropout between
 * them included, over rows of an embedding table from the products of the rows that a batch names; and a pool of windows side by side
 * (`ops/conv-pool.ts`), bias, relu, and dropout behind it included. The same numbers up to rounding. Only for backends that have those ops' kernels.
 */
import { substitute } from '../graph/substitute.ts';
import { ancestors, readersOf } from '../graph/traverse.ts';
import { type ConvMaxAttrs, convMax, convMaxTable, maximaOf, mostFilters, mostTaps } from '../ops/conv-max.ts';
import { type ConvPoolAttrs, convPool, unfit, maximaOf as windowMaximaOf } from '../ops/conv-pool.ts';
import type { ConvAttrs } from '../ops/conv-primitives.ts';
import { reshape } from '../ops/movement.ts';
import type { PoolAttrs } from '../ops/pool.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';

/** Most bytes that the products of a table's rows may take. */
const mostBytes = 2 ** 26;
/** Rows of a tile of a product, which never holds positions of two samples, and the largest share of rows that may be missing. */
const [tile, mostMissing] = [6, 0.1];

/** `outputs` with max pools taken together with the convolutions in front of them. */
export function poolsOfConvolutions(outputs: readonly Tensor[], backend: string): Tensor[] {
  if (!Object.hasOwn(convMax.op.kernels!, backend)) return [...outputs];
  const nodes = ancestors(outputs);
  const readers = readersOf(nodes);
  const wanted = new Set(outputs);
  const alone = (x: Tensor): boolean => readers.get(x)?.length === 1 && !wanted.has(x);
  const found = new Map<Tensor, Tensor>();
  const takers: Readonly<Record<string, Taker>> = { max: poolOf, maxPool: windowsOf, dropout: windowsOf };
  for (const node of nodes) {
    // What is computed from goes through what was found before.
    const pool = takers[node.op?.name ?? '']?.(node, alone, (x) => substitute([x], found)[0]!);
    if (pool) found.set(node, pool);
  }
  return found.size > 0 ? substitute(outputs, found) : [...outputs];
}

/**
 * One op for a pool and what lies in front of it, or null.
 * @param alone whether one node alone reads a tensor
 * @param now what a tensor has become
 */
type Taker = (node: Tensor, alone: (x: Tensor) => boolean, now: (x: Tensor) => Tensor) => Tensor | null;

/** Steps back from a node over those in front of it, each of which nobody else reads. */
class Way {
  at: Tensor;
  readonly #alone: (x: Tensor) => boolean;

  constructor(at: Tensor, alone: (x: Tensor) => boolean) {
    this.at = at;
    this.#alone = alone;
  }

  /** Steps back over an op if it is this one; its inputs. */
  over(name: string): readonly Tensor[] | null {
    const { at } = this;
    if (at.op?.name !== name || !this.#alone(at)) return null;
    this.at = at.inputs[0]!;
    return at.inputs;
  }
}

interface Convolved {
  readonly input: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor;
  readonly positive: boolean;
  readonly attrs: ConvAttrs;
  /** What it gives. */
  readonly shape: Shape;
}

/** The convolution that lies behind `way`, with its bias and relu, or null. */
function convolutionOf(way: Way, rank: number, now: (x: Tensor) => Tensor): Convolved | null {
  const positive = way.over('relu') !== null;
  const added = way.over('add')?.[1];
  const product = way.at;
  const convolved = way.over('conv');
  const filters = product.shape.at(-1)!;
  if (!convolved || product.rank !== rank || sizeOf(product.shape) === 0 || product.attrs['groups'] !== 1) return null;
  if (added && (added.size !== filters || added.shape.at(-1) !== filters)) return null;
  const bias = added ? reshape(now(added), [filters]) : zeros([filters], product.dtype as 'float32');
  const [input, w] = convolved.map(now) as [Tensor, Tensor];
  return { input, w, bias, positive, attrs: product.attrs as unknown as ConvAttrs, shape: product.shape };
}

const poolOf: Taker = (node, alone, now) => {
  const axes = node.attrs['axes'] as readonly number[];
  const way = new Way(node.inputs[0]!, alone);
  const { rank } = way.at;
  if (axes.length !== rank - 2 || axes.some((axis, i) => axis !== i + 1)) return null;
  const { stream = 0, dropped = 0, scale = 1 } = way.at.attrs as Partial<ConvMaxAttrs>;
  const seed = way.over('dropout')?.[1];
  const found = convolutionOf(way, rank, now);
  if (!found || (seed && !found.positive) || found.shape.at(-1)! > mostFilters) return null;
  const { input, w, bias, positive, shape } = found;
  const attrs: ConvMaxAttrs = {
    ...found.attrs,
    positive,
    ...(seed ? { stream, dropped, scale } : { stream: 0, dropped: 0, scale: 1 }),
  };
  const rest = seed ? [bias, seed] : [bias];
  const table = ofTable(input, w);
  const positions = sizeOf(shape.slice(1, -1));
  const missing = 1 - positions / (tile * Math.ceil(positions / tile));
  if (!table && missing > mostMissing) return null;
  const y = table ? convMaxTable([...table, w, ...rest], attrs) : convMax([input, w, ...rest], attrs);
  return reshape(maximaOf(y), node.shape);
};

/** A max pool over windows side by side, or the dropout behind it. */
const windowsOf: Taker = (node, alone, now) => {
  const dropping = node.op!.name === 'dropout';
  const pool = dropping ? node.inputs[0]! : node;
  if (pool.op?.name !== 'maxPool' || (dropping && !alone(pool))) return null;
  const { window, strides, pads } = pool.attrs as unknown as PoolAttrs;
  if (window.some((reach, i) => reach !== strides[i] || pads[i]!.some((pad) => pad !== 0))) return null;
  const found = convolutionOf(new Way(pool.inputs[0]!, alone), pool.rank, now);
  if (!found || unfit(found.shape, window) || (dropping && !found.positive)) return null;
  const { input, w, bias, positive } = found;
  const { stream, dropped, scale } = (dropping ? node.attrs : { stream: 0, dropped: 0, scale: 1 }) as ConvPoolAttrs;
  const attrs: ConvPoolAttrs = { ...found.attrs, window, positive, stream, dropped, scale };
  return windowMaximaOf(convPool([input, w, bias, ...(dropping ? [node.inputs[1]!] : [])], attrs));
};

/** The table and the ids whose rows `x [batch, length, channels]` is, where their products have room. */
function ofTable(x: Tensor, w: Tensor): readonly [Tensor, Tensor] | null {
  if (x.op?.name !== 'gather' || x.attrs['axis'] !== 0 || x.rank !== 3 || w.shape[0]! > mostTaps) return null;
  const [table, ids] = x.inputs as [Tensor, Tensor];
  const bytes = Math.min(table.shape[0]!, ids.size) * w.shape[0]! * w.shape[2]! * 4;
  return table.rank === 2 && ids.rank === 2 && bytes <= mostBytes ? [table, ids] : null;
}
