/** A training that is killed twenty times, at random moments, and resumed from its checkpoint, writes the bytes of one that nothing happened to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomUniform } from '../../../src/graph/random.ts';
import { loadModel } from '../../../src/index.ts';
import { layers, saveModel, sequential } from '../../../src/training/index.ts';
import { child, source } from '../../support/child.ts';
import { example, temporaryFolder } from '../../support/cli.ts';

const test = suite('cli: killed and resumed');
const { path, files } = temporaryFolder();
const KILLS = 20;
/** More than all attempts come to: each is killed within a few epochs. */
const EPOCHS = 180;
const MOST_LINES = 3;
const MOST_MS = 20;

const code = `
  const { main } = await import(${source('src/cli/main.ts')});
  const { processTerminal } = await import(${source('src/cli/print/terminal.ts')});
  process.exitCode = await main(process.argv.slice(1), processTerminal());`;

function start(...argv: string[]): ChildProcess {
  const { args, cwd } = child(code, ...argv);
  return spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** When so many epochs were told. */
const linesOf = ({ stdout }: ChildProcess, count: number): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    stdout!.on('data', (part) => {
      seen += String(part).split('\n').length - 1;
      if (seen >= count) resolve();
    });
  });

/** The exit code, and what was printed. */
async function ended(process: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = '';
  process.stdout!.on('data', (part) => {
    text += part;
  });
  process.stderr!.on('data', (part) => {
    text += part;
  });
  const found = await new Promise<number | null>((resolve) => process.on('close', resolve));
  return { code: found, text };
}

test('U11: killed at 20 random moments and resumed: the same bytes as uninterrupted', async () => {
  const net = sequential(
    [
      layers.dense({ units: 24, activation: 'relu' }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
    { inputShape: [13], name: 'net', seed: 5 },
  );
  writeFileSync(path('net.keras'), await saveModel(net, { format: 'keras' }));
  const data = ['--csv', example('wine.csv'), '--label', 'cultivar', '--validation-split', '0.2', '--batch-size', '4'];
  const flags = ['train', path('net.keras'), ...data, '--seed', '9', '--epochs', String(EPOCHS)];
  const whole = await ended(start(...flags, '--log', path('whole.csv'), '--out', path('whole.keras')));
  assert.is(whole.code, 0, whole.text);

  const checkpoint = path('run.ckpt');
  const attempt = (): ChildProcess => {
    const on = existsSync(checkpoint) ? ['--resume', checkpoint] : ['--checkpoint', checkpoint];
    return start(...flags, ...on, '--log', path('cut.csv'), '--out', path('cut.keras'));
  };
  const next = randomUniform(13);
  const epochs: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const run = attempt();
    const done = ended(run);
    // Within some epochs, so that the moments lie in the training; every fifth one before, while it starts.
    const begun = kill % 5 === 4 ? Promise.resolve() : linesOf(run, 1 + Math.floor(next() * MOST_LINES));
    await Promise.race([begun, done]);
    await new Promise((resolve) => setTimeout(resolve, next() * MOST_MS));
    run.kill('SIGKILL');
    const { code: found, text } = await done;
    assert.is(found, null, `attempt ${kill} ended by itself: ${text}`);
    if (!existsSync(checkpoint)) continue;
    assert.ok(statSync(checkpoint).size > 0);
    const lines = readFileSync(path('cut.csv'), 'utf8').trim().split('\n');
    epochs.push(lines.length - 1);
  }
  assert.not.ok(existsSync(path('cut.keras')));
  const last = await ended(attempt());
  assert.is(last.code, 0, last.text);
  assert.equal(readFileSync(path('cut.keras')), readFileSync(path('whole.keras')));
  assert.is(readFileSync(path('cut.csv'), 'utf8'), readFileSync(path('whole.csv'), 'utf8'));
  assert.ok(new Set(epochs).size > KILLS / 2, `killed after the epochs ${epochs}`);
  assert.ok((await loadModel(readFileSync(path('cut.keras')))).layers.length > 0);
  console.log(
    `killed after the epochs ${epochs.join(' ')} of ${EPOCHS}; left over: ${files().filter((name) => name.endsWith('.part')).length} .part`,
  );
});

test.run();
