/**
 * The ledger of alibi's quirks, the second half (Q13-Q21): errors,
 * JSON, integers, shapes and memory. The first half is in ledger.test.ts.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation, IntegratedGradients, type ModelInput, type Target } from '../../src/attribution/index.ts';
import { mul } from '../../src/ops/binary.ts';
import { embedding } from '../../src/ops/indexing.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { reshape } from '../../src/ops/movement.ts';
import { sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { cast, sigmoid, sqrt } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { said } from '../support/warnings.ts';
import { affine, explainOne, type Model, rejects, values } from './closed-forms.ts';
import { f64, tinyModel } from './tiny-models.ts';

const test = suite("alibi's quirks, second half");
const total = (x: Tensor): Tensor => sum(x, { axes: [1], keepDims: true });
const logistic: Model = (x) => sigmoid(affine(x, [1, 2], 0));

test('Q13 a missing target on a model with several classes says what a target is', async () => {
  const f: Model = (x) => softmax(matmul(x, f64([[1, 2, 3]])));
  await rejects(
    new IntegratedGradients(f).explain(f64([[1]])),
    'target: the model has several outputs per sample: say which one to explain (output [N,3])\n' +
      'hint: a class from 0 to 2 (one per sample or one for all), or a function of the predictions',
  );
});

test('Q14 functions are written by name, NaN and infinities as standard JSON', async () => {
  function everythingIsOne(predictions: Tensor): number[] {
    return new Array(predictions.shape[0]).fill(1);
  }
  const ig = new IntegratedGradients(logistic, { targetFn: everythingIsOne });
  const explanation = await ig.explain(f64([[1, 2]]));
  const text = JSON.stringify(explanation);
  assert.is(JSON.parse(text).meta.params.targetFn, 'everythingIsOne');
  const infinite = await explainOne(sqrt, [4], { method: 'riemann_left' });
  const written = JSON.stringify(infinite);
  assert.match(written, '"Infinity"');
  assert.is(Explanation.fromJSON(written).attributions[0]!.item(), Number.POSITIVE_INFINITY);
});

test('Q15 what is read back has its arrays, and bad JSON is a clear error', async () => {
  const explanation = await explainOne(logistic, [1, 2], { target: 1 });
  const back = Explanation.fromJSON(JSON.stringify(explanation));
  assert.equal(back.attributions[0]!.toArray(), explanation.attributions[0]!.toArray());
  assert.is(back.target!.dtype, 'int32');
  assert.throws(() => Explanation.fromJSON('{"meta":{}}'), 'Explanation.fromJSON: the explanation has no data, extra');
  assert.throws(() => Explanation.fromJSON('no'), 'Explanation.fromJSON: the text is no JSON');
});

test('Q16 integers without a layer are refused with advice; alibi interpolates them', async () => {
  const model = tinyModel({
    inputs: [{ name: 'ids', shape: [null, 2], dtype: 'int32' }],
    layers: [['tokens', 'Embedding']],
    forward: (call, [ids]) =>
      total(
        reshape(
          call('tokens', [ids!], (t) =>
            embedding(
              f64([
                [0, 0],
                [1, 2],
              ]),
              t,
            ),
          ),
          [-1, 4],
        ),
      ),
  });
  await rejects(
    new IntegratedGradients(model).explain([[1, 0]]),
    "X: holds integers (token ids?), and no path leads from one id to another\nhint: attribute to the embedding instead: layer: 'tokens'",
  );
  const f: Model = (x) => total(cast(x, 'float32'));
  const X = { data: Int32Array.of(3, 4), shape: [1, 2] };
  await rejects(new IntegratedGradients(f).explain(X), 'X: holds integers');
  const alibi = await new IntegratedGradients(f, { compat: 'alibi' }).explain(X, { baselines: 0.5 });
  // The weights of the rule are summed in float32.
  values(alibi.attributions[0]!).forEach((value, i) => {
    assert.ok(Math.abs(value - [3, 4][i]!) < 1e-6, `${value}`);
  });
});

test('Q16 an integer input beside others stays at X, with a warning', async () => {
  const f = (x: Tensor, ids: Tensor): Tensor => total(mul(x, embedding(f64([[1], [10]]), reshape(ids, [-1]))));
  const explanation = await new IntegratedGradients(f).explain([f64([[2]]), { data: Int32Array.of(1), shape: [1, 1] }]);
  assert.equal(explanation.attributions.map(values), [[20], [0]]);
  assert.equal(explanation.diagnostics.held, ['input_1']);
  assert.match(said(explanation), "'input_1' holds integers and stays at X");
});

test('Q17 any number is a baseline and any integer a target', async () => {
  for (const [baselines, target] of [
    [Math.fround(0.1), 1],
    [0, Math.fround(1)],
  ] as const) {
    assert.is(
      (await new IntegratedGradients(logistic).explain(f64([[1, 2]]), { baselines, target })).attributions.length,
      1,
    );
  }
});

test('Q18 one row of baseline serves all samples; any other shape is an error', async () => {
  const f: Model = (x) =>
    softmax(
      matmul(
        x,
        f64([
          [1, 2],
          [3, -1],
        ]),
      ),
    );
  const X = f64([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const ig = new IntegratedGradients(f);
  const row = await ig.explain(X, { baselines: f64([[0.5, 1]]), target: 0 });
  const rows = await ig.explain(X, {
    baselines: f64([
      [0.5, 1],
      [0.5, 1],
      [0.5, 1],
    ]),
    target: 0,
  });
  assert.equal(row.attributions[0]!.toArray(), rows.attributions[0]!.toArray());
  assert.equal(row.baselines[0]!.shape, [3, 2]);
  await rejects(
    ig.explain(X, { baselines: f64([0.5, 1]), target: 0 }),
    'baseline: needs the shape of X, or one row of it (got [2], X [3,2])\nhint: the batch axis is missing',
  );
});

test('Q19 no array holds more rows than internalBatchSize', async () => {
  const rows = new Set<number>();
  const f: Model = (x) => {
    rows.add(x.shape[0]!);
    return total(x);
  };
  const X = tensor(new Float64Array(14).fill(1), [7, 2]);
  await new IntegratedGradients(f, { internalBatchSize: 4, nSteps: 9, strategy: 'brute' }).explain(X);
  assert.ok(Math.max(...rows) <= 4);
});

test('Q20 an empty batch, a batch size of 0 and one point of a Riemann rule are named errors', async () => {
  await rejects(
    new IntegratedGradients(logistic).explain({ data: new Float64Array(0), shape: [0, 2] }),
    'X: the batch is empty',
  );
  assert.throws(
    () => new IntegratedGradients(logistic, { internalBatchSize: 0 }),
    'internalBatchSize: must be a whole number',
  );
  const one = { method: 'riemann_left', nSteps: 1 } as const;
  assert.throws(() => new IntegratedGradients(logistic, one), 'nSteps: riemann_left needs at least 2 points');
});

test('Q21 NaN in a baseline is an error, an infinite gradient a warning that names the step', async () => {
  await rejects(
    new IntegratedGradients(logistic).explain(f64([[1, 2]]), {
      baselines: f64([[0, Number.NaN]]),
      target: 1 as Target,
    }),
    'baseline: has NaN at [0,1] (shape [1,2])',
  );
  await rejects(
    new IntegratedGradients(logistic).explain(f64([[1, 2]]) as ModelInput, { baselines: Number.NaN }),
    'baseline: has NaN',
  );
  const infinite = await explainOne(sqrt, [4], { method: 'riemann_left' });
  assert.match(said(infinite), 'not finite at step 0 (alpha 0) of sample 0');
});

test.run();
