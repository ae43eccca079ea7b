/**
 * Where the time of a training step goes: kernel calls of the wasm backend by op, the least time of several steps, the largest first.
 *
 *   node --expose-gc --import tsx bench/train-steps.ts imdb [--threads 2] [--runs 5] [--wide]
 */
import { parseArgs } from 'node:util';
import { wasmBackend } from '../src/backends/wasm/index.ts';
import { failure } from '../src/tensor/errors.ts';
import { openTraining, trainNets } from './suites/train.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '5' },
    wide: { type: 'boolean', default: false },
  },
});
const net = trainNets.find(({ name }) => name === positionals[0]);
if (!net) throw failure('bench/train-steps', 'name a net', { known: trainNets.map(({ name }) => name) });
if (values.wide) await wasmBackend.useWideVectors();
const { trainer, fit } = await openTraining(net, await net.read(net.batch), wasmBackend);
wasmBackend.setThreads(Number(values.threads));

/** Milliseconds per kind of call of one step. */
async function profile(): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  wasmBackend.trace(({ fn, op, units }, ms) => {
    const key = `${op === fn ? op : `${op}: ${fn}`} ${units} units`;
    times.set(key, (times.get(key) ?? 0) + ms);
  });
  const started = performance.now();
  await fit();
  const all = performance.now() - started;
  wasmBackend.trace(null);
  times.set('everything else', all - [...times.values()].reduce((a, b) => a + b, 0));
  return times;
}

await fit();
const least = await profile();
for (let run = 1; run < Number(values.runs); run++) {
  for (const [key, ms] of await profile()) least.set(key, Math.min(ms, least.get(key) ?? ms));
}
trainer.dispose();
const total = [...least.values()].reduce((a, b) => a + b, 0);
console.log(
  `${net.title}, batch ${net.batch}, ${wasmBackend.simd()} SIMD, ${values.threads} threads: ${total.toFixed(1)} ms a step`,
);
for (const [key, ms] of [...least].sort((a, b) => b[1] - a[1])) {
  if (ms > total / 200)
    console.log(`${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} %  ${key}`);
}
process.exit(0);
