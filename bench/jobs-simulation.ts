/**
 * What a job over a queue is limited by as it grows: a simulation of discrete events, with the figures that bench/jobs-sizing.ts measures. Prints the
 * tables of docs/jobs.md, the same ones on every machine:
 *
 *   node --import tsx bench/jobs-simulation.ts
 *
 * What is modelled: N threads of workers that take a chunk, compute it, commit it to the shared disk and say so; a Redis that serves one command after
 * another; a shared disk that serves a number of requests at a time, a commit being several; and the runner, which every quarter of a second asks which
 * chunks have ended, reads their records one after another, takes them out of the queue together, and fills up to its window; every three seconds it
 * lists all that is out, and sets the window by what is at work.
 */
import { randomUniform } from '../src/graph/random.ts';

/** Seconds, if nothing else is said. */
export interface Costs {
  /** Between any two machines, there and back. */
  readonly roundTrip: number;
  /** Processor time of Redis for all that a worker asks about a chunk, and for all that the runner does. */
  readonly redisWorker: number;
  readonly redisRunner: number;
  /** Round trips of the runner to take finished chunks out, all of a poll together. */
  readonly takeTrips: number;
  /** Processor time of the runner for a finished chunk. */
  readonly runner: number;
  /** To commit a chunk: part and record, each written, forced to the disk and renamed. */
  readonly commit: number;
  /** Commits that the disk works on at a time. */
  readonly diskWidth: number;
  /** For the runner to read the record of a finished chunk. */
  readonly record: number;
  /** For the runner to list a chunk that is out, in the folder and in the queue. */
  readonly list: number;
  /** Chunks that the runner keeps in the queue, at least; else twice as many as are at work. */
  readonly window: number;
  /** Between two polls of the runner, and between two looks at all that is out. */
  readonly poll: number;
  readonly look: number;
}

const common = {
  redisWorker: 0.0003,
  redisRunner: 0.0001,
  takeTrips: 3,
  runner: 0.0006,
  window: 1000,
  poll: 0.25,
  look: 3,
} as const;
/** One machine, its own disk. */
export const localCosts: Costs = {
  ...common,
  roundTrip: 0.00005,
  commit: 0.005,
  diskWidth: 4,
  record: 0.0001,
  list: 2e-6,
};
/** Machines in one network with a file server (NFS, EFS): assumed, not measured. */
export const networkCosts: Costs = {
  ...common,
  roundTrip: 0.0005,
  commit: 0.02,
  diskWidth: 32,
  record: 0.002,
  list: 2e-5,
};

export interface Load {
  /** Threads over all workers: one chunk at a time each. */
  readonly threads: number;
  /** Mean seconds of a chunk's computation. */
  readonly chunkSeconds: number;
  readonly chunks: number;
}

export interface Outcome {
  readonly seconds: number;
  /** Time that threads computed, as a share of all their time. */
  readonly efficiency: number;
  /** Share of the time that each was at work. */
  readonly redis: number;
  readonly disk: number;
  readonly runner: number;
}

/** Spread of the time of chunks: standard deviation by mean. */
const SPREAD = 0.25;

/** Serves requests in the order in which they come, `width` at a time. */
class Server {
  readonly #free: number[];
  busy = 0;

  constructor(width: number) {
    this.#free = new Array<number>(width).fill(0);
  }

