/**
 * Contenders of explanations of a model file: ours, and those peers that read it themselves. And texts of random pieces, which the
 * ig and nets suites explain.
 */
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import type { Contender, Outputs, Prepared } from '../harness.ts';
import { STEPS } from '../inputs.ts';
import type { FileTask } from '../nets.ts';
import { contenderName, describeBackend, type OurBackend, type Strategy } from '../ours.ts';
import type { Peer } from '../peers/peer.ts';

const [PAD, CLS, SEP] = [0, 101, 102];

/** Texts of random pieces, padded to `positions`; the baseline keeps [CLS] and [SEP]. */
export function texts(lengths: readonly number[], positions: number, pieces: number): Omit<FileTask, 'file' | 'batch'> {
  const next = randomUniform(17);
  const size = lengths.length * positions;
  const [inputs, from, mask] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  lengths.forEach((length, row) => {
    for (let i = 0, at = row * positions; i < length; i++, at++) {
      const special = i === 0 ? CLS : i === length - 1 ? SEP : null;
      inputs[at] = special ?? 1000 + Math.floor((pieces - 1522) * next());
      from[at] = special ?? PAD;
      mask[at] = 1;
    }
  });
  const known = { kind: 'transformer', layer: null, inputs, from, mask, steps: STEPS } as const;
  return { ...known, inputShape: [lengths.length, positions], targets: lengths.map(() => 1) };
}

/** @param features attributions that are compared: one per token */
export function contenders(
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

export async function ourRun(task: FileTask, backend: OurBackend, strategy: Strategy): Promise<Prepared> {
  const opened = await backend.open();
  const isPicture = task.kind === 'keras' && task.layer === null;
  const array = (values: Float32Array) => tensor(isPicture ? values : Int32Array.from(values), task.inputShape);
  const options = { nSteps: task.steps, internalBatchSize: task.batch, backend: opened, strategy };
  const model =
    task.kind === 'keras'
      ? await loadModel(task.file, { backend: opened })
      : await loadTransformer(task.file, { backend: opened });
  // A transformer's encoder is its first layer, and is called after its family.
  const layer = task.kind === 'keras' ? task.layer : `${model.layers[0]!.path.split('/')[0]}/embeddings`;
  const explainer = new IntegratedGradients(model, { layer, ...options });
  const [x, baselines] = [array(task.inputs), array(task.from)];
  const forwardKwargs = task.mask ? { attention_mask: array(task.mask) } : {};
  return {
    backend: describeBackend(opened),
    run: async () => {
      const { attributions } = await explainer.explain(x, { forwardKwargs, baselines, target: [...task.targets] });
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
