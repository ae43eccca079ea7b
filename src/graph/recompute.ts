/**
 * Gradients with less memory: forward values between chosen ones are not kept for the backward pass but computed again when it comes there
 * (Chen et al., "Training deep nets with sublinear memory cost", 2016). A rewriting of the graph: same ops on the same numbers, same bits.
 */
import { Tensor } from '../tensor/tensor.ts';
import { elementwise } from './batch-rules.ts';
import { defineOp } from './op.ts';
import { ancestors } from './traverse.ts';

/**
 * Its first input under another name, not before the second is known: what is made of it is not found equal to what was made of the first,
 * nor computed earlier. Only bytes shared, no step of a plan.
 */
const later = defineOp<{ readonly of: number }>({
  name: 'later',
  alias: true,
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: 'none',
  batch: elementwise,
  linear: [],
  zeros: 'keeps',
  flops: () => 0,
  examples: [],
});

/**
 * @param gradients made from `loss` by `grad`
 * @param kept forward tensors that stay; leaves of the graph always do
 * @returns gradients of the same values that read of the forward pass only what is kept
 */
export function recomputed(gradients: readonly Tensor[], loss: Tensor, kept: readonly Tensor[]): Tensor[] {
  const forward = ancestors([loss]);
  const isForward = new Set(forward);
  const stays = new Set<Tensor>([...kept, ...forward.filter(({ op }) => op === null)]);
  const borders = kept.map(({ id }) => id).sort((a, b) => a - b);
  const segmentOf = ({ id }: Tensor): number => borders.filter((border) => border < id).length;
  // What comes after the last border is alive when the backward pass begins.
  const last = borders.length;
  const rebuilt = new Map<Tensor, Tensor>();
  const copies = new Map<Tensor, Tensor>();
  const delayed = new Map<string, Tensor>();

  const keptLater = (x: Tensor, segment: number, trigger: Tensor): Tensor => {
    const key = `${segment} ${x.id}`;
    let found = delayed.get(key);
    if (!found) delayed.set(key, (found = later([x, trigger], { of: segment })));
    return found;
  };
  /** `node` computed again, with all that it needs; a loop, since segments may be deep. */
  const copyOf = (node: Tensor, trigger: Tensor): Tensor => {
    const needed = ancestors([node], new Set([...stays, ...copies.keys()]));
    for (const one of needed) {
      if (stays.has(one) || copies.has(one)) continue;
      const segment = segmentOf(one);
      if (segment === last) {
        copies.set(one, one);
        continue;
      }
      const inputs = one.inputs.map((x) => (stays.has(x) ? keptLater(x, segment, trigger) : copies.get(x)!));
      copies.set(one, new Tensor(one.op, inputs, one.attrs, one, null));
    }
    return copies.get(node)!;
  };

  for (const node of ancestors(gradients, isForward)) {
    if (isForward.has(node) || node.op === null) continue;
    const trigger = node.inputs.find((x) => !isForward.has(x) && x.op !== null);
    const inputs = node.inputs.map((x) => {
      if (!isForward.has(x)) return rebuilt.get(x) ?? x;
      return stays.has(x) || !trigger ? x : copyOf(x, rebuilt.get(trigger) ?? trigger);
    });
    rebuilt.set(node, new Tensor(node.op, inputs, node.attrs, node, null));
  }
  return gradients.map((gradient) => rebuilt.get(gradient) ?? gradient);
}

/** Of `values` in order those after every `count`-th part, the last part left out. */
export function evenly<T>(values: readonly T[], parts: number): T[] {
  const picked = Array.from({ length: Math.max(0, parts - 1) }, (_, i) =>
    Math.floor(((i + 1) * values.length) / parts),
  );
  return [...new Set(picked)].map((at) => values[at]!).filter((value) => value !== undefined);
}
