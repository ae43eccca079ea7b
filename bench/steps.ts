/**
 * Where the time of an explanation goes: every kernel call of the wasm backend with its op, its size and the least time of
 * several runs, the largest first, and what is left for JavaScript.
 *
 *   npm run bench:steps -- mnist [--strategy brute] [--threads 2] [--runs 20] [--batch 100] [--all] [--ops] [--wide]
 *   npm run bench:steps -- FILE.keras          # one random picture through a picture model (make_nets.py makes some)
 *
 * `--all` explains all classes at once; `--ops` adds up by op and kernel instead of by call, `--wide` takes vectors of 256 bits.
 */
import { parseArgs } from 'node:util';
import { IntegratedGradients } from '../src/attribution/index.ts';
import { wasmBackend } from '../src/backends/wasm/index.ts';
import { loadModel } from '../src/keras/load/load.ts';
import { failure } from '../src/tensor/errors.ts';
import { imdbExample, mnistExample, STEPS } from './inputs.ts';
import type { Strategy } from './ours.ts';
import { picture } from './pictures.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    strategy: { type: 'string', default: 'path-linear' },
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    batch: { type: 'string', default: '100' },
    all: { type: 'boolean', default: false },
    ops: { type: 'boolean', default: false },
    wide: { type: 'boolean', default: false },
  },
});

const examples = { imdb: imdbExample, mnist: mnistExample };
const name = positionals[0] ?? '';
const isFile = /\.(keras|h5|hdf5)$/.test(name);
if (!isFile && !(name in examples))
  throw failure('bench:steps', 'name an example model or a Keras file', { known: Object.keys(examples) });
if (values.wide) await wasmBackend.useWideVectors();
const example = isFile ? null : await examples[name as keyof typeof examples]();
const model = await loadModel(example?.file ?? name, { backend: wasmBackend });
const X = example?.X ?? picture([1, ...model.inputs[0]!.shape!.slice(1).map(Number)]);
const targets = example ? [...example.targets] : 0;
const explainer = new IntegratedGradients(model, {
  layer: example?.layer ?? null,
  nSteps: STEPS,
  internalBatchSize: Number(values.batch),
  backend: wasmBackend,
  strategy: values.strategy as Strategy,
});
wasmBackend.setThreads(Number(values.threads));

/** Milliseconds per call of one run, in order of the first appearance; equal calls of one run are added up. */
async function profile(): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  wasmBackend.trace(({ fn, op, units, args }, ms) => {
    const size = fn === 'matmul' ? `${args[7]}x${args[8]} * ${args[8]}x${args[9]}` : `${units} units`;
    const key = `${op === fn ? op : `${op}: ${fn}`}${values.ops ? '' : ` ${size}`}`;
    times.set(key, (times.get(key) ?? 0) + ms);
  });
  const started = performance.now();
  await (values.all ? explainer.explain(X, { target: 'all' }) : explainer.explain(X, { target: targets }));
  const all = performance.now() - started;
  wasmBackend.trace(null);
  times.set('everything else', all - [...times.values()].reduce((a, b) => a + b, 0));
  return times;
}

const least = await profile();
for (let run = 1; run < Number(values.runs); run++) {
  for (const [key, ms] of await profile()) least.set(key, Math.min(ms, least.get(key) ?? ms));
}
const total = [...least.values()].reduce((a, b) => a + b, 0);
console.log(
  `${name}, ${values.strategy}, ${wasmBackend.simd()} SIMD, ${values.threads} threads: ${total.toFixed(1)} ms, the least of ${values.runs} runs`,
);
for (const [key, ms] of [...least].sort((a, b) => b[1] - a[1])) {
  if (ms > total / 500)
    console.log(`${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} %  ${key}`);
}
process.exit(0);
