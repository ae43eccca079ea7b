/**
 * One epoch of the nets of three documents: ours beside Keras's `fit`, a loop in PyTorch, and what else trains. All begin with the same
 * weights and take the same rows in the same order. Before that the loss of the first batch, without dropout, must be that of our
 * `reference` backend in float64; and training must lower it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reference } from '../../src/backends/reference/index.ts';
import type { Model } from '../../src/model/model.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { failure } from '../../src/tensor/errors.ts';
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import type { BenchCase, Contender, Prepared } from '../harness.ts';
import { contenderName, describeBackend, type OurBackend } from '../ours.ts';
import type { Peer, TrainTask } from '../peers/peer.ts';
import { agnewsRows, imdbRows, mnistRows, type TrainRows } from './train-data.ts';

/** Of the loss of the first batch. */
const TOLERANCE = 1e-4;
/** Batches of an epoch with `--quick`. */
const QUICK_BATCHES = 4;

export interface NetToTrain {
  readonly name: TrainTask['net'];
  readonly title: string;
  readonly rows: number;
  readonly batch: number;
  read(rows: number): Promise<TrainRows>;
  build(dtype: FloatDType): Model;
}

export const trainNets: readonly NetToTrain[] = [
  { name: 'imdb', title: 'imdb cnn', rows: 25_000, batch: 256, read: imdbRows, build: imdbNet },
  { name: 'mnist', title: 'mnist cnn', rows: 60_000, batch: 256, read: mnistRows, build: mnistNet },
  { name: 'agnews', title: 'agnews bilstm', rows: 19_865, batch: 64, read: agnewsRows, build: agnewsNet },
];

/** examples/train_imdb_cnn.py */
function imdbNet(dtype: FloatDType): Model {
  const inputs = input({ shape: [100], dtype: 'int32' });
  let out = layers.embedding({ inputDim: 10_000, outputDim: 50 })(inputs);
  out = layers.conv1d({ filters: 250, kernelSize: 3, activation: 'relu' })(out);
  out = layers.globalMaxPooling1d()(layers.dropout({ rate: 0.4 })(out));
  out = layers.dense({ units: 250, activation: 'relu' })(out);
  const outputs = layers.dense({ units: 2, activation: 'softmax' })(layers.dropout({ rate: 0.4 })(out));
  return model({ inputs, outputs, dtype, seed: 7 });
}

/** examples/train_mnist_cnn.py */
function mnistNet(dtype: FloatDType): Model {
  const inputs = input({ shape: [28, 28, 1] });
  let out = layers.conv2d({ filters: 64, kernelSize: 2, padding: 'same', activation: 'relu' })(inputs);
  out = layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2 })(out));
  out = layers.conv2d({ filters: 32, kernelSize: 2, padding: 'same', activation: 'relu' })(out);
  out = layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2 })(out));
  out = layers.dense({ units: 256, activation: 'relu' })(layers.flatten()(out));
  const outputs = layers.dense({ units: 10, activation: 'softmax' })(layers.dropout({ rate: 0.5 })(out));
  return model({ inputs, outputs, dtype, seed: 7 });
}

/** examples/train_agnews_bilstm.py */
function agnewsNet(dtype: FloatDType): Model {
  const inputs = input({ shape: [60], dtype: 'int32' });
  let out = layers.embedding({ inputDim: 1000, outputDim: 64 })(inputs);
  out = layers.bidirectional({ layer: layers.lstm({ units: 32 }) })(out);
  out = layers.dense({ units: 16, activation: 'relu' })(out);
  return model({ inputs, outputs: layers.dense({ units: 4, activation: 'softmax' })(out), dtype, seed: 7 });
}

const trainerOf = (built: Model, backend: Awaited<ReturnType<OurBackend['open']>>): Trainer =>
  new Trainer(built, { loss: 'sparse_categorical_crossentropy', optimizer: 'adam', seed: 7, backend });

/** @param quick a few batches an epoch */
export function trainCases(backends: readonly OurBackend[], peers: readonly Peer[], quick: boolean): BenchCase[] {
  return trainNets.map((net) => caseOf(net, backends, peers, quick));
}

