/**
 * The manifest of a job: what it reads, by which model, with which settings, and how far it is. Invariant: it hangs on the job alone, never on the
 * clock or the machine's speed, so that interrupted and uninterrupted runs leave the same bytes. What is finished is said by the records of chunks.
 */
import { resolve } from 'node:path';
import { version } from '../../attribution/frame/version.ts';
import { wasmBackend } from '../../backends/wasm/index.ts';
import { exists } from '../../cli/files.ts';
import { type Arguments, usage } from '../../cli/flags/flags.ts';
import { failure } from '../../tensor/errors.ts';
import type { ChunkIndex } from '../input/chunks.ts';
import type { InputKind } from '../input/input.ts';
import type { KeptTypes } from '../input/kept.ts';
import type { FailedRow } from '../input/rows.ts';
import type { OutputFormat } from '../output/encode.ts';

/** The layout of the folder. */
export const LAYOUT = 1;

/** What a job reads, by which model and settings, and how far it is. */
export interface JobManifest {
  readonly pathgrad: string;
  readonly layout: number;
  /** Which kernels compute, plain or relaxed: the others round otherwise. */
  readonly kernels: string;
  readonly model: {
    readonly path: string;
    readonly sha256: string;
    /** Where it is read from, in the job's folder: a model that lies behind a network. */
    readonly copy?: string;
  };
  readonly input: {
    readonly path: string;
    /** What tells the content that the job began with from a later one: an ETag, or when it was changed. */
    readonly identity?: string;
    /** Where rows are read from, in the job's folder: the standard input, compressed files, one JSON array, servers without ranges. */
    readonly copy?: string;
    readonly kind: InputKind;
    readonly bytes: number;
    readonly sha256: string;
    readonly rows: number;
  };
  readonly output: {
    readonly format: OutputFormat;
    readonly chunkRows: number;
    readonly chunks: number;
    /** Types of the columns that Parquet files repeat, the same ones in all parts. */
    readonly kept?: KeptTypes;
  };
  /** Flags with their values, by name. */
  readonly settings: Readonly<Record<string, readonly string[]>>;
  /** The SHA-256 of each file that a setting names. */
  readonly files: Readonly<Record<string, string>>;
  readonly done: JobCounts;
}

