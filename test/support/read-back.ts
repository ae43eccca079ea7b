/**
 * Files that pathgrad wrote, given to the Keras that they are for: `test/golden/training/read-back.py` loads them and compares predictions.
 * The Python is PATHGRAD_PYTHON (`test/shared/python.sh` makes one); its Keras 3.15.1 and tf_keras 2.21.0 are what the files are for.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** Null where there is none. */
export const python: string | null = process.env['PATHGRAD_PYTHON'] || null;

type Numbers = { readonly data: ArrayLike<number>; readonly shape: readonly number[] };
export type BackInput = Numbers | { readonly strings: readonly string[]; readonly shape: readonly number[] };

export interface BackCase {
  /** By the ending of its name: `a.keras`. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** A `.weights.h5` to be loaded into the model of `file`. */
  readonly weights?: Uint8Array;
  readonly inputs: readonly BackInput[];
  readonly outputs: readonly Tensor[];
}

export interface BackLine {
  readonly file: string;
  /** Largest difference in units of the largest output, at least 1. */
  readonly error: number | null;
  readonly message: string | null;
  readonly iterations: number | null;
}

const script = fileURLToPath(new URL('../golden/training/read-back.py', import.meta.url));

/** @param major which Keras; each begins TensorFlow, which takes seconds */
export async function readBack(major: 2 | 3, cases: readonly BackCase[]): Promise<readonly BackLine[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-back-'));
  try {
    const manifest = cases.map(({ file, bytes, weights, inputs, outputs }) => {
      writeFileSync(join(folder, file), bytes);
      if (weights) writeFileSync(join(folder, `${file}.weights.h5`), weights);
      return {
        ...{ file, weights: weights ? `${file}.weights.h5` : null },
        ...{ inputs: inputs.map(packed), outputs: outputs.map(packed) },
      };
    });
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const run = promisify(execFile)(python!, [script, String(major), join(folder, 'manifest.json')], {
      maxBuffer: 2 ** 26,
    });
    const { stdout } = await run;
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as BackLine);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function packed(array: BackInput): object {
  if ('strings' in array) return array;
  const { data, shape } = array;
  const whole = data instanceof Int32Array;
  const bytes = (whole ? data : Float32Array.from(data)) as Int32Array | Float32Array;
  return {
    shape,
    dtype: whole ? 'int32' : 'float32',
    data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  };
}
