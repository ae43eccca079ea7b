/** Functions of a few numbers with integrated gradients that are known in closed form; rows of x are samples `[N, features]`. */
import * as assert from 'uvu/assert';
import { type Baselines, type Explanation, IntegratedGradients, type Target } from '../../src/attribution/index.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { slice } from '../../src/ops/slicing.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { f64 } from './tiny-models.ts';

/** Feature `i` as a column `[N, 1]`. */
export const col = (x: Tensor, i: number): Tensor => slice(x, { 1: [i, i + 1] });

/** `w . x + c` as a column. */
export const affine = (x: Tensor, w: readonly number[], c: number): Tensor =>
  add(sum(mul(x, f64([...w])), { axes: 1, keepDims: true }), c);

export interface Setting {
  readonly b?: readonly number[] | number;
  readonly method?: QuadratureMethod;
  readonly n?: number;
  readonly target?: Target;
  readonly compat?: 'alibi';
}

export type Model = (x: Tensor) => Tensor;

export function explainOne(f: Model, x: readonly number[], setting: Setting = {}): Promise<Explanation> {
  const { b = 0, method = 'gausslegendre', n = 50, target = null, compat = null } = setting;
  const ig = new IntegratedGradients(f, { method, nSteps: n, compat });
  const baselines: Baselines = typeof b === 'number' ? b : f64([[...b]]);
  return ig.explain(tensor([[...x]], undefined, 'float64'), { baselines, target });
}

/** The attributions of one sample. */
export async function attributions(f: Model, x: readonly number[], setting: Setting = {}): Promise<number[]> {
  return Array.from((await explainOne(f, x, setting)).attributions[0]!.data);
}

/** The elements, with rounding errors rounded away. */
export function values(t: Tensor): number[] {
  return Array.from(t.data, (v) => Math.round(v * 1e10) / 1e10 + 0);
}

/** Asserts that the promise fails and that its message contains `text`. */
export async function rejects(promise: Promise<unknown>, text: string): Promise<void> {
  const message = await promise.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );
  assert.match(message, text);
}
