/**
 * From the bytes of a Keras file to a model: HDF5 parsed, layers built, weights in place; then also one prediction, compiled
 * anew each time. The file is in memory, V8 is warm. No peer here reads these files.
 */
import { readFileSync } from 'node:fs';
import { loadModel } from '../../src/keras/load/load.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import type { BenchCase, Contender, Outputs } from '../harness.ts';
import { type ExampleModel, imdbExample, mnistExample } from '../inputs.ts';
import { contenderName, describeBackend, type OurBackend } from '../ours.ts';

export async function loadCases(backends: readonly OurBackend[]): Promise<BenchCase[]> {
  const examples = [await imdbExample(), await mnistExample()];
  return examples.flatMap((example) => {
    const bytes = new Uint8Array(readFileSync(example.file));
    return [parseCase(example, bytes, backends), predictionCase(example, bytes, backends)];
  });
}

/** Parameters that Keras counts in the examples. */
const parameters = { imdb: 601_002, mnist: 412_778 };

function parseCase(example: ExampleModel, bytes: Uint8Array, backends: readonly OurBackend[]): BenchCase {
  const load = async (): Promise<Outputs> => {
    const model = await loadModel(bytes, { name: example.name });
    const sizes = model.layers.flatMap(({ weights }) => weights.map((weight) => weight.tensor.data.length));
    return [[sizes.reduce((sum, size) => sum + size, 0)]];
  };
  const contender: Contender = {
    name: contenderName(),
    backend: 'no backend',
    threads: 1,
    prepare: async () => ({ run: async () => ({ outputs: await load() }) }),
  };
  return {
    suite: 'load',
    name: `${example.name}-cnn.h5 (${(bytes.length / 1e6).toFixed(1)} MB), parse and build`,
    flops: null,
    tolerance: 0,
    contenders: backends.length > 0 ? [contender] : [],
    expected: () => [[parameters[example.name]]],
  };
}

function predictionCase(example: ExampleModel, bytes: Uint8Array, backends: readonly OurBackend[]): BenchCase {
  const { X, net } = example;
  const row = tensor(X.data.slice(0, X.size / X.shape[0]!), [1, ...X.shape.slice(1)], X.dtype);
  return {
    suite: 'load',
    name: `${example.name}-cnn.h5, parse, build and predict one row`,
    flops: null,
    tolerance: 1e-5,
    contenders: backends.map(({ name, threads, open }) => ({
      name: contenderName(),
      backend: name.split(':')[0]!,
      threads,
      async prepare() {
        const backend = await open();
        const run = async (): Promise<{ outputs: Outputs }> => {
          const model = await loadModel(bytes, { name: example.name, backend });
          const prediction = (await model.predict(row)) as Tensor;
          model.dispose();
          return { outputs: [prediction.data] };
        };
        return { backend: describeBackend(backend), run };
      },
    })),
    expected: () => [example.predictions.slice(0, net.classes)],
  };
}
