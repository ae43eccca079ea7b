/**
 * Every named and generated file of the corpus must load and give Keras's
 * outputs to 1e-5 (relative to the largest where that is above 1), gradients and integrated gradients to 1e-4 of the largest.
 * docs/corpus.md holds the counts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadOptions, loadModel } from '../../src/keras/load/load.ts';
import { checkCorpusDoc } from '../support/corpus-doc.ts';
import { lambdasOf } from '../support/corpus-layers.ts';
import { type Comparison, compareWithGolden } from '../support/keras-golden.ts';
import { readNpz } from '../support/npz.ts';
import { sharedFolder } from '../support/shared.ts';

const corpus = join(sharedFolder, 'keras-corpus');
const test = suite('keras corpus, named and generated');

interface Entry {
  readonly label: string;
  readonly path: string;
  readonly options?: LoadOptions;
  readonly golden: string | null;
}

/** Files that hold no model that could be run as it is, and what the error says. */
const refused: Readonly<Record<string, RegExp>> = {
  textgenrnn: /holds no model, only weights/,
  reactionrnn: /holds no model, only weights/,
};

/** Files with Python code: the error names it, and with its TypeScript they run. */
const python: Readonly<Record<string, RegExp>> = {
  'dl4j-tfk-deepfm':
    /layer 'sum_of_tensors' \(Lambda\): a Lambda is Python code, which is never run: give its TypeScript/,
};

/** Files whose values lie outside the bounds for a reason that is not ours to remove. */
const exceptions: Readonly<
  Record<string, { readonly reason: string; readonly bounds: Bounds; readonly dtype?: 'float64' }>
> = {
  dense_float16: {
    reason: 'Keras computed it in float16, we in float32: outputs differ by what float16 rounds away',
    bounds: { output: 2e-3, gradient: 2e-3, attribution: 2e-3 },
  },
  'gender-mini-xception': {
    reason: 'in float32 the argmax of a nearly tied max pool depends on rounding at one step; compared in float64',
    bounds: { output: 1e-5, gradient: 1e-4, attribution: 1e-4 },
    dtype: 'float64',
  },
  'tiny-resnet8': {
    reason:
      'in float32 the sign of a pre-activation that is nearly 0 depends on rounding at one step; compared in float64',
    bounds: { output: 1e-5, gradient: 1e-4, attribution: 1e-4 },
    dtype: 'float64',
  },
};

interface Bounds {
  readonly output: number;
  readonly gradient: number;
  readonly attribution: number;
}
const usual: Bounds = { output: 1e-5, gradient: 1e-4, attribution: 1e-4 };

/** Weights without a model of their own, and the architecture that lies beside them. */
const architectures: Readonly<Record<string, string>> = {
  'dl4j-k1-cnn-weightsonly': 'dl4j-k1-cnn/cnn_tf_config.json',
  'chen-wordvec-cnn': 'chen-wordvec-cnn/wordvec_cnn_architecture.json',
  'chen-wordvec-cnn-lstm': 'chen-wordvec-cnn-lstm/wordvec_cnn_lstm_architecture.json',
};

function named(): Entry[] {
  const index = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8')) as { slug: string; file: string }[];
  return index.map(({ slug, file }) => {
    const golden = join(corpus, slug, 'golden.npz');
    const architecture = architectures[slug];
    // Goldens of Theano files were made by tf_keras, which does not turn their kernels.
    const options: LoadOptions = { theanoKernels: 'as-stored' };
    const separate = architecture ? { architecture: join(corpus, architecture) } : {};
    const path = join(corpus, slug, file);
    return { label: slug, path, options: { ...options, ...separate }, golden: existsSync(golden) ? golden : null };
  });
}

function generated(): Entry[] {
  return readdirSync(join(corpus, 'generated')).flatMap((slug) => {
    const folder = join(corpus, 'generated', slug);
    const forms: [string, LoadOptions][] = [
      ['model.h5', {}],
      ['model.keras', {}],
      ['model.weights.h5', { architecture: join(folder, 'architecture.json') }],
    ];
    return forms
      .map(([file, options]) => ({
        label: `${slug}/${file}`,
        path: join(folder, file),
        options,
        golden: join(folder, 'golden.npz'),
      }))
      .filter(({ path }) => existsSync(path));
  });
}

