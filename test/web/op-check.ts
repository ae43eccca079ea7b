/**
 * Runs every example of every op on a mode of the gpu backend and compares it with the float64 reference. It needs no Node: a
 * browser test bundles it with esbuild and calls it in the page, for the modes that only a browser has.
 */
import { type GpuMode, type GpuStats, gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import type { Example, Op } from '../../src/graph/op.ts';
import { ops } from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import { explainGolden, type GoldenCase, trainingError } from '../support/model-check.ts';

/** Of one op: the largest difference from the reference, relative to the largest element; or what went wrong. */
export interface OpCheck {
  readonly op: string;
  readonly error: number;
  readonly failure?: string;
}

const lift = (x: Tensor): Tensor =>
  x.dtype === 'float32' ? tensor(Float64Array.from(x.data), x.shape) : tensor(x.data, x.shape, x.dtype);

function relativeError(got: TypedArray, wanted: TypedArray): number {
  let [largest, error] = [1e-30, 0];
  wanted.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, Math.abs(value - got[i]!));
  });
  return error / largest;
}

/** The op on an example, with gradients to its float inputs where it has any: what a model and its explanation run. */
function graphOf(op: Op, example: Example, inputs: readonly Tensor[]): { xs: Tensor[]; y: Tensor } {
  const attrs = op.name === 'cast' && example.attrs['dtype'] === 'float64' ? { dtype: 'int32' } : example.attrs;
  const xs = inputs.map((x) => placeholder(x.shape, x.dtype));
  return { xs, y: new Tensor(op, xs, attrs, op.shape(xs, attrs), null) };
}

async function checkExample(op: Op, example: Example, backend: Parameters<typeof compile>[2]): Promise<number> {
  const inputs = exampleInputs(example, 'float32', 1);
  const [got, wanted] = [graphOf(op, example, inputs), graphOf(op, example, inputs.map(lift))];
  const plan = compile([got.y], got.xs, backend);
  try {
    const [found] = await plan.run(inputs.map(({ data }) => data));
    const [truth] = await compile([wanted.y], wanted.xs, { backend: reference }).run(inputs.map((x) => lift(x).data));
    return relativeError(found!, truth!);
  } finally {
    plan.dispose();
  }
}

/** All ops on `mode`, small examples only. Never throws for one op: its message is in the result. */
export async function checkOps(mode: GpuMode): Promise<OpCheck[]> {
  const backend = await gpuBackend({ mode });
  const results: OpCheck[] = [];
  for (const op of Object.values(ops)) {
    let error = 0;
    let failure: string | undefined;
    for (const example of op.examples) {
      if (example.size === 'real') continue;
      try {
        error = Math.max(error, await checkExample(op, example, { backend }));
      } catch (thrown) {
        failure = `${thrown instanceof Error ? thrown.message : thrown}`;
      }
    }
    results.push({ op: op.name, error, ...(failure !== undefined && { failure }) });
  }
  await backend.dispose();
  return results;
}

/** A model file and samples, as JSON can carry them into a page. */
export interface ModelCheckInput {
  /** The file in base64. */
  readonly model: string;
  readonly data: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly golden: GoldenCase;
  /** Samples that are explained. */
  readonly rows: number;
  /** Of the training step, one per sample from the first on. */
  readonly labels: readonly number[];
  /** Explanations of the same samples after the first; all must have the same bits. */
  readonly repeats: number;
}

export interface ModelCheck {
  readonly pass: string;
  /** Largest difference of attributions from the golden ones, and of loss and gradients from the float64 reference. */
  readonly attributionError: number;
  readonly trainingError: number;
  readonly gradients: number;
  readonly repeatable: boolean;
  /** Kernels and constants held before and after the repeats. */
  readonly before: GpuStats;
  readonly after: GpuStats;
}

/** Explains and trains a model on `mode` of the gpu backend. */
export async function checkModel(mode: GpuMode, input: ModelCheckInput): Promise<ModelCheck> {
  const bytes = Uint8Array.from(atob(input.model), (c) => c.charCodeAt(0));
  const data = input.dtype === 'int32' ? Int32Array.from(input.data) : Float32Array.from(input.data);
  const X = tensor(data, input.shape, input.dtype);
  const backend = await gpuBackend({ mode });
  const made = await explainGolden(bytes, input.golden, X, input.rows, backend);
  const before = backend.stats();
  const first = await made.explain();
  let repeatable = true;
  for (let i = 0; i < input.repeats; i++) {
    const again = await made.explain();
    repeatable &&= again.every((value, at) => value === first[at]);
  }
  const after = backend.stats();
  made.dispose();
  const count = input.labels.length;
  const batch = tensor(data.slice(0, (count * X.size) / X.shape[0]!), [count, ...input.shape.slice(1)], input.dtype);
  const { error, gradients } = await trainingError(bytes, batch, input.labels, backend);
  await backend.dispose();
  return { pass: made.pass, attributionError: made.error, trainingError: error, gradients, repeatable, before, after };
}
