/**
 * Runs one case: contenders are prepared, checked against the expected result, warmed up, then timed in rounds of random
 * order, so that drift of a shared machine hits all alike. Who cannot do the case or gets it wrong is reported as such and
 * never ranked. Every timed run hands its result back to JavaScript, and the result is used.
 */
import { randomUniform } from '../src/graph/random.ts';
import { maxRelError, relDistance, shuffled, summarize } from './statistics.ts';

export type Outputs = readonly ArrayLike<number>[];

/** What one run gave. `ms` replaces the harness's own clock where the work happens in another process. */
export interface RunResult {
  readonly outputs: Outputs;
  readonly ms?: number;
}

/** What results are compared with, where it is more than numbers. */
export interface Truth {
  readonly outputs: Outputs;
  /** Where it comes from; printed with the case. */
  readonly from: string;
  /** The largest distance as a whole (relative L2) that counts as right, in place of the case's bound of the largest error. */
  readonly distance?: number;
}

/** A contender with everything compiled and uploaded that a user would keep. */
export interface Prepared {
  /** What really runs, where that is known only now. */
  readonly backend?: string;
  /** The threads that it runs on, where it has chosen them itself. */
  readonly threads?: number;
  /** One run; results are JavaScript arrays. */
  run(): RunResult | Promise<RunResult>;
  /** To the layout of the expected result; not timed. */
  normalize?(outputs: Outputs): Outputs;
  dispose?(): void | Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** What really runs, as the library itself reports it. */
  readonly backend: string;
  readonly threads: number;
  /** Throws when the contender cannot do the case; the message is printed. */
  prepare(): Promise<Prepared>;
}

export interface BenchCase {
  readonly suite: string;
  readonly name: string;
  /** Floating-point operations of the case; null where the word means nothing. */
  readonly flops: number | null;
  /** Bytes that have to be read and written once, however it is computed; where it is known. */
  readonly bytes?: number;
  /** The largest error, relative to the largest expected element, that still counts as right. */
  readonly tolerance: number;
  readonly contenders: readonly Contender[];
  expected(): Outputs | Truth | Promise<Outputs | Truth>;
  /** Lets go of big inputs when the case is over. */
  dispose?(): void;
}

