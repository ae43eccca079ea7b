/**
 * The 412 files of the dl4j collection: outputs to 1e-5 of the largest (1e-5 absolute below 1), gradients to 1e-4, against values
 * from real Keras and against those that came with the collection. Files with recurrent, attention or custom layers must be
 * refused for that reason. It prints how many of how many.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { openKeras } from '../../src/keras/container.ts';
import { loadModel } from '../../src/keras/load.ts';
import type { Model } from '../../src/keras/model.ts';
import { compareWithGolden } from '../support/keras-golden.ts';
import { readNpz } from '../support/npz.ts';
import { sharedFolder } from '../support/shared.ts';

const corpus = join(sharedFolder, 'keras-corpus');
const test = suite('keras corpus, dl4j collection');

interface Entry {
  readonly file: string;
  readonly golden: string | null;
  readonly pair: string | null;
}

/** Layer classes that are refused, and what the error says of them. */
const refused: readonly (readonly [RegExp, RegExp])[] = [
  [/"Lambda"/, /a Lambda holds Python bytecode/],
  [/"TensorFlowOpLayer"/, /it records a TensorFlow call/],
  [/"LocallyConnected[12]D"/, /neither one of the supported Keras layers/],
];

/** Files that real Keras cannot run either (its golden run failed): a cropping takes away more than there is. */
const impossible: Readonly<Record<string, RegExp>> = {
  'modelimport/keras/tfkeras/cnn3d_20.h5': /nothing is left after cropping/,
  'modelimport/keras/tfkeras/cnn3d_22.h5': /nothing is left after cropping/,
};

const index = join(corpus, 'dl4j-index.json');
const files = existsSync(index) ? (JSON.parse(readFileSync(index, 'utf8')) as { files: Entry[] }).files : [];
const counts = { agree: 0, alone: 0, weights: 0, refused: 0, impossible: 0, pairs: 0, gradients: 0 };
const architecturesSeen = new Set(files.map((entry) => entry.file));

/** The model of a weights-only file: the collection stores both under names that differ in the ending. */
function modelFileOf(file: string): string | null {
  const found = file.replace(/_weights(_\d)?\.h5$/, '_model$1.h5');
  return found !== file && architecturesSeen.has(found) ? found : null;
}

const at = (file: string): string => join(corpus, 'dl4j', file);

for (const { file, golden, pair } of files) {
  test(file, async () => {
    const opened = openKeras(readFileSync(at(file)), file);
    const options = { theanoKernels: 'as-stored' } as const;
    if (opened.config === null) return checkWeightsOnly(file);
    const classes = JSON.stringify(opened.config);
    const reason = impossible[file] ?? refused.find(([found]) => found.test(classes))?.[1];
    if (reason) {
      const error = await loadModel(at(file), options).then(
        () => null,
        (thrown: Error) => thrown,
      );
      assert.is(error?.name, 'PathgradError', 'it should be refused');
      assert.match(error!.message, reason);
      counts[impossible[file] ? 'impossible' : 'refused']++;
      return;
    }
    const model = await loadModel(at(file), options);
    if (!golden) {
      await runsOnZeros(model);
      counts.alone++;
    } else {
      const { output, gradient } = await compareWithGolden(
        model,
        readNpz(readFileSync(join(corpus, 'dl4j-golden', golden))),
      );
      assert.ok(output <= 1e-5, `outputs differ by ${output}`);
      assert.ok((gradient ?? 0) <= 1e-4, `gradients differ by ${gradient}`);
      if (gradient !== null) counts.gradients++;
      counts.agree++;
    }
    if (pair) await checkPair(model, pair);
  });
}

async function runsOnZeros(model: Model): Promise<void> {
  const zeros = model.inputs.map((input) => {
    const shape = input.shape.map((dim, axis) => dim ?? (axis === 0 ? 2 : 32));
    return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
  });
  const outputs = await model.predictAll(zeros.length === 1 ? zeros[0]! : zeros);
  assert.ok(outputs.every((y) => y.data.every(Number.isFinite)));
}

/** The collection's own inputs and predictions of the last layer. */
async function checkPair(model: Model, pair: string): Promise<void> {
  const file = openHdf5(readFileSync(at(pair)), pair);
  const predictions = file.root.group('predictions');
  const inputs = file.root.group('inputs');
  if (!predictions || !inputs) return;
  const read = (group: typeof inputs): { data: ArrayLike<number>; shape: readonly number[] }[] =>
    group.datasets().map((dataset) => ({ data: dataset.read(), shape: dataset.shape }));
  const [x] = read(inputs);
  const [expected] = read(predictions);
  const [y] = await model.predictAll(x!);
  assert.equal(y!.shape, expected!.shape);
  const scale = Math.max(1, ...Array.from(expected!.data, Math.abs));
  const worst = Math.max(...Array.from(expected!.data, (value, i) => Math.abs(value - y!.data[i]!)));
  assert.ok(worst <= 1e-5 * scale, `predictions differ by ${worst}`);
  counts.pairs++;
}

/** With the model file as architecture, the weights load and give finite results; alone they are refused. */
async function checkWeightsOnly(file: string): Promise<void> {
  const error = await loadModel(at(file)).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.match(error!.message, /holds no model, only weights/);
  counts.weights++;
  const architecture = modelFileOf(file);
  if (!architecture || refused.some(([found]) => found.test(readFileSync(at(architecture), 'latin1')))) return;
  await runsOnZeros(await loadModel(at(file), { architecture: at(architecture) }));
}

test.after(() => {
  const { agree, alone, weights, pairs, gradients } = counts;
  console.log(
    `\ndl4j: ${files.length} files; ${agree} agree with Keras (${gradients} also in their gradients), ${alone} without golden ` +
      `values run, ${pairs} agree with the collection's predictions, ${weights} hold weights only; ${counts.refused} refused for ` +
      `the expected reason, ${counts.impossible} impossible in Keras too`,
  );
});

test.run();
