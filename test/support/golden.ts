/**
 * Golden values of test/golden (made by make_golden.py with real Keras and alibi) and their comparison with ours. Predictions
 * are held to 1e-5; attributions to 1e-5 of the sample's largest, or to twice alibi's own float32 error where that is larger.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import type { Model } from '../../src/keras/model.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

export interface GoldenRun {
  readonly method: QuadratureMethod;
  readonly baseline: number;
  readonly deltas: readonly number[];
  /** Per sample: summed over the embedding for text, all pixels for images. */
  readonly attributions: readonly (readonly number[])[];
  readonly float32Error: readonly number[];
  /** At a layer: the unsummed attributions of sample 0. */
  readonly raw?: readonly number[];
}

export interface GoldenModel {
  readonly modelChecksum: string;
  readonly layer?: number;
  readonly predictions: readonly (readonly number[])[];
  readonly runs: readonly GoldenRun[];
}

/** A file of test/golden or examples, by its path in the project. */
export function projectFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url)));
}

export function goldenFile<T>(name: string): T {
  return JSON.parse(strFromU8(gunzipSync(projectFile(`test/golden/${name}`)))) as T;
}

/** SHA-256 of an array's bytes, as `checksum` in alibi_runs.py. */
export function checksum(data: Uint8Array | Int32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

/** Rows `[0, rows)` of X. */
export function head(X: Tensor, rows: number): Tensor {
  const width = X.size / X.shape[0]!;
  return tensor(X.data.slice(0, rows * width), [rows, ...X.shape.slice(1)], X.dtype);
}

/** The largest difference from Keras's predictions; fails above 1e-5. */
export async function comparePredictions(model: Model, golden: GoldenModel, X: Tensor): Promise<number> {
  const predictions = (await model.predict(X)) as Tensor;
  const wanted = golden.predictions.flat();
  assert.is(predictions.size, wanted.length);
  const worst = wanted.reduce((max, value, i) => Math.max(max, Math.abs(value - predictions.data[i]!)), 0);
  assert.ok(worst < 1e-5, `predictions differ by ${worst}`);
  return worst;
}

/** The largest difference from alibi's attributions, as a share of the sample's largest one, over all samples of a run. */
export async function compareRun(model: Model, golden: GoldenModel, run: GoldenRun, X: Tensor): Promise<number> {
  const rows = run.attributions.length;
  const explainer = new IntegratedGradients(model, {
    method: run.method,
    nSteps: 50,
    internalBatchSize: 100,
    compat: 'alibi',
    ...(golden.layer !== undefined && { layer: golden.layer }),
  });
  const target = golden.predictions.slice(0, rows).map((row) => row.indexOf(Math.max(...row)));
  const { attributions, deltas } = await explainer.explain(head(X, rows), { baselines: run.baseline, target });
  const found = attributions[0]!;
  const last = golden.layer === undefined ? 1 : found.shape.at(-1)!; // what alibi's values were summed over
  let worst = 0;
  run.attributions.forEach((wanted, row) => {
    const ours = wanted.map((_, i) => sumOf(found, (row * wanted.length + i) * last, last));
    const error = largestError(ours, wanted);
    const bound = Math.max(1e-5, 2 * run.float32Error[row]!);
    assert.ok(error < bound, `${run.method}, baseline ${run.baseline}, sample ${row}: attributions differ by ${error}`);
    const difference = Math.abs(deltas.data[row]! - run.deltas[row]!);
    assert.ok(difference < 1e-5, `${run.method}, sample ${row}: deltas differ by ${difference}`);
    worst = Math.max(worst, error);
  });
  if (run.raw) worst = Math.max(worst, largestError(Array.from(found.data.slice(0, run.raw.length)), run.raw));
  return worst;
}

function sumOf({ data }: Tensor, from: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += data[from + i]!;
  return sum;
}

/** max |a - b| / max |b| */
function largestError(found: readonly number[], wanted: readonly number[]): number {
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!))) / scale;
}
