/**
 * Tensors of a file as tensors of the engine: floats of every width in the model's float type, integers as int32, booleans. Invariant: a tensor
 * has exactly the values that its shape asks for, wherever they lie; what int32 cannot hold is an error, except where it stands for "to the end".
 */

import { sibling } from '../../keras/load/shards.ts';
import type { ModelSource } from '../../keras/load/source.ts';
import { openRanges } from '../../safetensors/ranges.ts';
import { allocate, type DType, type FloatDType, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { widened } from '../../tensor/half.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import { type TensorRecord, typeNames } from './records.ts';

const widths: Readonly<Record<string, number>> = {
  ...{ float: 4, double: 8, float16: 2, bfloat16: 2, bool: 1 },
  ...{ int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8 },
};
const floats = new Set(['float', 'double', 'float16', 'bfloat16']);
/** Elements of one tensor; a file of 2 GB of floats has fewer. */
const MOST = 2 ** 30;
const [LOW, HIGH] = [-(2 ** 31), 2 ** 31 - 1];
/** Beyond it an integer is nobody's data: files write 2^63 - 1 for "to the end". */
const ENDLESS = 2 ** 60;

export const typeName = (type: number): string => typeNames[type] ?? `number ${type}`;

/** The dtype that values of an element type have here. @throws for types that are not computed with */
export function dtypeFor(type: number, dtype: FloatDType, subject: string): DType {
  const name = typeName(type);
  if (floats.has(name)) return dtype;
  if (name === 'bool') return 'bool';
  if (name in widths) return 'int32';
  const hint = 'floats of 16 to 64 bits, integers and booleans are supported';
  throw failure(subject, `holds elements of type ${name}`, {}, hint);
}

/** Bytes of values that lie in other files, by the name of the tensor. */
export type External = (record: TensorRecord) => Uint8Array | null;

/** @throws PathgradError naming the tensor */
export function valuesOf(record: TensorRecord, file: string, dtype: FloatDType, external: External): Tensor {
  const subject = `${file}, tensor '${record.name}'`;
  const { dims, type } = record;
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || dims.length > 32 || !(sizeOf(dims) <= MOST)) {
    throw failure(subject, 'has no usable shape', { shape: dims });
  }
  if (record.isText) throw failure(subject, 'holds texts', {}, 'texts are not computed with');
  const kind = dtypeFor(type, dtype, subject);
  const name = typeName(type);
  const raw = record.external ? external(record) : record.raw;
  const count = sizeOf(dims);
  const found = raw ? fromBytes(raw, name, subject, count) : fromFields(record, name);
  if (found.length !== count) {
    throw failure(subject, 'does not have as many values as its shape', {
      shape: dims,
      expected: count,
      found: found.length,
    });
  }
  return adopt(converted(found, kind, subject), dims);
}

function fromFields({ values }: TensorRecord, name: string): ArrayLike<number> {
  if (values === null) return [];
  // 16 bits of a float as an integer.
  return name === 'float16' || name === 'bfloat16' ? widened(Uint16Array.from(values), name) : values;
}

function fromBytes(raw: Uint8Array, name: string, subject: string, count: number): ArrayLike<number> {
  const width = widths[name]!;
  if (raw.length !== count * width) {
    throw failure(subject, 'does not have as many bytes as its shape', {
      expected: count * width,
      found: raw.length,
      type: name,
    });
  }
  // Aligned, and no view that keeps the file in memory.
  const { buffer } = new Uint8Array(raw);
  if (name === 'float') return new Float32Array(buffer);
  if (name === 'double') return new Float64Array(buffer);
  if (name === 'float16' || name === 'bfloat16') return widened(new Uint16Array(buffer), name);
  if (name === 'int8') return new Int8Array(buffer);
  if (name === 'int16') return new Int16Array(buffer);
  if (name === 'uint16') return new Uint16Array(buffer);
  if (name === 'int32') return new Int32Array(buffer);
  if (name === 'uint32') return new Uint32Array(buffer);
  if (name === 'int64') return Float64Array.from(new BigInt64Array(buffer), Number);
  if (name === 'uint64') return Float64Array.from(new BigUint64Array(buffer), Number);
  return new Uint8Array(buffer);
}

function converted(values: ArrayLike<number>, kind: DType, subject: string): TypedArray {
  if (kind === 'float32' && values instanceof Float32Array) return values;
  if (kind === 'float64' && values instanceof Float64Array) return values;
  const data = allocate(kind, values.length);
  if (kind === 'bool') for (let i = 0; i < data.length; i++) data[i] = values[i] ? 1 : 0;
  else if (kind === 'int32') for (let i = 0; i < data.length; i++) data[i] = whole(values[i]!, subject);
  else data.set(values);
  return data;
}

function whole(value: number, subject: string): number {
  if (value >= LOW && value <= HIGH) return value;
  if (value > ENDLESS) return HIGH;
  if (value < -ENDLESS) return LOW;
  throw failure(subject, `holds the integer ${value}, which is more than 32 bits can hold`);
}

/**
 * Reads what tensors keep in other files, each range once.
 * @param place where the model lies: the other files lie beside it @param given files that were given with it, by name
 */
export async function readExternal(
  records: readonly TensorRecord[],
  file: string,
  place: ModelSource | null,
  given: ReadonlyMap<string, ModelSource>,
): Promise<External> {
  const found = new Map<TensorRecord, Uint8Array>();
  const byFile = new Map<string, TensorRecord[]>();
  for (const record of records) {
    if (!record.external) continue;
    const location = record.external.get('location') ?? '';
    if (!/^(\.\/)?[^/\\:]+$/.test(location) || /^\.+$/.test(location)) {
      const hint = 'values may lie in a file beside the model only';
      throw failure(
        `${file}, tensor '${record.name}'`,
        'keeps its values in a place that is not read',
        { location },
        hint,
      );
    }
    const name = location.replace(/^\.\//, '');
    byFile.set(name, [...(byFile.get(name) ?? []), record]);
  }
  for (const [name, all] of byFile) {
    const source = given.get(name) ?? (place === null ? null : sibling(place, name));
    if (source === null) {
      const hint = 'give it with the model, as a list of files under their own names';
      throw failure(file, `the file '${name}', which holds values of it, is missing`, {}, hint);
    }
    const ranges = await openRanges(source);
    try {
      for (const record of all) found.set(record, await readRange(record, `${file}, tensor '${record.name}'`, ranges));
    } finally {
      await ranges.close();
    }
  }
  return (record) => found.get(record) ?? null;
}

async function readRange(
  { external, dims, type }: TensorRecord,
  subject: string,
  ranges: Awaited<ReturnType<typeof openRanges>>,
): Promise<Uint8Array> {
  const offset = Number(external!.get('offset') ?? 0);
  const bytes = sizeOf(dims) * (widths[typeName(type)] ?? 1);
  const length = Number(external!.get('length') ?? bytes);
  const fits = Number.isSafeInteger(offset) && offset >= 0 && length === bytes && offset + length <= ranges.size;
  if (!fits)
    throw failure(subject, `its values do not lie in '${ranges.name}'`, {
      offset,
      length,
      expected: bytes,
      bytes: ranges.size,
    });
  const into = new Uint8Array(length);
  await ranges.read(offset, into);
  return into;
}
