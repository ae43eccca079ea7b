/** `--wide-vectors`: the commands that have it, a Node.js that cannot, and the same numbers where it can; jobs may change between. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands/index.ts';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { jobGroups } from '../../src/cli/job/flags.ts';
import { settingsOf } from '../../src/jobs/folder/manifest.ts';
import { beginJob } from '../../src/jobs/run/begin.ts';
import { ChunkWork } from '../../src/jobs/run/work.ts';
import { child, source } from '../support/child.ts';
import { example, type Run, runCli, temporaryFolder } from '../support/cli.ts';
import { bytesOf } from '../support/job-runs.ts';
import { hasWide, pairs } from '../support/paired.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('cli: wide vectors');
const { path } = temporaryFolder();
const mnist = [example('mnist-cnn.h5'), '--image', example('digits/7.png')];
const wine = ['--label', 'cultivar', '--chunk', '40', '--steps', '4'];
const asked = (output: string) => ({
  model: example('wine-mlp.keras'),
  input: example('wine.csv'),
  output: path(output),
});

/** The command line in a process of its own, which keeps what it is told. */
function run(...argv: string[]): Run {
  const code = `
    import { main } from ${source('src/cli/main.ts')};
    import { processTerminal } from ${source('src/cli/print/terminal.ts')};
    process.exitCode = await main(process.argv.slice(1), processTerminal());`;
  const { args, cwd } = child(code, '--', ...argv);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return { code: status!, out: stdout, err: stderr };
}

test('all commands that compute have the flag, and no others', () => {
  const having = commands.filter(({ groups }) =>
    groups.some(({ flags }) => flags.some((f) => f.name === 'wide-vectors')),
  );
  assert.equal(
    having.map(({ name }) => name),
    ['explain', 'compare', 'predict', 'train', 'evaluate', 'job'],
  );
});

test('how a job runs is no setting of it, and what runs nothing refuses the flag', async () => {
  assert.equal(settingsOf(parseFlags(['--wide-vectors', '--steps', '4'], jobGroups, 'job run')), { steps: ['4'] });
  const { code, err } = await runCli(['job', 'status', path('none'), '--wide-vectors']);
  assert.is(code, 2);
  assert.match(err, /--wide-vectors: is not of job status/);
});

if (!pairs) {
  test('a Node.js that cannot says so before anything is computed, with code 2', async () => {
    const lacks =
      /^pathgrad: --wide-vectors: (this V8 does not pair vectors|wide vectors need a processor).*\nhint: .*leave it out/;
    for (const argv of [
      ['explain', ...mnist],
      ['predict', ...mnist],
      ['job', 'run', example('wine-mlp.keras'), '--input', example('wine.csv'), '--output', path('refused'), ...wine],
      ['job', 'worker', '--queue', 'redis://localhost:1'],
    ]) {
      const { code, out, err } = await runCli([...argv, '--wide-vectors']);
      assert.equal([code, out], [2, '']);
      assert.match(err, lacks);
    }
    const args = parseFlags(['--wide-vectors', ...wine], jobGroups, 'job run');
    await rejects(beginJob(args, asked('refused')), /^--wide-vectors: /);
  });
} else {
  test('the same numbers with it', () => {
    const files = ['relaxed.json', 'wide.json'].map(path);
    const runs = [
      run('explain', ...mnist, '--json', files[0]!),
      run('explain', ...mnist, '--json', files[1]!, '--wide-vectors'),
    ];
    assert.equal(
      runs.map(({ code }) => code),
      [0, 0],
      runs[1]!.err,
    );
    assert.is(runs[1]!.out, runs[0]!.out);
    assert.equal(...(files.map((file) => JSON.parse(readFileSync(file, 'utf8'))) as [unknown, unknown]));
  });

  test('a job that was begun with one kind of kernels goes on with the other, to the same bytes', async () => {
    const begin = ['job', 'run', example('wine-mlp.keras'), '--input', example('wine.csv'), ...wine, '--workers', '2'];
    for (const [folder, ...flags] of [['relaxed'], ['wide', '--wide-vectors']] as const) {
      const { code, err } = run(...begin, '--output', path(folder), ...flags);
      assert.is(code, 0, err);
    }
    const { job, unlock } = await beginJob(parseFlags(wine, jobGroups, 'job run'), asked('half'));
    await (await ChunkWork.open(job.path)).run(1);
    unlock();
    const { code, err } = run('job', 'resume', path('half'), '--wide-vectors');
    assert.is(code, 0, err);
    const manifest = JSON.parse(readFileSync(path('half/manifest.json'), 'utf8')) as {
      kernels: string;
      done: { chunks: number };
    };
    assert.equal([manifest.kernels, manifest.done.chunks], ['relaxed', 5]);
    const bytes = bytesOf(path('relaxed'));
    assert.ok(bytes.size > 8);
    for (const folder of ['wide', 'half']) assert.equal(bytesOf(path(folder)), bytes, folder);
  });
}
if (!pairs)
  console.log(`  skipped: ${hasWide ? 'this V8 pairs no vectors' : 'no relaxed SIMD here'}, so no command has them`);

test.run();
