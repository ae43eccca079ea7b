/**
 * The 412 files of the dl4j collection: outputs to 1e-5 of the largest (1e-5 absolute below 1), gradients to 1e-4, against values
 * from real Keras and against those that came with the collection. Files with Python code must be refused by
 * name, and run with its TypeScript. docs/corpus.md holds the counts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHdf5 } from '../../src/hdf5/file.ts';
import { type LoadOptions, loadModel } from '../../src/keras/load/load.ts';
import type { Model } from '../../src/model/model.ts';
import { checkCorpusDoc } from '../support/corpus-doc.ts';
import { lambdasOf } from '../support/corpus-layers.ts';
import { compareWithGolden } from '../support/keras-golden.ts';
import { readNpz } from '../support/npz.ts';
import { openAny } from '../support/open-keras.ts';
import { sharedFolder } from '../support/shared.ts';

const corpus = join(sharedFolder, 'keras-corpus');
const test = suite('keras corpus, dl4j collection');

interface Entry {
  readonly file: string;
  readonly golden: string | null;
  readonly pair: string | null;
}

/** What the error says of a file that holds Python code; the code in TypeScript is in support/corpus-layers.ts. */
const python: readonly (readonly [RegExp, RegExp])[] = [
  [/"Lambda"/, /a Lambda is Python code, which is never run: give its TypeScript/],
];

/** Files that real Keras cannot run either (its golden run failed): a cropping takes away more than there is. */
const impossible: Readonly<Record<string, RegExp>> = {
  'modelimport/keras/tfkeras/cnn3d_20.h5': /nothing is left after cropping/,
  'modelimport/keras/tfkeras/cnn3d_22.h5': /nothing is left after cropping/,
};

const index = join(corpus, 'dl4j-index.json');
const files = existsSync(index) ? (JSON.parse(readFileSync(index, 'utf8')) as { files: Entry[] }).files : [];
const counts = { agree: 0, alone: 0, weights: 0, bound: 0, python: 0, impossible: 0, pairs: 0, gradients: 0 };
const pythonFiles: string[] = [];
const architecturesSeen = new Set(files.map((entry) => entry.file));

/** The model of a weights-only file: the collection stores both under names that differ in the ending. */
function modelFileOf(file: string): string | null {
  const found = file.replace(/_weights(_\d)?\.h5$/, '_model$1.h5');
  return found !== file && architecturesSeen.has(found) ? found : null;
}

const at = (file: string): string => join(corpus, 'dl4j', file);

for (const { file, golden, pair } of files) {
  test(file, async () => {
    const opened = openAny(readFileSync(at(file)), file);
    const options = { theanoKernels: 'as-stored' } as const;
    if (opened.config === null) return checkWeightsOnly(file);
    const classes = JSON.stringify(opened.config);
    if (impossible[file]) {
      assert.match((await errorOf(file, options)).message, impossible[file]);
      counts.impossible++;
      return;
    }
    const code = python.find(([found]) => found.test(classes))?.[1];
    if (code) {
      assert.match((await errorOf(file, options)).message, code);
      counts.python++;
      pythonFiles.push(file);
    }
    const model = await loadModel(at(file), { ...options, ...(code ? { layers: lambdasOf(file) } : {}) });
    if (!golden) {
      await runsOnZeros(model);
      if (!code) counts.alone++;
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

async function errorOf(file: string, options: LoadOptions): Promise<Error> {
  const error = await loadModel(at(file), options).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'PathgradError', 'it should be refused');
  return error!;
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
  if (!architecture) return;
  await runsOnZeros(await loadModel(at(file), { architecture: at(architecture) }));
  counts.bound++;
}

test('docs/corpus.md holds these counts', () => {
  if (files.length === 0) return console.log('no corpus here');
  const { agree, gradients, alone, weights, bound, pairs } = counts;
  checkCorpusDoc('dl4j', [
    `- ${files.length} files.`,
    `- ${agree} have values of real Keras: outputs agree to 1e-5, and ${gradients} of them to 1e-4 in their gradients.`,
    `- ${alone} have none: they load and run.`,
    `- ${pairs} came with predictions of their own: these agree to 1e-5.`,
    `- ${weights} hold weights only, which the error says; ${bound} of them bind to the architecture of a neighbouring file.`,
    `- ${counts.python} hold Lambda layers, which the error names; with the TypeScript of these layers they run:`,
    ...pythonFiles.map((file) => `  - \`${file}\``),
    `- ${counts.impossible} cannot be run by Keras either, and the error says why:`,
    ...Object.keys(impossible).map((file) => `  - \`${file}\`: a cropping takes away more than there is`),
  ]);
});

test.run();
