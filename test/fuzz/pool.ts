/**
 * Worker processes that are kept alive, fed one job at a time and watched from outside: one that says nothing for too long or takes too
 * much memory is killed, and the job counts as a fault if it does so again in a fresh process, so that a busy machine or another job's
 * garbage accuses nobody. Invariant: every job has exactly one result.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import { build } from 'esbuild';
import { isFault, type Job, type Result } from './formats.ts';
import type { Setup } from './worker.ts';

export interface Limits {
  readonly milliseconds: number;
  readonly megabytes: number;
}
export const usual: Limits = { milliseconds: 5000, megabytes: 500 };

/** A worker that keeps more than this between jobs is replaced: what it keeps would be counted against the next. */
const RESTING_MEGABYTES = 220;
const START_MS = 60_000;
const LOOK_MS = 40;

export interface Finished extends Result {
  /** The most memory that was seen while it ran; null where the system does not say. */
  readonly megabytes: number | null;
}

export class Pool {
  readonly #setup: string;
  readonly #limits: Limits;

  constructor(setup: Setup, limits: Limits = usual) {
    this.#limits = limits;
    this.#setup = join(folder, `setup-${pools++}`);
    writeFileSync(this.#setup, serialize(setup));
  }

  /** Runs jobs, as many at a time as `width` says, until `next` gives null. */
  async run(next: () => Job | null, width: number, done: (job: Job, result: Finished) => void): Promise<void> {
    const worker = await (bundle ??= makeBundle());
    const lane = async (): Promise<void> => {
      const process = new Watched(worker, this.#setup, this.#limits);
      try {
        for (let job = next(); job !== null; job = next()) {
          let result = await process.run(job);
          if (result.outcome === 'hang' || result.outcome === 'memory' || result.outcome === 'died') {
            process.end();
            result = await process.run(job);
          }
          done(job, result);
        }
      } finally {
        process.end();
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
  }
}

/** Of all pools of this process; gone when it ends. */
const folder = mkdtempSync(join(tmpdir(), 'pathgrad-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let pools = 0;
let bundle: Promise<string> | undefined;

async function makeBundle(): Promise<string> {
  const outfile = join(folder, 'worker.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', outfile },
    ...{ sourcemap: 'linked', sourcesContent: false },
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return outfile;
}

/** One process at a time; a new one takes its place when it was ended. */
class Watched {
  readonly #bundle: string;
  readonly #setup: string;
  readonly #limits: Limits;
  #child: ChildProcess | null = null;
  #said = '';

  constructor(bundle: string, setup: string, limits: Limits) {
    this.#bundle = bundle;
    this.#setup = setup;
    this.#limits = limits;
  }

  async run(job: Job): Promise<Finished> {
    const child = this.#child ?? (await this.#start());
    const pid = child.pid!;
    const { milliseconds: time, megabytes: most } = this.#limits;
    const started = performance.now();
    const before = runningOf(pid)?.milliseconds ?? 0;
    const field = forgetPeak(pid) ? 'VmHWM' : 'VmRSS';
    let megabytes: number | null = null;
    const look = (): number => {
      const now = megabytesOf(pid, field);
      if (now !== null) megabytes = Math.max(megabytes ?? 0, now);
      return megabytes ?? 0;
    };
    const result = await new Promise<Result>((resolve) => {
      const lost = (outcome: 'hang' | 'memory' | 'died', message: string): void =>
        settle({
          outcome,
          format: 'format' in job ? job.format : 'keras',
          changes: [],
          message,
          milliseconds: Math.round(performance.now() - started),
        });
      const watch = setInterval(() => {
        const elapsed = performance.now() - started;
        if (look() > most) lost('memory', `takes ${Math.round(megabytes!)} MB`);
        else if (elapsed > time && isToBlame(pid, before, time))
          lost('hang', `says nothing for ${Math.round(elapsed)} ms`);
      }, LOOK_MS);
      const onMessage = (message: Result): void => {
        if (look() > most && !isFault(message.outcome)) lost('memory', `took ${Math.round(megabytes!)} MB`);
        else settle(message);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        this.#child = null;
        lost('died', `the process ended (${signal ?? code}): ${this.#said.slice(-2000)}`);
      };
      const settle = (found: Result): void => {
        clearInterval(watch);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(found);
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send(job);
    });
    if (
      result.outcome === 'hang' ||
      result.outcome === 'memory' ||
      (megabytesOf(pid, 'VmRSS') ?? 0) > RESTING_MEGABYTES
    )
      this.end();
    return { ...result, megabytes: megabytes === null ? null : Math.round(megabytes) };
  }

  end(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  #start(): Promise<ChildProcess> {
    const child = fork(this.#bundle, [this.#setup], {
      ...{ execArgv: ['--enable-source-maps'], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    });
    this.#child = child;
    this.#said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk).slice(-20_000);
    });
    return new Promise((resolve, reject) => {
      const clock = setTimeout(() => reject(new Error('the fuzz worker does not start')), START_MS);
      child.once('exit', () => reject(new Error(`the fuzz worker does not start: ${this.#said}`)));
      child.once('message', () => {
        clearTimeout(clock);
        child.removeAllListeners('exit');
        resolve(child);
      });
    });
  }
}

/** A process's memory as the system says; null where it does not (there is no /proc, or the process is gone). */
function megabytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

/** Has the system count a process's peak anew (proc(5), clear_refs); false where it does not. */
function forgetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** How long a process has run, in all, and whether it waits; null where the system does not say (proc(5), stat). */
function runningOf(pid: number): { readonly milliseconds: number; readonly waits: boolean } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return { milliseconds: 10 * (Number(fields[11]) + Number(fields[12])), waits: fields[0] === 'S' };
  } catch {
    return null;
  }
}

/** On a busy machine a process may wait for its turn: then it is not the input that takes so long. */
function isToBlame(pid: number, before: number, time: number): boolean {
  const running = runningOf(pid);
  return running === null || running.waits || running.milliseconds - before > time;
}
