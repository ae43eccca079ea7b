/**
 * Compares a model with values that real Keras computed from the same file: outputs, the gradient of the summed output, and
 * integrated gradients by the midpoint rule with a zero baseline. Integrated gradients are computed step by step right here, so
 * that the comparison depends on the model and `grad` alone.
 */
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import type { Model } from '../../src/model/model.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { slice } from '../../src/ops/slicing.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import type { NpyArray } from './npz.ts';

export type Golden = ReadonlyMap<string, NpyArray>;

/** Largest absolute difference, over the bounds of each kind that the issue names. */
export interface Comparison {
  /** Of the outputs, relative to the largest of them where that is above 1. */
  readonly output: number;
  readonly gradient: number | null;
  readonly attribution: number | null;
}

export function inputsOf(golden: Golden): NpyArray[] {
  return [...golden.keys()]
    .filter((key) => /^x\d+$/.test(key))
    .sort()
    .map((key) => golden.get(key)!);
}

export async function compareWithGolden(model: Model, golden: Golden): Promise<Comparison> {
  const inputs = inputsOf(golden);
  const outputs = await model.predictAll(inputs.length === 1 ? inputs[0]! : inputs, { batchSize: 64 });
  let output = 0;
  outputs.forEach((y, i) => {
    const expected = golden.get(`y${i}`) ?? golden.get('y')!;
    if (expected.shape.join() !== y.shape.join()) throw new Error(`shape ${y.shape} where Keras has ${expected.shape}`);
    output = Math.max(output, difference(y.data, expected.data, Math.max(1, largest(expected.data))));
  });
  const wanted = golden.get('grad0');
  const integrated = [...golden.keys()].find((key) => key.startsWith('ig_mid'));
  if (!wanted || inputs.length !== 1) return { output, gradient: null, attribution: null };
  const gradient = difference(gradientOf(model, inputs[0]!)(1), wanted.data, largest(wanted.data));
  const attribution = integrated ? compareIntegrated(model, inputs[0]!, golden.get(integrated)!, integrated) : null;
  return { output, gradient, attribution };
}

/** The first number of each sample's output. */
const firstOutput = (y: Tensor): Tensor => sum(slice(reshape(y, [y.shape[0]!, -1]), { 1: [0, 1] }));

/** The gradient at `alpha` times the input. */
function gradientOf(model: Model, input: NpyArray): (alpha: number) => Float64Array {
  const x = placeholder(input.shape, model.inputs[0]!.dtype);
  const [y] = model.apply([x]);
  const plan = compile(grad(firstOutput(y!), [x]), [x]);
  return (alpha) => {
    const fed = input.data.map((value) => value * alpha);
    return Float64Array.from(plan.runSync([model.dtype === 'float64' ? fed : Float32Array.from(fed)])[0]!);
  };
}

function compareIntegrated(model: Model, input: NpyArray, expected: NpyArray, key: string): number {
  const steps = Number(key.replace('ig_mid', ''));
  const at = gradientOf(model, input);
  const total = new Float64Array(input.data.length);
  for (let step = 0; step < steps; step++) {
    at((step + 0.5) / steps).forEach((value, i) => {
      total[i]! += (value * input.data[i]!) / steps;
    });
  }
  return difference(total, expected.data, largest(expected.data));
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** NaN anywhere counts as infinitely wrong. */
function difference(got: ArrayLike<number>, expected: ArrayLike<number>, scale: number): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const d = Math.abs(got[i]! - expected[i]!) / (scale || 1);
    if (!(d <= worst)) worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  return worst;
}
