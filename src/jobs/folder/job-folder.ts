/**
 * The output folder of a job: `manifest.json`, `index.json` (where chunks begin), `part-000000.ndjson` and so on, and for each finished chunk a
 * record in `chunks/`; of many chunks both are in folders by the thousand. Invariant: a chunk is finished when its record is there and its part is what the record says; committing it twice changes
 * nothing, since it gives the same bytes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../../tensor/errors.ts';
import type { ChunkResult } from '../chunk/explain.ts';
import { encodePart } from '../output/encode.ts';
import { isCopy } from '../storage/copy.ts';
import { commitFile, readJsonFile, removeUnfinished, sha256Of, type Unfinished } from './files.ts';
import {
  addRecord,
  type ChunkRecord,
  checkVersion,
  type JobCounts,
  type JobIndex,
  type JobManifest,
  noCounts,
} from './manifest.ts';

/** File names sort as numbers. */
const padded = (chunk: number): string => String(chunk).padStart(6, '0');

/** Of more chunks than this each thousand has folders of its own: disks behind a network take minutes to list a folder of a million files. */
const FEW = 10_000;
const GROUP = 1000;

export class JobFolder {
  readonly path: string;
  readonly manifest: JobManifest;
  readonly #mark: string | undefined;
  #index: JobIndex | null = null;

  private constructor(path: string, manifest: JobManifest, mark?: string) {
    this.path = path;
    this.manifest = manifest;
    this.#mark = mark;
  }

  /**
   * @param mark of the thread that writes, which says whose an unfinished file is
   * @throws PathgradError where there is no job in the folder; versions are not checked
   */
  static open(path: string, mark?: string): JobFolder {
    const manifest = readJsonFile<JobManifest>(join(path, 'manifest.json'));
    if (!manifest?.input?.sha256 || !manifest.output)
      throw failure(path, 'holds no job', {}, 'give the folder that pathgrad job run --output wrote');
    return new JobFolder(path, manifest, mark);
  }

  /** The job in a folder, or null where the folder is empty or not there. @throws where it holds anything else */
  static at(path: string): JobFolder | null {
    if (existsSync(join(path, 'manifest.json'))) return JobFolder.open(path);
    const names = existsSync(path)
      ? readdirSync(path).filter((name) => !name.startsWith('.') && name !== 'lock.json')
      : [];
    // The index is written before the manifest, copies before both.
    if (names.some((name) => name !== 'index.json' && !isCopy(name)))
      throw failure(path, 'holds files that are of no job', { files: names.slice(0, 5) }, 'choose another folder');
    return null;
  }

  static create(path: string, manifest: Omit<JobManifest, 'done'>, index: JobIndex): JobFolder {
    mkdirSync(join(path, 'chunks'), { recursive: true });
    commitFile(join(path, 'index.json'), `${JSON.stringify(index)}\n`);
    const job = new JobFolder(path, { ...manifest, done: noCounts });
    job.#writeManifest(noCounts);
    return job;
  }

  /** Tells this job from another one that was or will be in the same folder: other input, model or settings. */
  get id(): string {
    return sha256Of(JSON.stringify([this.path, { ...this.manifest, done: null }])).slice(0, 16);
  }

  /** @throws where another job has taken the folder's place, or nothing has: a worker may wake up late */
  checkStill(): void {
    if (JobFolder.open(this.path).id !== this.id)
      throw failure(this.path, 'holds another job by now', {}, 'what was computed for the one before is dropped');
  }

  get chunks(): number {
    return this.manifest.output.chunks;
  }

  /** @throws PathgradError for a job of another version */
  checkVersion(): void {
    checkVersion(this.path, this.manifest);
  }

  /** @throws where the file is damaged */
  index(): JobIndex {
    this.#index ??= readJsonFile<JobIndex>(join(this.path, 'index.json'));
    if (this.#index?.input !== this.manifest.input.sha256 || this.#index.rows.length !== this.chunks + 1)
      throw failure(join(this.path, 'index.json'), 'is damaged', {}, 'begin anew in another folder');
    return this.#index;
  }

  /** Folders that hold records or parts, of those that there are. */
  #folders(of: 'chunks' | 'parts'): string[] {
    const top = of === 'chunks' ? join(this.path, 'chunks') : this.path;
    const name = of === 'chunks' ? /^\d{4,}$/ : /^parts-\d{4,}$/;
    const groups = this.chunks > FEW ? readdirSync(top).filter((one) => name.test(one)) : [];
    return [top, ...groups.map((one) => join(top, one))];
  }

