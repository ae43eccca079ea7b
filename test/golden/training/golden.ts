/** What real Keras made of given weights and gradients, and those again: Lehmer's generator, as in common.py. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { reference } from '../../../src/backends/reference/index.ts';
import { compile } from '../../../src/graph/compile.ts';
import { scatterAdd } from '../../../src/ops/indexing.ts';
import type { FloatDType, TypedArray } from '../../../src/tensor/dtype.ts';
import { placeholder, tensor } from '../../../src/tensor/tensor.ts';
import type { Optimizer } from '../../../src/training/types.ts';

export interface OptimizerCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, never>>;
  readonly schedule?: { readonly class_name: string; readonly config: Readonly<Record<string, never>> };
  readonly after: Readonly<
    Record<string, { readonly weights: readonly number[][]; readonly variables?: readonly [string, number[]][] }>
  >;
}
export type OptimizerCases = Readonly<Record<'constant' | 'rows' | 'schedules', readonly OptimizerCase[]>>;
export interface OptimizerGolden {
  readonly float64: OptimizerCases;
  readonly float32: OptimizerCases;
  readonly rates: readonly { readonly class_name: string; readonly config: never; readonly rates: readonly number[] }[];
}

export function golden<T>(name: string): T {
  const bytes = readFileSync(new URL(name, import.meta.url));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()) as T;
}

export function numbers(seed: number, count: number): number[] {
  const out: number[] = [];
  let state = seed;
  for (let i = 0; i < count + 3; i++) {
    state = (state * 48271) % 2147483647;
    if (i >= 3) out.push(2 * (state / 2147483647) - 1);
  }
  return out;
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function gradient(step: number, index: number, count: number): number[] {
  const scale = step % 10 === 3 ? 3 : 1;
  return numbers(1000 * (step + 1) + index, count).map((v) => (Math.abs(v) < 0.2 ? 0 : v * scale));
}

export const shapes = [[3, 4], [4]] as const;
const paths = ['dense/kernel', 'dense/bias'];
const table = [5, 3];
const rows = [2, 0, 2, 4, 2, 0, 1];

/** Weights and slots after the steps that are asked for, by one plan that is run again and again. */
export function trained(
  optimizer: Optimizer,
  dtype: FloatDType,
  steps: readonly number[],
  sparse = false,
): Map<number, { weights: TypedArray[]; slots: Record<string, TypedArray>[] }> {
  const sizes: readonly (readonly number[])[] = sparse ? [table] : shapes;
  const array = (values: readonly number[]): TypedArray =>
    dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  const parameters = sizes.map((shape, i) => ({ path: paths[i]!, tensor: placeholder(shape, dtype) }));
  const fedShapes = sparse ? [[rows.length, 3]] : sizes;
  const fed = fedShapes.map((shape) => placeholder(shape, dtype));
  const index = tensor(Int32Array.from(rows));
  const gradients = sparse ? fed.map((g) => scatterAdd(g, index, { axis: 0, size: 5 })) : fed;
  const slots = sizes.map((shape) =>
    Object.fromEntries(optimizer.slots.map(({ name }) => [name, placeholder(shape, dtype)])),
  );
  const names = Object.keys(optimizer.numbers(0));
  const scalars = Object.fromEntries(names.map((name) => [name, placeholder([], dtype)]));
  const clipped = optimizer.clip?.(gradients, slots, scalars) ?? gradients;
  const next = parameters.map((parameter, i) => optimizer.update(parameter, clipped[i]!, slots[i]!, scalars));
  const slotNames = optimizer.slots.map(({ name }) => name);
  const outputs = next.flatMap((one) => [one.parameter, ...slotNames.map((name) => one.slots[name]!)]);
  const states = parameters.flatMap((parameter, i) => [parameter.tensor, ...slotNames.map((name) => slots[i]![name]!)]);
  const plan = compile(
    outputs,
    [...states, ...fed, ...Object.values(scalars)],
    dtype === 'float64' ? { backend: reference } : {},
  );
  let state = sizes.flatMap((shape, i) => [
    array(numbers(11 + i, size(shape))),
    ...optimizer.slots.map(({ initial }) => array(new Array(size(shape)).fill(initial))),
  ]);
  const found = new Map<number, { weights: TypedArray[]; slots: Record<string, TypedArray>[] }>();
  const stride = slotNames.length + 1;
  for (let step = 0; step < Math.max(...steps); step++) {
    const values = optimizer.numbers(step);
    const g = fedShapes.map((shape, i) => array(gradient(step, i, size(shape))));
    state = plan.runSync([...state, ...g, ...names.map((name) => array([values[name]!]))]);
    if (!steps.includes(step + 1)) continue;
    const kept = state;
    found.set(step + 1, {
      weights: sizes.map((_, i) => kept[i * stride]!),
      slots: sizes.map((_, i) => Object.fromEntries(slotNames.map((name, k) => [name, kept[i * stride + 1 + k]!]))),
    });
  }
  plan.dispose();
  return found;
}

/** The largest difference, relative to the largest of `wanted`, which counts `least` at least. */
export function apart(got: ArrayLike<number>, wanted: readonly number[], least = 0): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...wanted.map(Math.abs), least, Number.MIN_VALUE);
  return Math.max(...wanted.map((value, i) => Math.abs(value - got[i]!))) / largest || 0;
}