/** What was done: chunks, rows, failures, and how many rows each warning is about. */
export interface JobCounts {
  readonly chunks: number;
  readonly rows: number;
  readonly explained: number;
  readonly failed: number;
  /** Rows that `--where` left out. */
  readonly leftOut: number;
  /** How many rows each code of a warning is about. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** What is known of a finished chunk: it is committed when this is. */
export interface ChunkRecord {
  readonly chunk: number;
  readonly rows: readonly [from: number, to: number];
  /** Null where no row was explained. */
  readonly part: { readonly file: string; readonly bytes: number; readonly sha256: string } | null;
  readonly explained: number;
  readonly failed: readonly FailedRow[];
  readonly warnings: Readonly<Record<string, number>>;
}

export interface JobIndex extends ChunkIndex {
  readonly input: string;
}

export const noCounts: JobCounts = { chunks: 0, rows: 0, explained: 0, failed: 0, leftOut: 0, warnings: {} };

export function addRecord(counts: JobCounts, record: ChunkRecord): JobCounts {
  const rows = record.rows[1] - record.rows[0];
  const warnings: Record<string, number> = { ...counts.warnings };
  for (const [code, count] of Object.entries(record.warnings)) warnings[code] = (warnings[code] ?? 0) + count;
  return {
    chunks: counts.chunks + 1,
    rows: counts.rows + rows,
    explained: counts.explained + record.explained,
    failed: counts.failed + record.failed.length,
    leftOut: counts.leftOut + rows - record.explained - record.failed.length,
    warnings: Object.fromEntries(Object.entries(warnings).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Flags that change nothing about what a row's explanation is. */
const ofRuns = [
  'input',
  'output',
  'format',
  'chunk',
  'workers',
  'max-failures',
  'queue',
  'wide-vectors',
  'html',
  'json',
  'quiet',
  'debug',
  'help',
];

/** The settings of a job: every flag that says what is explained, and how. */
export function settingsOf(args: Arguments): Record<string, string[]> {
  const flags = args.given.filter((flag) => !ofRuns.includes(flag)).sort();
  return Object.fromEntries(flags.map((flag) => [flag, [...args.all(flag)]]));
}

/** The same as a command line. */
export const argvOf = (settings: JobManifest['settings']): string[] =>
  Object.entries(settings).flatMap(([flag, values]) =>
    values.map((value) => (value === '' ? `--${flag}` : `--${flag}=${value}`)),
  );

/** Files that flags of settings name, by flag. */
export function filesOf(settings: JobManifest['settings']): Map<string, string> {
  const flags = ['vocab', 'word-index', 'weights', 'labels', 'baseline'];
  const named = flags.flatMap((flag) =>
    (settings[flag] ?? []).filter(exists).map((file) => [flag, resolve(file)] as const),
  );
  return new Map(named);
}

/** @throws PathgradError naming all that differs between a job's folder and what is asked for */
export function checkSame(folder: string, old: JobManifest, now: Omit<JobManifest, 'done'>): void {
  const changes: string[] = [];
  if (old.input.sha256 !== now.input.sha256)
    changes.push(`the input ${now.input.path} (${old.input.bytes} bytes before, ${now.input.bytes} now)`);
  if (old.model.sha256 !== now.model.sha256) changes.push(`the model ${now.model.path}`);
  const flags = new Set([...Object.keys(old.settings), ...Object.keys(now.settings)]);
  for (const flag of flags) {
    const [was, is] = [old.settings[flag], now.settings[flag]].map((values) =>
      values ? values.map((value) => value || 'on').join(' ') : 'left out',
    );
    if (was !== is) changes.push(`--${flag} (${was} before, ${is} now)`);
  }
  for (const flag of Object.keys({ ...old.files, ...now.files }))
    if (old.files[flag] !== now.files[flag] && old.settings[flag]?.join() === now.settings[flag]?.join())
      changes.push(`what the file of --${flag} holds`);
  if (old.output.format !== now.output.format)
    changes.push(`--format (${old.output.format} before, ${now.output.format} now)`);
  if (old.output.chunkRows !== now.output.chunkRows)
    changes.push(`--chunk (${old.output.chunkRows} before, ${now.output.chunkRows} now)`);
  if (changes.length === 0) return;
  throw failure(
    folder,
    `holds another job: changed ${changes.length === 1 ? 'is' : 'are'} ${changes.join('; ')}`,
    {},
    'choose another --output, or undo the change',
  );
}

/** The kernels that compute here; the wide ones give the bits of the relaxed ones. */
export function kernelsHere(): string {
  const simd = wasmBackend.simd();
  return simd === 'wide' ? 'relaxed' : simd;
}

/** @throws PathgradError where the job was begun by another version, or computes with other kernels */
export function checkVersion(folder: string, { pathgrad, layout, kernels }: JobManifest): void {
  if (pathgrad !== version || layout !== LAYOUT) {
    const hint = `npx pathgrad@${pathgrad} job resume ${folder}; or begin anew in another folder`;
    throw failure(folder, 'was begun by another version of pathgrad', { begun: pathgrad, now: version }, hint);
  }
  if (kernels !== kernelsHere()) {
    const hint = 'go on with the Node.js that began it, or one like it: numbers would differ in their last digits';
    throw failure(folder, 'was begun with other kernels', { begun: kernels, now: kernelsHere() }, hint);
  }
}

/** @throws UsageError for settings that cannot mean the same in every chunk */
export function checkSettings(args: Arguments): void {
  if (args.text('baseline') === 'mean')
    throw usage(
      '--baseline',
      "'mean' would be another one in every chunk",
      'write the mean of the rows to a .npy file, and give it',
    );
  if (args.text('target')?.includes(','))
    throw usage('--target', 'is one for all rows of a job', '--classes explains several for every row');
}
