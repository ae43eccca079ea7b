/**
 * All classes at once against one class: the ten digits of MNIST and the four topics of AG News, 50 steps, one run of each after the other.
 * Checks that every class has the bits of the one explained alone, and prints the ratio of the times.
 *
 *   npm run bench:targets -- [--runs 15] [--threads 2] [--batch 100]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { IntegratedGradients } from '../src/attribution/index.ts';
import { wasmBackend } from '../src/backends/wasm/index.ts';
import { loadModel } from '../src/keras/load/load.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';
import { goldenFile } from '../test/support/golden.ts';
import { mnistExample, STEPS } from './inputs.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    threads: { type: 'string', default: '2' },
    batch: { type: 'string', default: '100' },
  },
});
wasmBackend.setThreads(Number(values.threads));

interface Case {
  readonly name: string;
  readonly file: string;
  readonly layer: string | null;
  readonly X: Tensor;
  readonly classes: number;
}

async function cases(): Promise<Case[]> {
  const mnist = await mnistExample();
  const { tokens } = goldenFile<{ tokens: number[][] }>('agnews-bilstm.json.gz');
  const file = fileURLToPath(new URL('../examples/agnews-bilstm.h5', import.meta.url));
  const embedding = (await loadModel(file)).layers.find(({ className }) => className === 'Embedding')!.path;
  const headlines = tensor(Int32Array.from(tokens.flat()), [tokens.length, tokens[0]!.length]);
  return [
    { name: 'mnist', file: mnist.file, layer: null, X: mnist.X, classes: 10 },
    { name: 'agnews', file, layer: embedding, X: headlines, classes: 4 },
  ];
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await work();
  return [result, performance.now() - started];
}

let wrong = 0;
for (const { name, file, layer, X, classes } of await cases()) {
  const model = await loadModel(file, { backend: wasmBackend });
  const options = { layer, nSteps: STEPS, internalBatchSize: Number(values.batch), backend: wasmBackend };
  const explainer = new IntegratedGradients(model, options);
  const [ones, alls]: [number[], number[]] = [[], []];
  const target = (run: number): number => run % classes;
  await explainer.explain(X, { target: 'all' });
  for (let run = 0; run < Number(values.runs); run++) {
    const [one, timeOfOne] = await timed(() => explainer.explain(X, { target: target(run) }));
    const [all, timeOfAll] = await timed(() => explainer.explain(X, { target: 'all' }));
    if (run > 0) ones.push(timeOfOne); // the first one compiles
    if (run > 0) alls.push(timeOfAll);
    const [found, wanted] = [all[target(run)]!.attributions[0]!.data, one.attributions[0]!.data];
    if (found.some((v, i) => !Object.is(v, wanted[i]))) wrong++;
  }
  explainer.dispose();
  const ratio = median(alls) / median(ones);
  const times = `${median(ones).toFixed(1)} ms for one, ${median(alls).toFixed(1)} ms for all ${classes}`;
  console.log(`${name}, ${X.shape[0]} rows x ${STEPS} steps: ${times}, ${ratio.toFixed(2)}x (n ${ones.length})`);
}
wasmBackend.setThreads(1);
console.log(wrong === 0 ? 'the same bits as one by one' : `WRONG: ${wrong} explanations differ from the one by itself`);
process.exitCode = wrong === 0 ? 0 : 1;
