/** What the gpu tests run in the page: bundled by gpu.test.ts, answers plain data. */
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { type GpuMode, gpuBackend } from '../../src/gpu.ts';
import { matmul, relu } from '../../src/ops/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { explainGolden, type GoldenCase, trainingError } from '../support/model-check.ts';
import { checkOps } from './op-check.ts';

/** A model and inputs as the test sends them. */
export interface SentCase {
  readonly file: string;
  readonly X: { readonly data: number[]; readonly shape: number[]; readonly dtype: 'int32' | 'float32' };
  readonly golden: GoldenCase;
  readonly labels: readonly number[];
}

const inputOf = ({ X }: SentCase, rows = X.shape[0]!): Tensor => {
  const data = X.data.slice(0, (X.data.length / X.shape[0]!) * rows);
  return tensor(X.dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data), [rows, ...X.shape.slice(1)]);
};
const fetched = async (file: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(file)).arrayBuffer());

const page = {
  checkOps,

  /** Golden attributions: pass, largest difference, whether a second run gives the same bits and adds nothing to memory. */
  async explain(mode: GpuMode, sent: SentCase) {
    const backend = await gpuBackend({ mode });
    const made = await explainGolden(await fetched(sent.file), sent.golden, inputOf(sent), 1, backend);
    const before = backend.stats();
    const first = await made.explain();
    const same = JSON.stringify(await made.explain()) === JSON.stringify(first);
    const flat = JSON.stringify(backend.stats()) === JSON.stringify(before);
    made.dispose();
    await new Promise((resolve) => setTimeout(resolve));
    const left = backend.stats().constants;
    await backend.dispose();
    return {
      pass: made.pass,
      error: made.error,
      same,
      flat,
      left,
      kernels: backend.stats().kernels,
      ran: backend.mode,
    };
  },

  async train(mode: GpuMode, sent: SentCase) {
    const backend = await gpuBackend({ mode });
    const rows = sent.labels.length;
    const { error, gradients } = await trainingError(
      await fetched(sent.file),
      inputOf(sent, rows),
      sent.labels,
      backend,
    );
    await backend.dispose();
    return { error, gradients };
  },

  /** Many explanations of a tiny model: what the backend and the page's heap hold after the first fifty and at the end. */
  async many(mode: GpuMode, count: number) {
    const backend = await gpuBackend({ mode });
    const weights = tensor(
      Float32Array.from({ length: 600 }, (_, i) => Math.sin(i)),
      [30, 20],
    );
    const model = (x: Tensor): Tensor => relu(matmul(x, weights));
    const explainer = new IntegratedGradients(model, { nSteps: 8, backend });
    const X = tensor(
      Float32Array.from({ length: 120 }, (_, i) => Math.cos(i)),
      [4, 30],
    );
    const used = async () => {
      for (let i = 0; i < 3; i++) {
        (globalThis as { gc?: () => void }).gc?.();
        await new Promise((done) => setTimeout(done, 20));
      }
      const { memory } = performance as { memory?: { usedJSHeapSize: number } };
      return { stats: backend.stats(), heap: memory?.usedJSHeapSize ?? 0 };
    };
    for (let i = 0; i < 50; i++) await explainer.explain(X, { target: i % 20 });
    const before = await used();
    for (let i = 0; i < count; i++) await explainer.explain(X, { target: i % 20 });
    const after = await used();
    explainer.dispose();
    await backend.dispose();
    return { before, after };
  },
};

export type GpuPage = typeof page;
Object.assign(globalThis, { gpu: page });
