/**
 * Runs every example of every op on a mode of the gpu backend and compares it with the float64 reference. It needs no Node: a
 * browser test bundles it with esbuild and calls it in the page, for the modes that only a browser has.
 */
import { type GpuMode, gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import type { Example, Op } from '../../src/graph/op.ts';
import { ops } from '../../src/ops/index.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';

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
