/**
 * The two integrated-gradients documents of alibi with their own settings: ten reviews x 50 steps at the embedding layer
 * (batches of 100 as written, and of 500), ten digits x 50 steps at the input. A run is a whole explanation: path, gradients,
 * sums, predictions at both ends. ig-sequences.ts has the other two documents. Expected: the attributions in float64 (inputs.ts says whose).
 */
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { failure } from '../../src/tensor/errors.ts';
import type { BenchCase, Contender, Outputs, Prepared, RunResult } from '../harness.ts';
import { type ExampleModel, imdbExample, mnistExample, STEPS } from '../inputs.ts';
import { type ExplainTask, explainWith } from '../nets.ts';
import { contenderName, describeBackend, type OurBackend, type Strategy } from '../ours.ts';
import type { NetRunner, Peer } from '../peers/peer.ts';
import { perFeature } from './file-tasks.ts';
import { sequenceCases } from './ig-sequences.ts';

/** Float32 along 50 points near the kinks of relu and max pooling; alibi's own float32 is within 3e-7 on these inputs. */
const TOLERANCE = 1e-4;

export async function igCases(backends: readonly OurBackend[], peers: readonly Peer[]): Promise<BenchCase[]> {
  const [imdb, mnist] = [await imdbExample(), await mnistExample()];
  const batches = [igCase(imdb, 100, backends, peers), igCase(imdb, 500, backends, peers)];
  return [...batches, igCase(mnist, 100, backends, peers), ...sequenceCases(backends, peers)];
}

function igCase(
  example: ExampleModel,
  batch: number,
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  const strategies: readonly Strategy[] = ['path-linear', 'brute'];
  const ours = backends.flatMap((backend) =>
    strategies.map((strategy) => ourContender(example, batch, backend, strategy)),
  );
  const task = taskOf(example, batch);
  return {
    suite: 'ig',
    name: `${example.name}, 10 rows x ${STEPS} steps, batch ${batch} (${example.source})`,
    flops: null,
    tolerance: TOLERANCE,
    contenders: [...ours, ...peers.map((peer) => peerContender(peer, task))],
    expected: async () => [await example.expected()],
  };
}

function ourContender(example: ExampleModel, batch: number, backend: OurBackend, strategy: Strategy): Contender {
  return {
    name: contenderName(strategy),
    backend: backend.name.split(':')[0]!,
    threads: backend.threads,
    async prepare(): Promise<Prepared> {
      const opened = await backend.open();
      const model = await loadModel(example.file, { backend: opened });
      const explainer = new IntegratedGradients(model, {
        layer: example.layer,
        nSteps: STEPS,
        internalBatchSize: batch,
        backend: opened,
        strategy,
      });
      return {
        backend: describeBackend(opened),
        run: async () => {
          const { attributions } = await explainer.explain(example.X, { target: example.targets });
          return { outputs: [attributions[0]!.data] };
        },
        normalize: (outputs) => perFeature(outputs, widthOf(example)),
        dispose: () => {
          explainer.dispose();
          model.dispose();
        },
      };
    },
  };
}

function peerContender(peer: Peer, task: ExplainTask): Contender {
  return {
    name: peer.name,
    backend: peer.backend,
    threads: peer.threads,
    async prepare(): Promise<Prepared> {
      const normalize = (outputs: Outputs): Outputs => perFeature(outputs, widthOf(task));
      if (peer.explain) return { ...(await peer.explain(task)), normalize };
      if (!peer.net) throw failure(peer.name, 'computes no gradients of nets');
      await peer.ready?.();
      const runners = new Map<number, NetRunner>();
      for (const rows of new Set([task.batch, task.rows])) runners.set(rows, await peer.net(task.net, rows));
      const run = async (): Promise<RunResult> => {
        await peer.ready?.();
        return { outputs: [explainWith((rows) => runners.get(rows)!, task)] };
      };
      const dispose = (): void => {
        for (const runner of runners.values()) runner.dispose();
      };
      return { run, normalize, dispose };
    },
  };
}

function taskOf(example: ExampleModel, batch: number): ExplainTask {
  const { name, X, features, targets, from, to, net, file, layer } = example;
  const inputs = Float32Array.from(X.data);
  const shape = { rows: X.shape[0]!, inputShape: X.shape, features };
  return { model: name, file, layer, net, inputs, ...shape, from, to, targets, steps: STEPS, batch };
}

/** Numbers per attribution: of an embedding its width. */
const widthOf = ({ to, features }: Pick<ExplainTask, 'to' | 'features'>): number => to.length / features;
