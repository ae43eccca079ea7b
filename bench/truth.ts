/**
 * What the nets suite compares with: float64, which Python computes once per model (peers/truth.py), and how far from it float32 may lie. It is kept
 * beside the model, under a key of all that it depends on, so that a second run costs a hash of the file.
 *
 * Nets with relus and max pools have kinks: where a unit's sum lies within float32's rounding of 0, its gradient at that point is there or not, by
 * chance, and one such unit moves single pixels by a hundredth of the largest. So results are judged by their distance as a whole (relative L2), and the
 * bound comes from what TensorFlow's own float32 is apart from float64 on the same net: three times the farthest of five runs, at least 1e-5, the
 * project's bound for attributions. Three, since the farthest of five is itself a draw, and sums in another order have other errors.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../src/tensor/errors.ts';
import type { Truth } from './harness.ts';
import type { FileTask } from './nets.ts';
import { peersFolder } from './peers/peer.ts';

/** Times the farthest of TensorFlow's float32 runs, and never below the bound of attributions in float32. */
const [FACTOR, LEAST] = [3, 1e-5];

/** What truth.py writes: float64 values, and relative distances of float32 runs (L2, and the largest element's). */
interface Found {
  readonly by: string;
  readonly distances: readonly number[];
  readonly largest: readonly number[];
  readonly values: string;
}

interface Kept extends Found {
  readonly key: string;
}

/** Runs truth.py on a task; null and why where its packages are not there. */
export type Compute = (task: FileTask) => Promise<Found | { readonly missing: string }>;

/** @returns the truth, or in words why there is none */
export async function truthOf(task: FileTask, compute: Compute = inPython): Promise<Truth | string> {
  const weights = task.kind === 'keras' ? task.file : join(task.file, 'tf_model.h5');
  const path = `${weights.replace(/\.[^./]+$/, '')}.truth.json`;
  const key = await keyOf(task, weights);
  const kept = readKept(path);
  if (kept?.key === key) return asTruth(kept);
  const found = await compute(task);
  if ('missing' in found) return found.missing;
  writeFileSync(`${path}.part`, JSON.stringify({ key, ...found }));
  renameSync(`${path}.part`, path);
  return asTruth(found);
}

function readKept(path: string): Kept | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  } catch {
    throw failure(path, 'is no JSON', {}, 'remove it: it is computed again');
  }
}

function asTruth({ by, distances, largest, values }: Found): Truth {
  const bytes = Uint8Array.from(Buffer.from(values, 'base64'));
  const range = (list: readonly number[]): string =>
    [Math.min(...list), Math.max(...list)].map((value) => value.toExponential(1)).join(' to ');
  const distance = Math.max(LEAST, FACTOR * Math.max(...distances));
  const floats = `its float32 in ${distances.length} runs is ${range(distances)} apart (L2), ${range(largest)} at most in one element`;
  return { outputs: [new Float64Array(bytes.buffer)], distance, from: `float64 of ${by}; ${floats}` };
}

/** All that the values depend on: the weights, what is explained and how, and the program. */
async function keyOf({ file: _, ...task }: FileTask, weights: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(weights)) hash.update(chunk as Buffer);
  const { inputs, from, mask, ...rest } = task;
  for (const values of [inputs, from, mask ?? new Float32Array()]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  hash.update(JSON.stringify(rest)).update(readFileSync(`${peersFolder}truth.py`));
  return hash.digest('hex');
}

async function inPython({ inputs, from, mask, ...rest }: FileTask): ReturnType<Compute> {
  const texts = rest.kind === 'transformer';
  const python = (texts ? process.env['PATHGRAD_PYTHON_CAPTUM'] : undefined) ?? process.env['PATHGRAD_PYTHON'];
  if (!python) return { missing: 'PATHGRAD_PYTHON is not set' };
  const encode = (values: Float32Array): string =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
  const arrays = { inputs: encode(inputs), from: encode(from), ...(mask && { mask: encode(mask) }) };
  const out = `${texts ? join(rest.file, 'found') : rest.file}.${process.pid}.part`;
  const message = await new Promise<string | null>((resolve, reject) => {
    const child = execFile(python, [`${peersFolder}truth.py`, out], { maxBuffer: 1 << 26 }, (error, __, errors) => {
      const last = errors.trim().split('\n').at(-1) ?? '';
      if (!error) resolve(null);
      else if (error.code === 3) resolve(last);
      else reject(failure('truth.py', last || error.message, { file: rest.file }));
    });
    child.stdin!.on('error', () => {}); // it ended early, and says why
    child.stdin!.end(JSON.stringify({ ...rest, ...arrays }));
  });
  if (message !== null) return { missing: message };
  const found = JSON.parse(readFileSync(out, 'utf8')) as Found;
  rmSync(out);
  return found;
}
