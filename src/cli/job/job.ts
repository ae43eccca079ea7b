/** `pathgrad job run | status | resume | report | worker`. */
import { join, resolve } from 'node:path';
import { JobFolder } from '../../jobs/folder/job-folder.ts';
import { lockHolder } from '../../jobs/folder/lock.ts';
import type { JobCounts } from '../../jobs/folder/manifest.ts';
import { type Begun, beginJob, continueJob } from '../../jobs/run/begin.ts';
import { runLocal } from '../../jobs/run/local.ts';
import type { JobProgress } from '../../jobs/run/pace.ts';
import { didYouMean } from '../../tensor/errors.ts';
import { visible } from '../../tensor/visible.ts';
import { checkOutputs, writeAll, writeWhole } from '../files.ts';
import { type Arguments, number, usage } from '../flags/flags.ts';
import { Interrupted, type Terminal } from '../print/terminal.ts';
import { useWideVectors } from '../wide-vectors.ts';
import { configArguments } from './config.ts';
import { progressLine, statusLines } from './words.ts';

const verbs = ['run', 'status', 'resume', 'report', 'worker'] as const;

export async function runJobCommand(args: Arguments, terminal: Terminal): Promise<void> {
  const [verb, path, ...surplus] = args.positionals;
  if (verb === undefined) throw usage('job', 'needs to know what to do', `job ${verbs.join(', job ')}`);
  if (!(verbs as readonly string[]).includes(verb))
    throw usage(
      `job ${verb}`,
      'is not a command',
      `${didYouMean(verb, verbs)} Known: ${verbs.map((one) => `job ${one}`).join(', ')}`,
    );
  if (surplus.length > 0) throw usage(surplus[0]!, 'is one argument too many', 'leave it out');
  if (verb === 'worker') return work(args, path, terminal);
  if (path === undefined)
    throw usage(`job ${verb}`, verb === 'run' ? 'needs a model, or a configuration' : 'needs the folder of a job');
  if (verb === 'run') return run(args, path, terminal);
  if (verb === 'resume') return resume(args, path, terminal);
  only(args, verb, verb === 'status' ? ['json'] : ['html']);
  return verb === 'status' ? status(args, path, terminal) : report(args, path, terminal);
}

/** @throws UsageError for flags that a command has no use for */
function only(args: Arguments, verb: string, flags: readonly string[]): void {
  const stray = args.given.find((flag) => ![...flags, 'quiet', 'debug'].includes(flag));
  if (stray !== undefined)
    throw usage(
      `--${stray}`,
      `is not of job ${verb}`,
      verb === 'resume' ? 'the settings are those of the job: leave it out' : 'leave it out',
    );
}

async function run(given: Arguments, path: string, terminal: Terminal): Promise<void> {
  const { args, model } = configArguments(given, path);
  for (const flag of ['input', 'output'])
    if (!args.has(flag)) throw usage(`--${flag}`, 'is missing', 'pathgrad job run MODEL --input FILE --output FOLDER');
  for (const flag of ['html', 'json'])
    if (args.has(flag)) throw usage(`--${flag}`, 'is not of job run', 'job report and job status write it');
  const limits = limitsOf(args);
  const begun = await beginJob(args, {
    model,
    input: args.text('input')!,
    output: args.text('output')!,
    signal: terminal.signal,
  });
  await finish(begun, limits, terminal, args);
}

async function resume(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  only(args, 'resume', ['workers', 'max-failures', 'queue', 'wide-vectors']);
  const limits = limitsOf(args);
  await useWideVectors(args);
  await finish(await continueJob(path, terminal.signal), limits, terminal, args);
}

interface Limits {
  readonly workers: number | null;
  readonly maxFailures: number;
  readonly queue: string | null;
}

const MAX_FAILURES = 1000;

function limitsOf(args: Arguments): Limits {
  const whole = (flag: string, least: number): number | null => {
    const text = args.text(flag);
    if (text === undefined) return null;
    return number(flag, text, (n) => Number.isInteger(n) && n >= least, `a whole number from ${least}`);
  };
  if (args.has('queue') && args.has('workers'))
    throw usage('--workers', 'does not go with --queue', 'each job worker has its own');
  return {
    workers: whole('workers', 1),
    maxFailures: whole('max-failures', 0) ?? MAX_FAILURES,
    queue: args.text('queue') ?? null,
  };
}

