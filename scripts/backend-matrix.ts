/**
 * The table of ops and backends in docs/backends.md, made from the tables that the backends themselves use: what each op's
 * kernels are called, on which modes they run, whether it has a gradient, and which example models need it.
 *
 *   node --import tsx scripts/backend-matrix.ts     writes it; a test fails when it is stale
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IntegratedGradients } from '../src/attribution/index.ts';
import type { Backend } from '../src/backends/backend.ts';
import type { GpuMode } from '../src/backends/gpu/adapter.ts';
import { bind } from '../src/backends/gpu/bind.ts';
import { binders as gpuBinders } from '../src/backends/gpu/binders.ts';
import { reference } from '../src/backends/reference/index.ts';
import { referenceKernels } from '../src/backends/reference/kernels.ts';
import { binders as wasmBinders } from '../src/backends/wasm/bind/binders.ts';
import type { Example, Op } from '../src/graph/op.ts';
import { buildProgram } from '../src/graph/program.ts';
import { loadModel } from '../src/keras/load/load.ts';
import { ops, type TableOp } from '../src/ops/index.ts';
import type { Shape } from '../src/tensor/shape.ts';
import { placeholder, Tensor, tensor } from '../src/tensor/tensor.ts';
import { trainingStep } from '../test/support/model-check.ts';

const page = new URL('../docs/backends.md', import.meta.url);
const [begin, end] = ['<!-- begin: made by npm run matrix -->', '<!-- end -->'];
const modes: readonly GpuMode[] = ['webgpu', 'webgl2', 'webasm', 'cpu'];

/** A backend that runs plans on the reference and remembers which ops they had. */
function recorder(seen: Set<string>): Backend {
  return {
    name: 'recorder',
    prepare(program) {
      for (const step of program.steps) seen.add(step.op.name);
      return reference.prepare(program);
    },
  };
}

/** The ops of a model's predictions and explanations, and of one training step. */
async function usesOf(file: string, X: Tensor, layer?: number): Promise<{ explain: Set<string>; train: Set<string> }> {
  const bytes = new Uint8Array(readFileSync(new URL(`../examples/${file}`, import.meta.url)));
  const [explain, train] = [new Set<string>(), new Set<string>()];
  const options = { nSteps: 2, backend: recorder(explain), ...(layer !== undefined && { layer }) };
  for (const strategy of ['auto', 'brute'] as const) {
    const explainer = new IntegratedGradients(await loadModel(bytes), { ...options, strategy });
    await explainer.explain(X, { target: 0 });
    explainer.dispose();
  }
  await trainingStep(bytes, X, [0, 1], 'float32', recorder(train));
  return { explain, train };
}

/** The names of the kernels that compute an op on a mode, over its examples; an error's text where there are none. */
function kernelsOf(op: Op, mode: GpuMode): string[] {
  const names = new Set<string>();
  for (const example of op.examples as readonly Example[]) {
    const attrs = op.name === 'cast' && example.attrs['dtype'] === 'float64' ? { dtype: 'int32' } : example.attrs;
    const xs = example.inputs.map((input) => {
      const given = 'shape' in input ? input : { shape: input as Shape, dtype: 'float32' as const };
      return placeholder(given.shape, given.dtype);
    });
    const y = new Tensor(op, xs, attrs, op.shape(xs, attrs), null);
    for (const action of bind(buildProgram([y], xs), mode).actions)
      if (action.kind === 'kernel') names.add(action.kernel.name);
  }
  return [...names];
}

/** Kernels of all modes; those of some modes only say which. */
function describeKernels(op: Op): string {
  const entry = gpuBinders[op.name as TableOp] as unknown;
  if (entry === undefined) return 'none: its kernels come with the op, for reference and wasm';
  if (typeof entry !== 'function') return (entry as { missing: string }).missing;
  const perMode = modes.map((mode) => kernelsOf(op, mode));
  const all = [...new Set(perMode.flat())];
  if (all.length === 0) return 'none: the same bytes';
  return all
    .map((name) => {
      const on = modes.filter((_, i) => perMode[i]!.includes(name));
      return on.length === modes.length ? name : `${name} (${on.join(', ')})`;
    })
    .join(', ');
}

const yes = (value: boolean): string => (value ? 'yes' : '');

/** The table as Markdown. */
export async function backendMatrix(): Promise<string> {
  const texts = tensor(
    new Int32Array(200).map((_, i) => 1 + (i % 50)),
    [2, 100],
  );
  const images = tensor(
    new Float32Array(2 * 784).map((_, i) => (i % 7) / 7),
    [2, 28, 28, 1],
  );
  const imdb = await usesOf('imdb-cnn.h5', texts, 1);
  const mnist = await usesOf('mnist-cnn.h5', images);
  const uses = (name: string, { explain, train }: typeof imdb): string =>
    [explain.has(name) ? 'explain' : '', train.has(name) ? 'train' : ''].filter((word) => word !== '').join(', ');
  const rows = Object.values(ops as Record<string, Op>).map((op) => {
    const gpu = typeof (gpuBinders as Record<string, unknown>)[op.name] === 'function';
    return [
      op.name,
      op.vjp === 'none' ? 'none' : 'yes',
      uses(op.name, imdb),
      uses(op.name, mnist),
      yes(op.name in referenceKernels || op.kernels?.['reference'] !== undefined),
      yes(op.name in wasmBinders || op.kernels?.['wasm'] !== undefined),
      ...modes.map(() => (gpu ? 'yes' : 'no')),
      describeKernels(op),
    ];
  });
  const head = [
    'op',
    'gradient',
    'IMDB',
    'MNIST',
    'reference',
    'wasm',
    ...modes.map((mode) => `gpu:${mode}`),
    'GPU.js kernels',
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The page with a table in its place. */
export function withMatrix(text: string, table: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/backends.md lacks the lines '${begin}' and '${end}'`);
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, withMatrix(readFileSync(page, 'utf8'), await backendMatrix()));
  console.log('docs/backends.md is up to date');
}
