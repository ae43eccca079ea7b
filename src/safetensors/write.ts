/**
 * Writes safetensors: arrays by name, and texts about the whole, as bytes that safetensors of Python and our own reader take.
 * Invariant: places follow one another without gaps, wide types first and by name in each, so that every array lies on a multiple of
 * its width; the header is padded with spaces to a multiple of 8. Source: huggingface/safetensors, "Format", and `prepare` of its writer.
 */
import { encoded, type NumberType } from '../tensor/encode.ts';
import { failure } from '../tensor/errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import { type StoredType, widths } from './header.ts';

/** An array to be written. */
export interface TensorToWrite {
  /** How it is stored; values are converted to it: floats are rounded to the nearest, integers must fit. */
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** In row-major order, as many as the shape has. */
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** Longer headers are not read, by safetensors of Python either (100 MB). */
const longestHeader = 100_000_000;

const types: Readonly<Record<StoredType, NumberType>> = {
  ...({ F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const),
  ...({ I64: 'int64', I32: 'int32', I16: 'int16', I8: 'int8' } as const),
  ...({ U64: 'uint64', U32: 'uint32', U16: 'uint16', U8: 'uint8', BOOL: 'uint8' } as const),
};

/**
 * The bytes of a file that holds `tensors`.
 * @param metadata texts by name; transformers asks for `{ format: 'pt' }`
 * @throws PathgradError naming the tensor whose values do not fill its shape, or do not fit its dtype
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  for (const [name, tensor] of tensors) check(name, tensor);
  const width = (tensor: TensorToWrite): number => widths[tensor.dtype];
  const sorted = [...tensors].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let end = 0;
  for (const [name, tensor] of sorted) {
    const from = end;
    end += tensor.data.length * width(tensor);
    header.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [from, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  if (start > longestHeader)
    throw failure('safetensors', 'the names and shapes are longer than a header may be', { tensors: tensors.size });
  const out = allocated(start + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(start - 8), true);
  out.fill(0x20, 8, start);
  out.set(text, 8);
  let at = start;
  for (const [name, { dtype, data }] of sorted) {
    out.set(encoded(subjectOf(name), data, types[dtype]), at);
    at += data.length * widths[dtype];
  }
  return out;
}

function allocated(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw failure('safetensors', 'the file is too large to be made', { bytes }, 'there is not so much memory', cause);
  }
}

function check(name: string, { dtype, shape, data }: TensorToWrite): void {
  const subject = subjectOf(name);
  if (name === '__metadata__') throw failure(subject, 'has a name that the format keeps for itself');
  if (!Object.hasOwn(widths, dtype))
    throw failure(subject, 'is of a dtype that is not known', { dtype }, `known: ${Object.keys(widths).join(', ')}`);
  if (sizeOf(shape) !== data.length)
    throw failure(subject, 'has another number of values than its shape', { shape, values: data.length });
  if (dtype === 'BOOL' && Array.from<unknown>(data).some((value) => Number(value) !== 0 && Number(value) !== 1))
    throw failure(subject, 'holds other numbers than 0 and 1', { dtype });
}

const subjectOf = (name: string): string => `safetensors, tensor '${name}'`;
