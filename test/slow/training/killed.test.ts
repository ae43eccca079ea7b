/** A training killed at random 20 times and resumed from its last checkpoint has the bits of one that ran through. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomUniform } from '../../../src/graph/random.ts';
import { child, source } from '../../support/child.ts';

const test = suite('killed trainings');
const KILLS = 20;

/** Trains on, writes a checkpoint per epoch (whole or not at all), and at the end what came out. */
const program = (folder: string): string => `
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { earlyStopping, layers, modelCheckpoint, sequential, Trainer } from ${source('src/training/index.ts')};
const N = 512;
const x = { data: Float32Array.from({ length: N * 12 }, (_, i) => Math.sin(i * i * 0.37)), shape: [N, 12] };
const y = Int32Array.from({ length: N }, (_, i) => Number(x.data[12 * i] > 0) + Number(x.data[12 * i + 5] > 0));
const model = sequential([
  layers.dense({ units: 64, activation: 'relu' }), layers.batchNormalization(), layers.dropout({ rate: 0.3 }),
  layers.dense({ units: 3, activation: 'softmax' }),
], { inputShape: [12], seed: 1 });
const options = { loss: 'sparse_categorical_crossentropy', optimizer: 'adam', metrics: ['accuracy'], seed: 9 };
const kept = '${folder}/checkpoint';
const whole = (path, data) => { writeFileSync(path + '.part', data); renameSync(path + '.part', path); };
const trainer = existsSync(kept)
  ? await Trainer.resume(model, new Uint8Array(readFileSync(kept)), options)
  : new Trainer(model, options);
const callbacks = [
  earlyStopping({ patience: 90, restoreBestWeights: true }),
  modelCheckpoint({ save: (_, one) => whole(kept, one.checkpoint()) }),
];
console.log('begins');
const history = await trainer.fit(x, y, { epochs: 80, batchSize: 8, validationSplit: 0.25, callbacks });
whole('${folder}/result.json', JSON.stringify({ history, weights: trainer.weights().map(({ value }) => [...value.data]) }));
process.exit(0);
`;

/** @param ms after the training begins, when it is killed; null: never. Gives whether it was killed */
function run(folder: string, ms: number | null): Promise<boolean> {
  const { args, cwd } = child(program(folder));
  const running = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  running.stdout.once('data', () => {
    if (ms !== null) setTimeout(() => running.kill('SIGKILL'), ms);
  });
  return new Promise((resolve, reject) => {
    running.on('exit', (code, signal) =>
      code === 0 || signal ? resolve(signal !== null) : reject(new Error(`the training ended with ${code}`)),
    );
  });
}

test('killed at random 20 times: the same bits', async () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'pathgrad-killed-')));
  try {
    const began = performance.now();
    await run(folders[0]!, null);
    const span = performance.now() - began;
    const next = randomUniform(Number(process.env['SEED'] ?? 11));
    let killed = 0;
    while (killed < KILLS && (await run(folders[1]!, (next() * span) / 18))) killed++;
    assert.is(killed, KILLS, 'the training was over before');
    await run(folders[1]!, null);
    const [whole, pieces] = folders.map((folder) => readFileSync(join(folder, 'result.json'), 'utf8'));
    assert.is(pieces, whole);
    console.log(`killed ${killed} times in a run of ${Math.round(span)} ms`);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
});

test.run();
