/** From what is asked for to a job's folder: a new one, or one that is gone on with, where nothing has changed. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { version } from '../../attribution/frame/version.ts';
import { readSettings } from '../../cli/explain-batch.ts';
import { exists, pathHint } from '../../cli/files.ts';
import { type Arguments, number, oneOf, parseFlags, usage } from '../../cli/flags/flags.ts';
import { jobGroups } from '../../cli/job/flags.ts';
import { columnChoice } from '../../cli/samples/table.ts';
import { useWideVectors } from '../../cli/wide-vectors.ts';
import { failure } from '../../tensor/errors.ts';
import { keptColumns } from '../chunk/arguments.ts';
import { hashModel } from '../folder/hashes.ts';
import { JobFolder } from '../folder/job-folder.ts';
import { lockFolder } from '../folder/lock.ts';
import {
  argvOf,
  checkSame,
  checkSettings,
  filesOf,
  type JobManifest,
  kernelsHere,
  LAYOUT,
  settingsOf,
} from '../folder/manifest.ts';
import type { ChunkIndex } from '../input/chunks.ts';
import type { JobInput } from '../input/input.ts';
import { keptTypes } from '../input/kept.ts';
import { beginInput, type InputEntry, inputPlace, openInput } from '../input/place.ts';
import { loadWriter, type OutputFormat, outputFormats } from '../output/encode.ts';
import { removeCopies } from '../storage/copy.ts';
import { fetchModel, isFetched } from '../storage/model.ts';
import { readThrough } from '../storage/ranged.ts';

/** Rows of a chunk, if nothing is said: seconds of work, and a part file of a few megabytes. */
export const CHUNK_ROWS = 1000;

export interface Begun {
  readonly job: JobFolder;
  /** Whether it was begun before. */
  readonly again: boolean;
  readonly unlock: () => void;
}

export interface Asked {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  /** The copy that a job which is gone on with has of its standard input. */
  readonly copied?: InputEntry;
  /** Ends reading the input and fetching the model. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws PathgradError for another job in the folder (it says what changed), a folder that another run works on, flags that make no sense */
export async function beginJob(args: Arguments, { model, input, output, copied, signal }: Asked): Promise<Begun> {
  readSettings(args);
  checkSettings(args);
  await useWideVectors(args);
  const format: OutputFormat = oneOf('format', args.text('format') ?? 'ndjson', outputFormats);
  if (format === 'parquet') await loadWriter();
  const chunkRows = number(
    'chunk',
    args.text('chunk') ?? String(CHUNK_ROWS),
    (n) => Number.isInteger(n) && n > 0,
    'a whole number from 1',
  );
  if (!isFetched(model) && !exists(model)) throw failure(model, 'no such file', {}, pathHint(model));
  const asked = copied ? null : inputPlace(input, args);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(output))
    throw usage(
      '--output',
      `${output.split('?')[0]} is an address`,
      'a job writes into a folder: copy that when it is done',
    );
  const path = resolve(output);
  JobFolder.at(path);
  mkdirSync(path, { recursive: true });
  const unlock = lockFolder(path);
  try {
    const old = JobFolder.at(path);
    const { entry, input: source } = asked
      ? await beginInput(asked, path, args, signal)
      : { entry: copied!, input: await openInput(path, copied!, null, args, signal) };
    const { index, ...scanned } = await source.scan(chunkRows);
    const fetched = isFetched(model) ? await fetchModel(model, path, signal) : null;
    const { sha256 } = await hashModel(fetched ? join(path, fetched.copy) : model);
    const settings = settingsOf(args);
    const files: Record<string, string> = {};
    for (const [flag, file] of filesOf(settings)) files[flag] = await readThrough(file);
    // The folder may be gone on with from anywhere.
    for (const [flag, file] of filesOf(settings)) settings[flag] = [file];
    const manifest: Omit<JobManifest, 'done'> = {
      pathgrad: version,
      layout: LAYOUT,
      kernels: kernelsHere(),
      model: fetched ? { ...fetched, sha256 } : { path: resolve(model), sha256 },
      input: { ...entry, ...scanned },
      output: { format, chunkRows, chunks: index.rows.length - 1 },
      settings,
      files,
    };
    await checkColumns(source, index, args);
    // A job that has finished nothing may have been begun with flags that were wrong.
    let again = old !== null && old.recorded().length > 0;
    try {
      if (again) {
        old!.checkVersion();
        checkSame(path, old!.manifest, manifest);
      }
    } catch (error) {
      // So does one whose rows have all failed.
      const { explained, failed } = old!.survey(false).counts;
      if (explained > 0 || failed === 0) {
        removeCopies(path, [old?.manifest.input.copy, old?.manifest.model.copy]);
        throw error;
      }
      old!.clear();
      again = false;
    }
    removeCopies(path, [manifest.input.copy, manifest.model.copy]);
    if (again) return { job: old!, again, unlock };
    const columns = keptColumns(args);
    const kept = format === 'parquet' && columns.length > 0 && (await keptTypes(source, index, columns, signal));
    const output = { ...manifest.output, ...(kept && { kept }) };
    return {
      job: JobFolder.create(path, { ...manifest, output }, { input: scanned.sha256, ...index }),
      again,
      unlock,
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** @throws for a column that a flag names and the input lacks: every row would fail of it */
async function checkColumns(input: JobInput, index: ChunkIndex, args: Arguments): Promise<void> {
  const { columns = new Map(), label = null, drop = [] } = columnChoice(args);
  const named = [...[...columns.values()].flat(), ...(label === null ? [] : [label]), ...drop, ...keptColumns(args)];
  if (named.length === 0) return;
  if (input.types) {
    await input.types(named);
    return;
  }
  const rows = await input.read(index, 0);
  if (rows.numbers.length > 0) rows.kept(0, named);
}

/** Goes on with the job of a folder. @throws PathgradError where input, model or files of its settings have changed */
export async function continueJob(path: string, signal?: AbortSignal): Promise<Begun> {
  const { manifest } = JobFolder.open(path);
  const { settings, output, model, input } = manifest;
  const argv = [...argvOf(settings), `--format=${output.format}`, `--chunk=${output.chunkRows}`];
  const args = parseFlags(argv, jobGroups, 'job run');
  JobFolder.open(path).checkVersion();
  const copied = input.path === '-' ? { copied: input } : {};
  return beginJob(args, { model: model.path, input: input.path, output: path, ...copied, signal });
}
