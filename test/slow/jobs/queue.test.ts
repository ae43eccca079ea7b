/**
 * A job over a queue with a real redis-server on loopback (Debian's package redis-server): three workers, one killed, one stopped past its lock, Redis
 * restarted in the middle. Where there is no redis-server this is reported and passed over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { built } from '../../support/built.ts';
import { temporaryFolder } from '../../support/cli.ts';
import { bytesOf, endJobs, recordsIn, startJob, textJob, unfinishedIn, writeTexts } from '../../support/job-runs.ts';
import { endServers, freePort, hasRedis, startRedis, stopRedis } from '../../support/redis.ts';

const test = suite('jobs: queue');
const { path } = temporaryFolder();
const ROWS = 2000;
const CHUNKS = ROWS / 50;
const LOCK_SECONDS = 3;
const PASSWORD = 'se@cret';
const there = hasRedis();
const running: ChildProcess[] = [];
process.on('exit', () => {
  for (const one of running) one.kill('SIGKILL');
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function worker(queue: string): ChildProcess {
  const code = `import { workOnQueue } from ${JSON.stringify(`${built()}/jobs.js`)};
    const stop = new AbortController();
    process.on('SIGTERM', () => stop.abort());
    await workOnQueue({ queue: process.argv[1], workers: 1, lockSeconds: ${LOCK_SECONDS}, signal: stop.signal, onMessage: (line) => console.error(line) });`;
  const started = spawn(process.execPath, ['--input-type=module', '-e', code, queue], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(started);
  return started;
}

const job = (output: string): string[] => textJob(path('texts.ndjson'), path(output));

async function until(what: () => boolean, seconds: number, said: () => string): Promise<void> {
  const late = performance.now() + 1000 * seconds;
  while (!what()) {
    if (performance.now() > late) throw new Error(`not within ${seconds} s: ${said()}`);
    await wait(50);
  }
}

if (!there) {
  test('the queue', () => console.log('skipped: there is no redis-server (apt install redis-server)'));
} else {
  test('three workers, one killed, one stopped, Redis restarted: the same bytes as on one machine', async () => {
    writeTexts(path('texts.ndjson'), ROWS);
    const whole = await startJob(...job('whole')).ended;
    assert.is(whole.code, 0, whole.text);
    const port = await freePort();
    const queue = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
    let server = await startRedis(path('.'), port, { password: PASSWORD });
    const workers = [worker(queue), worker(queue), worker(queue)];
    let said = '';
    for (const one of workers)
      one.stderr!.on('data', (text) => {
        said += text;
      });
    const run = startJob(...job('queued'), '--queue', queue);
    let text = '';
    run.process.stderr!.on('data', (part) => {
      text += part;
    });
    const done = (): number => recordsIn(path('queued'));
    const all = (): string => `${done()} of ${CHUNKS} chunks; ${text}; ${said}`;
    await until(() => done() >= 6, 180, all);
    workers[0]!.kill('SIGKILL');
    workers[1]!.kill('SIGSTOP');
    await until(() => done() >= 12, 180, all);
    await stopRedis(server);
    await wait(2000);
    server = await startRedis(path('.'), port, { password: PASSWORD });
    // Past its lock: its chunk has gone to another; what it still does changes nothing.
    await wait(4000 * LOCK_SECONDS);
    workers[1]!.kill('SIGCONT');
    const late = setTimeout(() => {
      run.process.kill('SIGKILL');
      said += `the job was not through: ${all()}`;
    }, 300_000);
    const { code, text: told } = await run.ended;
    clearTimeout(late);
    assert.is(code, 0, `${told}\n${said}`);
    const retries = Number(/^retries {3}(\d+)$/m.exec(told)?.[1]);
    // A worker may have been ended just behind a commit; both at once is beyond chance.
    assert.ok(retries >= 1, `chunks of the killed or of the stopped worker: ${told}`);
    for (const one of workers.slice(1)) {
      assert.is(one.exitCode, null, `a worker had ended by itself: ${said}`);
      const ended = new Promise((resolve) => one.once('exit', resolve));
      one.kill('SIGTERM');
      assert.is(await ended, 0, said);
    }
    // Until then the worker that was stopped may be writing its late chunk.
    assert.equal(bytesOf(path('queued')), bytesOf(path('whole')));
    assert.equal(unfinishedIn(path('queued')), []);
    server.kill('SIGTERM');
    console.log(`${ROWS} rows, ${CHUNKS} chunks, ${retries} begun again`);
  });

  test('a wrong password, and a Redis that is not there: what to do', async () => {
    const port = await freePort();
    const server = await startRedis(path('.'), port, { password: PASSWORD });
    const wrong = await startJob(...job('refused'), '--queue', `redis://:wrong@127.0.0.1:${port}`).ended;
    assert.is(wrong.code, 2, wrong.text);
    assert.match(wrong.text, /--queue: redis:\/\/127\.0\.0\.1:\d+ refuses the password/);
    assert.not.match(wrong.text, /wrong@/);
    await stopRedis(server);
    const gone = await startJob('worker', '--queue', `redis://127.0.0.1:${port}`).ended;
    assert.is(gone.code, 2, gone.text);
    assert.match(gone.text, /does not answer.*\nhint: start Redis/);
  });
}

test.after(() => {
  endJobs();
  endServers();
  for (const one of running) one.kill('SIGKILL');
});

test.run();
