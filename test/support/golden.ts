/**
 * Golden values of test/golden (made by make_golden.py with real Keras and alibi) and their comparison with ours. Predictions
 * are held to 1e-5, attributions to 1e-5 of the sample's largest, those near a tie to 1e-9 in float64 (see compareRun).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Model } from '../../src/model/model.ts';
import type { QuadratureMethod } from '../../src/quadrature/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

export interface GoldenRun {
  readonly method: QuadratureMethod;
  readonly baseline: number;
  /** The class that is explained; the predicted one without it. */
  readonly target?: number;
  readonly deltas: readonly number[];
  /** Per sample: summed over the embedding for text, all pixels for images. */
  readonly attributions: readonly (readonly number[])[];
  /** What alibi computes in float64. */
  readonly attributions64: readonly (readonly number[])[];
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

/**
 * The largest difference from alibi's attributions, as a share of the sample's largest one, over all samples of a run: at
 * most 1e-5. Where a point of the path lies within float32 rounding of a tie in a max pool, the gradient may go to the
 * other pixel, in alibi and in ours; a sample with a larger difference must agree with alibi in float64, to 1e-9.
 */
export async function compareRun(bytes: Uint8Array, golden: GoldenModel, run: GoldenRun, X: Tensor): Promise<string> {
  const rows = run.attributions.length;
  const { sums, deltas, raw } = await explainRun(bytes, 'float32', golden, run, head(X, rows));
  let [worst, atTies] = [0, 0];
  let exact: number[][] | undefined;
  for (const [row, wanted] of run.attributions.entries()) {
    const error = largestError(sums[row]!, wanted);
    if (error >= 1e-5) {
      exact ??= (await explainRun(bytes, 'float64', golden, run, head(X, rows))).sums;
      const inDouble = largestError(exact[row]!, run.attributions64[row]!);
      const where = `${run.method}, baseline ${run.baseline}, sample ${row}`;
      assert.ok(error < 1e-3 && inDouble < 1e-9, `${where}: off by ${error} in float32 and ${inDouble} in float64`);
      atTies++;
    } else worst = Math.max(worst, error);
    const difference = Math.abs(deltas[row]! - run.deltas[row]!);
    // What a tie moved to another pixel, the sum of the attributions misses too.
    assert.ok(
      difference < (error < 1e-5 ? 1e-5 : error),
      `${run.method}, sample ${row}: deltas differ by ${difference}`,
    );
  }
  if (run.raw) worst = Math.max(worst, largestError(raw.slice(0, run.raw.length), run.raw));
  assert.ok(worst < 1e-5, `raw values differ by ${worst}`);
  return `${worst.toExponential(1)} of the largest attribution${atTies ? `; ${atTies} of ${rows} samples near a tie` : ''}`;
}

interface RunResult {
  /** Per sample and feature, summed over what alibi's values were summed over. */
  readonly sums: number[][];
  readonly deltas: ArrayLike<number>;
  readonly raw: number[];
}

async function explainRun(
  bytes: Uint8Array,
  dtype: 'float32' | 'float64',
  golden: GoldenModel,
  run: GoldenRun,
  X: Tensor,
): Promise<RunResult> {
  const explainer = new IntegratedGradients(await loadModel(bytes, { dtype }), {
    method: run.method,
    nSteps: 50,
    internalBatchSize: 100,
    compat: 'alibi',
    ...(golden.layer !== undefined && { layer: golden.layer }),
  });
  const rows = run.attributions.length;
  const target = golden.predictions.slice(0, rows).map((row) => run.target ?? row.indexOf(Math.max(...row)));
  const { attributions, deltas } = await explainer.explain(X, { baselines: run.baseline, target });
  explainer.dispose();
  const found = attributions[0]!;
  const last = golden.layer === undefined ? 1 : found.shape.at(-1)!;
  const width = run.attributions[0]!.length;
  const sums = run.attributions.map((_, row) =>
    Array.from({ length: width }, (_, i) => sumOf(found, (row * width + i) * last, last)),
  );
  return { sums, deltas: deltas.data, raw: Array.from(found.data.subarray(0, width * last)) };
}

function sumOf({ data }: Tensor, from: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += data[from + i]!;
  return sum;
}

/** max |a - b| / max |b| */
export function largestError(found: readonly number[], wanted: readonly number[]): number {
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!))) / scale;
}
