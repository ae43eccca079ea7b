/**
 * A training as bytes, and back: a safetensors file with weights, statistics and the optimizer's slots, and as JSON in its metadata the
 * numbers of steps and epochs, the rate, the history and what callbacks keep. Invariant: what goes on from a checkpoint has the bits of
 * what went on without it, given the same data, options and number of threads: draws and orders follow from the seed and the counts.
 */
import { crc32 } from '../guard/crc32.ts';
import { DATA_JSON, parseJson } from '../guard/json.ts';
import { openSafetensors } from '../safetensors/safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../safetensors/write.ts';
import { dtypeOf, type FloatDType, type TypedArray } from '../tensor/dtype.ts';
import { damaged, failure, PathgradError } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ConfigValue } from './types.ts';

/** The key of the metadata, and the version that is written. */
const key = 'pathgrad.training';
const version = 2;
/** The key of the checksum. */
const sumKey = 'pathgrad.crc32';

/** What a checkpoint holds beside arrays. */
export interface CheckpointNumbers {
  readonly version: number;
  readonly step: number;
  /** Epochs in all, and the number of the next one of the fit. */
  readonly epoch: number;
  readonly fitEpoch: number;
  readonly rate: number | null;
  readonly seed: number;
  readonly dtype: FloatDType;
  readonly optimizer: string;
  readonly epochs: readonly number[];
  /** Numbers as text where JSON has none for them: NaN and infinities. */
  readonly history: { readonly [name: string]: readonly (number | string)[] };
  readonly callbacks: readonly { readonly name: string; readonly state: ConfigValue }[];
}

export interface Checkpoint {
  readonly numbers: CheckpointNumbers;
  readonly arrays: ReadonlyMap<string, TypedArray>;
}

/** @param cells names and what they hold */
export function writeCheckpoint(
  cells: ReadonlyMap<string, { readonly tensor: Tensor; readonly data: TypedArray }>,
  numbers: Omit<CheckpointNumbers, 'version'>,
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, TensorToWrite>();
  for (const [name, { tensor, data }] of cells) {
    const dtype = dtypeOf(data) === 'float64' ? 'F64' : 'F32';
    tensors.set(name, { dtype, shape: tensor.shape, data: data as Float32Array });
  }
  const text = JSON.stringify({ version, ...numbers });
  return writeSafetensors(tensors, { [key]: text, [sumKey]: sumOf(text, cells.entries()) });
}

/** A checksum of all that is kept, so that a file that was damaged is not gone on from. */
function sumOf(text: string, cells: Iterable<readonly [string, { readonly data: TypedArray }]>): string {
  let sum = crc32(new TextEncoder().encode(text));
  const sorted = [...cells].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { data }] of sorted) {
    sum = crc32(new TextEncoder().encode(name), sum);
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum);
  }
  return sum.toString(16);
}

/** @throws PathgradError where the bytes are no checkpoint */
export async function readCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  if (!((bytes as unknown) instanceof Uint8Array))
    throw failure(
      'checkpoint',
      'is given as bytes',
      { got: typeof bytes },
      'what trainer.checkpoint() gave, or readFile',
    );
  try {
    const file = await openSafetensors(bytes);
    try {
      const { numbers, text, sum } = numbersOf(bytes);
      const arrays = new Map<string, TypedArray>();
      for (const place of file.tensors) arrays.set(place.name, await file.read(place, numbers.dtype));
      const cells = [...arrays].map(([name, data]) => [name, { data }] as const);
      if (sumOf(text, cells) !== sum) throw damaged('checkpoint', 'is damaged: its checksum is another');
      return { numbers, arrays };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof PathgradError) || error.subject === 'checkpoint') throw error;
    throw failure('checkpoint', error.message.split('\nhint: ')[0]!.replace(/^model(: |, )/, ''), {}, undefined, error);
  }
}

function numbersOf(bytes: Uint8Array): { numbers: CheckpointNumbers; text: string; sum: unknown } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + Number(view.getBigUint64(0, true))));
  const header = parseJson(text, 'checkpoint', DATA_JSON) as {
    readonly __metadata__?: Readonly<Record<string, unknown>>;
  };
  const own = header.__metadata__?.[key];
  if (typeof own !== 'string') throw failure('checkpoint', 'was not written by trainer.checkpoint()');
  const found = parseJson(own, 'checkpoint', DATA_JSON) as CheckpointNumbers;
  const counts = [found?.step, found?.epoch, found?.fitEpoch];
  const whole = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  const lists = Array.isArray(found?.epochs) && Array.isArray(found?.callbacks) && typeof found?.history === 'object';
  if (!whole || !lists || found.history === null || (found.dtype !== 'float32' && found.dtype !== 'float64'))
    throw damaged('checkpoint', 'is damaged: its numbers make no sense', { step: found?.step, epoch: found?.epoch });
  if (found.version !== version)
    throw failure('checkpoint', 'was written by another version', { version: found.version, known: version });
  return { numbers: found, text: own, sum: header.__metadata__?.[sumKey] };
}

/** The arrays of a checkpoint for these cells, no more and no fewer. @throws PathgradError naming the one that does not fit */
export function checkArrays(arrays: ReadonlyMap<string, TypedArray>, cells: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of cells) {
    const array = arrays.get(name);
    if (array?.length === tensor.size) continue;
    const details = { expected: tensor.shape, found: array ? `${array.length} values` : 'nothing' };
    throw failure('checkpoint', `does not fit the model: '${name}'`, details);
  }
  const extra = [...arrays.keys()].find((name) => !cells.has(name));
  if (extra !== undefined) throw failure('checkpoint', `has '${extra}', which the model and its optimizer do not`);
}

/** Numbers as JSON keeps them, and back. */
export const toJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
export const fromJson = (value: number | string): number => Number(value);
