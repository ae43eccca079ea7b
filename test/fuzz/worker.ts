/**
 * The process that reads damaged inputs: it is told an index, makes the input, reads it and says what came of it. It guards nothing:
 * time and memory are watched from outside (pool.ts). Bundled once by esbuild, so that a new one starts in a tenth of a second.
 */
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { differenceAfter, makeFlip } from './flips.ts';
import type { Format, Job, Parts, Result, Seed } from './formats.ts';
import { makeInput } from './mutate/input.ts';
import { selfTest } from './self-test.ts';
import { targets } from './targets.ts';

export interface Setup {
  readonly seed: number;
  readonly weights: Readonly<Partial<Record<Format, number>>>;
  readonly seeds: readonly Seed[];
}

/** Predictions may differ by rounding, should another backend run them. */
const TOLERANCE = 1e-6;

const setup = deserialize(readFileSync(process.argv[2]!)) as Setup;
wasmBackend.setThreads(1); // the pool uses the cores

async function read(format: Format, parts: Parts): Promise<Pick<Result, 'outcome' | 'message'>> {
  if ('self-test' in parts) await selfTest(parts['self-test']!);
  else await targets[format](parts);
  return { outcome: 'answer', message: '' };
}

async function attempt(job: Job): Promise<Omit<Result, 'milliseconds'>> {
  let [format, changes]: [Format, readonly string[]] = ['keras', []];
  try {
    if (job.kind === 'flip') {
      const flip = makeFlip(setup.seeds, setup.seed, job.index);
      changes = [flip.archive, `bit ${flip.bit} of byte ${flip.byte}`];
      const difference = await differenceAfter(setup.seeds, flip);
      const same = difference <= TOLERANCE;
      return {
        format,
        changes,
        outcome: same ? 'answer' : 'wrong',
        message: same ? '' : `predictions differ by ${difference}`,
      };
    }
    const input =
      job.kind === 'parts' ? { ...job, changes: [] } : makeInput(setup.seeds, setup.weights, setup.seed, job.index);
    ({ format, changes } = input);
    return { format, changes, ...(await read(format, input.parts)) };
  } catch (error) {
    if (error instanceof PathgradError)
      return { format, changes, outcome: 'refused', message: error.message.slice(0, 500) };
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    return { format, changes, outcome: 'error', message: message.slice(0, 500), stack: stack?.slice(0, 4000) };
  }
}

process.on('message', async (job: Job) => {
  const started = performance.now();
  const result = await attempt(job);
  process.send!({ ...result, milliseconds: Math.round(performance.now() - started) } satisfies Result);
});
process.on('disconnect', () => process.exit());
process.send!('ready');
