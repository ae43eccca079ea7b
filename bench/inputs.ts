/**
 * What the ig, models and load suites run on: the two example models, ten inputs each, and the attributions every contender
 * must meet. Reviews come from the IMDB test set where it lies beside the project, else from examples/sentences.txt (two of
 * the eight twice); expected is what alibi computed in float64 (test/golden). Digits are our own, with a little noise: in
 * black areas all pixels of a pooling window tie, and libraries give the gradient of a tie to different pixels, all rightly.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IntegratedGradients } from '../src/attribution/index.ts';
import { randomUniform } from '../src/graph/random.ts';
import { readPng } from '../src/inputs/index.ts';
import { loadModel } from '../src/keras/load/load.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';
import { reviewTokens } from '../test/support/data-sets.ts';
import { goldenFile } from '../test/support/golden.ts';
import { sharedFolder } from '../test/support/shared.ts';
import { type Net, netOf } from './nets.ts';

/** Rows that the IMDB and MNIST documents of alibi explain. */
const ROWS = 10;
/** Points on the path. */
export const STEPS = 50;

interface Golden {
  readonly predictions: readonly (readonly number[])[];
  readonly runs: readonly {
    readonly method: string;
    readonly baseline: number;
    readonly attributions64: readonly (readonly number[])[];
  }[];
}

export interface ExampleModel {
  readonly name: 'imdb' | 'mnist';
  readonly file: string;
  /** The layer that the document attributes to; null for the input. */
  readonly layer: number | null;
  readonly net: Net;
  /** Ids `[10, 100]` or pixels `[10, 28, 28, 1]`. */
  readonly X: Tensor;
  /** Baseline and input in the attributed space, ten rows. */
  readonly from: Float32Array;
  readonly to: Float32Array;
  /** The predicted classes. */
  readonly targets: readonly number[];
  /** Keras's, one row after the other. */
  readonly predictions: Float64Array;
  /** Attributions per token or pixel, one row after the other, computed in float64. */
  expected(): Promise<Float64Array>;
  /** How many they are. */
  readonly features: number;
  readonly source: string;
}

const exampleFile = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));

export async function imdbExample(): Promise<ExampleModel> {
  const real = existsSync(`${sharedFolder}/data/imdb/imdb_test.csv.gz`);
  const file = exampleFile('imdb-cnn.h5');
  const model = await loadModel(file);
  const { golden, X } = real ? await realReviews() : ownSentences();
  const embedding = model.layers[1]!.className === 'Embedding' ? 1 : 0;
  const table = model.layers[embedding]!.weights[0]!;
  const width = table.shape[1]!;
  const look = (ids: ArrayLike<number>): Float32Array => {
    const out = new Float32Array(ids.length * width);
    for (let i = 0; i < ids.length; i++)
      out.set(table.tensor.data.subarray(ids[i]! * width, (ids[i]! + 1) * width), i * width);
    return out;
  };
  const source = real ? 'IMDB test set' : 'examples/sentences.txt';
  const [from, to] = [look(new Int32Array(X.size)), look(X.data)];
  const net = netOf('imdb', model, embedding);
  const run = golden.runs.find(({ method, baseline }) => method === 'gausslegendre' && baseline === 0)!;
  const expected = Float64Array.from(take(run.attributions64).flat());
  const known = { features: expected.length, expected: async () => expected, ...predicted(golden) };
  return { name: 'imdb', file, layer: embedding, net, X, from, to, source, ...known };
}

export async function mnistExample(): Promise<ExampleModel> {
  const file = exampleFile('mnist-cnn.h5');
  const net = netOf('mnist', await loadModel(file), null);
  const to = new Float32Array(ROWS * 784);
  for (let digit = 0; digit < ROWS; digit++) {
    to.set(readPng(new Uint8Array(readFileSync(exampleFile(`digits/${digit}.png`)))).data, digit * 784);
  }
  const next = randomUniform(5);
  for (let i = 0; i < to.length; i++) to[i] = 0.9 * to[i]! + 0.1 * next();
  const X = tensor(to, [ROWS, 28, 28, 1]);
  const exact = await loadModel(file, { dtype: 'float64' });
  const X64 = tensor(Float64Array.from(to), X.shape);
  const predictions = Float64Array.from(((await exact.predict(X64)) as Tensor).data);
  const targets = Array.from({ length: ROWS }, (_, row) => {
    const scores = predictions.subarray(row * net.classes, (row + 1) * net.classes);
    return scores.indexOf(Math.max(...scores));
  });
  const expected = async (): Promise<Float64Array> => {
    const explainer = new IntegratedGradients(exact, { nSteps: STEPS, strategy: 'brute' });
    const { attributions } = await explainer.explain(X64, { target: targets });
    explainer.dispose();
    return attributions[0]!.data as Float64Array;
  };
  const known = { features: to.length, expected: once(expected), predictions, targets };
  return {
    name: 'mnist',
    file,
    layer: null,
    net,
    X,
    from: new Float32Array(to.length),
    to,
    source: 'own digits',
    ...known,
  };
}

function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= compute());
}

async function realReviews(): Promise<{ golden: Golden; X: Tensor }> {
  const golden = goldenFile<Golden & { rows: number[] }>('imdb-cnn.json.gz');
  return { golden, X: await reviewTokens(golden.rows.slice(0, ROWS)) };
}

function ownSentences(): { golden: Golden; X: Tensor } {
  const { sentences } = goldenFile<{ sentences: Golden & { tokens: number[][] } }>('own-inputs.json.gz');
  const ids = take(sentences.tokens).flat();
  return { golden: sentences, X: tensor(Int32Array.from(ids), [ROWS, ids.length / ROWS]) };
}

const take = <T>(rows: readonly T[]): T[] => Array.from({ length: ROWS }, (_, i) => rows[i % rows.length]!);

function predicted(golden: Golden): Pick<ExampleModel, 'targets' | 'predictions'> {
  const rows = take(golden.predictions);
  return {
    targets: rows.map((row) => row.indexOf(Math.max(...row))),
    predictions: Float64Array.from(rows.flat()),
  };
}
