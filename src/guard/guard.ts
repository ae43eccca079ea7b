/**
 * How much one file may make of a program that reads it, whatever its format: the one place that knows the limits.
 * Invariant: a limit holds for a whole file (an archive and all that lies in it share one guard), and what is asked for is counted
 * before it is unpacked, allocated or walked through. Each limit is beyond what honest files need by a factor of ten or so.
 */
import { type Details, failure, PathgradError } from '../tensor/errors.ts';

const MIB = 2 ** 20;

/** What is counted, its limit for a file of `size` bytes that was unpacked to `unpacked` more, and what is said beyond it. */
const limits = {
  /** Bytes that unpacking makes. Weights hardly compress: 20 times the file, or 64 MiB for small ones, is beyond any honest file. */
  unpacked: [(size: number) => Math.max(64 * MIB, 20 * size), 'would unpack to more than the file can honestly hold'],
  /** Bytes of structures on the way to names and values. They do not overlap, but links may lead to one several times. */
  walked: [(size: number, unpacked: number) => 4 * (size + unpacked), 'its structures lie on top of each other'],
  /** Bytes of the values of datasets. They do not overlap either, but may be compressed. */
  read: [(size: number) => Math.max(64 * MIB, 20 * size), 'claims more values than the file can hold'],
  /** Members of an archive; the smallest record of one is 46 bytes long. */
  members: [(size: number) => size / 46, 'lists more members than the archive has room for'],
  /** Groups, datasets, layers. */
  objects: [() => 2 ** 17, 'has too many objects'],
  /** Elements of attributes: names of layers and weights, mostly. */
  values: [() => 2 ** 18, 'its attributes have too many values'],
  /** Calls of layers, those inside nested models once for each call of the model. */
  calls: [() => 2 ** 15, 'calls its layers too often'],
} as const;

export type Counted = keyof typeof limits;

/** How deep what nests may nest: brackets of JSON, links of HDF5 and the like. 24 models inside models are 100 brackets. */
export const DEPTH_LIMIT = 200;

/** Counts what one file asks for. */
export class Guard {
  /** The file, for errors. */
  readonly name: string;
  /** Its bytes as they are stored; 0 for what is counted without regard to them. */
  readonly size: number;
  readonly #used = new Map<Counted, number>();

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }

  /**
   * Counts what is about to be made.
   * @param subject the place in the file that asks for it
   * @throws PathgradError naming the place and the limit
   */
  take(what: Counted, amount: number, subject: string = this.name): void {
    const used = (this.#used.get(what) ?? 0) + amount;
    const [limitOf, problem] = limits[what];
    const limit = Math.floor(limitOf(this.size, this.#used.get('unpacked') ?? 0));
    if (!(used <= limit))
      throw failure(subject, problem, { [what]: used, limit, ...(this.size > 0 && { bytes: this.size }) });
    this.#used.set(what, used);
  }
}

/** @throws PathgradError where what lies at `subject` nests too deep */
export function checkDepth(depth: number, subject: string, limit = DEPTH_LIMIT): void {
  if (depth > limit) throw failure(subject, `nests deeper than ${limit} levels`, {}, 'no real model does');
}

/** Runs a read; whatever it throws that is not our own error becomes one that names `subject`. */
export function guarded<T>(subject: string, format: string, read: () => T, details: Details = {}): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PathgradError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const hint = `the file is damaged or uses a rare feature of ${format}`;
    throw failure(subject, `cannot be read as ${format}`, { ...details, reader: said }, hint, error);
  }
}
