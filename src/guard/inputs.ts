/** How much may be made of the files that a model is asked about: rows, sounds, pictures. Apart from guard.ts, which every page fetches. */
import { failure } from '../tensor/errors.ts';

const inputLimits = {
  /** Values of tables: 16 million, 128 MiB as numbers. */
  cells: 2 ** 24,
  /** Samples of sounds, all channels: 6 minutes of CD quality. */
  samples: 2 ** 25,
} as const;

/** @throws PathgradError where a file of inputs would make more of something than is held at once */
export function largerThanLimits(name: string, what: keyof typeof inputLimits, count: number, hint?: string): void {
  const limit = inputLimits[what];
  if (!(count <= limit))
    throw failure(name, `holds more ${what} than are read at once`, { [what]: count, limit }, hint);
}