  /** `parts-0012` of chunk 12,345, where there are many. */
  #group(chunk: number, before: string): string {
    return this.chunks > FEW ? `${before}${String(Math.floor(chunk / GROUP)).padStart(4, '0')}` : '';
  }

  #recordPath(chunk: number): string {
    return join(this.path, 'chunks', this.#group(chunk, ''), `${padded(chunk)}.json`);
  }

  partPath(chunk: number): string {
    return join(this.path, this.#group(chunk, 'parts-'), `part-${padded(chunk)}.${this.manifest.output.format}`);
  }

  /** Writes a chunk's part, then its record, which makes it count. Where that fails and another has committed the chunk, theirs is the record. */
  async commit(chunk: number, result: ChunkResult): Promise<ChunkRecord> {
    const { format, kept } = this.manifest.output;
    const bytes = result.rows.length > 0 ? await encodePart(format, result.rows, kept) : null;
    try {
      return this.#write(chunk, result, bytes);
    } catch (error) {
      const theirs = this.record(chunk, true);
      if (theirs) return theirs;
      throw error;
    }
  }

  #write(chunk: number, result: ChunkResult, bytes: Uint8Array | null): ChunkRecord {
    const path = this.partPath(chunk);
    if (this.chunks > FEW)
      for (const one of [path, this.#recordPath(chunk)]) mkdirSync(dirname(one), { recursive: true });
    if (bytes) commitFile(path, bytes, this.#mark);
    else rmSync(path, { force: true });
    const { rows } = this.index();
    const record: ChunkRecord = {
      chunk,
      rows: [rows[chunk]!, rows[chunk + 1]!],
      part: bytes && { file: path.slice(this.path.length + 1), bytes: bytes.length, sha256: sha256Of(bytes) },
      explained: result.explained,
      failed: result.failed,
      warnings: result.warnings,
    };
    commitFile(this.#recordPath(chunk), `${JSON.stringify(record)}\n`, this.#mark);
    return record;
  }

  /** The record of a chunk, or null where it is not finished; with `whole` the part's bytes are looked at, not only their number. */
  record(chunk: number, whole = false): ChunkRecord | null {
    // A runner asks for chunks of a queue that are not there yet, a thousand at a time: a thrown error costs ten times as much.
    if (!existsSync(this.#recordPath(chunk))) return null;
    const record = readJsonFile<ChunkRecord>(this.#recordPath(chunk));
    const { rows } = this.index();
    if (record?.chunk !== chunk || record.rows?.[0] !== rows[chunk] || record.rows[1] !== rows[chunk + 1]) return null;
    if (!Array.isArray(record.failed) || typeof record.warnings !== 'object') return null;
    if (!record.part) return record;
    try {
      const bytes = whole ? readFileSync(this.partPath(chunk)) : null;
      if (bytes && sha256Of(bytes) !== record.part.sha256) return null;
      return bytes || existsSync(this.partPath(chunk)) ? record : null;
    } catch {
      return null;
    }
  }

  /** Numbers of the chunks that have records. @param of these alone: only the folders of their records are listed */
  recorded(of?: ReadonlySet<number>): number[] {
    const folders = of
      ? [...new Set([...of].map((chunk) => dirname(this.#recordPath(chunk))))].filter((one) => existsSync(one))
      : this.#folders('chunks');
    const numbers = folders
      .flatMap((folder) => readdirSync(folder))
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10));
    return of ? numbers.filter((chunk) => of.has(chunk)) : numbers;
  }

  /** Goes through what is finished: which chunks are left, and what the others gave. Damaged parts and records are left to do. */
  survey(whole = true): { readonly left: number[]; readonly counts: JobCounts } {
    const known = new Set(this.recorded());
    const left: number[] = [];
    let counts = noCounts;
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      const record = known.has(chunk) ? this.record(chunk, whole) : null;
      if (record) counts = addRecord(counts, record);
      else left.push(chunk);
    }
    return { left, counts };
  }

  /** Removes what was left unfinished: all of it, unless it is said which. Whoever still writes such a file has to write it again. */
  tidy(which: Unfinished = { olderThanMs: 0 }): void {
    for (const folder of [...this.#folders('parts'), ...this.#folders('chunks')]) removeUnfinished(folder, which);
  }

  /** Brings the manifest and the dead-letter file up to what is finished. */
  close({ chunks, rows, explained, failed, leftOut, warnings }: JobCounts): void {
    const letters: string[] = [];
    for (const chunk of this.recorded().sort((a, b) => a - b)) {
      for (const letter of this.record(chunk)?.failed ?? []) letters.push(`${JSON.stringify(letter)}\n`);
    }
    const path = join(this.path, 'dead-letters.ndjson');
    if (letters.length > 0) commitFile(path, letters.join(''));
    else rmSync(path, { force: true });
    this.#writeManifest({ chunks, rows, explained, failed, leftOut, warnings });
  }

  /** Removes what a job left that explained nothing. */
  clear(): void {
    for (const folder of this.#folders('parts').slice(1)) rmSync(folder, { recursive: true });
    for (const name of ['chunks', 'dead-letters.ndjson', 'index.json', 'manifest.json'])
      rmSync(join(this.path, name), { recursive: true, force: true });
  }

  #writeManifest(done: JobCounts): void {
    commitFile(join(this.path, 'manifest.json'), `${JSON.stringify({ ...this.manifest, done }, null, 1)}\n`);
  }
}