let right = 0;
let refusedCount = 0;
let ran = 0;
let alone = 0;
const entries = existsSync(corpus) ? [...named(), ...generated()] : [];

for (const { label, path, options, golden } of entries) {
  const slug = label.split('/')[0]!;
  test(label, async () => {
    const reason = refused[slug];
    if (reason) {
      refusedCount++;
      await fails(path, options, reason);
      return;
    }
    ran++;
    const exception = exceptions[slug];
    if (python[slug]) await fails(path, options, python[slug]);
    const layers = python[slug] ? { layers: lambdasOf(path) } : {};
    const dtype = exception?.dtype ? { dtype: exception.dtype } : {};
    const model = await loadModel(path, { ...options, ...dtype, ...layers });
    if (!golden) {
      alone++;
      const shapes = model.inputs.map(({ shape }) => shape.map((dim) => dim ?? 2));
      const zeros = shapes.map((shape) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape }));
      const outputs = await model.predictAll(zeros.length === 1 ? zeros[0]! : zeros);
      assert.ok(outputs.every((y) => y.data.every(Number.isFinite)));
    } else check(await compareWithGolden(model, readNpz(readFileSync(golden))), exception?.bounds ?? usual);
    right++;
  });
}

async function fails(path: string, options: LoadOptions | undefined, reason: RegExp): Promise<void> {
  const error = await loadModel(path, options).then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.is(error?.name, 'PathgradError');
  assert.match(error!.message, reason);
}

function check(found: Comparison, bounds: Bounds): void {
  assert.ok(found.output <= bounds.output, `outputs differ by ${found.output}`);
  assert.ok((found.gradient ?? 0) <= bounds.gradient, `gradients differ by ${found.gradient}`);
  assert.ok((found.attribution ?? 0) <= bounds.attribution, `integrated gradients differ by ${found.attribution}`);
}

/** The collection's own values for its Keras 1.1 CNN, printed by Keras in six digits; the input is printed plane by plane. */
(existsSync(corpus) ? test : test.skip)('dl4j-k1-cnn gives what its authors printed', async () => {
  const numbers = (name: string): number[] =>
    readFileSync(join(corpus, 'dl4j-k1-cnn', name), 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
  const model = await loadModel(join(corpus, 'dl4j-k1-cnn', 'cnn_tf_model.h5'));
  const planes = numbers('cnn_tf_input.txt');
  const data = planes.map((_, i) => planes[(i % 3) * 64 + Math.floor(i / 3)]!);
  const [y] = await model.predictAll({ data, shape: [1, 8, 8, 3] });
  numbers('cnn_tf_output.txt').forEach((value, i) => {
    assert.ok(Math.abs(y!.data[i]! - value) < 1e-5, `${y!.data}`);
  });
});

test('docs/corpus.md holds these counts', () => {
  if (entries.length === 0) return console.log('no corpus here');
  assert.is(right, ran);
  checkCorpusDoc('named', [
    `- ${entries.length} files: ${named().length} collected ones, and the ${entries.length - named().length} forms of the generated ones.`,
    `- ${ran - alone} agree with real Keras: outputs to 1e-5, gradients and integrated gradients to 1e-4, but for the exceptions below.`,
    `- ${alone} have no values of Keras: they load and run.`,
    `- ${refusedCount} hold weights only and no architecture lies beside them, which the error says: ${Object.keys(refused).join(', ')}.`,
    `- ${Object.keys(python).length} holds Lambda layers, which the error names; with their TypeScript it runs: ${Object.keys(python).join(', ')}.`,
    '',
    'Exceptions:',
    '',
    ...Object.entries(exceptions).map(
      ([slug, { reason, bounds }]) => `- ${slug}: ${reason} (bound of the outputs ${bounds.output}).`,
    ),
  ]);
});

test.run();
