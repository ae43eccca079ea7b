/** 200 truncated and bit-flipped copies of each example model: an error that names the file, or an answer, in bounded time and memory. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example } from '../support/cli.ts';
import type { FuzzCase } from '../support/fuzz-worker.ts';

const CASES = 200;
const MILLISECONDS = 5000;
const MEGABYTES = 500;

const test = suite('cli: damaged model files');
const worker = fileURLToPath(new URL('../support/fuzz-worker.ts', import.meta.url));

/** Runs the worker; kills it, and fails, when a case says nothing for longer than its time. */
function fuzz(model: string): Promise<FuzzCase[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', worker, model, String(CASES)]);
    let [out, err] = ['', ''];
    const lines = (): string[] => out.split('\n').slice(0, -1);
    const hang = (): void => {
      child.kill('SIGKILL');
      reject(new Error(`hangs after case ${lines().length}: ${lines().at(-1) ?? 'none'}`));
    };
    let clock = setTimeout(hang, 4 * MILLISECONDS); // the first case waits for the process to start
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      clearTimeout(clock);
      clock = setTimeout(hang, 2 * MILLISECONDS);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    child.on('close', () => {
      clearTimeout(clock);
      const cases = lines().map((line) => JSON.parse(line) as FuzzCase);
      if (cases.length === CASES) resolve(cases);
      else reject(new Error(`died after ${cases.length} of ${CASES} cases: ${err}`));
    });
  });
}

for (const model of ['imdb-cnn.h5', 'mnist-cnn.h5']) {
  test(`${model}: error or answer, within 5 s and 500 MB each`, async () => {
    const cases = await fuzz(example(model));
    for (const found of cases) {
      assert.is.not(found.outcome, 'unforeseen', `${found.damage}: ${found.message}`);
      assert.ok(found.milliseconds < MILLISECONDS, `${found.damage}: ${found.milliseconds} ms`);
      assert.ok(found.megabytes < MEGABYTES, `${found.damage}: ${found.megabytes} MB`);
      if (found.damage.startsWith('cut')) assert.is(found.outcome, 'error', found.damage);
    }
    const answers = cases.filter(({ outcome }) => outcome === 'answer').length;
    assert.ok(answers > 0 && answers < CASES, 'some damage is harmless, some is not');
    const slowest = Math.max(...cases.map(({ milliseconds }) => milliseconds));
    const most = Math.max(...cases.map(({ megabytes }) => megabytes));
    console.log(
      `note: ${model}: ${CASES - answers} errors, ${answers} answers; slowest ${slowest} ms, at most ${most} MB`,
    );
  });
}

test.run();
