/** The models of `test/golden/transformers/heads.json.gz`: configs, weights made of their names, and what PyTorch says. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { TransformerFiles } from '../../src/transformers/index.ts';
import { writeSafetensors } from '../support/safetensors.ts';
import { seeded } from '../support/seeded.ts';

export interface HeadCase {
  readonly class: string;
  readonly variant?: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Shapes by name. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly ids: number[][];
  readonly mask: number[][];
  readonly types: number[][] | null;
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly target: number[] | number[][];
  /** Input x gradient at the embeddings, of the last output's entries at `target`. */
  readonly product: readonly number[];
}

export function headCases(): HeadCase[] {
  const file = new URL('../golden/transformers/heads.json.gz', import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as HeadCase[];
}

/** FNV-1a of the name seeds the numbers, as in make_heads.py. */
export function valuesOf(name: string, shape: readonly number[]): Float32Array {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  const next = seeded(state);
  const centre = /norm\.weight$/i.test(name) ? 1 : 0;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => centre + 0.8 * (next() - 0.5));
}

export function filesOf({ config, weights }: HeadCase): TransformerFiles {
  const tensors = Object.entries(weights).map(
    ([name, shape]) => [name, { shape, data: valuesOf(name, shape) }] as const,
  );
  return { config, weights: writeSafetensors(Object.fromEntries(tensors)) };
}
