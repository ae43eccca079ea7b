/**
 * From what `--input` says to rows: where they lie, of which kind they are, and whether they are read where they lie or from a copy in the job's folder.
 * Invariant: threads and workers open from the manifest what was opened when the job began, or are refused.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, usage } from '../../cli/flags/flags.ts';
import { failure } from '../../tensor/errors.ts';
import type { JobManifest } from '../folder/manifest.ts';
import { CopyFile, copyOf } from '../storage/copy.ts';
import { isRemote, openPlace, type RemotePlace, transportOf, untilAborted } from '../storage/open.ts';
import { endingOf, placeFrom, type StoragePlace } from '../storage/place.ts';
import type { RangedFile } from '../storage/ranged.ts';
import { NoRanges, patience, readWhole } from '../storage/remote.ts';
import { checkFlags, type InputKind, inputOf, type JobInput, kindOf } from './input.ts';
import { gunzipped, HEAD, isGzip, isOneArray, linesOfArray, peek } from './unpack.ts';

/** What the manifest keeps of where rows come from. */
export type InputEntry = Pick<JobManifest['input'], 'path' | 'kind' | 'identity' | 'copy'>;

const usualEndings: Readonly<Record<InputKind, string>> = {
  ndjson: '.ndjson',
  csv: '.csv',
  text: '.txt',
  parquet: '.parquet',
  npy: '.npy',
  pictures: '',
};

/** What `--input` names. Null: the kind is told by the first bytes. @throws where it is not there, of no kind that a job reads, or flags do not go with it */
export function inputPlace(given: string, args: Arguments): { place: StoragePlace; kind: InputKind | null } {
  const place = placeFrom(given, '--input');
  if (place.kind === 'standard') return { place, kind: null };
  const found = place.kind === 'disk' ? statSync(place.name, { throwIfNoEntry: false }) : null;
  if (place.kind === 'disk' && !found) throw failure(place.name, 'does not exist', {}, 'check --input');
  const kind = found?.isDirectory() ? 'pictures' : kindOf(endingOf(place), place.name);
  checkFlags(kind, place.name, args);
  return { place, kind };
}

/** Opens what a job is begun with, and copies into its folder what cannot be read by ranges. @param place what `inputPlace` gave @param signal ends it */
export async function beginInput(
  { place, kind }: { readonly place: StoragePlace; readonly kind: InputKind | null },
  folder: string,
  args: Arguments,
  signal?: AbortSignal,
): Promise<{ readonly entry: InputEntry; readonly input: JobInput }> {
  const path = place.name;
  if (kind === 'pictures') return { entry: { path, kind }, input: inputOf(kind, path, args) };
  const shown = place.kind === 'standard' ? 'standard input' : path;
  const { file, copy, head, pieces } = await source(place, folder, signal);
  const packed = isGzip(head) ? await peek(gunzipped(pieces(), shown)) : null;
  const start = packed?.head ?? head;
  const own = kind ?? kindByBytes(start);
  checkFlags(own, shown, args);
  const array = own === 'ndjson' && isOneArray(Buffer.from(start).toString('utf8'));
  if (file && !packed && !array) {
    const identity = copy === undefined && file.identity !== '' ? { identity: file.identity } : {};
    return { entry: { path, kind: own, ...identity, ...(copy && { copy }) }, input: inputOf(own, file, args) };
  }
  const plain = packed?.all ?? pieces();
  const rows = array ? linesOfArray(plain, shown) : plain;
  const made = await copyOf(folder, { prefix: 'input', name: shown, ending: usualEndings[own] }, rows);
  const entry = { path, kind: own, copy: made };
  return { entry, input: await openInput(folder, entry, null, args, signal) };
}

/** Opens what the manifest names. @param size of when the job began; @throws PathgradError where it is gone or has changed */
export async function openInput(
  folder: string,
  { path, kind, identity = '', copy }: InputEntry,
  size: number | null,
  args: Arguments,
  signal?: AbortSignal,
): Promise<JobInput> {
  if (kind === 'pictures') return inputOf(kind, path, args);
  if (copy !== undefined) {
    const name = path === '-' ? 'standard input' : path;
    const file = await openPlace(
      { kind: 'disk', name: join(folder, copy) },
      size === null ? null : { size, identity: '' },
      signal,
    );
    return inputOf(kind, { ...file, name }, args);
  }
  const place = placeFrom(path, '--input');
  return inputOf(kind, await openPlace(place, size === null ? null : { size, identity }, signal), args);
}

interface Source {
  /** Null for what comes once. */
  readonly file: RangedFile | null;
  /** In the job's folder, of what its server gives whole alone. */
  readonly copy?: string;
  readonly head: Uint8Array;
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

async function source(place: StoragePlace, folder: string, signal?: AbortSignal): Promise<Source> {
  if (place.kind === 'standard') {
    if (process.stdin.isTTY) throw usage('--input', 'is the standard input, which is a terminal', 'pipe rows into it');
    const { head, all } = await peek(signal ? untilAborted(process.stdin, signal) : process.stdin);
    if (head.length === 0) throw failure('standard input', 'is empty', {}, 'pipe rows into it');
    return { file: null, head, pieces: () => all };
  }
  const opened = await openPlace(place, null, signal).catch((error: unknown) => {
    if (error instanceof NoRanges && isRemote(place)) return null;
    throw error;
  });
  const copy = opened || !isRemote(place) ? undefined : await downloaded(place, folder, signal);
  const file = opened ?? {
    ...(await openPlace({ kind: 'disk', name: join(folder, copy!) }, null, signal)),
    name: place.name,
  };
  const head = await file.read(0, HEAD);
  return { file, head, pieces: () => file.pieces(), ...(copy !== undefined && { copy }) };
}

async function downloaded(place: RemotePlace, folder: string, signal?: AbortSignal): Promise<string> {
  const whole = new CopyFile(folder);
  try {
    await readWhole(
      transportOf(place),
      (size) => whole.begin(place.name, size),
      async (piece) => whole.add(piece),
      { ...patience, signal },
    );
    return whole.end('input', endingOf(place));
  } finally {
    whole.discard();
  }
}

/** What comes without a name: Parquet and arrays by their first bytes, JSON by its first sign, else CSV. */
function kindByBytes(head: Uint8Array): InputKind {
  const start = Buffer.from(head.subarray(0, 6)).toString('latin1');
  if (start.startsWith('PAR1')) return 'parquet';
  if (start === '\x93NUMPY') return 'npy';
  return /^\ufeff?\s*[[{]/.test(Buffer.from(head).toString('utf8')) ? 'ndjson' : 'csv';
}
