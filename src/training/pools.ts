/**
 * A convolution whose output only a global max pool reads, as one op that never stores it (`ops/conv-max.ts`), bias, relu and dropout between
 * them included; and over rows of an embedding table from the products of the rows that a batch names. The same numbers up to rounding. Only
 * for backends that have those ops' kernels.
 */
import { substitute } from '../graph/substitute.ts';
import { ancestors, readersOf } from '../graph/traverse.ts';
import { type ConvMaxAttrs, convMax, convMaxTable, maximaOf, mostFilters, mostTaps } from '../ops/conv-max.ts';
import type { ConvAttrs } from '../ops/conv-primitives.ts';
import { reshape } from '../ops/movement.ts';
import { sizeOf } from '../tensor/shape.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';

/** Most bytes that the products of a table's rows may take. */
const mostBytes = 2 ** 26;
/** Rows of a tile of a product, which never holds positions of two samples, and the largest share of rows that may be missing. */
const [tile, mostMissing] = [6, 0.1];

/** `outputs` with global max pools taken together with the convolutions in front of them. */
export function poolsOfConvolutions(outputs: readonly Tensor[], backend: string): Tensor[] {
  if (!Object.hasOwn(convMax.op.kernels!, backend)) return [...outputs];
  const nodes = ancestors(outputs);
  const readers = readersOf(nodes);
  const wanted = new Set(outputs);
  const alone = (x: Tensor): boolean => readers.get(x)?.length === 1 && !wanted.has(x);
  const found = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const pool = node.op?.name === 'max' ? poolOf(node, alone) : null;
    if (pool) found.set(node, pool);
  }
  return found.size > 0 ? substitute(outputs, found) : [...outputs];
}

function poolOf(node: Tensor, alone: (x: Tensor) => boolean): Tensor | null {
  const axes = node.attrs['axes'] as readonly number[];
  let x = node.inputs[0]!;
  if (axes.length !== x.rank - 2 || axes.some((axis, i) => axis !== i + 1)) return null;
  /** Steps back over an op, if it is this one and nobody else reads its result. */
  const over = (name: string): readonly Tensor[] | null => {
    if (x.op?.name !== name || !alone(x)) return null;
    const { inputs } = x;
    x = inputs[0]!;
    return inputs;
  };
  const { stream = 0, dropped = 0, scale = 1 } = x.attrs as Partial<ConvMaxAttrs>;
  const seed = over('dropout')?.[1];
  const positive = over('relu') !== null;
  if (seed && !positive) return null;
  const added = over('add')?.[1];
  const product = x;
  const convolved = over('conv');
  const filters = product.shape.at(-1)!;
  if (!convolved || product.rank !== node.inputs[0]!.rank || sizeOf(product.shape) === 0) return null;
  if (product.attrs['groups'] !== 1 || filters > mostFilters) return null;
  if (added && (added.size !== filters || added.shape.at(-1) !== filters)) return null;
  const bias = added ? reshape(added, [filters]) : zeros([filters], product.dtype as 'float32');
  const attrs: ConvMaxAttrs = {
    ...(product.attrs as unknown as ConvAttrs),
    positive,
    ...(seed ? { stream, dropped, scale } : { stream: 0, dropped: 0, scale: 1 }),
  };
  const rest = seed ? [bias, seed] : [bias];
  const [input, w] = convolved as [Tensor, Tensor];
  const table = ofTable(input, w);
  const positions = sizeOf(product.shape.slice(1, -1));
  const missing = 1 - positions / (tile * Math.ceil(positions / tile));
  if (!table && missing > mostMissing) return null;
  const y = table ? convMaxTable([...table, w, ...rest], attrs) : convMax([input, w, ...rest], attrs);
  return reshape(maximaOf(y), node.shape);
}

/** The table and the ids whose rows `x [batch, length, channels]` is, where their products have room. */
function ofTable(x: Tensor, w: Tensor): readonly [Tensor, Tensor] | null {
  if (x.op?.name !== 'gather' || x.attrs['axis'] !== 0 || x.rank !== 3 || w.shape[0]! > mostTaps) return null;
  const [table, ids] = x.inputs as [Tensor, Tensor];
  const bytes = Math.min(table.shape[0]!, ids.size) * w.shape[0]! * w.shape[2]! * 4;
  return table.rank === 2 && ids.rank === 2 && bytes <= mostBytes ? [table, ids] : null;
}
