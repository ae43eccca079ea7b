/**
 * Peak memory of explaining one picture with a picture model, each in a process of its own on what `npm run build` made:
 *
 *   npm run bench:memory -- FILE.keras... [--batch 100] [--threads 2] [--wide]
 *
 * Memory is the peak of the process (`maxRSS`) beyond that of one that imports the same and opens nothing. Beside it: the bytes of the weights,
 * of one chunk of path points (the largest arena of a plan), and `(memory - chunk) / weights`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { failure } from '../src/tensor/errors.ts';

const code = `
const [entry, file, batch, threads, wide] = process.argv.slice(1);
const { IntegratedGradients, loadModel, tensor, wasmBackend } = await import(entry);
if (wide === 'true') await wasmBackend.useWideVectors();
wasmBackend.setThreads(Number(threads));
const found = { weights: 0, chunk: 0, peak: 0 };
if (file) {
  // The backend itself and no copy of it: for another one no accelerators are loaded.
  const { prepare } = wasmBackend;
  wasmBackend.prepare = (program) => {
    found.chunk = Math.max(found.chunk, program.arenaBytes);
    return prepare(program);
  };
  const model = await loadModel(file);
  found.weights = model.layers.flatMap((layer) => layer.weights).reduce((sum, { tensor: { size } }) => sum + 4 * size, 0);
  const shape = [1, ...model.inputs[0].shape.slice(1)];
  const x = tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * i)), shape);
  const explainer = new IntegratedGradients(model, { nSteps: 50, internalBatchSize: Number(batch) });
  await explainer.explain(x, { target: 1 });
}
console.log(JSON.stringify({ ...found, peak: process.resourceUsage().maxRSS * 1024 }));
process.exit(0);
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '100' },
    threads: { type: 'string', default: '2' },
    wide: { type: 'boolean', default: false },
  },
});
const entry = new URL('../dist/index.js', import.meta.url);
if (!existsSync(fileURLToPath(entry))) throw failure('bench:memory', 'dist is missing', {}, 'npm run build');
if (positionals.length === 0) throw failure('bench:memory', 'name Keras files of picture models');

const run = (file: string): { weights: number; chunk: number; peak: number } => {
  const args = ['--input-type=module', '-e', code, entry.href, file, values.batch, values.threads, `${values.wide}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as ReturnType<typeof run>;
};
const empty = run('').peak;
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
for (const file of positionals) {
  const { weights, chunk, peak } = run(resolve(file));
  const memory = peak - empty;
  const ratio = ((memory - chunk) / weights).toFixed(2);
  console.log(
    `${basename(file)}: ${mb(memory)} beyond ${mb(empty)}; weights ${mb(weights)}, chunk ${mb(chunk)} (batch ${values.batch}, ${values.threads} threads, ${values.wide ? 'wide vectors, ' : ''}Node ${process.version}): ${ratio} times the weights beside the chunk`,
  );
}
