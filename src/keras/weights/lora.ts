/**
 * Low-rank adapters (Hu et al. 2021) of Keras 3: `enable_lora` puts `kernel + alpha / rank * a @ b` in place of a kernel or table. `.keras`
 * and `.weights.h5` hold the sum already, legacy `.h5` all three, which are added here.
 * Invariant: what comes out has the weights of the layer without adapters. Source: `_get_kernel_with_merged_lora`, `Embedding.embeddings`
 * and `BaseConv.kernel` of Keras 3.3 to 3.15; before `lora_alpha` (3.10) the factor was 1.
 */
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Binding } from './leaves.ts';
import type { StoredData, StoredEntry } from './store.ts';

const adapter = /(^|\/)lora_(kernel|embeddings)_([ab])(:\d+)?$/;

export function withoutLora(binding: Binding): Binding {
  const { entries, parts, layer, source } = binding;
  const found = new Map<string, StoredEntry>();
  for (const entry of entries) {
    const match = adapter.exec(entry.key);
    if (match) found.set(match[3]!, entry);
  }
  const subject = `${layer.className} '${layer.name}'`;
  const base = entries.find(({ key }) => !adapter.test(key) && /(^|\/)(kernel|embeddings)(:\d+)?$/.test(key));
  const [a, b] = [found.get('a'), found.get('b')];
  const [rank, alpha] = [layer.config['lora_rank'], layer.config['lora_alpha'] ?? layer.config['lora_rank']];
  const stated = typeof rank === 'number' && rank > 0 && typeof alpha === 'number' && Number.isFinite(alpha);
  if (!stated || !base || !a || !b) {
    const details = {
      lora_rank: rank ?? null,
      lora_alpha: alpha ?? null,
      found: entries.map(({ key }) => key),
      file: source,
    };
    throw failure(subject, 'its LoRA adapter is incomplete: rank, kernel, a and b are needed', details);
  }
  const shape = base.dataset.shape;
  const columns = shape.at(-1)!;
  const fits =
    `${a.dataset.shape}` === `${[...shape.slice(0, -1), rank]}` && `${b.dataset.shape}` === `${[rank, columns]}`;
  if (!fits) {
    const details = { kernel: shape, a: a.dataset.shape, b: b.dataset.shape, rank };
    throw failure(subject, 'its LoRA adapter does not fit its kernel', details);
  }
  const read = (): StoredData => merged(base, a, b, rank, columns, alpha / rank);
  const sum: StoredEntry = { key: base.key, dataset: { label: base.dataset.label, shape, dtype: 'float32', read } };
  const kept = [...entries.keys()].filter((i) => !adapter.test(entries[i]!.key));
  const at = (i: number): StoredEntry => (entries[i] === base ? sum : entries[i]!);
  // Keras freezes the kernel, which puts it behind the bias.
  kept.sort((i, j) => Number(entries[j] === base) - Number(entries[i] === base));
  return { layer, source, entries: kept.map(at), parts: kept.map((i) => parts[i]!) };
}

/** In double, rounded once. */
function merged(
  base: StoredEntry,
  a: StoredEntry,
  b: StoredEntry,
  rank: number,
  columns: number,
  scale: number,
): StoredData {
  const [kernel, left, right] = [base, a, b].map(({ dataset }) => dataset.read()) as [
    StoredData,
    StoredData,
    StoredData,
  ];
  if (kernel.length !== sizeOf(base.dataset.shape)) return kernel; // incomplete: refused where it is put in place
  const out = new Float64Array(kernel.length);
  for (let i = 0; i < out.length; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += Number(left[row * rank + k]) * Number(right[k * columns + column]);
    out[i] = Number(kernel[i]) + scale * sum;
  }
  return out;
}
