/**
 * ONNX keeps channels behind the batch, the kernels of the engine want them last. Every convolution and pool turns its input and its result,
 * and where a graph is compiled, turns that meet cancel: what lies between two of them and treats elements alone (activations, sums, batch
 * normalization, concatenation, padding, slices) is made over with the channels last, so that a convolutional net is turned once on the way in.
 *
 * Invariant: same elements, same operations on them, same bits; nothing is made over that is fed or observed, since nodes stay as they are and
 * only the turn to the last axis (`rewrite`) looks behind itself.
 */

import { elementwise } from '../../graph/batch-rules.ts';
import { evaluate } from '../../graph/evaluate.ts';
import { defineOp, type Attrs as OpAttrs, type OpFunction } from '../../graph/op.ts';
import { transpose } from '../../ops/movement.ts';
import { adopt, Tensor } from '../../tensor/tensor.ts';

type Entry = OpAttrs[string];
type Attrs = { readonly perm: readonly number[] };

const toLast = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
const toFirst = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];

/** Elements between two turns that are looked through. */
const DEPTH = 64;

// The engine's transpose under its own name; backends, rules of batches and folding see nothing else.
const lastOp: OpFunction<Attrs> = defineOp<Attrs>({
  ...(transpose.op as unknown as Parameters<typeof defineOp<Attrs>>[0]),
  vjp: (g) => [() => channelsFirst(g)],
  rewrite: ([x], fed) => {
    const y = x && behind(x, fed, 0);
    return y?.op ? y : null;
  },
});

const firstOp: OpFunction<Attrs> = defineOp<Attrs>({
  ...(transpose.op as unknown as Parameters<typeof defineOp<Attrs>>[0]),
  vjp: (g) => [() => channelsLast(g)],
});

/** `[batch, channels, ...space]` with the channels last. Turns cancel where a graph is compiled and not here: what they hold may be observed. */
export function channelsLast(x: Tensor): Tensor {
  return x.rank < 3 ? x : lastOp([x], { perm: toLast(x.rank) });
}

/** The way back. */
export function channelsFirst(x: Tensor): Tensor {
  return x.rank < 3 ? x : firstOp([x], { perm: toFirst(x.rank) });
}

/** What was made over in one compilation, since what is fed differs from one to the next. */
const found = new WeakMap<ReadonlySet<Tensor>, Map<Tensor, Tensor | null>>();

/** `x` with the channels last, made without turning it; null where that takes a turn. */
function behind(x: Tensor, fed: ReadonlySet<Tensor>, depth: number): Tensor | null {
  if (fed.has(x) || !x.op || depth > DEPTH) return null;
  if (x.op === firstOp.op) return x.inputs[0]!;
  const known = found.get(fed) ?? new Map<Tensor, Tensor | null>();
  found.set(fed, known);
  const before = known.get(x);
  if (before !== undefined) return before;
  const made = madeOver(x, fed, depth);
  known.set(x, made);
  return made;
}

function madeOver(x: Tensor, fed: ReadonlySet<Tensor>, depth: number): Tensor | null {
  const attrs = attrsLast(x);
  if (!attrs) return null;
  const parts = x.inputs.map((input) =>
    input.size === 1 || input.rank !== x.rank ? null : behind(input, fed, depth + 1),
  );
  if (parts.every((part) => part === null)) return null;
  const inputs = x.inputs.map((input, i) => parts[i] ?? turned(input, x.rank, fed));
  if (inputs.some((input) => input === null)) return null;
  const shape = toLast(x.rank).map((axis) => x.shape[axis]!);
  return new Tensor(x.op, inputs as Tensor[], attrs, { shape, dtype: x.dtype }, null);
}

/** The attributes of the same operation with the channels last; null for one that is not looked through. */
function attrsLast({ op, attrs, rank, inputs }: Tensor): Tensor['attrs'] | null {
  if (rank < 3) return null;
  const order = toLast(rank);
  const list = (name: string): Entry[] => order.map((axis) => (attrs[name] as readonly Entry[])[axis]!);
  switch (op!.name) {
    case 'concat':
      return { ...attrs, axis: order.indexOf(attrs['axis'] as number) };
    case 'pad':
      return { ...attrs, pads: list('pads'), gaps: list('gaps') };
    case 'slice':
      return { begin: list('begin'), size: list('size'), step: list('step') };
    case 'broadcastTo':
      return null;
    default:
      return op!.batch === elementwise && inputs.every((input) => input.rank <= rank) ? attrs : null;
  }
}

/** A turn of an operand: a number stays, a constant is turned now, in front of which axes of size 1 are put where it has fewer. */
function turned(x: Tensor, rank: number, fed: ReadonlySet<Tensor>): Tensor | null {
  if (x.rank === 0) return x;
  if (x.constant && !fed.has(x)) {
    const wide = adopt(x.constant, [...new Array<number>(rank - x.rank).fill(1), ...x.shape]);
    return evaluate(transpose(wide, toLast(rank)));
  }
  return x.rank === rank ? transpose(x, toLast(rank)) : null;
}
