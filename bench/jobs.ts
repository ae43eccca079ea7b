/**
 * What a job costs beside the same explanations in a plain loop: rows per second, processor seconds per row, peak memory; and over a queue on a Redis
 * of its own (loopback), what scheduling costs per chunk:
 *
 *   npm run bench:jobs -- [--rows 4000] [--chunk 500] [--steps 50] [--workers 1,2] [--rounds 1] [--format ndjson] [--queue CHUNKS] [--only loop,job]
 *
 * Rows are reviews of the shared data set, else sentences of examples/, with row numbers, over and over. A loop is one thread, with the job's method,
 * settings, from texts to a number per word, as many of them at once as there are workers; both are counted from the first chunk of each thread on. Contenders run in turn, `--rounds`
 * times, and the least processor time and the highest rate are told. With `--memory` the resident memory is told after each tenth of the rows.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { readCsv, textsOf } from '../src/inputs/index.ts';
import { failure } from '../src/tensor/errors.ts';
import { built } from '../test/support/built.ts';
import { freePort, hasRedis, startRedis, stopRedis } from '../test/support/redis.ts';
import { sharedFolder } from '../test/support/shared.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '4000' },
    chunk: { type: 'string', default: '500' },
    steps: { type: 'string', default: '50' },
    workers: { type: 'string', default: `1,${Math.min(2, availableParallelism())}` },
    rounds: { type: 'string', default: '1' },
    format: { type: 'string', default: 'ndjson' },
    queue: { type: 'string' },
    only: { type: 'string', default: 'loop,job' },
    memory: { type: 'boolean', default: false },
  },
});
const [rows, chunk, steps, rounds] = [values.rows, values.chunk, values.steps, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const [model, vocabulary] = [example('imdb-cnn.h5'), example('imdb-vocab.txt')];
const folder = mkdtempSync(join(tmpdir(), 'pathgrad-bench-jobs-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What a child prints at its end. */
interface Measured {
  /** Rows of the counted part. */
  readonly rows: number;
  readonly seconds: number;
  readonly cpu: number;
  /** Seconds until the first counted row. */
  readonly start: number;
  readonly maxRss: number;
  readonly rss: readonly number[];
  readonly retries?: number;
}

/** Marks of rows that are done, with the time and the processor time then. */
const clock = `
const marks = [];
const mark = (rows) => { const { user, system } = process.cpuUsage(); marks.push({ rows, at: performance.now(), cpu: (user + system) / 1e6, rss: process.memoryUsage.rss() }); };
const tell = (from, more = {}) => {
  const [a, b] = [marks.find(({ rows }) => rows >= from), marks.at(-1)];
  const tenths = Array.from({ length: 10 }, (_, i) => marks[Math.floor((marks.length - 1) * (i + 1) / 10)].rss);
  console.log(JSON.stringify({ rows: b.rows - a.rows, seconds: (b.at - a.at) / 1000, cpu: b.cpu - a.cpu, start: a.at / 1000, maxRss: process.resourceUsage().maxRSS * 1024, rss: tenths, ...more }));
  process.exit(0);
};
const [dist, model, vocabulary, input, output, rows, chunk, steps, workers, format, queue] = process.argv.slice(1);
`;
const loop = `${clock}
const { createReadStream, readFileSync } = await import('node:fs');
const { createInterface } = await import('node:readline');
const { IntegratedGradients, loadModel, predictedClass, tensor, wasmBackend } = await import(dist + '/index.js');
const { encodeText, parseVocabulary } = await import(dist + '/inputs.js');
wasmBackend.setThreads(1);
const net = await loadModel(model);
const words = parseVocabulary(readFileSync(vocabulary, 'utf8'), vocabulary);
const length = net.inputs[0].shape[1];
const embedding = net.layers.find(({ className }) => className === 'Embedding').path;
const explainer = new IntegratedGradients(net, { nSteps: Number(steps), layer: embedding, internalBatchSize: 100 });
let texts = [], done = 0, sink = 0;
const explain = async () => {
  const encoded = texts.map((text) => encodeText(text, words, { length }));
  const X = tensor(Int32Array.from(encoded.flatMap(({ ids }) => [...ids])), [texts.length, length], 'int32');
  const { attributions: [found] } = await explainer.explain(X, { target: predictedClass });
  const width = found.shape[2];
  encoded.forEach(({ padding }, row) => {
    for (let word = 0; word < length; word++) {
      if (padding[word]) continue;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += found.data[(row * length + word) * width + i];
      sink += sum;
    }
  });
  done += texts.length;
  texts = [];
  if (done % 512 === 0) mark(done);
};
for await (const line of createInterface({ input: createReadStream(input) })) {
  texts.push(JSON.parse(line).text);
  if (texts.length === 128) await explain();
  if (done >= Number(rows)) break;
}
if (!Number.isFinite(sink)) throw new Error('the loop computed nothing');
tell(512);
`;
const job = `${clock}
const { runJob } = await import(dist + '/jobs.js');
const options = { model, input, output, chunk: Number(chunk), format, settings: { vocab: vocabulary, columns: 'text', keep: 'id', steps: Number(steps) } };
const onProgress = ({ rows }) => { if (rows > 0) mark(rows); };
const counts = await runJob({ ...options, onProgress, ...(queue ? { queue } : { workers: Number(workers) }) });
if (counts.explained !== counts.rows) throw new Error(JSON.stringify(counts));
tell(queue ? 0 : workers * chunk, { retries: counts.retries });
`;

