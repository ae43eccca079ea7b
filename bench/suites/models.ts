/**
 * The example models' nets on 32 rows (Keras's batch for predictions): forward, and forward with the gradient of one class
 * per row back to the attributed tensor. Expected: the reference backend in float64.
 */

import type { Backend } from '../../src/backends/backend.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { compile, type Plan } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { failure } from '../../src/tensor/errors.ts';
import { placeholder } from '../../src/tensor/tensor.ts';
import type { BenchCase, Contender, Prepared } from '../harness.ts';
import { type ExampleModel, imdbExample, mnistExample } from '../inputs.ts';
import { contenderName, describeBackend, type OurBackend } from '../ours.ts';
import type { Peer } from '../peers/peer.ts';

const ROWS = 32;
const TOLERANCE = 1e-4;

export async function modelCases(backends: readonly OurBackend[], peers: readonly Peer[]): Promise<BenchCase[]> {
  const examples = [await imdbExample(), await mnistExample()];
  return examples.flatMap((example) => [false, true].map((backward) => modelCase(example, backward, backends, peers)));
}

interface Task {
  readonly example: ExampleModel;
  readonly backward: boolean;
  readonly x: Float32Array;
  readonly cotangent: Float32Array;
}

function modelCase(
  example: ExampleModel,
  backward: boolean,
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  const task = taskOf(example, backward);
  return {
    suite: 'models',
    name: `${example.name}, ${ROWS} rows, ${backward ? 'forward and gradient to the input' : 'forward'}`,
    flops: null,
    tolerance: TOLERANCE,
    expected: async () => {
      const plan = await modelPlan(task, reference, 'float64');
      const outputs = plan.runSync(feeds(task).map((array) => Float64Array.from(array)));
      plan.dispose();
      return outputs;
    },
    contenders: [
      ...backends.map((backend) => ourContender(task, backend)),
      ...peers.filter((peer) => peer.net).map((peer) => peerContender(task, peer)),
    ],
  };
}

/** The ten inputs over and over, at random places of their paths, with noise so that nothing ties in max pooling. */
function taskOf(example: ExampleModel, backward: boolean): Task {
  const { from, to, net, targets } = example;
  const width = to.length / targets.length;
  const x = new Float32Array(ROWS * width);
  const cotangent = new Float32Array(ROWS * net.classes);
  const next = randomUniform(3);
  for (let row = 0; row < ROWS; row++) {
    const [sample, alpha] = [row % targets.length, 0.25 + 0.75 * next()];
    cotangent[row * net.classes + targets[sample]!] = 1;
    for (let i = 0, at = sample * width; i < width; i++, at++) {
      x[row * width + i] = from[at]! + alpha * (to[at]! - from[at]!) + 0.02 * (next() - 0.5);
    }
  }
  return { example, backward, x, cotangent };
}

const feeds = ({ backward, x, cotangent }: Task): Float32Array[] => (backward ? [x, cotangent] : [x]);

/** The model cut at the attributed tensor. Its output, or the gradient of the output times the cotangent. */
async function modelPlan({ example, backward }: Task, backend: Backend, dtype: FloatDType): Promise<Plan> {
  const model = await loadModel(example.file, { dtype });
  const x = placeholder([ROWS, ...example.net.inputShape], dtype);
  const layer = example.layer === null ? null : model.getLayer(example.layer);
  const input = layer ? placeholder([ROWS, ...example.X.shape.slice(1)], model.inputs[0]!.dtype) : x;
  const [y] = model.apply([input], { onOutputs: (call) => (call.layer === layer ? [x] : null) });
  if (!backward) return compile([y!], [x], { backend });
  const cotangent = placeholder(y!.shape, dtype);
  return compile(grad(y!, [x], cotangent), [x, cotangent], { backend });
}

function ourContender(task: Task, backend: OurBackend): Contender {
  return {
    name: contenderName(),
    backend: backend.name.split(':')[0]!,
    threads: backend.threads,
    async prepare(): Promise<Prepared> {
      const opened = await backend.open();
      const plan = await modelPlan(task, opened, 'float32');
      const arrays = feeds(task);
      return {
        backend: describeBackend(opened),
        run: async () => ({ outputs: await plan.run(arrays) }),
        dispose: () => plan.dispose(),
      };
    },
  };
}

function peerContender({ example, backward, x, cotangent }: Task, peer: Peer): Contender {
  return {
    name: peer.name,
    backend: peer.backend,
    threads: peer.threads,
    async prepare(): Promise<Prepared> {
      if (!peer.net) throw failure(peer.name, 'runs no nets');
      await peer.ready?.();
      const runner = await peer.net(example.net, ROWS);
      return {
        run: async () => {
          await peer.ready?.();
          return { outputs: [backward ? runner.gradient(x, cotangent) : runner.forward(x)] };
        },
        dispose: () => runner.dispose(),
      };
    },
  };
}
