/** Methods along paths of their own against closed forms, and what they say to settings and models that do not fit. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import {
  BlurIG,
  DiscretizedIG,
  GuidedIG,
  IDGI,
  IntegratedHessians,
  SequentialIG,
  XRAI,
} from '../../src/attribution/methods/index.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { gaussLog } from '../../src/quadrature/gauss-log.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { col, type Model, rejects, values } from './closed-forms.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const test = suite('closed forms of path methods');
const normal = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    randomNormal(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
    'float64',
  );
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, bound = 1e-10): void => {
  assert.is(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++)
    assert.ok(Math.abs(found[i]! - wanted[i]!) <= bound, `${i}: ${found[i]}, wanted ${wanted[i]}`);
};
const sumsOf = (t: Tensor): number[] => {
  const width = t.size / t.shape[0]!;
  return Array.from({ length: t.shape[0]! }, (_, i) =>
    Array.from(t.data.slice(i * width, (i + 1) * width)).reduce((a, b) => a + b, 0),
  );
};

const W = normal([4, 5], 1);
const V = normal([5, 1], 2);
const smooth: Model = (x) => o.matmul(o.tanh(o.matmul(x, W)), V);
const product: Model = (x) => o.mul(col(x, 0), col(x, 1));
const X = normal([3, 4], 3);
const b = normal([3, 4], 4);

test('GuidedIG on the straight line is the left Riemann sum', async () => {
  const guided = await new GuidedIG(smooth, { nSteps: 7, maxDistance: 0 }).explain(X, { baselines: b });
  const left = await new IntegratedGradients(smooth, { method: 'riemann_left', nSteps: 7 }).explain(X, {
    baselines: b,
  });
  near(guided.attributions[0]!.data, left.attributions[0]!.data, 1e-12);
});

test('GuidedIG: a feature that has gone all the way is where it goes, to the last bit', async () => {
  // The slope of the last feature says whether the other two, which go first, are equal.
  const f: Model = (x) => o.where(o.equal(col(x, 0), col(x, 1)), o.mul(col(x, 2), 100), o.mul(col(x, 2), 50));
  const baselines = f64([[5e5, 3, 2e6]]);
  const { attributions } = await new GuidedIG(f, { nSteps: 3, maxDistance: 1, fraction: 0.1 }).explain(
    f64([[0.1, 0.1, 0]]),
    { baselines },
  );
  // The first step takes them all the way and the last feature 333331.4 of its own.
  near([attributions[0]!.data[2]!], [-50 * 333331.4 - 100 * (2e6 - 333331.4)], 100);
});

test('GuidedIG: attributions come to the change of the score as steps grow, wherever the path goes', async () => {
  for (const maxDistance of [0.05, 1]) {
    const missed = async (nSteps: number): Promise<number> => {
      const { deltas } = await new GuidedIG(smooth, { nSteps, maxDistance, fraction: 0.3 }).explain(X, {
        baselines: b,
      });
      return Math.max(...deltas.data.map(Math.abs));
    };
    const [few, many] = [await missed(20), await missed(640)];
    assert.ok(many < few / 10 && many < 0.02, `${few} with 20 steps, ${many} with 640`);
  }
});

test('GuidedIG: a feature without effect gets 0, one that does not move gets 0, and flat models end', async () => {
  const f: Model = (x) => o.square(col(x, 0));
  const { attributions, warnings } = await new GuidedIG(f, { nSteps: 40, maxDistance: 0.5 }).explain(f64([[2, 5, 1]]), {
    baselines: f64([[0, 5, 0]]),
  });
  assert.equal([...attributions[0]!.data.slice(1)], [0, 0]);
  assert.equal(
    warnings.map(({ code }) => code),
    [],
  );
  const flat = await new GuidedIG((x: Tensor) => o.mul(col(x, 0), 0), { nSteps: 3 }).explain(X, { baselines: b });
  assert.ok(flat.attributions[0]!.data.every((value) => value === 0));
});

test('GuidedIG: an infinite slope is reported, and the path goes on', async () => {
  const f: Model = (x) => o.add(o.sqrt(col(x, 0)), col(x, 1));
  const { warnings, diagnostics } = await new GuidedIG(f, { nSteps: 5, maxDistance: 1 }).explain(f64([[1, 1]]));
  assert.equal(
    warnings.map(({ code }) => code),
    ['gradient-not-finite'],
  );
  assert.is(diagnostics.firstNonFinite?.sample, 0);
});

test('IDGI adds up to the change of the score for any number of steps, on either path', async () => {
  for (const options of [{ nSteps: 1 }, { nSteps: 6 }, { nSteps: 6, path: 'guided', maxDistance: 1 }] as const) {
    const { deltas } = await new IDGI(smooth, options).explain(X, { baselines: b });
    near(deltas.data, [0, 0, 0], 1e-13);
  }
});

test('IDGI of a linear model shares the change out by squared weights', async () => {
  const f: Model = (x) => o.sub(o.mul(col(x, 0), 3), o.mul(col(x, 1), 4));
  const { attributions } = await new IDGI(f, { nSteps: 3 }).explain(f64([[2, 1, 9]]));
  assert.equal(values(attributions[0]!), [0.72, 1.28, 0]); // the change is 2
});

test('IDGI: where the score jumps and slopes are 0, a warning says that the gradients do', async () => {
  const { warnings } = await new IDGI((x: Tensor) => o.floor(col(x, 0)), { nSteps: 4 }).explain(f64([[3]]));
  assert.ok(warnings.some(({ code }) => code === 'gradient-zero'));
});

const pictures = normal([2, 6, 7, 2], 5);
const mean = normal([84, 1], 6);
const look: Model = (x) => o.sigmoid(o.mul(o.matmul(o.reshape(x, [x.shape[0]!, -1]), mean), 0.1));

test('BlurIG comes to the change of the score from the blurred picture as steps grow', async () => {
  const missed = async (nSteps: number, spacing: 'linear' | 'sqrt'): Promise<number> => {
    const { completeness } = await new BlurIG(look, { nSteps, maxSigma: 4, gradStep: 1e-4, spacing }).explain(pictures);
    return Math.max(...completeness.map(({ relative }) => Math.abs(relative)));
  };
  // Kernels of another radius are another blur: what they jump by is never found.
  for (const [spacing, bound] of [
    ['linear', 1e-3],
    ['sqrt', 0.02],
  ] as const) {
    const [few, many] = [await missed(20, spacing), await missed(400, spacing)];
    assert.ok(many < few / 4 && many < bound, `${few} with 20 steps, ${many} with 400`);
  }
});

test('BlurIG takes grey pictures without an axis of channels where they are said to be some, several pictures, and says what its baseline was', async () => {
  const f = (x: Tensor, y: Tensor): Tensor =>
    o.add(o.sum(o.square(x), { axes: [1, 2] }), o.sum(y, { axes: [1, 2, 3] }));
  const X = [normal([2, 5, 5], 1), normal([2, 4, 6, 3], 2)];
  const { attributions, baselines } = await new BlurIG(f as never, { nSteps: 4, maxSigma: 2, grey: true }).explain(X);
  assert.equal(
    attributions.map(({ shape }) => shape),
    X.map(({ shape }) => shape),
  );
  assert.equal(
    baselines.map(({ shape }) => shape),
    X.map(({ shape }) => shape),
  );
  assert.ok(attributions.every((t) => t.data.some((value) => value !== 0)));
});

test('XRAI keeps the sum of the largest attributions over the channels, in regions of one value each', async () => {
  const black = { baselines: 0 };
  const ig = await new IntegratedGradients(look, { nSteps: 20 }).explain(pictures, black);
  const largest = o.max(ig.attributions[0]!, { axes: [3] });
  const wanted = sumsOf(
    tensor(
      Float64Array.from({ length: 84 }, (_, i) => Math.max(...ig.attributions[0]!.data.slice(2 * i, 2 * i + 2))),
      [2, 42],
    ),
  );
  assert.equal(largest.shape, [2, 6, 7]);
  const halves = tensor(
    Int32Array.from({ length: 42 }, (_, i) => Number(i % 7 > 3)),
    [6, 7],
  );
  const options = { nSteps: 20, minPixels: 1, segments: halves } as const;
  const { attributions, deltas } = await new XRAI(look, options).explain(pictures, black);
  assert.equal(attributions[0]!.shape, [2, 6, 7]);
  assert.is(deltas, null);
  near(sumsOf(attributions[0]!), wanted, 1e-12);
  assert.is(new Set(attributions[0]!.data.slice(0, 42)).size, 2);
  const own = await new XRAI(look, { ...options, segments: () => halves }).explain(pictures, black);
  assert.equal(own.attributions[0]!.data, attributions[0]!.data);
});

test("XRAI's own baselines are each picture's darkest and brightest value", async () => {
  const { baselines } = await new XRAI(look, {
    nSteps: 2,
    minPixels: 1,
    segments: tensor(new Int32Array(42), [6, 7]),
  }).explain(pictures);
  const [low, high] = [Math.min, Math.max].map((f) => f(...pictures.data.slice(84, 168)));
  assert.equal(baselines[0]!.shape, [2, 2, 6, 7, 2]);
  assert.equal([baselines[0]!.data[84], baselines[0]!.data[168 + 84]], [low, high]);
});

const E = normal([9, 3], 7);
const H = normal([12, 1], 8);
const tokens = tensor(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 4]);
const text = (head: (x: Tensor) => Tensor): ReturnType<typeof tinyModel> =>
  tinyModel({
    inputs: [{ name: 'tokens', shape: [null, 4], dtype: 'int32' }],
    layers: [['embedding', 'Embedding']],
    forward: (call, [ids]) => head(call('embedding', [ids!], (t) => o.gather(E, t))),
  });
const linearText = text((x) => o.matmul(o.reshape(x, [x.shape[0]!, 12]), H));
const curvedText = text((x) => o.tanh(o.mul(o.matmul(o.reshape(x, [x.shape[0]!, 12]), H), 0.2)));

test('DiscretizedIG of a linear model adds up exactly, by way of words', async () => {
  const options = { layer: 'embedding', words: E, nSteps: 5, neighbors: 3 } as const;
  for (const anchors of ['greedy', 'maxcount'] as const) {
    const { deltas, attributions } = await new DiscretizedIG(linearText, { ...options, anchors }).explain(tokens);
    near(deltas.data, [0, 0], 1e-12);
    assert.equal(attributions[0]!.shape, [2, 4, 3]);
  }
});

test('DiscretizedIG by trapezoids is exact for squares, and closer than the left sum elsewhere', async () => {
  const options = { layer: 'embedding', words: E, nSteps: 6, neighbors: 4 } as const;
  const squares = text((x) => o.sum(o.square(x), { axes: [1, 2] }));
  near((await new DiscretizedIG(squares, options).explain(tokens)).deltas.data, [0, 0], 1e-12);
  const [left, both] = [
    new DiscretizedIG(curvedText, { ...options, rule: 'left' }),
    new DiscretizedIG(curvedText, options),
  ];
  const [far, close] = [await left.explain(tokens), await both.explain(tokens)];
  assert.ok(Math.abs(close.deltas.data[0]!) < Math.abs(far.deltas.data[0]!) / 3);
});

test('DiscretizedIG: a special token jumps, from which a curved model gets another attribution', async () => {
  const options = { layer: 'embedding', words: E, nSteps: 6, neighbors: 4 } as const;
  const free = await new DiscretizedIG(curvedText, options).explain(tokens);
  const fixed = await new DiscretizedIG(curvedText, { ...options, specialTokens: [3] }).explain(tokens);
  assert.not.equal(fixed.attributions[0]!.data.slice(0, 12), free.attributions[0]!.data.slice(0, 12));
  assert.equal(fixed.attributions[0]!.data.slice(12), free.attributions[0]!.data.slice(12));
});

test('DiscretizedIG says what words it lacks', async () => {
  const explain = (options: object, model = curvedText): Promise<unknown> =>
    new DiscretizedIG(model, { nSteps: 4, layer: 'embedding', ...options }).explain(tokens);
  await rejects(explain({}), 'DiscretizedIG: needs to know the vectors of the words');
  await rejects(explain({ words: normal([9, 3], 1) }), 'a vector of the text is that of no word (sample 0, place 0)');
  await rejects(explain({ words: normal([9, 2], 1) }), 'needs vectors of words, as long as those of the words');
  assert.throws(
    () => explain({ words: normal([9], 1) }),
    /words: needs a vector per word, \[words, dim\] \(got \[9\]\)/,
  );
  await rejects(explain({ layer: null, words: E }), 'holds integers');
});

test('SequentialIG: the attributions of a word add up to what the score loses without it', async () => {
  const { attributions, deltas } = await new SequentialIG(curvedText, { layer: 'embedding', nSteps: 20 }).explain(
    tokens,
    { baselines: 0 },
  );
  assert.is(deltas, null);
  const score = (ids: Int32Array): number[] => {
    const rows = Array.from(ids, (id) => [...E.data.slice(3 * id, 3 * id + 3)]).flat();
    return [0, 1].map((r) =>
      Math.tanh(0.2 * rows.slice(12 * r, 12 * r + 12).reduce((sum, v, i) => sum + v * H.data[i]!, 0)),
    );
  };
  const before = score(tokens.data as Int32Array);
  for (let word = 0; word < 4; word++) {
    const without = (tokens.data as Int32Array).slice();
    for (const row of [0, 1]) without[4 * row + word] = 0;
    const wanted = score(without).map((s, i) => before[i]! - s);
    const found = [0, 1].map((row) =>
      Array.from(attributions[0]!.data.slice(12 * row + 3 * word, 12 * row + 3 * word + 3)).reduce((a, b) => a + b, 0),
    );
    near(found, wanted, 1e-12);
  }
});

test('SequentialIG of a sum is integrated gradients', async () => {
  const f: Model = (x) => o.sum(o.sin(x), { axes: [1], keepDims: true });
  const [one, other] = [new SequentialIG(f, { nSteps: 9 }), new IntegratedGradients(f, { nSteps: 9 })];
  const found = await one.explain(X, { baselines: b });
  near(found.attributions[0]!.data, (await other.explain(X, { baselines: b })).attributions[0]!.data, 1e-12);
});

test('IntegratedHessians of a product: a half of it in every place', async () => {
  const { attributions, deltas } = await new IntegratedHessians(product, { nSteps: 2 }).explain(f64([[2, 3]]));
  assert.equal(attributions[0]!.shape, [1, 2, 2]);
  assert.equal(values(attributions[0]!), [1.5, 1.5, 1.5, 1.5]);
  near(deltas.data, [0]);
});

test('IntegratedHessians: rows add up to integrated gradients, tables are symmetric, lone features have no partners', async () => {
  for (const method of ['gausslog', 'gausslegendre'] as const) {
    const { attributions } = await new IntegratedHessians(smooth, { nSteps: 24, method }).explain(X, { baselines: b });
    const table = attributions[0]!;
    const ig = await new IntegratedGradients(smooth, { nSteps: 60 }).explain(X, { baselines: b });
    near(sumsOf(tensor(table.data, [12, 4])), ig.attributions[0]!.data, 1e-7);
    for (let n = 0; n < 3; n++)
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < i; j++) near([table.data[16 * n + 4 * i + j]!], [table.data[16 * n + 4 * j + i]!], 1e-12);
  }
  const lone: Model = (x) => o.add(o.square(col(x, 0)), o.exp(col(x, 1)));
  const { attributions } = await new IntegratedHessians(lone).explain(f64([[2, 1]]));
  near(attributions[0]!.data, [4, 0, 0, Math.E - 1], 1e-12);
});

test('IntegratedHessians: words are sums over their dimensions, inputs have a table each', async () => {
  const options = { layer: 'embedding', nSteps: 4 } as const;
  const [all, words] = [
    new IntegratedHessians(curvedText, options),
    new IntegratedHessians(curvedText, { ...options, pairs: 'words' }),
  ];
  const [fine, coarse] = [await all.explain(tokens), await words.explain(tokens)];
  assert.equal(
    [fine.attributions[0]!.shape, coarse.attributions[0]!.shape],
    [
      [2, 12, 12],
      [2, 4, 4],
    ],
  );
  const summed = new Float64Array(32);
  fine.attributions[0]!.data.forEach((value, at) => {
    const [n, i, j] = [Math.floor(at / 144), Math.floor((at % 144) / 12), at % 12];
    summed[16 * n + 4 * Math.floor(i / 3) + Math.floor(j / 3)]! += value;
  });
  near(coarse.attributions[0]!.data, summed, 1e-12);
  const f = (x: Tensor, y: Tensor): Tensor => o.mul(col(x, 0), o.square(col(y, 1)));
  const two = await new IntegratedHessians(f as never).explain([f64([[2]]), f64([[5, 3]])]);
  assert.equal(
    two.attributions.map(({ shape }) => shape),
    [
      [1, 1, 3],
      [1, 2, 3],
    ],
  );
  near([...two.attributions[0]!.data, ...two.attributions[1]!.data], [2, 0, 4, 0, 0, 0, 4, 0, 8], 1e-12);
});

test('IntegratedHessians: softplus brings back what a relu hides', async () => {
  const f: Model = (x) => o.relu(o.sub(o.add(col(x, 0), col(x, 1)), 1));
  const plain = await new IntegratedHessians(f, { nSteps: 100, softplus: null }).explain(f64([[2, 2]]));
  assert.is(plain.attributions[0]!.data[1], 0);
  assert.ok(plain.warnings.some(({ code }) => code === 'incomplete'));
  const soft = await new IntegratedHessians(f, { nSteps: 100 }).explain(f64([[2, 2]]));
  assert.ok(soft.attributions[0]!.data[1]! > 0.3);
  assert.equal(
    soft.warnings.filter(({ code }) => code === 'incomplete'),
    [],
  );
  const own = await new IntegratedHessians(
    (x: Tensor) => o.div(o.softplus(o.mul(o.sub(o.add(col(x, 0), col(x, 1)), 1), 10)), 10),
    { nSteps: 100 },
  ).explain(f64([[2, 2]]));
  near(soft.attributions[0]!.data, own.attributions[0]!.data, 1e-12);
});

test('Gauss quadrature for -ln t is exact up to degree 2n - 1', () => {
  for (const n of [1, 2, 7, 40, 200]) {
    const { alphas, weights } = gaussLog(n);
    for (const degree of [0, 1, n, 2 * n - 1]) {
      const sum = weights.reduce((all, w, k) => all + w * alphas[k]! ** degree, 0);
      near([sum * (degree + 1) ** 2], [1], 1e-12);
    }
  }
  near(gaussLog(2).alphas, [0.112008806166976, 0.602276908118738], 1e-14);
  assert.throws(() => gaussLog(201), /gaussLog: n must be an integer from 1 to 200/);
});

const picture: Model = (x) => o.sum(x, { axes: [1, 2] });
const constructors: readonly (readonly [name: string, make: () => unknown, text: string])[] = [
  [
    'GuidedIG of no steps',
    () => new GuidedIG(smooth, { nSteps: 0 }),
    'nSteps: must be a whole number of points on the path, from 1 to 1000000 (got 0)\nhint: 200 is usual',
  ],
  [
    'GuidedIG of no features',
    () => new GuidedIG(smooth, { fraction: 0 }),
    'fraction: must be a share of the features, above 0 and at most 1 (got 0)',
  ],
  [
    'GuidedIG beyond the ends',
    () => new GuidedIG(smooth, { maxDistance: 2 }),
    'maxDistance: must be a share of the way, from 0 to 1 (got 2)',
  ],
  [
    'GuidedIG with an option of others',
    () => new GuidedIG(smooth, { nstep: 3 } as never),
    "GuidedIG: unknown option 'nstep'\nhint: did you mean 'nSteps'?",
  ],
  [
    'IDGI on an unknown path',
    () => new IDGI(smooth, { path: 'guide' as never }),
    "path: unknown path 'guide'\nhint: did you mean 'guided'?",
  ],
  [
    'IDGI with what the guided path has',
    () => new IDGI(smooth, { fraction: 0.5 }),
    "IDGI: fraction and maxDistance belong to the guided path\nhint: set path: 'guided'",
  ],
  [
    'BlurIG without blur',
    () => new BlurIG(picture, { maxSigma: 0 }),
    'maxSigma: must be a positive number of pixels (got 0',
  ],
  ['BlurIG of no steps', () => new BlurIG(picture, { nSteps: 0 }), 'nSteps: must be a whole number'],
  [
    'BlurIG with a spacing that there is not',
    () => new BlurIG(picture, { spacing: 'log' as never }),
    "spacing: unknown spacing 'log'",
  ],
  [
    'BlurIG of a layer',
    () => new BlurIG(curvedText, { layer: 'embedding' } as never),
    'BlurIG: blurs the pictures that go into the model',
  ],
  ['XRAI of no steps', () => new XRAI(picture, { nSteps: 0 }), 'nSteps: must be at least 1 (got 0)'],
  [
    'XRAI of no pixels',
    () => new XRAI(picture, { minPixels: 0 }),
    'minPixels: the fewest pixels of a region is a whole number from 1 up (got 0)',
  ],
  ['XRAI of no area', () => new XRAI(picture, { areaThreshold: 0 }), 'areaThreshold: must be a share of the picture'],
  [
    'XRAI by an algorithm that there is not',
    () => new XRAI(picture, { algorithm: 'quick' as never }),
    "algorithm: unknown algorithm 'quick'",
  ],
  [
    'DiscretizedIG of one point',
    () => new DiscretizedIG(curvedText, { nSteps: 1 }),
    'nSteps: must be a whole number of points on the path, from 2',
  ],
  [
    'DiscretizedIG without neighbours',
    () => new DiscretizedIG(curvedText, { neighbors: 0 }),
    'neighbors: how many words are looked at is a whole number from 1 up (got 0)',
  ],
  [
    'DiscretizedIG by anchors that there are not',
    () => new DiscretizedIG(curvedText, { anchors: 'max' as never }),
    "anchors: unknown choice 'max'",
  ],
  [
    'DiscretizedIG by a rule that there is not',
    () => new DiscretizedIG(curvedText, { rule: 'right' as never }),
    "rule: unknown rule 'right'",
  ],
  [
    'DiscretizedIG with half a token',
    () => new DiscretizedIG(curvedText, { specialTokens: [0.5] }),
    'specialTokens: must hold integers, has 0.5 at [0]',
  ],
  ['SequentialIG of no steps', () => new SequentialIG(smooth, { nSteps: 0 }), 'nSteps: must be at least 1 (got 0)'],
  [
    'IntegratedHessians of no steps',
    () => new IntegratedHessians(smooth, { nSteps: 0 }),
    'nSteps: must be at least 1 (got 0)',
  ],
  [
    'IntegratedHessians of too many points',
    () => new IntegratedHessians(smooth, { nSteps: 201 }),
    'nSteps: at most 200 points for gausslog (got 201)',
  ],
  [
    'IntegratedHessians with a million points',
    () => new IntegratedHessians(smooth, { nSteps: 1001, method: 'riemann_middle' }),
    'nSteps: at most 1000 points for riemann_middle, which takes their square (got 1001)',
  ],
  [
    'IntegratedHessians by a rule that there is not',
    () => new IntegratedHessians(smooth, { method: 'gauslog' as never }),
    "method: unknown quadrature method 'gauslog'\nhint: did you mean 'gausslog'?",
  ],
  [
    'IntegratedHessians of other pairs',
    () => new IntegratedHessians(smooth, { pairs: 'word' as never }),
    "pairs: unknown pairs 'word'\nhint: did you mean 'words'?",
  ],
  [
    'IntegratedHessians with a flat softplus',
    () => new IntegratedHessians(smooth, { softplus: 0 }),
    'softplus: must be a positive number (got 0)',
  ],
];
for (const [name, make, text] of constructors) {
  test(`${name} is refused`, () => {
    let message = 'nothing was thrown';
    try {
      make();
    } catch (error) {
      message = (error as Error).message;
    }
    assert.ok(message.startsWith(text), message);
  });
}

test('what does not fit a method is named, with what to use instead', async () => {
  await rejects(
    new BlurIG(smooth).explain(X),
    'BlurIG: needs pictures, [N, H, W, C] (got [3,4])\nhint: use IntegratedGradients or GuidedIG for anything else',
  );
  await rejects(
    new BlurIG(look).explain(pictures, { baselines: 0 }),
    'baselines: BlurIG takes none: it makes its own of the input',
  );
  await rejects(new XRAI(smooth).explain(X), 'XRAI: needs pictures');
  const cut = (shape: number[]): Promise<unknown> =>
    new XRAI(look, { segments: tensor(new Int32Array(shape.reduce((a, b) => a * b, 1)), shape) }).explain(pictures);
  await rejects(cut([7, 6]), 'segments: do not have the shape of the picture (got [7,6], picture [6,7])');
  await rejects(cut([42]), 'a number for each pixel, [H, W], or several such maps, [S, H, W]');
  await rejects(new XRAI(look, { segments: f64([[0.5]]) }).explain(pictures), 'segments: must hold integers');
  await rejects(
    new SequentialIG((x: Tensor) => o.mul(x, 2)).explain(f64([1, 2])),
    'SequentialIG: needs one axis of words',
  );
  const wide = tinyModel({ inputs: [floatInput('x', 9000)], forward: (_, [x]) => o.sum(o.square(x!), { axes: [1] }) });
  await rejects(
    new IntegratedHessians(wide).explain(normal([1, 9000], 1)),
    'has a number for every pair of features, and these are too many (samples 1, features [9000])',
  );
});

test('a model that is exchanged brings its own words', async () => {
  const explainer = new DiscretizedIG(curvedText, { layer: 'embedding', words: E, nSteps: 4, neighbors: 3 });
  const before = await explainer.explain(tokens);
  explainer.resetPredictor(linearText);
  const after = await explainer.explain(tokens);
  near(after.deltas.data, [0, 0], 1e-12);
  assert.not.equal(after.attributions[0]!.data, before.attributions[0]!.data);
});

test.run();