  /** @returns when a request that comes at `now` is done */
  serve(now: number, seconds: number): number {
    let at = 0;
    for (let i = 1; i < this.#free.length; i++) if (this.#free[i]! < this.#free[at]!) at = i;
    const end = Math.max(now, this.#free[at]!) + seconds;
    this.#free[at] = end;
    this.busy += seconds;
    return end;
  }
}

/** The earliest event first (a binary heap). */
class Events {
  readonly #heap: { readonly at: number; readonly run: (now: number) => void }[] = [];

  add(at: number, run: (now: number) => void): void {
    const heap = this.#heap;
    let i = heap.push({ at, run }) - 1;
    while (i > 0 && heap[(i - 1) >> 1]!.at > heap[i]!.at) {
      const up = (i - 1) >> 1;
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
      i = up;
    }
  }

  next(): { readonly at: number; readonly run: (now: number) => void } | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (heap.length > 0 && last) {
      heap[0] = last;
      for (let i = 0; ; ) {
        let least = 2 * i + 1;
        if (least + 1 < heap.length && heap[least + 1]!.at < heap[least]!.at) least++;
        if (least >= heap.length || heap[least]!.at >= heap[i]!.at) break;
        [heap[i], heap[least]] = [heap[least]!, heap[i]!];
        i = least;
      }
    }
    return first;
  }
}

/** Runs a job to its end. */
export function simulate({ threads, chunkSeconds, chunks }: Load, costs: Costs): Outcome {
  const random = randomUniform(15);
  const events = new Events();
  const [redis, disk] = [new Server(1), new Server(costs.diskWidth)];
  let [queued, idle, outstanding, put, settled, runnerBusy, computed] = [0, threads, 0, 0, 0, 0, 0];
  /** Said to be committed, and not yet seen by the runner. */
  let committed = 0;
  let [room, looked] = [costs.window, 0];
  let end = 0;
  // Log-normal with mean 1.
  const sigma = Math.sqrt(Math.log(1 + SPREAD ** 2));
  const seconds = (): number => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return chunkSeconds * Math.exp(sigma * normal - sigma ** 2 / 2);
  };
  const take = (now: number): void => {
    while (idle > 0 && queued > 0) {
      idle--;
      queued--;
      const work = seconds();
      computed += work;
      const begun = redis.serve(now + costs.roundTrip, costs.redisWorker / 2);
      events.add(begun + work, (ready) => {
        events.add(disk.serve(ready, costs.commit), (written) => {
          events.add(redis.serve(written + costs.roundTrip, costs.redisWorker / 2), (free) => {
            committed++;
            idle++;
            take(free);
          });
        });
      });
    }
  };
  const look = (now: number): void => {
    // Each finished chunk is read, one after another; then all are taken out of the queue together.
    const through = committed;
    committed = 0;
    outstanding -= through;
    settled += through;
    const whole = now - looked > costs.look;
    if (whole) looked = now;
    const read = now + through * (costs.record + costs.runner) + (whole ? outstanding * costs.list : 0);
    const taken = (at: number): void => {
      runnerBusy += at - now;
      if (whole) room = Math.max(costs.window, 2 * (threads - idle));
      if (settled === chunks) {
        end = at;
        return;
      }
      const more = Math.max(0, Math.min(room - outstanding, chunks - put));
      put += more;
      outstanding += more;
      queued += more;
      take(at);
      events.add(at + costs.poll, look);
    };
    events.add(read, (at) => {
      events.add(redis.serve(at, through * costs.redisRunner) + costs.takeTrips * costs.roundTrip, taken);
    });
  };
  events.add(0, look);
  for (let event = events.next(); event; event = events.next()) event.run(event.at);
  return {
    seconds: end,
    efficiency: computed / (threads * end),
    redis: redis.busy / end,
    disk: disk.busy / (costs.diskWidth * end),
    runner: runnerBusy / end,
  };
}

/** What holds a job up. */
function limitOf({ efficiency, redis, disk, runner }: Outcome): string {
  if (efficiency > 0.9) return '';
  if (disk > 0.9) return 'the disk';
  if (runner > 0.75) return 'the runner';
  if (redis > 0.9) return 'Redis';
  return 'waiting for the runner';
}

/** Rows per second and core, and rows of a chunk, as measured (bench/jobs-sizing.ts). */
export const measuredModels = [
  { name: 'wine-mlp, table of 13', rate: 8600, chunk: 50_000 },
  { name: 'mnist-cnn, 28 x 28', rate: 84, chunk: 1000 },
  { name: 'imdb-cnn, sentences', rate: 345, chunk: 4000 },
  { name: 'agnews-bilstm, headlines', rate: 84, chunk: 1000 },
] as const;

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const duration = (seconds: number): string =>
  seconds < 60
    ? `${seconds.toFixed(0)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : seconds < 129_600
        ? `${Math.round(seconds / 3600)} h`
        : `${Math.round(seconds / 86_400)} days`;

/** The tables of docs/jobs.md. */
export function tables(): string {
  const out = ['| threads | chunks of 1 s | 10 s | 60 s | 600 s |', '| --- | --- | --- | --- | --- |'];
  for (const threads of [16, 128, 512, 1024, 4096]) {
    const cells = [1, 10, 60, 600].map((chunkSeconds) => {
      const load = { threads, chunkSeconds, chunks: 50 * Math.max(threads, 100) };
      const found = simulate(load, networkCosts);
      const limit = limitOf(found);
      return percent(found.efficiency) + (limit === '' ? '' : ` (${limit})`);
    });
    out.push(`| ${threads} | ${cells.join(' | ')} |`);
  }
  out.push(
    '',
    '| model | rows | core hours | 16 threads | 128 threads | 1024 threads |',
    '| --- | --- | --- | --- | --- | --- |',
  );
  for (const { name, rate, chunk } of measuredModels) {
    for (const rows of [1e6, 1e8, 1e9]) {
      const hours = rows / rate / 3600;
      const cells = [16, 128, 1024].map((threads) => {
        // A part of a long job is simulated: it is the same from beginning to end.
        const chunks = Math.ceil(rows / chunk);
        const some = Math.min(chunks, Math.max(5000, 50 * threads));
        const { seconds } = simulate({ threads, chunkSeconds: chunk / rate, chunks: some }, networkCosts);
        return duration((seconds * chunks) / some);
      });
      out.push(
        `| ${name} | 10^${Math.log10(rows)} | ${hours < 10 ? hours.toFixed(2) : Math.round(hours).toLocaleString('en')} | ${cells.join(' | ')} |`,
      );
    }
  }
  return out.join('\n');
}

if (process.argv[1]?.endsWith('jobs-simulation.ts')) console.log(tables());
