/** What the page holds of a file of samples, and what it says of more. */
import type { ByteSource } from '../../../inputs/table/source.ts';
import type { Model } from '../../../model/model.ts';
import { failure } from '../../../tensor/errors.ts';
import { sizeOf } from '../../../tensor/shape.ts';

export const MOST_ROWS = 10_000;
/** Bytes that are read for them, and numbers that they may have. */
export const [MOST_BYTES, MOST_NUMBERS] = [2 ** 28, 2e7];
/** The bytes of a file; more than can be held are refused as they come. */
export function bounded(file: Blob, name: string): ByteSource {
  return (async function* () {
    let seen = 0;
    const reader = file.stream().getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        seen += value.length;
        if (seen > MOST_BYTES) throw tooLarge(name, seen);
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  })();
}

export const tooLarge = (name: string, bytes: number): Error =>
  failure(
    name,
    'is more than this page can hold',
    { bytes, limit: MOST_BYTES },
    'cut the file, or use the command line',
  );

export function checkBytes(file: Blob, name: string): void {
  if (file.size > MOST_BYTES) throw tooLarge(name, file.size);
}

export const moreRows = (name: string): string =>
  `${name} has more than ${MOST_ROWS.toLocaleString('en')} rows: the first ${MOST_ROWS.toLocaleString('en')} are taken`;

export function tooMany(name: string, numbers: number): Error {
  return failure(name, 'has more numbers than this page can hold', { numbers, limit: MOST_NUMBERS }, 'give fewer rows');
}

/** Values that a row of the model has, of all inputs; null where any number will do. */
export function widthOf(model: Model): number | null {
  if (!model.hasInputShape) return null;
  const widths = model.rawInputs.map(({ shape }) => {
    const row = shape?.slice(1);
    return row?.every((dim) => dim !== null) ? sizeOf(row as readonly number[]) : null;
  });
  return widths.every((one) => one !== null) ? widths.reduce((sum, one) => sum + one!, 0) : null;
}

/** A number as it is read and typed: where it is one of float32, the shortest decimal that gives it, 0.218 and not 0.21799999475479126. */
export function typed(value: number | bigint): string {
  const whole = String(value);
  if (typeof value !== 'number' || Number.isInteger(value) || Math.fround(value) !== value) return whole;
  for (let digits = 1; digits <= 9; digits++) {
    const near = Number(value.toPrecision(digits));
    if (Math.fround(near) === value) return String(near);
  }
  return whole;
}
