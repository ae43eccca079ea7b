/** Computes tensors right away, on the reference backend. For repeated use, `compile` once and run the Plan. */
import { reference } from '../backends/reference/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tensor } from '../tensor/tensor.ts';
import { compile } from './compile.ts';

/** The values as constants. They may depend on constants only, not on placeholders. */
export function evaluate(y: Tensor): Tensor;
export function evaluate(ys: readonly Tensor[]): Tensor[];
export function evaluate(y: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  const list = Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor];
  const plan = compile(list, [], { backend: reference });
  const results = plan.runSync([]).map((data, i) => tensor(data, list[i]!.shape, list[i]!.dtype));
  return Array.isArray(y) ? results : results[0]!;
}
