/** LRP: what each rule keeps, linear layers found in graphs, what is at the ends of a model, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InputXGradient, LRP, type LRPOptions } from '../../../src/attribution/methods/index.ts';
import { linearBlocks } from '../../../src/attribution/rules/linear-block.ts';
import { Moving } from '../../../src/attribution/rules/moving.ts';
import { evaluate } from '../../../src/graph/evaluate.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import * as op from '../../../src/ops/index.ts';
import { PathgradError } from '../../../src/tensor/errors.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { f64, floatInput, tinyModel } from '../tiny-models.ts';

const test = suite('LRP');
type Model = (x: Tensor) => Tensor;
type Options = LRPOptions<Model>;

const drawn = (shape: readonly number[], seed: number, scale = 1): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from(randomNormal(size, seed), (v) => v * scale),
    [...shape],
  );
};
const { add, mul, relu, sub } = op;

/** Relevances of the samples of `x`, and what is left of the logits: sums and predictions. */
async function relevances(
  f: Model,
  x: Tensor,
  options: Options,
  target = 0,
): Promise<{ values: number[]; sums: number[]; scores: number[] }> {
  const explainer = new LRP(f, { dtype: 'float64', ...options });
  const { attributions, predictions } = await explainer.explain(x, { target });
  const values = [...attributions[0]!.data];
  const [rows, width] = [x.shape[0]!, x.size / x.shape[0]!];
  const classes = predictions.size / rows;
  return {
    values,
    sums: Array.from({ length: rows }, (_, r) => values.slice(r * width, (r + 1) * width).reduce((a, b) => a + b, 0)),
    scores: Array.from({ length: rows }, (_, r) => predictions.data[r * classes + target]!),
  };
}

