/** A job that is killed at random moments and resumed leaves the bytes of one that nothing happened to. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomUniform } from '../../../src/graph/random.ts';
import { built } from '../../support/built.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { bytesOf, recordsIn, startJob, textJob, unfinishedIn, writeTexts } from '../../support/job-runs.ts';

const test = suite('jobs: killed and resumed');
const { path } = temporaryFolder();
const ROWS = 5000;
const KILLS = 20;
const job = (output: string): string[] => textJob(path('texts.ndjson'), path(output));

test('killed at 20 random moments: the same bytes, on 5,000 rows, with failed rows among them', async () => {
  writeTexts(path('texts.ndjson'), ROWS);
  const began = performance.now();
  const whole = await startJob(...job('whole')).ended;
  const ms = performance.now() - began;
  assert.is(whole.code, 0, whole.text);
  assert.is(readFileSync(path('whole/dead-letters.ndjson'), 'utf8').trim().split('\n').length, ROWS / 1000);
  const next = randomUniform(15);
  const seen: number[] = [];
  let starts = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const { process: running, ended } = startJob(
      ...(kill === 0 ? job('cut') : recordsIn(path('cut')) > 0 ? ['resume', path('cut')] : job('cut')),
    );
    starts++;
    // Every fifth one while it starts; the others after some chunks.
    const before = recordsIn(path('cut'));
    const wanted = kill % 5 === 4 ? 0 : 1 + Math.floor(next() * 4);
    const late = performance.now() + 60_000;
    while (recordsIn(path('cut')) < before + wanted && performance.now() < late)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, next() * 150));
    running.kill('SIGKILL');
    const { code, text } = await ended;
    assert.is(code, null, `attempt ${kill} ended by itself: ${text}`);
    seen.push(recordsIn(path('cut')));
  }
  assert.ok(seen.at(-1)! < ROWS / 50, `killed with chunks left: ${seen}`);
  const last = await startJob('resume', path('cut')).ended;
  assert.is(last.code, 0, last.text);
  assert.equal(bytesOf(path('cut')), bytesOf(path('whole')));
  console.log(
    `${ROWS} rows in ${(ms / 1000).toFixed(1)} s; ${starts} starts killed with ${seen.join(' ')} of ${ROWS / 50} chunks`,
  );
});

test('SIGINT and SIGTERM end it with what is finished, and give the lock back', async () => {
  const one = startJob(...job('stopped'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { process: running, ended } = signal === 'SIGINT' ? one : startJob('resume', path('stopped'));
    const before = recordsIn(path('stopped'));
    while (recordsIn(path('stopped')) < before + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    running.kill(signal);
    const { code, text } = await ended;
    assert.is(code, 130, text);
    assert.match(text, /finished chunks are kept; pathgrad job resume/);
    assert.equal(unfinishedIn(path('stopped')), []);
  }
  const last = await startJob('resume', path('stopped')).ended;
  assert.is(last.code, 0, last.text);
  assert.equal(bytesOf(path('stopped')), bytesOf(path('whole')));
});

test('threads that are ended while they write a file leave nothing of it, and no lock', () => {
  const [header, ...rows] = readFileSync(example('wine.csv'), 'utf8').trim().split('\n');
  const many = Array.from({ length: 40 }, () => rows).flat();
  writeFileSync(path('wine.csv'), `${[header, ...many].join('\n')}\n`);
  // A chunk of one row is written for longer than it is computed.
  const code = `import { readdirSync } from 'node:fs';
    import { runJob } from ${JSON.stringify(`${built()}/jobs.js`)};
    const [model, input, output] = process.argv.slice(1);
    const settings = { label: 'cultivar', steps: 1 };
    const half = () => readdirSync(output, { recursive: true }).filter((name) => /unfinished|[.]part$/.test(name) && !name.includes('lock'));
    for (let stop = 0; stop < 4; stop++) {
      const control = new AbortController();
      let done = 0;
      const run = runJob({ model, input, output, chunk: 1, workers: 2, settings, signal: control.signal, onProgress: () => done++ });
      run.catch(() => {});
      while (done < 5 + stop || half().length === 0) await new Promise(setImmediate);
      control.abort(new Error('enough'));
      await run.catch((error) => console.log(error.message));
      console.log(half().join(' ') || 'nothing left', readdirSync(output).includes('lock.json'));
    }`;
  const argv = ['--input-type=module', '-e', code, example('wine-mlp.keras'), path('wine.csv'), path('tiny')];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  assert.is(stdout, 'enough\nnothing left false\n'.repeat(4), stderr);
});

test.run();
