import { add, mul, sub, where } from '../../../ops/binary.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reshape } from '../../../ops/movement.ts';
import { concat, slice, stack } from '../../../ops/slicing.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { byName, type Curve } from './curves.ts';

export interface Special {
  readonly activation: Curve;
  readonly recurrentActivation: Curve;
  readonly hidden: Curve | null;
  readonly reverse: boolean;
  readonly mask: Tensor | null;
  readonly initialState: readonly Tensor[];
  /** Weights of the cell in the input, output and forget gates, `[3 * units]`. */
  readonly holes: Tensor | null;
  /** The forget gate is what the input gate leaves. */
  readonly coupled: boolean;
}

const applied = (f: Curve): ((x: Tensor) => Tensor) => (typeof f === 'string' ? byName[f]! : f);

/** An LSTM that the scans of the engine lack, a node per operation and step: `[batch, time, 2 * units]`. */
export function unrolledLstm(z: Tensor, kernel: Tensor, options: Special, units: number): Tensor {
  const [batch, time] = z.shape as [number, number];
  const [gate, act] = [applied(options.recurrentActivation), applied(options.activation)];
  const out = options.hidden ? applied(options.hidden) : act;
  let [h, c] = options.initialState as [Tensor, Tensor];
  const results: Tensor[] = [];
  const hole = (i: number): Tensor | null => options.holes && slice(options.holes, { 0: [i * units, (i + 1) * units] });
  const peeked = (x: Tensor, i: number, cell: Tensor): Tensor => (options.holes ? add(x, mul(hole(i)!, cell)) : x);
  for (let k = 0; k < time; k++) {
    const t = options.reverse ? time - 1 - k : k;
    const all = add(reshape(slice(z, { 1: [t, t + 1] }), [batch, 4 * units]), matmul(h, kernel));
    const part = (i: number): Tensor => slice(all, { 1: [i * units, (i + 1) * units] });
    const input = gate(peeked(part(0), 0, c));
    const forget = options.coupled ? sub(1, input) : gate(peeked(part(1), 2, c));
    const next = add(mul(forget, c), mul(input, act(part(2))));
    const now = mul(gate(peeked(part(3), 1, next)), out(next));
    const on = options.mask && slice(options.mask, { 1: [t, t + 1] });
    [h, c] = on ? [where(on, now, h), where(on, next, c)] : [now, next];
    results[t] = concat([h, c], 1);
  }
  return stack(results, 1);
}