function near(found: readonly number[], wanted: readonly number[], bound: number): void {
  assert.is(found.length, wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  found.forEach((value, i) => {
    assert.ok(Math.abs(value - wanted[i]!) <= bound * scale, `${i}: ${value} instead of ${wanted[i]}`);
  });
}

/** A CNN without biases. */
const unbiased: Model = (x) => {
  const h = relu(op.conv2d(x, drawn([3, 3, 2, 4], 1), { padding: 'same' }));
  const pooled = op.maxPool(add(h, relu(op.conv2d(h, drawn([3, 3, 4, 4], 2), { padding: 'same' }))), { window: 2 });
  const mean = op.mean(op.leakyRelu(op.conv2d(pooled, drawn([2, 2, 4, 5], 3))), { axes: [1, 2] });
  return op.dense(op.concat([mean, op.tanh(mean)], 1), drawn([10, 3], 4));
};
const pictures = drawn([3, 6, 6, 2], 9);
const tiny = { stabilizer: 1e-13 };

for (const [options, bound] of [
  [{ rule: 'epsilon', epsilon: 1e-13 }, 1e-8],
  [{ rule: 'gamma' }, 1e-8],
  [{ rule: 'gamma', gamma: 3 }, 1e-8],
  [{ rule: 'alpha-beta' }, 1e-8],
  [{ rule: 'alpha-beta', alpha: 1.5, beta: 0.5 }, 1e-8],
  [{ rule: 'z-plus' }, 1e-8],
  [{ rule: 'epsilon-plus-flat', epsilon: 1e-13 }, 1e-8],
  [{ rule: 'epsilon-alpha2-beta1-flat', epsilon: 1e-13 }, 1e-8],
  [{ rule: 'epsilon-gamma-box', epsilon: 1e-13, low: -5, high: 5 }, 1e-8],
] as const) {
  test(`without biases all of the logit arrives: ${JSON.stringify(options)}`, async () => {
    const { sums, scores } = await relevances(unbiased, pictures, { ...options, ...tiny });
    near(sums, scores, bound);
  });
}

test('a bias takes its share, under the flat rule of the first layer none', async () => {
  const f: Model = (x) =>
    op.dense(
      x,
      f64([
        [2, 5],
        [1, 5],
      ]),
      f64([3, 5]),
    );
  const x = f64([[1, 1]]);
  near((await relevances(f, x, { rule: 'epsilon', ...tiny })).values, [2, 1], 1e-6);
  near((await relevances(f, x, { rule: 'epsilon', epsilon: 6 })).values, [1, 0.5], 1e-12);
  near((await relevances(f, x, { rule: 'epsilon-plus-flat', ...tiny })).values, [3, 3], 1e-6);
});

test('without biases the epsilon rule on relus is input times gradient (Ancona et al. 2018)', async () => {
  const f: Model = (x) =>
    op.dense(relu(op.dense(relu(op.dense(x, drawn([5, 7], 1))), drawn([7, 6], 2))), drawn([6, 2], 3));
  const x = drawn([4, 5], 4);
  const { values } = await relevances(f, x, { rule: 'epsilon', epsilon: 1e-14 }, 1);
  const gradients = await new InputXGradient(f).explain(x, { target: 1 });
  near(values, [...gradients.attributions[0]!.data], 1e-10);
});

const channels = {
  mean: drawn([4], 1),
  variance: f64([1, 2, 0.5, 3]),
  gamma: f64([2, -1, 0.5, 1]),
  beta: drawn([4], 2),
};
const layers: { readonly [name: string]: readonly [f: Model, shape: readonly number[], nodes: number] } = {
  'a convolution with bias and batch normalization': [
    (x) => op.batchNorm(add(op.conv2d(x, drawn([3, 3, 2, 4], 3)), drawn([4], 4)), channels),
    [2, 5, 5, 2],
    1,
  ],
  'a grouped convolution with batch normalization': [
    (x) => op.batchNorm(op.conv2d(x, drawn([2, 2, 1, 4], 3), { groups: 2 }), channels),
    [2, 4, 4, 2],
    1,
  ],
  'a transposed convolution with batch normalization': [
    (x) => op.batchNorm(add(op.convTranspose(x, drawn([3, 4, 2], 3), { stride: 2 }), drawn([4], 5)), channels),
    [2, 4, 2],
    1,
  ],
  'a dense layer over steps': [(x) => mul(op.dense(x, drawn([3, 4], 1), drawn([4], 2)), 0.5), [2, 5, 3], 1],
  'weights that stand first': [(x) => add(op.matmul(drawn([4, 5], 1), x), drawn([4, 1], 2)), [2, 5, 3], 1],
  'transposed weights': [
    (x) => op.batchNorm(op.matmul(x, drawn([4, 3], 1), { transposeB: true }), channels),
    [2, 5, 3],
    1,
  ],
  'what is taken from a constant': [(x) => op.div(sub(1, op.dense(x, drawn([3, 4], 1), drawn([4], 2))), 3), [2, 3], 1],
};

for (const [name, [f, shape, count]] of Object.entries(layers)) {
  test(`one linear layer: ${name}`, async () => {
    const x = drawn(shape, 7);
    const y = f(x);
    const blocks = [...linearBlocks(new Moving(y, [x])).values()];
    assert.is(blocks.length, count);
    const [block] = blocks;
    assert.is(block!.z, y, 'everything is merged');
    const mapped = block!.apply(block!.x, block!.weights);
    const z = evaluate(block!.bias ? add(mapped, block!.bias) : mapped);
    near([...z.data], [...evaluate(y).data], 1e-13);
    // <W x, g> = <x, W^T g>
    const g = drawn(y.shape, 8);
    const inner = (a: Tensor, b: Tensor): number => evaluate(op.sum(mul(a, b))).data[0]!;
    near([inner(mapped, g)], [inner(block!.x, block!.pullBack(g, block!.weights))], 1e-12);
  });
}

test('a layer whose result others read, too, is not merged with what follows', () => {
  const x = drawn([2, 3], 1);
  const h = op.dense(x, drawn([3, 4], 2));
  const y = add(op.batchNorm(h, channels), relu(h));
  const blocks = [...linearBlocks(new Moving(y, [x])).values()];
  assert.is(blocks.length, 1);
  assert.is(blocks[0]!.z, h);
});

test('a softmax or a sigmoid at the end is left out', async () => {
  const x = drawn([2, 3], 1);
  const logits: Model = (t) => op.dense(op.gelu(op.dense(t, drawn([3, 4], 2))), drawn([4, 3], 3), drawn([3], 4));
  const { values } = await relevances(logits, x, { rule: 'gamma' }, 2);
  near((await relevances((t) => op.softmax(logits(t)), x, { rule: 'gamma' }, 2)).values, values, 1e-14);
  const one: Model = (t) => op.slice(logits(t), { 1: [2, 3] });
  const binary: Model = (t) => op.sigmoid(one(t));
  near((await relevances(binary, x, { rule: 'gamma' }, 1)).values, values, 1e-14);
  near(
    (await relevances(binary, x, { rule: 'gamma' }, 0)).values,
    values.map((v) => -v),
    1e-14,
  );
});

test('elementwise functions, scales and shifts hand on what they get', async () => {
  const x = drawn([2, 4], 3);
  const linear: Model = (t) => op.dense(t, drawn([4, 2], 1));
  const plain = (await relevances(linear, x, { rule: 'z-plus' })).values;
  for (const f of [
    op.silu,
    op.relu6,
    op.softsign,
    (t: Tensor) => op.neg(op.elu(t)),
    (t: Tensor) => op.prelu(t, f64([0.1, 0.2, 0.3, 0.4])),
  ]) {
    const { sums, scores } = await relevances((t) => linear(f(t)), x, { rule: 'epsilon', epsilon: 1e-13, ...tiny });
    near(sums, scores, 1e-8);
  }
  near(
    (await relevances((t) => linear(op.tanh(t)), x, { rule: 'z-plus' })).values.map(Math.sign),
    plain.map(Math.sign),
    0,
  );
  // No linear layer stands before this batch normalization.
  const { sums, scores } = await relevances((t) => linear(op.batchNorm(t, channels)), x, {
    rule: 'epsilon',
    ...tiny,
    epsilon: 1e-13,
  });
  near(sums, scores, 1e-8);
  const masked = await relevances((t) => linear(mul(t, f64([1, 0, 1, 1]))), x, { rule: 'z-plus' });
  assert.is(masked.values[1], 0);
});

test('layers inside a model have no first layer behind them', async () => {
  const model = tinyModel({
    inputs: [floatInput('x', 5, 5, 2)],
    layers: [
      ['first', 'Conv2D'],
      ['second', 'Conv2D'],
    ],
    forward: (call, [x]) => {
      const h = call('first', [x!], (t) => relu(op.conv2d(t, drawn([2, 2, 2, 3], 1))));
      const z = call('second', [h], (t) => relu(op.conv2d(t, drawn([2, 2, 3, 3], 2))));
      return op.dense(op.mean(z, { axes: [1, 2] }), drawn([3, 2], 3));
    },
  });
  const x = drawn([2, 5, 5, 2], 4);
  const of = async (rule: 'epsilon-plus' | 'epsilon-plus-flat', layer: string | null): Promise<number[]> => {
    const { attributions } = await new LRP(model, { rule, layer }).explain(x, { target: 1 });
    return [...attributions[0]!.data];
  };
  assert.equal(await of('epsilon-plus-flat', 'first'), await of('epsilon-plus', 'first'));
  assert.not.equal(await of('epsilon-plus-flat', null), await of('epsilon-plus', null));
});

test('all targets at once are the same bits as one by one', async () => {
  const f: Model = (x) => op.softmax(op.dense(relu(op.dense(x, drawn([3, 5], 1))), drawn([5, 18], 2)));
  const X = f64([
    [0.3, -1, 2],
    [1, 1, 0.1],
  ]);
  const explainer = new LRP(f, { rule: 'alpha-beta' });
  const all = await explainer.explain(X, { target: 'all' });
  for (const target of [0, 7, 17]) {
    const one = await explainer.explain(X, { target });
    assert.equal(one.attributions[0]!.data, all[target]!.attributions[0]!.data);
  }
});

const refused: { readonly [what: string]: readonly [f: Model, op: string] } = {
  gates: [(x) => mul(op.dense(x, drawn([2, 2], 1)), op.sigmoid(op.dense(x, drawn([2, 2], 2)))), 'mul'],
  'a softmax inside': [(x) => op.dense(op.softmax(x), drawn([2, 1], 1)), 'softmax'],
  'layer normalization': [(x) => op.dense(op.layerNorm(x), drawn([2, 1], 1)), 'standardizeRows'],
};
for (const [what, [f, name]] of Object.entries(refused)) {
  test(`refuses ${what}, by op and layer`, async () => {
    const model = tinyModel({
      inputs: [floatInput('x', 2)],
      layers: [['odd', 'Odd']],
      forward: (call, [x]) => call('odd', [relu(x!)], f),
    });
    try {
      await new LRP(model).explain(f64([[1, 2]]), { target: 0 });
      assert.unreachable('must be refused');
    } catch (error) {
      assert.instance(error, PathgradError);
      assert.ok(
        (error as Error).message.startsWith(`LRP: has no rule for the op '${name}' of layer 'odd'`),
        String(error),
      );
      assert.match((error as PathgradError).hint!, 'DeepLift');
    }
  });
}

test('options that make no sense are named', () => {
  for (const [options, message] of [
    [{ rule: 'epsilonn' }, /rule: unknown rule of LRP.*\nhint: did you mean 'epsilon'/],
    [{ gamma: 1 }, /gamma: has no say under the rule 'epsilon'\nhint: it belongs to gamma, epsilon-gamma-box/],
    [{ rule: 'alpha-beta', alpha: 3 }, /alpha: alpha - beta must be 1/],
    [{ rule: 'gamma', gamma: -1 }, /gamma: must not be negative/],
    [{ epsilon: 0 }, /epsilon: must be above 0/],
    [{ epsilon: 'x' }, /epsilon: must be a number/],
    [{ stabilizer: -1 }, /stabilizer: must be above 0/],
    [{ rule: 'epsilon-gamma-box', low: 1, high: 1 }, /low: must be below high/],
    [{ eps: 1 }, /LRP: unknown option 'eps'/],
  ] as const) {
    assert.throws(() => new LRP(unbiased, options as Options), message, JSON.stringify(options));
  }
});

test('baselines are refused: it compares with none', async () => {
  try {
    await new LRP(unbiased).explain(pictures, { target: 0, baselines: 0 });
    assert.unreachable('must be refused');
  } catch (error) {
    assert.match((error as Error).message, /baselines: LRP takes none/);
  }
});

test.run();
