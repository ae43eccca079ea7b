/**
 * What a backend makes of a whole model, against the golden values and the float64 reference. It needs no Node, so that a
 * browser test can call it in the page.
 */
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { add, mul, neg } from '../../src/ops/binary.ts';
import { oneHot } from '../../src/ops/indexing.ts';
import { mean, sum } from '../../src/ops/reduce.ts';
import { log } from '../../src/ops/unary.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

export interface GoldenCase {
  readonly layer?: number;
  readonly predictions: readonly (readonly number[])[];
  readonly run: {
    readonly method: QuadratureMethod;
    readonly baseline: number;
    readonly attributions64: readonly (readonly number[])[];
  };
}

/** An explainer of a model file on a backend, as the golden runs were made, and the explanation of the first `rows` samples. */
export async function explainGolden(
  bytes: Uint8Array,
  golden: GoldenCase,
  X: Tensor,
  rows: number,
  backend: Backend,
): Promise<{ error: number; pass: string; explain: () => Promise<TypedArray>; dispose: () => void }> {
  const { layer, run } = golden;
  const explainer = new IntegratedGradients(await loadModel(bytes), {
    method: run.method,
    nSteps: 50,
    internalBatchSize: 100,
    compat: 'alibi',
    backend,
    ...(layer !== undefined && { layer }),
  });
  const width = X.size / X.shape[0]!;
  const samples = tensor(X.data.slice(0, rows * width), [rows, ...X.shape.slice(1)], X.dtype);
  const target = golden.predictions.slice(0, rows).map((row) => row.indexOf(Math.max(...row)));
  const explain = () => explainer.explain(samples, { baselines: run.baseline, target });
  const first = await explain();
  const found = first.attributions[0]!;
  const last = layer === undefined ? 1 : found.shape.at(-1)!;
  let error = 0;
  for (let row = 0; row < rows; row++) {
    const wanted = run.attributions64[row]!;
    const largest = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, i) => {
      let own = 0;
      for (let d = 0; d < last; d++) own += found.data[(row * wanted.length + i) * last + d]!;
      error = Math.max(error, Math.abs(own - value) / largest);
    });
  }
  return {
    error,
    pass: first.meta.path!.pass,
    explain: async () => (await explain()).attributions[0]!.data,
    dispose: () => explainer.dispose(),
  };
}

/** Loss and the gradients of all weights, one training step of a classifier, as arrays; the weights are inputs of the plan. */
export async function trainingStep(
  bytes: Uint8Array,
  X: Tensor,
  labels: readonly number[],
  dtype: 'float32' | 'float64',
  backend: Backend,
): Promise<TypedArray[]> {
  const model = await loadModel(bytes, { dtype });
  const data = dtype === 'float64' && X.dtype === 'float32' ? Float64Array.from(X.data) : X.data;
  const x = placeholder(X.shape, X.dtype === 'float32' ? dtype : X.dtype);
  const [probabilities] = model.apply([x]);
  const truth = oneHot(tensor(labels as number[], undefined, 'int32'), probabilities!.shape[1]!, dtype);
  const loss = neg(mean(sum(mul(truth, log(add(probabilities!, 1e-7))), { axes: 1 })));
  const weights = ancestors([probabilities!], new Set([x])).filter(
    ({ constant, size, dtype: type }) => constant && size > 1 && type === dtype,
  );
  const plan = compile([loss, ...grad(loss, weights)], [x, ...weights], { backend });
  const results = await plan.run([data, ...weights.map(({ data: values }) => values)]);
  plan.dispose();
  return results;
}

/** The largest difference of loss and gradients from the float64 reference, each relative to its own largest element. */
export async function trainingError(
  bytes: Uint8Array,
  X: Tensor,
  labels: readonly number[],
  backend: Backend,
): Promise<{ error: number; gradients: number }> {
  const wanted = await trainingStep(bytes, X, labels, 'float64', reference);
  const got = await trainingStep(bytes, X, labels, 'float32', backend);
  let error = 0;
  wanted.forEach((truth, k) => {
    let [largest, off] = [1e-30, 0];
    truth.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value));
      off = Math.max(off, Math.abs(value - got[k]![i]!));
    });
    error = Math.max(error, off / largest);
  });
  return { error, gradients: wanted.length - 1 };
}
