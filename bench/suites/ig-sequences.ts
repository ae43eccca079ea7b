/**
 * The documents on recurrent nets and transformers: ten headlines through the AG News bidirectional LSTM at its embedding, and three
 * texts through a DistilBERT of full size (66 M random weights) at its embeddings. 50 steps, batches of 100 and of 5 as the documents
 * have them. Expected: for AG News what alibi computed in float64 (test/golden); for DistilBERT alibi's own result, for no reference
 * of ours is fast enough, so there the check is that two independent float32 programs agree.
 */
import { fileURLToPath } from 'node:url';
import { goldenFile } from '../../test/support/golden.ts';
import type { BenchCase } from '../harness.ts';
import { STEPS } from '../inputs.ts';
import type { FileTask } from '../nets.ts';
import type { OurBackend } from '../ours.ts';
import { transformerFolder } from '../peers/made.ts';
import type { Peer } from '../peers/peer.ts';
import { contenders, perFeature, texts } from './file-tasks.ts';

/** Float32 along 50 points. */
const TOLERANCE = 1e-4;
/** Two float32 programs through six layers of random weights. */
const TOLERANCE_OF_TWO = 2e-3;
const POSITIONS = 256;
/** Tokens of the three sentences in alibi's document, special ones included. */
const SHORT = [9, 17, 8];

export function sequenceCases(backends: readonly OurBackend[], peers: readonly Peer[]): BenchCase[] {
  const able = peers.filter((peer) => peer.explainFile);
  const cases = [agnewsCase(backends, able)];
  // Without alibi nobody could say what is right, and nobody makes the weights.
  if (!able.some(({ name }) => name === 'alibi')) return cases;
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

function distilbertCase(
  name: string,
  lengths: readonly number[],
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  const size = lengths.length * POSITIONS;
  const task = async (): Promise<FileTask> => ({
    ...texts(lengths, POSITIONS, 30_522),
    file: await transformerFolder('distilbert'),
    batch: 5,
  });
  return {
    suite: 'ig',
    name: `distilbert 66 M, ${name} x ${STEPS} steps, batch 5`,
    flops: null,
    tolerance: TOLERANCE_OF_TWO,
    expected: async () => {
      const { run } = await peers.find(({ name }) => name === 'alibi')!.explainFile!(await task());
      return perFeature((await run()).outputs, 768);
    },
    contenders: contenders(task, backends, ['path-linear'], peers, size),
  };
}
