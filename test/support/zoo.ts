/** Reads what test/golden/make_zoo.py writes. */
import { gunzipSync, strFromU8 } from 'fflate';

export interface Packed {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  /** Little-endian, base64. */
  readonly data: string;
}

export interface ZooCase {
  readonly name: string;
  readonly output: Packed;
  readonly cotangent: Packed;
  readonly gradient: Packed | null;
}

export interface Zoo {
  readonly madeWith: string;
  readonly files: { readonly [format: string]: string };
  readonly classes: readonly string[];
  readonly inputs: readonly (Packed | { readonly shape: readonly number[]; readonly strings: readonly string[] })[];
  /** Which input the gradients are taken to. */
  readonly source: number | null;
  readonly cases: readonly ZooCase[];
}

export function readZoo(bytes: Uint8Array): Zoo {
  return JSON.parse(strFromU8(gunzipSync(bytes))) as Zoo;
}

export function unpack({ data, dtype, shape }: Packed): { data: Float32Array | Int32Array; shape: readonly number[] } {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  const values = dtype === 'int32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
  return { data: values, shape };
}
