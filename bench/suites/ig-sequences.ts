/**
 * The documents on recurrent nets and transformers: ten headlines through the AG News bidirectional LSTM at its embedding, and three
 * texts through a DistilBERT of full size (66 M random weights) at its embeddings. 50 steps, batches of 100 and of 5 as the documents
 * have them. Expected: for AG News what alibi computed in float64 (test/golden); for DistilBERT alibi's own result, for no reference
 * of ours is fast enough, so there the check is that two independent float32 programs agree.
 */
import { fileURLToPath } from 'node:url';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { goldenFile } from '../../test/support/golden.ts';
import type { BenchCase, Contender, Outputs, Prepared } from '../harness.ts';
import { STEPS } from '../inputs.ts';
import type { FileTask } from '../nets.ts';
import { contenderName, describeBackend, type OurBackend, type Strategy } from '../ours.ts';
import { fullDistilbert } from '../peers/full-distilbert.ts';
import type { Peer } from '../peers/peer.ts';

/** Float32 along 50 points. */
const TOLERANCE = 1e-4;
/** Two float32 programs through six layers of random weights. */
const TOLERANCE_OF_TWO = 2e-3;
const POSITIONS = 256;
const [PAD, CLS, SEP] = [0, 101, 102];
/** Tokens of the three sentences in alibi's document, special ones included. */
const SHORT = [9, 17, 8];

export function sequenceCases(backends: readonly OurBackend[], peers: readonly Peer[]): BenchCase[] {
  const able = peers.filter((peer) => peer.explainFile);
  const cases = [agnewsCase(backends, able)];
  // Without alibi nobody could say what is right, and nobody makes the weights.
  if (able.length === 0) return cases;
  const most = (list: readonly { threads: number }[]): number => Math.max(...list.map(({ threads }) => threads));
  const fastest = <T extends { threads: number }>(list: readonly T[]): T[] =>
    list.filter(({ threads }) => threads === most(list));
  return [
    ...cases,
    distilbertCase(`3 sentences padded to ${POSITIONS}`, SHORT, backends, able),
    // Minutes per run: only with all threads.
    distilbertCase(
      `3 texts of ${POSITIONS} tokens`,
      SHORT.map(() => POSITIONS),
      fastest(backends),
      fastest(able),
    ),
  ];
}

function agnewsCase(backends: readonly OurBackend[], peers: readonly Peer[]): BenchCase {
  const golden = goldenFile<{
    tokens: number[][];
    predictions: number[][];
    runs: { target: number; attributions64: number[][] }[];
  }>('agnews-bilstm.json.gz');
  const targets = golden.predictions.map((row) => row.indexOf(Math.max(...row)));
  const inputs = Float32Array.from(golden.tokens.flat());
  const inputShape = [golden.tokens.length, golden.tokens[0]!.length];
  const file = fileURLToPath(new URL('../../examples/agnews-bilstm.h5', import.meta.url));
  const from = new Float32Array(inputs.length);
  const task: FileTask = { kind: 'keras', file, layer: 1, inputs, from, inputShape, targets, steps: STEPS, batch: 100 };
  const expected = targets.flatMap((target, row) => golden.runs[target]!.attributions64[row]!);
  return {
    suite: 'ig',
    name: `agnews bilstm, 10 rows of 60 tokens x ${STEPS} steps, batch 100 (examples/headlines.txt)`,
    flops: null,
    tolerance: TOLERANCE,
    expected: () => [expected],
    contenders: contenders(async () => task, backends, ['path-linear', 'brute'], peers, inputs.length),
  };
}

/** Texts of random pieces; the baseline keeps [CLS] and [SEP]. */
function distilbertCase(
  name: string,
  lengths: readonly number[],
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  const next = randomUniform(17);
  const size = lengths.length * POSITIONS;
  const [inputs, from, mask] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  lengths.forEach((length, row) => {
    for (let i = 0, at = row * POSITIONS; i < length; i++, at++) {
      const special = i === 0 ? CLS : i === length - 1 ? SEP : null;
      inputs[at] = special ?? 1000 + Math.floor(29_000 * next());
      from[at] = special ?? PAD;
      mask[at] = 1;
    }
  });
  const known = { kind: 'transformer', layer: null, inputs, from, mask, steps: STEPS, batch: 5 } as const;
  const inputShape = [lengths.length, POSITIONS];
  const task = async (): Promise<FileTask> => ({
    ...known,
    file: await fullDistilbert(),
    inputShape,
    targets: lengths.map(() => 1),
  });
  return {
    suite: 'ig',
    name: `distilbert 66 M, ${name} x ${STEPS} steps, batch 5`,
    flops: null,
    tolerance: TOLERANCE_OF_TWO,
    expected: async () => {
      const { run } = await peers.at(-1)!.explainFile!(await task());
      return perFeature((await run()).outputs, 768);
    },
    contenders: contenders(task, backends, ['path-linear'], peers, size),
  };
}

/** @param features attributions that are compared: one per token */
function contenders(
  task: () => Promise<FileTask>,
  backends: readonly OurBackend[],
  strategies: readonly Strategy[],
  peers: readonly Peer[],
  features: number,
): Contender[] {
  const normalize = (outputs: Outputs): Outputs => perFeature(outputs, outputs[0]!.length / features);
  const ours = backends.flatMap((backend) =>
    strategies.map((strategy) => ({
      name: contenderName(strategy),
      backend: backend.name.split(':')[0]!,
      threads: backend.threads,
      prepare: async (): Promise<Prepared> => ({ ...(await ourRun(await task(), backend, strategy)), normalize }),
    })),
  );
  const theirs = peers.map((peer) => ({
    name: peer.name,
    backend: peer.backend,
    threads: peer.threads,
    prepare: async (): Promise<Prepared> => ({ ...(await peer.explainFile!(await task())), normalize }),
  }));
  return [...ours, ...theirs];
}

async function ourRun(task: FileTask, backend: OurBackend, strategy: Strategy): Promise<Prepared> {
  const opened = await backend.open();
  const ints = (values: Float32Array) => tensor(Int32Array.from(values), task.inputShape);
  const options = { nSteps: task.steps, internalBatchSize: task.batch, backend: opened, strategy };
  const model =
    task.kind === 'keras'
      ? await loadModel(task.file, { backend: opened })
      : await loadTransformer(task.file, { backend: opened });
  const layer = task.layer ?? 'distilbert/embeddings';
  const explainer = new IntegratedGradients(model, { layer, ...options });
  const [ids, baselines] = [ints(task.inputs), ints(task.from)];
  const forwardKwargs = task.mask ? { attention_mask: ints(task.mask) } : {};
  return {
    backend: describeBackend(opened),
    run: async () => {
      const { attributions } = await explainer.explain(ids, { forwardKwargs, baselines, target: [...task.targets] });
      return { outputs: [attributions[0]!.data] };
    },
    dispose: () => {
      explainer.dispose();
      model.dispose();
    },
  };
}

/** Attributions of an embedding summed over its width, as the golden values are. */
export function perFeature(outputs: Outputs, width: number): Outputs {
  const values = outputs[0]!;
  const sums = new Float64Array(values.length / width);
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / width)]! += values[i]!;
  return [sums];
}