/** Works until the job is finished; Ctrl-C and SIGTERM end it with what is committed. */
async function finish(
  { job, again, unlock }: Begun,
  limits: Limits,
  terminal: Terminal,
  args: Arguments,
): Promise<void> {
  const quiet = args.has('quiet');
  const stop = new AbortController();
  const kept = `finished chunks are kept; pathgrad job resume ${visible(job.path)} goes on`;
  const abort = (): void => stop.abort(new Interrupted('interrupted', kept));
  terminal.signal.addEventListener('abort', abort);
  process.once('SIGTERM', abort);
  const tell = new Teller(terminal, quiet);
  try {
    if (again && !quiet) terminal.err(`note: goes on with the job in ${visible(job.path)}\n`);
    const options = { ...limits, signal: stop.signal, onProgress: (progress: JobProgress) => tell.at(progress) };
    const counts =
      limits.queue === null
        ? await runLocal(job, options)
        : await (await import('../../jobs/queue/runner.ts')).runQueued(job, {
            ...options,
            url: limits.queue,
            say: (line) => tell.note(line),
          });
    tell.clear();
    const retries = 'retries' in counts ? [`retries   ${counts.retries}`] : [];
    terminal.out(`${[...statusLines(job.manifest, counts, null), ...retries].map(visible).join('\n')}\n`);
  } finally {
    tell.clear();
    terminal.signal.removeEventListener('abort', abort);
    process.removeListener('SIGTERM', abort);
    unlock();
  }
}

/** A line that is kept up to date where a person watches, and a line a minute in a log. */
class Teller {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  #last = performance.now();
  #drawn = false;

  constructor(terminal: Terminal, quiet: boolean) {
    this.#terminal = terminal;
    this.#quiet = quiet;
  }

  at(progress: JobProgress): void {
    if (this.#quiet) return;
    if (this.#terminal.errIsTty) {
      // What goes on in a next line of the screen cannot be taken off.
      const line = [...progressLine(progress)].slice(0, Math.max(0, this.#terminal.columns - 1)).join('');
      this.#terminal.err(`\r\x1b[K${line}`, 'styled');
      this.#drawn = true;
      return;
    }
    if (performance.now() - this.#last < 60_000) return;
    this.#last = performance.now();
    this.#terminal.err(`${progressLine(progress)}\n`);
  }

  note(line: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#terminal.err(`note: ${visible(line)}\n`);
  }

  clear(): void {
    if (this.#drawn) this.#terminal.err('\r\x1b[K', 'styled');
    this.#drawn = false;
  }
}

function countsOf(job: JobFolder): JobCounts {
  return job.survey(false).counts;
}

function status(args: Arguments, path: string, terminal: Terminal): void {
  checkOutputs(args);
  const job = JobFolder.open(resolve(path));
  const counts = countsOf(job);
  const running = lockHolder(job.path);
  terminal.out(`${statusLines(job.manifest, counts, running).map(visible).join('\n')}\n`);
  const json = (): string =>
    `${JSON.stringify({ ...job.manifest, done: counts, running: running !== null }, null, 1)}\n`;
  writeAll(args, { json }, terminal);
}

async function report(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  checkOutputs(args);
  const job = JobFolder.open(resolve(path));
  const { jobReport } = await import('../../jobs/report.ts');
  const page = await jobReport(job, countsOf(job));
  if (args.has('html')) {
    writeAll(args, { html: () => page }, terminal);
    return;
  }
  const file = join(job.path, 'report.html');
  writeWhole(file, page);
  if (!args.has('quiet')) terminal.err(`wrote ${visible(file)}\n`);
}

async function work(args: Arguments, stray: string | undefined, terminal: Terminal): Promise<void> {
  if (stray !== undefined) throw usage(stray, 'is one argument too many', 'a worker learns of its jobs from the queue');
  only(args, 'worker', ['queue', 'workers', 'wide-vectors']);
  const { queue, workers } = limitsOf({ ...args, has: (flag) => flag !== 'workers' && args.has(flag) });
  if (queue === null) throw usage('--queue', 'is missing', 'for example --queue redis://localhost:6379');
  await useWideVectors(args);
  const { runWorker } = await import('../../jobs/queue/worker.ts');
  const say = (line: string): void => {
    if (!args.has('quiet')) terminal.err(`${visible(line)}\n`);
  };
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  terminal.signal.addEventListener('abort', abort);
  process.once('SIGTERM', abort);
  try {
    await runWorker({ url: queue, workers, signal: stop.signal, say });
  } finally {
    process.removeListener('SIGTERM', abort);
  }
}
