/**
 * Where the batches of a fit come from: rows of arrays, in another order for each epoch, drawn from the seed and the epoch's number; or a data
 * set that gives batches. Validation rows are the last ones, before any shuffling; the last, smaller batch counts.
 */
import { drawSeed, randomUniform, shuffle as shuffled, upTo } from '../graph/random.ts';
import { failure, PathgradError, retold } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { Batcher, sliceRows } from './batcher.ts';
import type { Given } from './data.ts';
import type { Evaluator } from './evaluator.ts';
import type { FitData, FitOptions, Settings } from './fit-options.ts';

/** One pass over the data: batches with their arrays, and how many there are. */
export interface Source {
  readonly batches: number | null;
  epoch(number: number): AsyncIterable<Piece>;
}

interface Piece {
  readonly rows: number;
  readonly spec: ReturnType<Batcher['spec']>;
  readonly arrays: ReturnType<Batcher['batch']>;
}

/** Rows to judge by. */
export interface Validation {
  readonly batcher: Batcher;
  readonly rows: number;
}

/** @throws PathgradError naming what does not fit */
export async function validationOf(evaluator: Evaluator, { validationData }: FitOptions): Promise<Validation | null> {
  if (!validationData) return null;
  if (Array.isArray(validationData)) throw failure('validationData', 'is an object, not a list', {}, '{ x, y }');
  checkOptions('validationData', validationData, { x: 1, y: 1, sampleWeight: 1 });
  const data = await named('validationData', async () => {
    const read = evaluator.read(validationData);
    await evaluator.look(read);
    return read;
  });
  return { batcher: new Batcher(evaluator.trainable, data), rows: data.rows };
}

/** Errors say which data they are of. */
async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
    throw retold(error, what);
  }
}

/** @throws PathgradError naming what of the arrays does not fit, and the row */
export async function ofArrays(
  evaluator: Evaluator,
  given: Given,
  options: FitOptions,
  { batchSize, shuffle, seed }: Settings & { readonly seed: number },
): Promise<{ readonly source: Source; readonly validation: Validation | null }> {
  const { trainable } = evaluator;
  const { sampleWeight, classWeight, validationSplit = 0 } = options;
  const all = evaluator.read({ ...given, ...(sampleWeight !== undefined && { sampleWeight }) }, classWeight);
  await evaluator.look(all);
  const kept = Math.floor(all.rows * (1 - validationSplit));
  if (validationSplit > 0 && (kept === 0 || kept === all.rows)) {
    const details = { rows: all.rows, validationSplit };
    throw failure('fit', 'validationSplit leaves nothing to train on, or nothing to validate with', details);
  }
  const data = kept === all.rows ? all : sliceRows(all, 0, kept);
  // Validation rows are not weighed by class, as in Keras.
  const rest =
    kept === all.rows
      ? null
      : sliceRows(classWeight === undefined ? all : { ...all, weights: all.weights.map(() => null) }, kept, all.rows);
  if (options.batchSize !== undefined && batchSize > data.rows)
    throw failure('fit', 'a batch is larger than the data', { batchSize, rows: data.rows }, `at most ${data.rows}`);
  const batcher = new Batcher(trainable, data);
  const source: Source = {
    batches: Math.ceil(data.rows / batchSize),
    async *epoch(number) {
      const order = shuffle ? shuffled(upTo(data.rows), randomUniform(drawSeed(seed, number))) : null;
      for (let from = 0; from < data.rows; from += batchSize) {
        const to = Math.min(from + batchSize, data.rows);
        yield { rows: to - from, spec: batcher.spec(to - from), arrays: batcher.batch(order, from, to) };
      }
    },
  };
  const validation = rest
    ? { batcher: new Batcher(trainable, rest), rows: rest.rows }
    : await validationOf(evaluator, options);
  return { source, validation };
}

/** Errors of a batch name its number. */
export function ofBatches(evaluator: Evaluator, data: FitData, { signal }: Partial<Settings>): Source {
  const { trainable } = evaluator;
  return {
    batches: Array.isArray(data) ? data.length : null,
    async *epoch() {
      let at = 0;
      for await (const batch of typeof data === 'function' ? data() : data) {
        signal?.throwIfAborted();
        yield await named(`batch ${at} of the data`, async () => {
          if (Array.isArray(batch)) throw failure('batch', 'is an object, not a list', {}, '{ x, y }');
          checkOptions('batch', batch, { x: 1, y: 1, sampleWeight: 1 });
          const read = evaluator.read(batch);
          await evaluator.look(read);
          const batcher = new Batcher(trainable, read);
          return { rows: read.rows, spec: batcher.spec(read.rows), arrays: batcher.batch(null, 0, read.rows) };
        });
        at++;
      }
    },
  };
}
