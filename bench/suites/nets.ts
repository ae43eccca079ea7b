/**
 * Models of real size with random weights (peers/make_nets.py, make_transformer.py): ten picture models of keras.applications, one picture
 * each at its input; a BERT of MiniLM's sizes on a text of 128 tokens and a DistilBERT on one of 256, at their embeddings. 50 steps, one
 * sample, as an application explains what a user has just chosen. Expected: float64, which Python computes once and keeps beside the model (truth.ts),
 * with a bound from TensorFlow's own distance to it. Without its packages, which the table says: what the last peer that reads the file computed
 * (captum) in float32; without peers our own brute force on one thread, which checks the path and the threads alone.
 */
import { loadModel } from '../../src/keras/load/load.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import type { BenchCase, Outputs } from '../harness.ts';
import { STEPS } from '../inputs.ts';
import type { FileTask } from '../nets.ts';
import { type OurBackend, ourBackends } from '../ours.ts';
import { canMake, pictureModel, transformerFolder } from '../peers/made.ts';
import type { Peer } from '../peers/peer.ts';
import { picture } from '../pictures.ts';
import { truthOf } from '../truth.ts';
import { contenders, ourRun, perFeature, texts } from './file-tasks.ts';

/** Without float64. Two float32 programs through up to 120 layers of random weights, near whose kinks the gradient of a point may go either way. */
const TOLERANCE = 1e-2;

/** The sides of the pictures: small, so that 50 steps take seconds and not a minute; the smallest that the model takes, or above. */
export const pictureModels: Readonly<Record<string, number>> = {
  MobileNetV2: 96,
  MobileNetV3Small: 96,
  EfficientNetB0: 96,
  DenseNet121: 64,
  VGG16: 32,
  ResNet50: 64,
  NASNetMobile: 64,
  Xception: 71,
  InceptionV3: 75,
  ConvNeXtTiny: 64,
};

export function netCases(backends: readonly OurBackend[], peers: readonly Peer[]): BenchCase[] {
  const able = peers.filter(({ explainFile }) => explainFile);
  if (!canMake() && !process.env['PATHGRAD_NETS']) return [];
  const pictures = Object.entries(pictureModels).map(([name, size]) =>
    netCase(
      `${name}, one picture of ${size} x ${size}`,
      () => pictureTask(name, size),
      size * size * 3,
      backends,
      able,
    ),
  );
  const text = (kind: 'minilm' | 'distilbert', length: number, batch: number): BenchCase => {
    const task = async (): Promise<FileTask> => {
      return { ...texts([length], length, 30_522), file: await transformerFolder(kind), batch };
    };
    return netCase(`${kind}, one text of ${length} tokens`, task, length, backends, able);
  };
  return [...pictures, text('minilm', 128, 10), text('distilbert', 256, 5)];
}

function netCase(
  name: string,
  make: () => Promise<FileTask>,
  features: number,
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  let made: Promise<FileTask> | undefined;
  const task = (): Promise<FileTask> => (made ??= make());
  return {
    suite: 'nets',
    name: `${name} x ${STEPS} steps`,
    flops: null,
    tolerance: TOLERANCE,
    contenders: contenders(task, backends, ['path-linear'], peers, features),
    expected: async () => {
      const toFeatures = (outputs: Outputs): Outputs => perFeature(outputs, outputs[0]!.length / features);
      const truth = await truthOf(await task());
      if (typeof truth !== 'string') return { ...truth, outputs: toFeatures(truth.outputs) };
      const { outputs, by } = await inFloat32(await task(), peers.at(-1));
      return { outputs: toFeatures(outputs), from: `${by} in float32, for want of float64: ${truth}` };
    },
  };
}

async function inFloat32(task: FileTask, peer: Peer | undefined): Promise<{ outputs: Outputs; by: string }> {
  const { run, dispose } = peer?.explainFile
    ? await peer.explainFile(task)
    : await ourRun(task, ourBackends(['wasm'])[0]!, 'brute');
  const { outputs } = await run();
  await dispose?.();
  return { outputs, by: peer?.explainFile ? peer.name : 'our own brute force' };
}

/** The class that the model predicts, black (0) as the baseline; all points in one batch. */
async function pictureTask(name: string, size: number): Promise<FileTask> {
  const file = await pictureModel(name, size);
  const X = picture([1, size, size, 3]);
  const model = await loadModel(file);
  const scores = Array.from(((await model.predict(tensor(X.data, X.shape))) as Tensor).data);
  model.dispose();
  const inputs = X.data as Float32Array;
  const known = { kind: 'keras', file, layer: null, inputs, from: new Float32Array(inputs.length) } as const;
  return { ...known, inputShape: X.shape, targets: [scores.indexOf(Math.max(...scores))], steps: STEPS, batch: 100 };
}
