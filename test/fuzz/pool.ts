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
  readonly #folder = mkdtempSync(join(tmpdir(), 'pathgrad-fuzz-'));
  readonly #limits: Limits;
  #bundle: Promise<string> | null = null;

  constructor(setup: Setup, limits: Limits = usual) {
    this.#limits = limits;
    writeFileSync(join(this.#folder, 'setup'), serialize(setup));
  }

  /** Runs jobs, as many at a time as `width` says, until `next` gives null. */
  async run(next: () => Job | null, width: number, done: (job: Job, result: Finished) => void): Promise<void> {
    const bundle = await (this.#bundle ??= this.#build());
    const lane = async (): Promise<void> => {
      const worker = new Worker(bundle, join(this.#folder, 'setup'), this.#limits);
      try {
        for (let job = next(); job !== null; job = next()) {
          let result = await worker.run(job);
          if (result.outcome === 'hang' || result.outcome === 'memory' || result.outcome === 'died') {
            worker.end();
            result = await worker.run(job);
          }
          done(job, result);
        }
      } finally {
        worker.end();
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #build(): Promise<string> {
    const outfile = join(this.#folder, 'worker.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
      ...{
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node20',
        outfile,
        sourcemap: 'inline',
        logLevel: 'warning',
      },
      mainFields: ['module', 'main'],
    });
    return outfile;
  }
}

/** One process at a time; a new one takes its place when it was ended. */
class Worker {
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
        if (look() > most) lost('memory', `takes ${Math.round(megabytes!)} MB`);
        else if (performance.now() - started > time) lost('hang', `says nothing for ${time} ms`);
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
