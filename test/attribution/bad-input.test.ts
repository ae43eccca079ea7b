/** Every bad argument is an error that names the argument, shows what it has and says what to do. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Baselines,
  type ExplainOptions,
  IntegratedGradients,
  type IntegratedGradientsOptions,
  type ModelInput,
  type Target,
} from '../../src/attribution/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';
import { type Model, rejects } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('bad input to integrated gradients');
const W = f64([
  [1, 2, 3],
  [3, -1, 0],
]);
const model: CallableModel = tinyModel({
  inputs: [floatInput('x', 2)],
  layers: [
    ['conv1d', 'Conv1D'],
    ['dense', 'Dense'],
  ],
  forward: (call, [x]) => softmax(call('dense', [x!], (v) => matmul(v, W))),
});
const scalar: Model = (x) => sum(x, { axes: [1], keepDims: true });

type Options = IntegratedGradientsOptions<CallableModel>;
const constructors: readonly (readonly [name: string, options: object, text: string])[] = [
  ['no steps', { nSteps: 0 }, 'nSteps: must be at least 1 (got 0)'],
  ['a billion steps', { nSteps: 1e9 }, 'nSteps: at most 1000000 points'],
  ['half a step', { nSteps: 1.5 }, 'nSteps: must be a whole number'],
  [
    'one point of a Riemann rule',
    { method: 'riemann_middle', nSteps: 1 },
    'nSteps: riemann_middle needs at least 2 points',
  ],
  ['unknown method', { method: 'gauss_legendre' }, "did you mean 'gausslegendre'?"],
  ['unknown layer', { layer: 'conv1' }, "layer: there is no layer 'conv1'\nhint: did you mean 'conv1d'"],
  ['layer index out of range', { layer: 7 }, "layer: there is no layer '7'"],
  [
    'negative call of a layer',
    { layer: { layer: 'dense', call: -1 } },
    'layer: call counts the uses of the layer from 0',
  ],
  ['a layer that is none', { layer: {} }, 'layer: is not a layer selector'],
  ['batch size 0', { internalBatchSize: 0 }, 'internalBatchSize: must be a whole number of rows, at least 1 (got 0)'],
  ['unknown option', { n_steps: 50 }, "IntegratedGradients: unknown option 'n_steps'\nhint: did you mean 'nSteps'?"],
  ['auto with another method', { nSteps: 'auto', method: 'riemann_left' }, "nSteps: 'auto' chooses its own points"],
  ['auto under compat', { nSteps: 'auto', compat: 'alibi' }, "nSteps: alibi has no 'auto'"],
  ['a tolerance of 0', { relTol: 0 }, 'relTol: must be a positive number (got 0)'],
  ['unknown compat', { compat: 'captum' }, 'compat: unknown value (got captum)'],
];
for (const [name, options, text] of constructors) {
  test(`constructor: ${name}`, () => {
    assert.throws(
      () => new IntegratedGradients(model, options as Options),
      (error: Error) => error.message.includes(text),
    );
  });
}

test('constructor: what is no model, and a layer of a function', () => {
  assert.throws(() => new IntegratedGradients({} as CallableModel), 'model: is not something that can be applied');
  const options = { layer: 0 } as IntegratedGradientsOptions<Model>;
  assert.throws(() => new IntegratedGradients(scalar, options), 'layer: a plain function has no layers');
});

const X = [
  [1, 2],
  [3, 4],
];
const target = 0;
const cases: readonly (readonly [name: string, X: unknown, options: object, text: string])[] = [
  [
    'missing target',
    X,
    {},
    'target: the model has several outputs per sample: say which one to explain (output [N,3])',
  ],
  [
    'target out of range',
    X,
    { target: [0, 3] },
    'target: 3 is out of range for 3 classes (sample 1, output [N,3])\nhint: use 0 to 2',
  ],
  ['negative target', X, { target: -1 }, 'target: -1 is negative\nhint: classes count from 0'],
  ['fraction as target', X, { target: 0.5 }, 'target: targets are integers (got 0.5)'],
  ['targets for other samples', X, { target: [0, 1, 2] }, 'target: needs one entry per sample (samples 2, got [3])'],
  ['tuples for a single axis', X, { target: [[0], [1]] }, 'target: needs one integer per sample for this output'],
  ['a word as target', X, { target: 'cat' }, 'target: cannot be read (got cat)'],
  [
    'input of wrong width',
    [[1, 2, 3]],
    { target },
    'X: does not have the shape that the model expects (got [1,3], expected [any,2])',
  ],
  ['input without batch axis', [1, 2], { target }, 'hint: the batch axis is missing: one sample is [sample]'],
  ['ragged input', [[1, 2], [3]], { target }, 'tensor: nested arrays differ in length'],
  ['NaN in X', [[1, Number.NaN]], { target }, 'X: has NaN at [0,1] (shape [1,2])'],
  ['empty batch', { data: new Float64Array(0), shape: [0, 2] }, { target }, 'X: the batch is empty'],
  [
    'typed array without shape',
    new Float64Array(2),
    { target },
    'hint: give a typed array with its shape: { data, shape }',
  ],
  ['graph node as X', placeholder([1, 2], 'float64'), { target }, 'X: needs values, not a node of a graph'],
  ['words as X', 'hello', { target }, 'X: must be a Tensor, nested arrays of numbers or { data, shape } (got string)'],
  ['unknown input name', { y: X }, { target }, "X: the model has no input 'y' (inputs [x])"],
  ['two inputs for one', [f64(X), f64(X)], { target }, 'X: the model has 1 input, X is a list of 2'],
  [
    'baseline of wrong shape',
    X,
    { target, baselines: [[1, 2, 3]] },
    'baseline: needs the shape of X, or one row of it (got [1,3], X [2,2])',
  ],
  ['NaN in the baseline', X, { target, baselines: Number.NaN }, 'baseline: has NaN at [0]'],
  ['baseline as word', X, { target, baselines: 'zeros' }, 'baselines: cannot be read (got zeros)\nhint: give a number'],
  ['typed array as baseline', X, { target, baselines: new Float64Array(2) }, 'baselines: a typed array needs a shape'],
  ['baseline of an unknown input', X, { target, baselines: { y: 0 } }, "baselines: there is no input 'y'"],
  [
    'unknown kind',
    X,
    { target, baselines: { kind: 'zeroes' } },
    "baseline: unknown kind 'zeroes'\nhint: did you mean 'zeros'?",
  ],
  [
    'noise upside down',
    X,
    { target, baselines: { kind: 'noise', low: 1, high: 0 } },
    'baseline: low must be below high',
  ],
  [
    'no noise at all',
    X,
    { target, baselines: { kind: 'noise', count: 0 } },
    'baseline: count must be an integer from 1 to 10000 (count 0)',
  ],
  [
    'rows of another shape',
    X,
    { target, baselines: { kind: 'dataset', data: [[1]] } },
    'baseline: the data set needs rows like those of X',
  ],
  [
    'layer space without layer',
    X,
    { target, baselines: { space: 'layer', value: 0 } },
    'baselines: layer space needs a layer',
  ],
  [
    'kwargs of another length',
    X,
    { target, forwardKwargs: { w: [[1, 2]] } },
    "forwardKwargs 'w': needs one row per sample, or a number (rows 2, got [1,2])",
  ],
  ['misspelt argument', X, { targets: 0 }, "explain: unknown option 'targets'\nhint: did you mean 'target'?"],
];
for (const [name, x, options, text] of cases) {
  test(`explain: ${name}`, async () => {
    const ig = new IntegratedGradients(model, { nSteps: 3 });
    const message = await ig.explain(x as ModelInput, options as ExplainOptions).then(
      () => 'nothing was thrown',
      (error: Error) => `${error.name}: ${error.message}`,
    );
    assert.match(message, text);
    assert.match(message, 'PathgradError');
  });
}

test('labels of a scalar output are 0 and 1', async () => {
  const ig = new IntegratedGradients(scalar);
  await rejects(ig.explain(f64(X), { target: [0, 2] }), 'target: 2 is no label of a scalar output (sample 1');
});

test('target and targetFn exclude each other, and a target function is checked like a target', async () => {
  const both = new IntegratedGradients(model, { targetFn: () => [0, 0] });
  await rejects(both.explain(X, { target: 0 as Target }), 'target: targetFn is set already');
  const wrong = new IntegratedGradients(model, { targetFn: () => [0, 9] });
  await rejects(wrong.explain(X), 'target: 9 is out of range for 3 classes');
});

test('outputs must be one float tensor with a row per sample', async () => {
  const two = tinyModel({ inputs: [floatInput('x', 2)], forward: (_, [x]) => [x!, x!] });
  await rejects(
    new IntegratedGradients(two).explain(X),
    'tiny: has 2 outputs (shapes [[2,2],[2,2]])\nhint: choose one',
  );
  const chosen = new IntegratedGradients(two, { nSteps: 1, output: (a, _b) => sum(a, { axes: [1] }) });
  assert.equal((await chosen.explain(X)).attributions[0]!.toArray(), X);
  const all: Model = (x) => sum(x);
  await rejects(new IntegratedGradients(all).explain(f64(X)), 'the output must have one row per sample');
  const nothing = (() => undefined) as unknown as Model;
  await rejects(new IntegratedGradients(nothing).explain(f64(X)), 'must return tensors');
});

test('several inputs: list of another length, rows that differ, missing names', async () => {
  const two = tinyModel({ inputs: [floatInput('a', 1), floatInput('b', 1)], forward: (_, [a]) => a! });
  const ig = new IntegratedGradients(two);
  await rejects(ig.explain([[[1]]] as ModelInput), 'X: the model has 2 inputs, X is a list of 1 (inputs [a,b])');
  await rejects(ig.explain({ a: [[1]] }), "X: input 'b' is missing");
  await rejects(ig.explain({ a: [[1]], b: [[1], [2]] }), 'inputs differ in their number of rows: 1 and 2');
  const short = { baselines: [0] as Baselines };
  await rejects(ig.explain({ a: [[1]], b: [[2]] }, short), 'baselines: 2 inputs need 2 baselines, 1 are given');
  const uneven = {
    baselines: [
      { kind: 'noise', count: 2 },
      { kind: 'noise', count: 3 },
    ] as const,
  };
  await rejects(ig.explain({ a: [[1]], b: [[2]] }, uneven), 'baselines: inputs have different numbers of baselines');
});

test('a layer call that does not exist, a layer that is not used, a layer fed with integers', async () => {
  const call = new IntegratedGradients(model, { layer: { layer: 'dense', call: 2 } });
  await rejects(call.explain(X, { target }), "layer 'dense': has no call 2 (calls 1)");
  const unused = new IntegratedGradients(model, { layer: 'conv1d' });
  await rejects(unused.explain(X, { target }), "layer 'conv1d': is not used when the model is applied");
  const ids = tinyModel({
    inputs: [{ name: 'ids', shape: [null, 1], dtype: 'int32' }],
    layers: [['act', 'Activation']],
    forward: (layer, [x]) => layer('act', [x!], (_v: Tensor) => f64([[1]])),
  });
  const ig = new IntegratedGradients(ids, { layer: 'act' });
  await rejects(
    ig.explain([[1]], { attributeToLayerInputs: true }),
    'its inputs are integers: attribute to its outputs',
  );
  await rejects(ig.explain([[1.5]]), 'X: must hold integers, has 1.5 at [0,0]');
});

test.run();