async function writeRows(): Promise<{ path: string; source: string }> {
  const path = join(folder, 'rows.ndjson');
  const data = `${sharedFolder}/data/imdb/imdb_test.csv.gz`;
  const texts: string[] = [];
  if (existsSync(data)) {
    for (const half of ['train', 'test']) {
      const pieces: Buffer[] = [];
      for await (const piece of createReadStream(data.replace('test', half)).pipe(createGunzip())) pieces.push(piece);
      for (const text of textsOf(await readCsv(Buffer.concat(pieces), half), 'text')) texts.push(text);
    }
  } else texts.push(...readFileSync(example('sentences.txt'), 'utf8').trim().split('\n'));
  const file = createWriteStream(path);
  for (let row = 0; row < rows; row++) {
    if (!file.write(`${JSON.stringify({ id: row, text: texts[row % texts.length] })}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return { path, source: existsSync(data) ? `${texts.length} reviews of IMDB` : 'sentences of examples/' };
}

const { path: input, source } = await writeRows();
const dist = built();
let outputs = 0;

function measure(code: string, workers: number, queue = '', use = { rows, chunk, steps }): Promise<Measured> {
  const output = join(folder, `job-${outputs++}`);
  const own = [dist, model, vocabulary, input, output, use.rows, use.chunk, use.steps, workers, values.format, queue];
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, ...own.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (exit) => {
      rmSync(output, { recursive: true, force: true });
      if (exit === 0) resolve(JSON.parse(text) as Measured);
      else reject(failure('bench:jobs', 'a contender failed', { exit }));
    });
  });
}

/** Of several at once: rows per second added up, processor time per row, and memory together. */
const sumOf = (all: readonly Measured[]): Measured => {
  const total = (of: (one: Measured) => number): number => all.reduce((sum, one) => sum + of(one), 0);
  const rate = total((one) => one.rows / one.seconds);
  const done = total((one) => one.rows);
  return {
    ...all[0]!,
    rows: done,
    seconds: done / rate,
    cpu: total((one) => one.cpu),
    maxRss: total((one) => one.maxRss),
  };
};

const ms = (seconds: number): string => (1000 * seconds).toFixed(2);
const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const load = (): string => loadavg()[0]!.toFixed(1);

console.log(
  `${cpus()[0]!.model}, ${availableParallelism()} cores, Node ${process.versions.node}; ${rows} rows (${source}), ${steps} steps, chunks of ${chunk}`,
);
const wanted = values.only.split(',');
const contenders = [
  ...(wanted.includes('loop') ? values.workers.split(',') : []).map((count) => ({
    name: `loop, ${count} process${count === '1' ? '' : 'es at once'}`,
    code: loop,
    workers: Number(count),
  })),
  ...(wanted.includes('job') ? values.workers.split(',') : []).map((workers) => ({
    name: `job, ${workers} worker${workers === '1' ? '' : 's'}`,
    code: job,
    workers: Number(workers),
  })),
];
const results = new Map<string, Measured[]>();
for (let round = 0; round < rounds; round++) {
  for (const { name, code, workers } of contenders) {
    const one =
      code === loop
        ? sumOf(await Promise.all(Array.from({ length: workers }, () => measure(code, 1))))
        : await measure(code, workers);
    results.set(name, [...(results.get(name) ?? []), one]);
    console.log(
      `${name}: ${(one.rows / one.seconds).toFixed(1)} rows/s, ${ms(one.cpu / one.rows)} ms of processor per row, begun after ${one.start.toFixed(1)} s, ${mb(one.maxRss)}, load ${load()}`,
    );
    if (values.memory) console.log(`  resident after each tenth: ${one.rss.map(mb).join(', ')}`);
  }
}
for (const [name, all] of results) {
  const cpu = Math.min(...all.map((one) => one.cpu / one.rows));
  const rate = Math.max(...all.map((one) => one.rows / one.seconds));
  const rss = Math.max(...all.map((one) => one.maxRss));
  console.log(`best of ${rounds}: ${name}: ${rate.toFixed(1)} rows/s, ${ms(cpu)} ms of processor per row, ${mb(rss)}`);
}

/**
 * A job of chunks of one row over a queue, with a worker of one thread, and the same by one thread of the runner: what scheduling costs per chunk, as
 * processor time of all that take part, and as the time that a chunk takes longer.
 */
async function overQueue(chunks: number): Promise<void> {
  if (!hasRedis()) {
    console.log('queue: left out, there is no redis-server (apt install redis-server)');
    return;
  }
  const use = { rows: chunks, chunk: 1, steps: 1 };
  const lines = readFileSync(input, 'utf8').split('\n').slice(0, chunks);
  if (lines.length < chunks) throw failure('--queue', 'needs as many rows', { rows: lines.length });
  writeFileSync(input, `${lines.join('\n')}\n`);
  const local = await measure(job, 1, '', use);
  const port = await freePort();
  const server = await startRedis(folder, port);
  const queue = `redis://127.0.0.1:${port}`;
  const code = `const { workOnQueue } = await import(process.argv[1] + '/jobs.js');
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
await workOnQueue({ queue: process.argv[2], workers: 1, signal: stop.signal });
const { user, system } = process.cpuUsage();
console.log((user + system) / 1e6);
process.exit(0);`;
  // Once for nothing: what starting and ending a worker and loading the model costs.
  const cpuOf = async (count: number): Promise<{ worker: number; redis: number; run: Measured }> => {
    const before = redisCpu(port);
    const worker = spawn(process.execPath, ['--input-type=module', '-e', code, dist, queue], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    worker.stdout.on('data', (part) => {
      text += part;
    });
    writeFileSync(input, `${lines.slice(0, count).join('\n')}\n`);
    const run = await measure(job, 1, queue, { ...use, rows: count });
    worker.kill('SIGTERM');
    await once(worker, 'close');
    return { worker: Number(text), redis: redisCpu(port) - before, run };
  };
  const few = await cpuOf(10);
  const many = await cpuOf(chunks);
  await stopRedis(server);
  const each = chunks - 10;
  const [worker, redis] = [(many.worker - few.worker) / each, (many.redis - few.redis) / each];
  const runner = many.run.cpu / many.run.rows;
  const alone = local.cpu / local.rows;
  console.log(
    `queue, ${chunks} chunks of one row: ${ms(runner)} ms of processor per chunk in the runner, ${ms(worker)} in the worker, ${ms(redis)} in Redis; by a thread of the runner ${ms(alone)}: scheduling costs ${ms(runner + worker + redis - alone)} ms of processor per chunk`,
  );
  console.log(
    `queue: ${ms(many.run.seconds / many.run.rows)} ms from chunk to chunk with one worker, ${ms(local.seconds / local.rows)} by a thread of the runner, load ${load()}`,
  );
}

/** Seconds of processor that Redis has taken. */
function redisCpu(port: number): number {
  const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'info', 'cpu'], { encoding: 'utf8' });
  const of = (name: string): number =>
    Number(new RegExp(`^used_cpu_${name}:([\\d.]+)`, 'm').exec(stdout)?.[1] ?? 'NaN');
  return of('sys') + of('user');
}
if (values.queue !== undefined) await overQueue(Number(values.queue));
