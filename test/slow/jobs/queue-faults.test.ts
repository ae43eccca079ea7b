/**
 * A queue on a real redis-server that goes for good, that speaks TLS, that workers of another version ask; each says what to do. Where there is no
 * redis-server this is reported and passed over.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFlags } from '../../../src/cli/flags/flags.ts';
import { jobGroups } from '../../../src/cli/job/flags.ts';
import { JobFolder } from '../../../src/jobs/folder/job-folder.ts';
import { runQueued } from '../../../src/jobs/queue/runner.ts';
import { runWorker } from '../../../src/jobs/queue/worker.ts';
import { beginJob } from '../../../src/jobs/run/begin.ts';
import { built } from '../../support/built.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { unfinishedIn } from '../../support/job-runs.ts';
import { endServers, freePort, hasRedis, makeCertificate, startRedis, stopRedis } from '../../support/redis.ts';

const test = suite('jobs: faults of a queue');
const { path } = temporaryFolder();

async function wineJob(name: string): Promise<JobFolder> {
  const args = parseFlags(['--label', 'cultivar', '--chunk', '50', '--steps', '4'], jobGroups, 'job run');
  const asked = { model: example('wine-mlp.keras'), input: example('wine.csv'), output: path(name) };
  const { job, unlock } = await beginJob(args, asked);
  unlock();
  return job;
}

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it was not refused',
    (error: Error) => error.message,
  );

if (!hasRedis()) {
  test('the queue', () => console.log('skipped: there is no redis-server (apt install redis-server)'));
} else {
  test('Redis gone for good: runner and worker end when their patience does, and say what to do', async () => {
    const port = await freePort();
    const server = await startRedis(path('.'), port);
    const url = `redis://127.0.0.1:${port}`;
    const job = await wineJob('gone');
    const common = { url, patience: 2 };
    const run = reasonOf(runQueued(job, { ...common, maxFailures: 10, signal: null, onProgress: null }));
    const said: string[] = [];
    const { signal } = new AbortController();
    const work = reasonOf(runWorker({ ...common, workers: 1, signal, say: (line) => said.push(line) }));
    while (!said.some((line) => line.startsWith('worker of'))) await new Promise((resolve) => setTimeout(resolve, 50));
    await stopRedis(server);
    assert.match(await work, /redis:\/\/127\.0\.0\.1:\d+ is gone \(seconds 2\)\nhint: start Redis/);
    assert.ok(
      said.some((line) => line.includes('waiting for it')),
      said.join('; '),
    );
    const told = await run;
    // The chunks may all have been done before Redis went.
    if (job.survey().left.length > 0) assert.match(told, /does not answer \(seconds 2\)\nhint: .*job resume/);
    assert.equal(unfinishedIn(job.path), []);
    // Also one that was opening the model when Redis went: it kept the process alive.
    const threads = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
    assert.equal(threads, [], 'no thread outlives the worker');
  });

  test('a worker of another version ends with an error, and the chunk stays for others', async () => {
    const port = await freePort();
    const server = await startRedis(path('.'), port);
    const url = `redis://127.0.0.1:${port}`;
    const { path: folder } = await wineJob('old');
    const text = readFileSync(`${folder}/manifest.json`, 'utf8');
    writeFileSync(`${folder}/manifest.json`, JSON.stringify({ ...JSON.parse(text), pathgrad: '0.0.1' }));
    const stop = new AbortController();
    const options = { url, maxFailures: 10, signal: stop.signal, onProgress: null };
    const run = reasonOf(runQueued(JobFolder.open(folder), options));
    const { signal } = new AbortController();
    const told = await reasonOf(runWorker({ url, workers: 1, signal, say: () => {} }));
    assert.match(told, /begun by another version of pathgrad \(begun 0\.0\.1/);
    assert.equal(JobFolder.open(folder).recorded(), []);
    stop.abort(new Error('enough'));
    assert.is(await run, 'enough');
    await stopRedis(server);
  });

  test('rediss:// speaks TLS with a certificate that is trusted, and refuses another, saying what to do', async () => {
    const makes = spawnSync('openssl', ['version']).status === 0;
    const help = spawnSync('redis-server', ['--tls-port', 'x', '--port', '0'], { encoding: 'utf8', timeout: 5000 });
    if (!makes || /Bad directive/.test(`${help.stdout}${help.stderr}`)) {
      console.log('skipped: redis-server is built without TLS, or there is no openssl');
      return;
    }
    const tls = makeCertificate(path('.'));
    const port = await freePort();
    const server = await startRedis(path('.'), port, { tls, password: 'se@cret' });
    const queue = `rediss://:se%40cret@127.0.0.1:${port}`;
    const job = (env: object, ...argv: string[]) => {
      const child = spawn(process.execPath, [`${built()}/cli.js`, 'job', ...argv, '--queue', queue], {
        env: { ...process.env, ...env },
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part) => {
          text += part;
        });
      const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
        child.on('close', (code) => resolve({ code, text })),
      );
      return { child, ended };
    };
    const trusted = { NODE_EXTRA_CA_CERTS: tls.certificate };
    const worker = job(trusted, 'worker', '--workers', '1');
    const input = ['--input', example('wine.csv'), '--label', 'cultivar', '--steps', '4', '--chunk', '50'];
    const run = ['run', example('wine-mlp.keras'), ...input, '--output', path('tls')];
    const done = await job(trusted, ...run).ended;
    assert.is(done.code, 0, done.text);
    assert.match(done.text, /state {5}finished/);
    assert.not.match(done.text, /Warning/);
    worker.child.kill('SIGTERM');
    assert.is((await worker.ended).code, 0);
    for (const argv of [['worker'], [...run.slice(0, -1), path('untrusted')]]) {
      const { code, text } = await job({}, ...argv).ended;
      assert.is(code, 2, text);
      assert.match(text, /has a certificate that is not trusted\nhint: NODE_EXTRA_CA_CERTS/);
    }
    await stopRedis(server);
  });
}

test.after(endServers);

test.run();