function caseOf(net: NetToTrain, backends: readonly OurBackend[], peers: readonly Peer[], quick: boolean): BenchCase {
  const { batch } = net;
  const rows = quick ? QUICK_BATCHES * batch : net.rows;
  let read: Promise<TrainRows> | undefined;
  const data = (): Promise<TrainRows> => (read ??= net.read(rows));
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-bench-'));
  let written: Promise<TrainTask> | undefined;
  const task = (): Promise<TrainTask> => (written ??= data().then((given) => writeTask(net, given, folder)));
  const ours: Contender[] = backends.map((backend) => ({
    name: contenderName(),
    backend: backend.name.split(':')[0]!,
    threads: backend.threads,
    prepare: async () => ourEpoch(net, await data(), backend),
  }));
  const theirs: Contender[] = peers.map(({ name, backend, threads, train }) => ({
    ...{ name, backend, threads },
    prepare: async () => {
      if (!train) throw failure(name, 'its adapter trains nothing');
      return falling(await train(await task()));
    },
  }));
  const { shape } = net.build('float32').inputs[0]!;
  return {
    suite: 'train',
    name: `${net.title}, one epoch of ${rows} rows of ${shape.slice(1).join('x')}, batch ${batch}`,
    flops: null,
    tolerance: TOLERANCE,
    expected: async () => [[await firstLoss(net, await data())]],
    contenders: [...ours, ...theirs],
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The loss of the first batch without dropout, in float64. */
async function firstLoss(net: NetToTrain, data: TrainRows): Promise<number> {
  console.log(`\n${net.title}: ${data.labels.length} rows of the ${data.source}`);
  // The weights are those that float32 holds, of which all begin.
  const narrow = net.build('float32').layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor.data));
  let at = 0;
  const wide = await net.build('float64').withWeights(() => Float64Array.from(narrow[at++]!));
  const trainer = trainerOf(wide, reference);
  const { loss } = await trainer.evaluate(...firstBatch(net, data), { batchSize: net.batch });
  trainer.dispose();
  return loss!;
}

type Fed = { readonly data: Int32Array | Float32Array; readonly shape: readonly number[] };

function fedRows({ x, labels, shape }: TrainRows, count: number): [Fed, Fed] {
  const size = shape.reduce((a, b) => a * b, 1);
  return [
    { data: x.subarray(0, count * size), shape: [count, ...shape] },
    { data: labels.subarray(0, count), shape: [count] },
  ];
}

const firstBatch = ({ batch }: NetToTrain, data: TrainRows): [Fed, Fed] => fedRows(data, batch);

/** A trainer of a net, and what trains it for another epoch. */
export async function openTraining(net: NetToTrain, data: TrainRows, backend: Awaited<ReturnType<OurBackend['open']>>) {
  const trainer = trainerOf(net.build('float32'), backend);
  const [x, y] = fedRows(data, data.labels.length);
  const fit = () => trainer.fit(x, y, { epochs: 1, batchSize: net.batch, shuffle: false });
  return { trainer, fit };
}

async function ourEpoch(net: NetToTrain, data: TrainRows, backend: OurBackend): Promise<Prepared> {
  const opened = await backend.open();
  const { trainer, fit } = await openTraining(net, data, opened);
  const firstLossNow = async (): Promise<number> =>
    (await trainer.evaluate(...firstBatch(net, data), { batchSize: net.batch }))['loss']!;
  const loss = await firstLossNow();
  return falling({
    backend: describeBackend(opened),
    run: async () => {
      const started = performance.now();
      await fit();
      const ms = performance.now() - started;
      return { outputs: [[loss], [await firstLossNow()]], ms };
    },
    dispose: () => trainer.dispose(),
  });
}

/** The loss of the first batch is given as it was before all training and as it is now: it must have fallen. */
function falling(prepared: Prepared): Prepared {
  return {
    ...prepared,
    run: async () => {
      const { outputs, ...rest } = await prepared.run();
      const [before, after] = [outputs[0]![0]!, outputs[1]![0]!];
      if (!(after < before)) throw failure('train', 'the loss did not fall', { before, after });
      return { ...rest, outputs: [[before]] };
    },
  };
}

/** Rows and weights as files: there are too many for a line of JSON. */
function writeTask(net: NetToTrain, { x, labels, shape }: TrainRows, folder: string): TrainTask {
  const put = (name: string, data: Int32Array | Float32Array, sizes: readonly number[]) => {
    const path = join(folder, name);
    writeFileSync(path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { path, shape: sizes, dtype: data instanceof Int32Array ? ('int32' as const) : ('float32' as const) };
  };
  const weights = net
    .build('float32')
    .layers.flatMap((layer) => layer.weights)
    .map(({ tensor }, i) => put(`weight-${i}`, tensor.data as Float32Array, tensor.shape));
  const rows = labels.length;
  const arrays = { x: put('x', x, [rows, ...shape]), labels: put('labels', labels, [rows]), weights };
  return { net: net.name, batch: net.batch, ...arrays };
}