export interface CaseResult {
  readonly suite: string;
  readonly case: string;
  readonly contender: string;
  readonly backend: string;
  readonly threads: number;
  readonly medianMs: number | null;
  readonly madMs: number | null;
  readonly p95Ms: number | null;
  readonly samples: number;
  readonly timesMs: readonly number[];
  readonly gflops: number | null;
  /** Gigabytes per second of inputs read and results written, each once. */
  readonly gbps: number | null;
  /** The first use: compiling, and the run that was checked. */
  readonly firstMs: number | null;
  readonly maxRelError: number | null;
  /** Where a case has a truth: what it is, the distance from it as a whole (relative L2), and how much is allowed. */
  readonly expected?: string;
  readonly distance?: number | null;
  readonly distanceAllowed?: number;
  readonly verified: boolean;
  /** Why there is no time: what the contender said, or that its result was wrong. */
  readonly cannot: string | null;
  /** The size suite: bytes of the bundle. */
  readonly bytes?: { readonly minified: number; readonly gzip: number; readonly brotli: number };
  /** The size suite: minified bytes of the bundle by folder of the source. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** How long to measure. A contender stops when it has `maxSamples`, or `minSamples` and its time is used up. */
export interface Budget {
  readonly warmupMs: number;
  readonly timeMs: number;
  readonly minSamples: number;
  readonly maxSamples: number;
  /** A sample repeats a quick run until it lasts this long, well above the clock's resolution. */
  readonly sampleMs: number;
}

export const fullBudget: Budget = { warmupMs: 400, timeMs: 2000, minSamples: 7, maxSamples: 50, sampleMs: 4 };
export const quickBudget: Budget = { warmupMs: 0, timeMs: 0, minSamples: 1, maxSamples: 1, sampleMs: 0 };

interface Entrant {
  readonly contender: Contender;
  readonly prepared: Prepared;
  readonly error: number;
  readonly distance: number;
  /** What is wrong with the result; such a contender is timed, as information, but has no place in the order. */
  readonly wrong: string | null;
  /** Compiling, and the run that was checked. */
  readonly firstMs: number;
  readonly times: number[];
  repeats: number;
  spentMs: number;
}

/** Checks and times one case; one result per contender, in the contenders' order. */
export async function runCase(bench: BenchCase, budget: Budget, seed = 1): Promise<CaseResult[]> {
  const results = new Map<Contender, CaseResult>();
  const entrants: Entrant[] = [];
  const known = await bench.expected();
  const truth: Truth | null = 'outputs' in known ? known : null;
  const expected = 'outputs' in known ? known.outputs : known;
  for (const contender of bench.contenders) {
    const entrant = await enter(contender, expected, bench.tolerance, truth?.distance);
    if ('prepared' in entrant) entrants.push(entrant);
    else results.set(contender, report(bench, contender, entrant));
  }
  for (const entrant of entrants) await warmUp(entrant, budget);
  const random = randomUniform(seed);
  for (let left = entrants; left.length > 0; left = left.filter((entrant) => !done(entrant, budget))) {
    for (const entrant of shuffled(left, random)) await sample(entrant);
  }
  for (const entrant of entrants) {
    const { contender, prepared } = entrant;
    results.set(contender, report(bench, { ...contender, ...named(prepared) }, entrant));
    await prepared.dispose?.();
  }
  bench.dispose?.();
  const about = truth && {
    expected: truth.from,
    ...(truth.distance !== undefined && { distanceAllowed: truth.distance }),
  };
  return bench.contenders.map((contender) => ({ ...results.get(contender)!, ...about }));
}

interface Refusal {
  readonly cannot: string;
}

async function enter(
  contender: Contender,
  expected: Outputs,
  tolerance: number,
  allowed?: number,
): Promise<Entrant | Refusal> {
  let prepared: Prepared | undefined;
  try {
    const started = performance.now();
    prepared = await contender.prepare();
    const { outputs } = await prepared.run();
    const firstMs = performance.now() - started;
    const got = prepared.normalize?.(outputs) ?? outputs;
    const [error, distance] = [maxRelError(got, expected), relDistance(got, expected)];
    const largest = `${error.toExponential(1)} of the largest element`;
    const byLargest = `the error is ${largest}, ${tolerance.toExponential(0)} is allowed`;
    const whole = `the distance (L2) is ${distance.toExponential(1)}, ${allowed?.toExponential(1)} is allowed; ${largest}`;
    const right = allowed === undefined ? error <= tolerance : distance <= allowed;
    const wrong = right ? null : `WRONG RESULT: ${allowed === undefined ? byLargest : whole}`;
    return { contender, prepared, error, distance, wrong, firstMs, times: [], repeats: 1, spentMs: 0 };
  } catch (error) {
    await prepared?.dispose?.();
    return { cannot: `cannot: ${firstLine(error)}` };
  }
}

const named = ({ backend, threads }: Prepared): Partial<Pick<Contender, 'backend' | 'threads'>> => ({
  ...(backend !== undefined && { backend }),
  ...(threads !== undefined && { threads }),
});

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

async function warmUp(entrant: Entrant, budget: Budget): Promise<void> {
  // Something that runs for seconds was warm before its first run ended.
  if (entrant.firstMs > 4 * budget.warmupMs) return;
  const started = performance.now();
  let last = 0;
  while (performance.now() - started < budget.warmupMs) last = await timed(entrant);
  entrant.repeats = last > 0 ? Math.max(1, Math.ceil(budget.sampleMs / last)) : 1;
}

let sink = 0;

/** Milliseconds of one run. The result's first element is added up, so that no run is dead code. */
async function timed({ prepared }: Entrant): Promise<number> {
  const started = performance.now();
  const { outputs, ms } = await prepared.run();
  const elapsed = performance.now() - started;
  sink += Number(outputs[0]?.[0] ?? 0);
  return ms ?? elapsed;
}

/** What V8's own threads need to sweep a heap after a collection, and other processes' threads to stop spinning: they would take a core. */
const settleMs = 10;

async function sample(entrant: Entrant): Promise<void> {
  if (globalThis.gc) {
    globalThis.gc();
    await new Promise((settled) => setTimeout(settled, settleMs));
  }
  const started = performance.now();
  let total = 0;
  for (let i = 0; i < entrant.repeats; i++) total += await timed(entrant);
  entrant.times.push(total / entrant.repeats);
  entrant.spentMs += performance.now() - started;
}

function done({ times, spentMs }: Entrant, budget: Budget): boolean {
  // What takes longer than the whole budget at once is not run many times over: three samples.
  // And what takes minutes has been run once before, to be checked: one sample.
  const slow = (times.length >= 3 && spentMs > 2 * budget.timeMs) || spentMs > 20 * budget.timeMs;
  return times.length >= budget.maxSamples || slow || (times.length >= budget.minSamples && spentMs >= budget.timeMs);
}

function report(
  bench: BenchCase,
  contender: Contender,
  outcome: Refusal | Pick<Entrant, 'error' | 'distance' | 'wrong' | 'times' | 'firstMs'>,
): CaseResult {
  const { name, backend, threads } = contender;
  const who = { suite: bench.suite, case: bench.name, contender: name, backend, threads };
  if ('cannot' in outcome) {
    const nothing = { medianMs: null, madMs: null, p95Ms: null, samples: 0, timesMs: [], gflops: null };
    const rates = { gbps: null, firstMs: null };
    return { ...who, ...nothing, ...rates, maxRelError: null, verified: false, cannot: outcome.cannot };
  }
  const summary = summarize(outcome.times);
  const gflops = bench.flops ? bench.flops / summary.medianMs / 1e6 : null;
  const gbps = bench.bytes ? bench.bytes / summary.medianMs / 1e6 : null;
  const firstMs = Number(outcome.firstMs.toPrecision(6));
  const timesMs = outcome.times.map((ms) => Number(ms.toPrecision(6)));
  const { error, wrong } = outcome;
  const maxRelError = Number.isFinite(error) ? error : null;
  const distance = Number.isFinite(outcome.distance) ? outcome.distance : null;
  const judged = { maxRelError, distance, verified: wrong === null, cannot: wrong };
  return { ...who, ...summary, timesMs, gflops, gbps, firstMs, ...judged };
}

/** The sum of what runs returned: reading it keeps the runs alive for the optimizer. */
export function checksum(): number {
  return sink;
}
