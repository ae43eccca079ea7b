/** A disk that fills up ends a job whole: an error that says so, nothing half-written, no lock; with room it resumes to the same bytes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { built } from '../../support/built.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { bytesOf, recordsIn, startJob, unfinishedIn } from '../../support/job-runs.ts';

const test = suite('jobs: full disk');
const { path } = temporaryFolder();
const job = (output: string): string[] => [
  ...['run', example('wine-mlp.keras'), '--input', example('wine.csv'), '--label', 'cultivar', '--steps', '4'],
  ...['--chunk', '10', '--workers', '2', '--output', output],
];

test('a file system without room', async () => {
  mkdirSync(path('small'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', path('small')]).status === 0;
  if (!mounted) {
    console.log('skipped: this user may not mount a tmpfs');
    return;
  }
  try {
    const output = path('small/job');
    const { code, text } = await startJob(...job(output)).ended;
    assert.is(code, 1, text);
    assert.match(text, /does not fit on the disk\nhint: .*make room, then pathgrad job resume/);
    assert.ok(recordsIn(output) > 0, 'some chunks were finished');
    assert.equal(unfinishedIn(output), []);
    assert.not.ok(readdirSync(output).includes('lock.json'));
    assert.is(spawnSync('mount', ['-o', 'remount,size=8m', path('small')]).status, 0);
    const resumed = await startJob('resume', output).ended;
    assert.is(resumed.code, 0, resumed.text);
    const whole = await startJob(...job(path('whole'))).ended;
    assert.is(whole.code, 0, whole.text);
    assert.equal(bytesOf(output), bytesOf(path('whole')));
  } finally {
    spawnSync('umount', [path('small')]);
  }
});

test('a file that may not grow, as a quota has it', () => {
  if (process.platform === 'win32') return;
  // The signal of the limit is ignored, so that writing fails instead: as on a full disk.
  const cli = [process.execPath, `${built()}/cli.js`, 'job', ...job(path('limited'))];
  const run = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 4; exec "$@"`, 'bash', ...cli], { encoding: 'utf8' });
  assert.is(run.status, 1, run.stderr);
  assert.match(run.stderr, /part-0000\d\d\.ndjson: cannot be read or written: EFBIG/);
  assert.equal(unfinishedIn(path('limited')), []);
  assert.not.ok(readdirSync(path('limited')).includes('lock.json'));
});

test('a text of 10 MB is a row like another', async () => {
  const word = 'wonderful film ';
  const long = word.repeat(Math.ceil((10 * 2 ** 20) / word.length));
  const texts = ['a bad film', long, 'a good film'].map((text) => JSON.stringify({ text }));
  writeFileSync(path('long.ndjson'), `${texts.join('\n')}\n`);
  const own = ['--input', path('long.ndjson'), '--vocab', example('imdb-vocab.txt'), '--columns', 'text'];
  const { code, text } = await startJob(
    ...['run', example('imdb-cnn.h5'), ...own, '--steps', '5', '--output', path('long')],
  ).ended;
  assert.is(code, 0, text);
  assert.match(text, /3 explained, 0 failed/);
});

test.run();
