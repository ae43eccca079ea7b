/**
 * A layer over an embedding as a layer over the table: `matmul(gather(table, ids), w)` is `gather(matmul(table, w), ids)`, the same bits.
 * A batch of 64 texts of 60 tokens reads 3,840 rows of a table that may have 1,000: the product and its two gradients, which see the sum
 * of what each row of the table gets, are that much smaller. Explanations have no use for it: their path begins behind the embedding.
 */
import { substitute } from '../graph/substitute.ts';
import { ancestors } from '../graph/traverse.ts';
import { add } from '../ops/binary.ts';
import { gather } from '../ops/indexing.ts';
import { type MatmulOptions, matmul } from '../ops/matmul.ts';
import { reshape } from '../ops/movement.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Rows read per row of the table from which on it pays: the gradient of reading the product costs an addition for each of its elements. */
const leastReads = 2;

/** A tensor whose rows, along its last axis, are those of a table. */
interface Rows {
  readonly table: Tensor;
  /** One per row. */
  readonly ids: Tensor;
  /** Whether a product was moved before the reading. */
  readonly moved: boolean;
}

/** `outputs` with products that read rows of small tables made before the rows are read. */
export function productsOfTables(outputs: readonly Tensor[]): Tensor[] {
  const known = new Map<Tensor, Rows>();
  for (const node of ancestors(outputs)) {
    const rows = rowsOf(node, known);
    if (rows) known.set(node, rows);
  }
  const moved = [...known].filter(([, rows]) => rows.moved);
  return substitute(outputs, new Map(moved.map(([node, { table, ids }]) => [node, gather(table, ids)])));
}

function rowsOf(node: Tensor, known: ReadonlyMap<Tensor, Rows>): Rows | null {
  const [x, y] = node.inputs as [Tensor, Tensor];
  const name = node.op?.name;
  if (name === 'gather') {
    const pays = node.attrs['axis'] === 0 && x.rank === 2 && sizeOf(y.shape) >= leastReads * x.shape[0]!;
    return pays ? { table: x, ids: y, moved: false } : null;
  }
  const rows = known.get(x);
  if (!rows) return null;
  if (name === 'reshape' && node.rank > 0 && node.shape.at(-1) === x.shape.at(-1)) {
    return { ...rows, ids: reshape(rows.ids, node.shape.slice(0, -1)) };
  }
  if (name === 'matmul' && x.rank > 1 && y.rank === 2 && !node.attrs['transposeA']) {
    return { ...rows, table: matmul(rows.table, y, node.attrs as MatmulOptions), moved: true };
  }
  if (name === 'add' && rows.moved && y.rank === 1 && y.shape[0] === x.shape.at(-1)) {
    return { ...rows, table: add(rows.table, y) };
  }
  return null;
}
