/** Methods of noise, sampling and perturbation on functions whose attributions are known, what they share between samples, and what they refuse. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explainer } from '../../src/attribution/frame/explainer.ts';
import { Explanation } from '../../src/attribution/frame/explanation/explanation.ts';
import {
  ExpectedGradients,
  FeatureAblation,
  GradientShap,
  InputXGradient,
  IntegratedGradients,
  KernelShap,
  NoiseTunnel,
  Occlusion,
  Saliency,
  ShapleyValueSampling,
} from '../../src/attribution/methods/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { gather } from '../../src/ops/indexing.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { max, sum } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { square, tanh } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { affine, col, type Model, rejects } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const values = (t: Tensor): number[] => Array.from(t.data);
const close = (found: ArrayLike<number>, wanted: readonly number[], tolerance = 1e-12): void => {
  assert.is(found.length, wanted.length);
  wanted.forEach((value, i) => {
    assert.ok(Math.abs(found[i]! - value) <= tolerance, `${Array.from(found)} and ${wanted}`);
  });
};
const first = async (explainer: Explainer<never, Tensor | null>, x: Tensor, options: object = {}): Promise<number[]> =>
  values((await explainer.explain(x, options)).attributions[0]!);
const product: Model = (x) => mul(col(x, 0), col(x, 1));
const squares: Model = (x) => sum(square(x), { axes: 1, keepDims: true });

const forms = suite('closed forms of sampling methods');

forms('a place at an end of the line is that end to the last bit', async () => {
  const highest: Model = (x) => max(x, { axes: 1, keepDims: true });
  const far = f64([[1e6, 3, 0.7]]);
  const even = f64([[0.1, 0.1, 0.1]]);
  // All three are highest, and share what one would get.
  for (const [alpha, x, baselines] of [
    [1, even, far],
    [0, far, even],
  ] as const) {
    const found = await first(new ExpectedGradients(highest, { alphas: f64([alpha]), nSamples: 1 }), x, { baselines });
    close(
      found,
      Array.from(x.data, (value, i) => (value - baselines.data[i]!) / 3),
    );
  }
});

forms('61, 62 expected gradients over the baselines of a background', async () => {
  const half = { alphas: f64([0.5, 0.5]), nSamples: 2 };
  const background = { baselines: { kind: 'dataset', data: f64([[0], [1]]) } };
  close(await first(new ExpectedGradients(squares, half), f64([[2]]), background), [3.5]);
  const two = {
    baselines: {
      kind: 'dataset',
      data: f64([
        [0, 0],
        [1, -1],
      ]),
    },
  };
  close(await first(new ExpectedGradients(product, half), f64([[2, 3]]), two), [2, 4.5]);
  // Places of the seed: an average over 200 points of a smooth integrand.
  close(await first(new ExpectedGradients(product), f64([[2, 3]]), two), [2, 4.5], 0.03);
});

forms('64 occlusion and ablation count a product for each factor, Shapley values share it', async () => {
  const x = f64([[2, 3]]);
  close(await first(new FeatureAblation(product), x), [6, 6]);
  close(await first(new Occlusion(product, { window: 1 }), x), [6, 6]);
  close(await first(new KernelShap(product), x), [3, 3]);
  close(
    await first(
      new ShapleyValueSampling(product, {
        permutations: [
          [0, 1],
          [1, 0],
        ],
      }),
      x,
    ),
    [3, 3],
  );
});

forms('with all orders and with all coalitions Shapley values are the same', async () => {
  const f: Model = (x) => add(mul(product(x), col(x, 2)), tanh(affine(x, [1, -2, 0.5, 1], 0.3)));
  const permutations = permute([0, 1, 2, 3]);
  const [x, baselines] = [f64([[1.2, -0.7, 0.4, 2]]), f64([[0.1, 0.3, -0.2, 1]])];
  const orders = await first(new ShapleyValueSampling(f, { permutations }), x, { baselines });
  close(await first(new KernelShap(f), x, { baselines }), orders);
});

forms('averages over several baselines are those of the baselines', async () => {
  const x = f64([[2, 3]]);
  const data = f64([
    [0, 0],
    [1, -1],
  ]);
  const one = await first(new KernelShap(product), x, { baselines: f64([[0, 0]]) });
  const other = await first(new KernelShap(product), x, { baselines: f64([[1, -1]]) });
  const both = await first(new KernelShap(product), x, { baselines: { kind: 'dataset', data } });
  close(
    both,
    one.map((v, i) => (v + other[i]!) / 2),
  );
});

forms('noise on a linear score leaves its gradient as it is', async () => {
  const f: Model = (x) => affine(x, [2, -3, 0.5], 1);
  const x = f64([[1, 2, 3]]);
  const within = new Saliency(f, { abs: false });
  const by = (type: 'smoothgrad' | 'smoothgrad_sq' | 'vargrad'): Promise<number[]> =>
    first(new NoiseTunnel(within, { type, nSamples: 7, stdevs: 2 }), x);
  close(await by('smoothgrad'), [2, -3, 0.5]);
  close(await by('smoothgrad_sq'), [4, 9, 0.25]);
  close(await by('vargrad'), [0, 0, 0]);
});

forms('noise of a deviation on squares: mean and variance of the gradient', async () => {
  const x = f64([[1, -2]]);
  const options = { nSamples: 20_000, stdevs: [0.5], seed: 3 };
  const within = new Saliency(squares, { abs: false });
  close(await first(new NoiseTunnel(within, options), x), [2, -4], 0.03);
  close(await first(new NoiseTunnel(within, { ...options, type: 'vargrad' }), x), [1, 1], 0.03);
  // A share of the range of each sample: (1 - -2) / 6.
  const ofRange = new NoiseTunnel(within, { ...options, stdevs: { ofRange: 1 / 6 }, type: 'vargrad' });
  close(await first(ofRange, x), [1, 1], 0.03);
});

forms('a group has its value in shares, or whole on each feature', async () => {
  const x = f64([[2, 3, 5]]);
  const features = { mask: [[0, 0, 1]] };
  close(await first(new FeatureAblation(squares), x, { features }), [6.5, 6.5, 25]);
  close(await first(new FeatureAblation(squares, { groupValue: 'whole' }), x, { features }), [13, 13, 25]);
  const left = await new KernelShap(squares).explain(x, { features: { groups: { left: [0, 1] } } });
  close(values(left.attributions[0]!), [6.5, 6.5, 0]);
});

forms('what is in no group stays at X', async () => {
  const x = f64([[2, 3, 5]]);
  const triple: Model = (v) => mul(product(v), col(v, 2));
  // With feature 2 at 5 the other two share 30.
  const features = { mask: [[0, 1, -1]] };
  close(await first(new KernelShap(triple), x, { features }), [15, 15, 0]);
  close(
    await first(
      new ShapleyValueSampling(triple, {
        permutations: [
          [0, 1],
          [1, 0],
        ],
      }),
      x,
      { features },
    ),
    [15, 15, 0],
  );
});
forms(
  'occlusion shares what a window does among the features that it covers: a sum over a token is one fall, not one per dimension',
  async () => {
    // Two tokens of an embedding of 5: the usual window is a token.
    const f: Model = (x) => sum(x, { axes: [1, 2] });
    const x = tensor(
      Float64Array.from({ length: 10 }, (_, i) => i),
      [1, 2, 5],
    );
    close(await first(new Occlusion(f), x), [2, 2, 2, 2, 2, 7, 7, 7, 7, 7]);
    close(await first(new Occlusion(f, { groupValue: 'whole' }), x), [10, 10, 10, 10, 10, 35, 35, 35, 35, 35]);
    // The last window is cut off at the border: all of its fall is one feature's.
    const line: Model = (v) => sum(v, { axes: 1, keepDims: true });
    const cut = { window: [2], strides: [2] };
    close(await first(new Occlusion(line, cut), f64([[1, 2, 4]])), [1.5, 1.5, 4]);
    close(await first(new Occlusion(line, { ...cut, groupValue: 'whole' }), f64([[1, 2, 4]])), [3, 3, 4]);
  },
);

for (const make of [
  (f: Model) => new Occlusion(f),
  (f: Model) => new FeatureAblation(f),
  (f: Model) => new ShapleyValueSampling(f, { nSamples: 2 }),
  (f: Model) => new KernelShap(f, { nSamples: 4 }),
]) {
  const explainer = make((x) => sum(x, { axes: [1, 2] }));
  forms(`${explainer.meta.name}: sums over a token keep the units of the score`, async () => {
    const x = tensor(
      Float64Array.from({ length: 10 }, (_, i) => i + 1),
      [1, 2, 5],
    );
    const options = explainer.meta.name === 'Occlusion' ? {} : { features: { axes: 1 } };
    const found = await first(explainer as Explainer<Model, Tensor | null>, x, options);
    const sums = [found.slice(0, 5), found.slice(5)].map((part) => part.reduce((all, v) => all + v, 0));
    close(sums, [15, 40], 1e-9);
  });
}

forms('what is drawn comes near the exact values, and nearer with more', async () => {
  const [w1, w2] = [tensor(randomNormal(12 * 6, 3), [12, 6]), tensor(randomNormal(6, 4), [6, 1])];
  const f: Model = (x) => matmul(tanh(mul(matmul(x, w1), 0.3)), w2);
  const x = tensor(randomNormal(12, 5), [1, 12]);
  const exact = await first(new KernelShap(f, { nSamples: 5000 }), x);
  const scale = Math.max(...exact.map(Math.abs));
  const off = async (explainer: Explainer<never, Tensor | null>): Promise<number> =>
    Math.max(...(await first(explainer, x)).map((value, i) => Math.abs(value - exact[i]!))) / scale;
  const [few, many] = [
    await off(new KernelShap(f, { nSamples: 60 })),
    await off(new KernelShap(f, { nSamples: 1500 })),
  ];
  assert.ok(few < 0.1 && many < few / 2, `${few} and ${many}`);
  const [some, more] = [
    await off(new ShapleyValueSampling(f, { nSamples: 10 })),
    await off(new ShapleyValueSampling(f, { nSamples: 400 })),
  ];
  assert.ok(some < 0.5 && more < some / 2 && more < 0.05, `${some} and ${more}`);
});

forms('settings and values survive JSON', async () => {
  for (const explainer of [
    new NoiseTunnel(new Occlusion(squares, { window: [2], strides: [1] }), { nSamples: 2, stdevs: [0.5] }),
    new KernelShap(squares),
  ]) {
    const explained = await explainer.explain(f64([[1, 2, 3]]));
    const back = Explanation.fromJSON(JSON.stringify(explained));
    assert.equal(back.meta, explained.meta);
    assert.equal(back.attributions[0]!.data, explained.attributions[0]!.data);
  }
});

forms('what is at its baseline gets 0 and costs no row', async () => {
  const f: Model = (x) => mul(product(x), add(col(x, 2), col(x, 3)));
  // Feature 1 is at its baseline in the first sample, all are in the second.
  const [x, baselines] = [
    f64([
      [2, 3, 5, 1],
      [1, 3, 1, 1],
    ]),
    f64([[1, 3, 1, 1]]),
  ];
  const explained = await new KernelShap(f).explain(x, { baselines });
  const orders = await new ShapleyValueSampling(f, { permutations: permute([0, 1, 2, 3]) }).explain(x, { baselines });
  close(values(explained.attributions[0]!), [12, 0, 18, 0, 0, 0, 0, 0]);
  close(values(orders.attributions[0]!), [12, 0, 18, 0, 0, 0, 0, 0]);
  // Of two groups, each alone.
  assert.is(explained.nSteps, 2);
  assert.is(orders.nSteps, 24);
  for (const method of [new FeatureAblation(f), new Occlusion(f, { window: 1 })]) {
    const { attributions, nSteps } = await method.explain(x, { baselines });
    close(values(attributions[0]!), [18, 0, 24, 0, 0, 0, 0, 0]);
    assert.is(nSteps, 2);
  }
});
forms.run();

function permute(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permute(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

const weights = tensor(randomNormal(4 * 3, 1), [4, 3]);
const net: Model = (x) => softmax(matmul(tanh(x), weights));
const X = tensor(randomNormal(5 * 4, 2), [5, 4]);
const row = (t: Tensor, i: number): Tensor => tensor(t.data.slice(i * 4, (i + 1) * 4), [1, 4]);
const all = (options: { internalBatchSize?: number } = {}): [string, Explainer<Model, Tensor | null>, object][] => {
  const background = { baselines: { kind: 'dataset', data: tensor(randomNormal(3 * 4, 9), [3, 4]) } };
  return [
    ['NoiseTunnel', new NoiseTunnel(new Saliency(net, options), { nSamples: 6 }), {}],
    ['NoiseTunnel of IntegratedGradients', new NoiseTunnel(new IntegratedGradients(net, options), { nSamples: 6 }), {}],
    ['NoiseTunnel of KernelShap', new NoiseTunnel(new KernelShap(net, options), { nSamples: 6 }), {}],
    ['GradientShap', new GradientShap(net, { ...options, nSamples: 10, stdevs: 0.3 }), background],
    ['ExpectedGradients', new ExpectedGradients(net, { ...options, nSamples: 10 }), background],
    ['Occlusion', new Occlusion(net, { ...options, window: 2 }), background],
    ['FeatureAblation', new FeatureAblation(net, options), { features: { mask: [[0, 1, 1, 2]] } }],
    ['ShapleyValueSampling', new ShapleyValueSampling(net, { ...options, nSamples: 4 }), background],
    ['KernelShap', new KernelShap(net, { ...options, nSamples: 10 }), background],
  ];
};

const shared = suite('samples beside each other');
for (const [name, explainer, options] of all()) {
  shared(`${name}: a sample is explained in the same way alone and in a batch`, async () => {
    const target = [0, 1, 2, 0, 1];
    const together = values((await explainer.explain(X, { ...options, target })).attributions[0]!);
    for (const i of [0, 3, 4]) {
      const alone = values((await explainer.explain(row(X, i), { ...options, target: [target[i]!] })).attributions[0]!);
      assert.equal(together.slice(i * 4, (i + 1) * 4), alone);
    }
  });

  shared(`${name}: chunks of any size, and targets together or one by one, give the same`, async () => {
    const whole = values((await explainer.explain(X, { ...options, target: 1 })).attributions[0]!);
    for (const internalBatchSize of [1, 3, 7]) {
      const [, cut] = all({ internalBatchSize }).find(([other]) => other === name)!;
      const found = values((await cut.explain(X, { ...options, target: 1 })).attributions[0]!);
      // Integrated gradients add up their points chunk by chunk.
      if (name.includes('Integrated')) close(found, whole, 1e-14);
      else assert.equal(found, whole);
    }
    const every = await explainer.explain(X, { ...options, target: 'all' });
    assert.equal(values(every[1]!.attributions[0]!), whole);
  });
}

shared('a mask for each sample', async () => {
  const masks = tensor(Int32Array.of(0, 0, 1, 1, 0, 1, 1, 2), [2, 4]);
  const two = tensor(X.data.slice(0, 8), [2, 4]);
  for (const explainer of [new KernelShap(net), new ShapleyValueSampling(net), new FeatureAblation(net)]) {
    const both = await first(explainer as Explainer<never, null>, two, { target: 0, features: { mask: masks } });
    const one = { target: 0, features: { mask: [[0, 1, 1, 2]] } };
    close(both.slice(4), await first(explainer as Explainer<never, null>, row(X, 1), one), 1e-14);
  }
});

for (const [name, explainer, options] of all({ internalBatchSize: 7 })) {
  shared(`${name}: progress goes up to its total, which repeated work does not raise`, async () => {
    const seen: { done: number; total: number }[] = [];
    await explainer.explain(X, { ...options, target: 1, onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1)!;
    assert.is(last.done, last.total);
    // One baseline after another is announced as it comes.
    const totals = new Set(seen.map(({ total }) => total)).size;
    assert.ok(totals <= (name.startsWith('Noise') ? 4 : 8), `${totals} totals`);
  });
}

shared('the seed decides what is drawn', async () => {
  const by = (seed: number): Promise<number[]> =>
    first(new NoiseTunnel(new Saliency(net), { nSamples: 3, seed }), X, { target: 0 });
  assert.equal(await by(1), await by(1));
  assert.not.equal(await by(1), await by(2));
});
shared.run();

const where = suite('inputs, layers and integers');

const table = tensor(randomNormal(10 * 3, 4), [10, 3]);
const head = tensor(randomNormal(3 * 2, 5), [3, 2]);
const tokens = tinyModel({
  inputs: [{ name: 'tokens', shape: [null, 4], dtype: 'int32' }],
  layers: [['embedding', 'Embedding']],
  forward: (call, [ids]) => {
    const embedded = call('embedding', [ids!], (t) => gather(table, t, 0));
    return softmax(matmul(tanh(sum(embedded, { axes: 1 })), head));
  },
});
const ids = tensor(Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6), [2, 4]);

where('token ids are put to a padding id by methods that need no gradient', async () => {
  const byToken = await first(new FeatureAblation(tokens) as never, ids, { target: 1 });
  const features = { axes: 1 };
  const layered = new FeatureAblation(tokens, { layer: 'embedding' });
  const embedded = (await layered.explain(ids, { target: 1, features })).attributions[0]!;
  assert.equal(embedded.shape, [2, 4, 3]);
  // A token's value is shared by its embedding; padding is id 0 in both.
  const sums = Array.from({ length: 8 }, (_, i) => embedded.data[3 * i]! * 3);
  close(byToken, sums, 1e-14);
  const explained = await new KernelShap(tokens).explain(ids, { target: 1 });
  assert.equal(
    explained.warnings.map(({ code }) => code),
    [],
  );
  for (const { delta } of explained.completeness) assert.ok(Math.abs(delta) < 1e-14);
});

where('noise goes to a layer behind tokens', async () => {
  const noisy = new NoiseTunnel(new InputXGradient(tokens, { layer: 'embedding' }), { nSamples: 3 });
  const { attributions, meta } = await noisy.explain(ids, { target: 1 });
  assert.equal(attributions[0]!.shape, [2, 4, 3]);
  assert.is(meta.name, 'NoiseTunnel');
  assert.is(meta.params['explainer'], 'InputXGradient');
  assert.is(meta.params.layer, 0);
});

where('several inputs: a group over both, windows and deviations for each', async () => {
  const both = tinyModel({
    inputs: [floatInput('a', 2), floatInput('b', 1)],
    forward: (_, [a, b]) => mul(product(a!), b!),
  });
  const x = { a: f64([[2, 3]]), b: f64([[5]]) };
  const groups = { groups: { one: { a: [0], b: [0] }, other: { a: [1] } } };
  const [a, b] = (await new KernelShap(both, { groupValue: 'whole' }).explain(x, { features: groups })).attributions;
  close([...a!.data, ...b!.data], [15, 15, 15]);
  const windows = await new Occlusion(both, { window: [[1], [1]] }).explain(x);
  close([...windows.attributions[0]!.data, ...windows.attributions[1]!.data], [30, 30, 30]);
  const still = new NoiseTunnel(new Saliency(both), { stdevs: [0, 0], nSamples: 2 });
  close([...(await still.explain(x)).attributions[0]!.data], [15, 10]);
});

where('integers get no noise', async () => {
  const mixed = tinyModel({
    inputs: [{ name: 'n', shape: [null, 1], dtype: 'int32' }, floatInput('x', 2)],
    forward: (_, [, x]) => product(x!),
  });
  const explained = await new NoiseTunnel(new FeatureAblation(mixed), { nSamples: 3, stdevs: 0.5 }).explain({
    n: tensor(Int32Array.of(7), [1, 1]),
    x: f64([[1, 2]]),
  });
  assert.is(explained.attributions[0]!.data[0], 0);
});
where.run();

const refused = suite('what is refused');
const x = f64([[1, 2, 3]]);
const refuses = (name: string, make: () => Promise<unknown>, text: string): void => {
  refused(name, () => rejects(Promise.resolve().then(make), text));
};

refuses(
  'a budget of 0',
  async () => new KernelShap(squares, { nSamples: 0 }),
  'nSamples must be a whole number from 1 to 1000000000 (got 0)',
);
refuses(
  'no draws',
  async () => new NoiseTunnel(new Saliency(squares), { nSamples: 0 }),
  'NoiseTunnel: nSamples must be',
);
refuses('no points', async () => new GradientShap(squares, { nSamples: 0 }), 'GradientShap: nSamples must be');
refuses(
  'no places',
  async () => new ExpectedGradients(squares, { nSamples: 0.5 }),
  'ExpectedGradients: nSamples must be',
);
refuses(
  'no orders',
  async () => new ShapleyValueSampling(squares, { nSamples: 0 }),
  'ShapleyValueSampling: nSamples must be',
);
refuses(
  'no permutations',
  async () => new ShapleyValueSampling(squares, { permutations: [] }),
  'the number of permutations must be',
);
refuses(
  'a permutation that misses a group',
  () => new ShapleyValueSampling(squares, { permutations: [[0, 1, 1]] }).explain(x),
  'permutation 0 is none of 3 groups (got [0,1,1])',
);
refuses(
  'a budget and permutations',
  async () => new ShapleyValueSampling(squares, { nSamples: 3, permutations: [[0, 1, 2]] }),
  'permutations are given, so nSamples and seed say nothing',
);
refuses(
  'too few coalitions',
  () => new KernelShap(squares, { coalitions: [{ members: [0], weight: 1 }] }).explain(x),
  'the coalitions do not determine the attributions (coalitions 1, groups 3)',
);
refuses(
  'a coalition of all',
  () => new KernelShap(squares, { coalitions: [{ members: [0, 1, 2], weight: 1 }] }).explain(x),
  'coalition 0 is none',
);
refuses(
  'more groups than a fit can hold',
  () => new KernelShap((v: Tensor) => squares(v)).explain(tensor(new Float64Array(3000).fill(1), [1, 3000])),
  '3000 groups of features are too many',
);
refuses(
  'an unknown type',
  async () => new NoiseTunnel(new Saliency(squares), { type: 'smooth' as never }),
  "unknown type 'smooth'",
);
for (const seed of [null, -1, 'x'] as unknown as number[]) {
  for (const make of [
    () => new KernelShap(squares, { seed }),
    () => new ShapleyValueSampling(squares, { seed }),
    () => new ExpectedGradients(squares, { seed }),
    () => new GradientShap(squares, { seed }),
    () => new NoiseTunnel(new Saliency(squares), { seed }),
  ]) {
    refuses(`the seed ${seed} in ${make}`, async () => make(), 'seed is a whole number from 0');
  }
}
const nothing = null as unknown as number;
for (const make of [
  () => new KernelShap(squares, { nSamples: nothing }),
  () => new ShapleyValueSampling(squares, { nSamples: nothing }),
  () => new ExpectedGradients(squares, { nSamples: nothing }),
  () => new GradientShap(squares, { nSamples: nothing }),
  () => new NoiseTunnel(new Saliency(squares), { nSamples: nothing }),
]) {
  refuses(`null draws in ${make}`, async () => make(), 'nSamples must be a whole number');
}
refuses(
  'null deviations',
  async () => new NoiseTunnel(new Saliency(squares), { stdevs: nothing }),
  'NoiseTunnel stdevs',
);
refuses(
  'noise on token ids',
  () => {
    const ids = tinyModel({
      inputs: [{ name: 'n', shape: [null, 2], dtype: 'int32' }],
      forward: (_, [n]) => mul(n!, 0.5),
    });
    return new NoiseTunnel(new FeatureAblation(ids)).explain(tensor(Int32Array.of(1, 2), [1, 2]), { target: 0 });
  },
  'NoiseTunnel: integers get no noise, and all inputs are integers',
);
refuses(
  'a groupValue that there is not',
  async () => new Occlusion(squares, { groupValue: 'each' as never }),
  "Occlusion: unknown groupValue 'each'",
);
refuses('no method within', async () => new NoiseTunnel(squares as never), 'NoiseTunnel: goes around another method');
refuses(
  'a negative deviation',
  async () => new NoiseTunnel(new Saliency(squares), { stdevs: -1 }),
  'stdevs must be deviations',
);
refuses(
  'a deviation that is missing (it made every attribution NaN)',
  async () => new GradientShap(squares, { stdevs: {} as never }),
  'stdevs must be deviations',
);
refuses(
  'deviations and noise',
  async () => new NoiseTunnel(new Saliency(squares), { stdevs: 1, noise: f64([[[1]]]) }),
  'noise is given, so stdevs and seed say nothing',
);
refuses(
  'noise of another shape',
  () => new NoiseTunnel(new Saliency(squares), { nSamples: 2, noise: f64([[[1, 2, 3]]]) }).explain(x),
  'noise is [draws, samples or 1, ...] (got [1,1,3], wanted [2,1,3])',
);
refuses(
  'a seed beside alphas',
  async () => new ExpectedGradients(squares, { alphas: f64([0.5]), seed: 1 }),
  'ExpectedGradients: seed has no say: the places on the line are given as alphas',
);
refuses(
  'a seed where noise and alphas are given',
  async () => new GradientShap(squares, { alphas: f64([0.5]), noise: f64([[[1, 2, 3]]]), seed: 1 }),
  'GradientShap: seed has no say: noise and alphas are given',
);
refuses(
  'alphas beyond the line',
  () => new ExpectedGradients(squares, { nSamples: 1, alphas: f64([1.5]) }).explain(x),
  'alphas lie between 0 and 1 (got 1.5)',
);
refuses(
  'alphas of another number',
  () => new ExpectedGradients(squares, { nSamples: 3, alphas: f64([0.5]) }).explain(x),
  'alphas are [draws] or [draws, samples] (got [1], draws 3, samples 1)',
);
refuses(
  'a window beyond the row',
  () => new Occlusion(squares, { window: 4 }).explain(x),
  'Occlusion: the window is larger than the row',
);
refuses('strides without a window', async () => new Occlusion(squares, { strides: 1 }), 'strides need a window');
refuses(
  'groups that overlap',
  () => new FeatureAblation(squares).explain(x, { features: { groups: { a: [0, 1], b: [1] } } }),
  "the groups 'a' and 'b' overlap",
);
refuses('a seed that is none', async () => new KernelShap(squares, { seed: -1 }), 'seed is a whole number');
refuses(
  'an unknown option',
  async () => new KernelShap(squares, { nsamples: 3 } as never),
  "unknown option 'nsamples'",
);
refuses(
  'an unknown groupValue',
  async () => new KernelShap(squares, { groupValue: 'all' as never }),
  "unknown groupValue 'all'",
);
refuses(
  'groups of a method that has none',
  () => new Saliency(squares).explain(x, { features: { axes: 1 } } as never),
  "unknown option 'features'",
);
refused.run();
