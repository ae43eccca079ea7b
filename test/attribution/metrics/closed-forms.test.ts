/** Metrics of functions whose curves, correlations and errors can be written down. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  completeness,
  comprehensiveness,
  deletion,
  type Explained,
  faithfulnessCorrelation,
  infidelity,
  insertion,
  maxSensitivity,
  road,
  sparseness,
  sufficiency,
} from '../../../src/attribution/metrics/index.ts';
import { impute } from '../../../src/attribution/metrics/shared/imputation.ts';
import { randomNormal, randomUniform } from '../../../src/graph/random.ts';
import { add, expandDims, matmul, mul, sum, tanh } from '../../../src/ops/index.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { unrelated } from '../../support/simple-explainers.ts';
import { affine } from '../closed-forms.ts';
import { f64 } from '../tiny-models.ts';

const test = suite('metrics in closed form');

const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, bound = 1e-12): void => {
  assert.is(found.length, wanted.length);
  const worst = Array.from(wanted, (v, i) => Math.abs(v - found[i]!)).reduce((a, b) => (b <= a ? a : b), 0);
  assert.ok(worst <= bound, `differs by ${worst}: ${Array.from(found)}, wanted ${Array.from(wanted)}`);
};

/** What metrics read of an explanation of rows `x` with attributions `a`. */
const explained = (x: Tensor, a: Tensor, b: Tensor, target: Tensor | null = null): Explained => ({
  attributions: [a],
  X: [x],
  forwardKwargs: {},
  baselines: [b],
  target,
});

/** A random linear function with its exact attributions. */
function linear(seed: number, samples = 3, features = 7) {
  const draw = (count: number, at: number): Float64Array => randomNormal(count, 100 * seed + at);
  const w = draw(features, 1);
  const [x, b] = [2, 3].map((at) => tensor(draw(samples * features, at), [samples, features])) as [Tensor, Tensor];
  const f = (t: Tensor): Tensor => affine(t, Array.from(w), 0.5);
  const a = tensor(
    Float64Array.from(x.data, (v, i) => w[i % features]! * (v - b.data[i]!)),
    x.shape,
  );
  const scoreOf = (row: ArrayLike<number>): number => 0.5 + Array.from(w).reduce((s, wi, i) => s + wi * row[i]!, 0);
  const row = (t: Tensor, i: number): number[] => Array.from(t.data.subarray(i * features, (i + 1) * features));
  return { w, x, b, f, a, samples, features, scoreOf, row, explanation: explained(x, a, b) };
}

for (const seed of [1, 2, 3]) {
  test(`deletion of a linear function: scores fall by the attributions in order (${seed})`, async () => {
    const { f, explanation, samples, features, scoreOf, row, x, a } = linear(seed);
    const { curve, values } = await deletion(f, explanation, { featuresPerStep: 1 });
    for (let i = 0; i < samples; i++) {
      const sorted = row(a, i).sort((p, q) => q - p);
      let score = scoreOf(row(x, i));
      const wanted = [score, ...sorted.map((part) => (score -= part))];
      near(curve.scores.subarray(i * (features + 1), (i + 1) * (features + 1)), wanted);
      // The mean of the trapezoids.
      const area = wanted.reduce((s, y, k) => s + y * (k === 0 || k === features ? 0.5 : 1), 0) / features;
      near([values[i]!], [area]);
    }
    near(
      curve.shares,
      Array.from({ length: features + 1 }, (_, i) => i / features),
    );
  });

  test(`insertion is deletion of the least relevant, backwards (${seed})`, async () => {
    const { f, explanation, samples, features } = linear(seed);
    const one = await insertion(f, explanation, { featuresPerStep: 1 });
    const other = await deletion(f, explanation, { featuresPerStep: 1, order: 'least' });
    const points = features + 1;
    for (let i = 0; i < samples; i++) {
      const back = Array.from(other.curve.scores.subarray(i * points, (i + 1) * points)).reverse();
      assert.equal(Array.from(one.curve.scores.subarray(i * points, (i + 1) * points)), back);
    }
  });

  test(`infidelity of the exact attributions of a linear function is 0 (${seed})`, async () => {
    const { f, explanation, x, w } = linear(seed);
    near((await infidelity(f, explanation)).values, [0, 0, 0], 1e-24);
    near((await infidelity(f, explanation, { noise: 0.3 })).values, [0, 0, 0], 1e-24);
    const slopes = tensor(
      Float64Array.from(x.data, (_, i) => w[i % w.length]!),
      x.shape,
    );
    const ofSlopes = { ...explanation, attributions: [slopes] };
    near((await infidelity(f, ofSlopes, { attributions: 'gradients', noise: 0.3 })).values, [0, 0, 0], 1e-24);
    // Twice the attributions tell twice the change; scaled, they are as good as before.
    const twice = { ...explanation, attributions: [mulData(explanation.attributions[0]!, 2)] };
    const off = await infidelity(f, twice);
    assert.ok(off.values.every((v) => v > 1e-3));
    near((await infidelity(f, twice, { normalize: true })).values, [0, 0, 0], 1e-14);
  });

  test(`faithfulness correlation of exact attributions is 1, of their opposite -1 (${seed})`, async () => {
    const { f, explanation } = linear(seed);
    near((await faithfulnessCorrelation(f, explanation, { runs: 20 })).values, [1, 1, 1]);
    const opposite = { ...explanation, attributions: [mulData(explanation.attributions[0]!, -1)] };
    near((await faithfulnessCorrelation(f, opposite, { runs: 20 })).values, [-1, -1, -1]);
  });

  test(`comprehensiveness and sufficiency of a linear function (${seed})`, async () => {
    const { f, explanation, samples, row, a } = linear(seed);
    const shares = [0.2, 0.5, 1];
    const comp = await comprehensiveness(f, explanation, { shares });
    const suff = await sufficiency(f, explanation, { shares });
    for (let i = 0; i < samples; i++) {
      const sorted = row(a, i).sort((p, q) => q - p);
      const top = [2, 4, 7].map((k) => sorted.slice(0, k).reduce((s, v) => s + v, 0)); // ceil of 1.4, 3.5 and 7
      const all = top[2]!;
      near(comp.differences.subarray(i * 3, i * 3 + 3), top);
      near(
        suff.differences.subarray(i * 3, i * 3 + 3),
        top.map((t) => all - t),
      );
      near(
        [comp.values[i]!, suff.values[i]!],
        [top.reduce((s, t) => s + t, 0) / 3, all - top.reduce((s, t) => s + t, 0) / 3],
      );
    }
  });

  test(`completeness is what is missing (${seed})`, async () => {
    const { f, explanation } = linear(seed);
    near((await completeness(f, explanation)).values, [0, 0, 0]);
    const more = tensor(
      Float64Array.from(explanation.attributions[0]!.data, (v) => v + 0.1),
      [3, 7],
    );
    near((await completeness(f, { ...explanation, attributions: [more] })).deltas, [0.7, 0.7, 0.7]);
  });
}

function mulData(t: Tensor, factor: number): Tensor {
  return tensor(
    Float64Array.from(t.data, (v) => v * factor),
    t.shape,
  );
}

test('max-sensitivity of input times gradient of a linear function is that of its input', async () => {
  const { x, w, samples, features } = linear(4);
  const moves = [0.1, -0.2, 0.05];
  const explainer = {
    explain: async (X: Parameters<Parameters<typeof maxSensitivity>[0]['explain']>[0]) => {
      const t = X as Tensor;
      const a = tensor(
        Float64Array.from(t.data, (v, i) => w[i % features]! * v),
        t.shape,
      );
      return { attributions: [a], X: [t], target: null };
    },
  };
  const { values } = await maxSensitivity(explainer, x, {
    perturbations: 3,
    perturb: (row, { draw }) => {
      row[2]! += moves[draw]!;
    },
  });
  const wanted = Array.from({ length: samples }, (_, i) => {
    const size = Math.hypot(...Array.from({ length: features }, (_, k) => w[k]! * x.data[i * features + k]!));
    return (0.2 * Math.abs(w[2]!)) / size;
  });
  near(values, wanted);
  near((await maxSensitivity(unrelated(explainer, 'constant'), x)).values, [0, 0, 0]);
  // Uniform in the cube: with one feature the largest of many draws comes close to the radius.
  const one = await maxSensitivity(
    { explain: async (X) => ({ attributions: [X as Tensor], X: [X as Tensor], target: null }) },
    f64([[1], [2]]),
    { perturbations: 400, radius: 0.5 },
  );
  assert.ok(one.values[0]! > 0.49 && one.values[0]! <= 0.5, `${one.values[0]}`);
  near([one.values[1]!], [one.values[0]! / 2]);
});

test('sparseness: one feature, all equal, none', async () => {
  const x = f64([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  const a = f64([
    [0, -5, 0, 0],
    [2, 2, -2, 2],
    [0, 0, 0, 0],
    [1, 2, 3, 4],
  ]);
  const { values } = await sparseness(explained(x, a, f64([[0, 0, 0, 0]].flatMap((row) => [row, row, row, row]))));
  near(values.subarray(0, 2), [0.75, 0]);
  assert.ok(Number.isNaN(values[2]));
  near([values[3]!], [(-3 + -1 * 2 + 3 + 3 * 4) / (4 * 10)]);
});

test('tokens: padding is not counted, and removing is replacing by the baseline', async () => {
  const table = f64([[0], [1], [-2], [4], [8]]);
  const lookUp = (ids: Tensor): Tensor => {
    // A sum over the tokens of a row of the table: one-hot rows times the table.
    const hot = sum(mul(oneHot(ids), expandDims(expandDims(tableRow(table), 0), 0)), { axes: 2 });
    return sum(hot, { axes: 1, keepDims: true });
  };
  const ids = tensor(Int32Array.of(1, 2, 3, 0, 0, 4, 3, 1, 2, 0), [2, 5]);
  const pad = tensor(new Int32Array(10), [2, 5]);
  const values = [0, 1, -2, 4, 8];
  const a = tensor(
    Float64Array.from(ids.data, (id) => values[id]!),
    [2, 5],
  );
  const comp = await comprehensiveness(lookUp, explained(ids, a, pad), { shares: [0.34] });
  near(comp.values, [5, 12]); // two of three tokens: 4 + 1; two of four: 8 + 4
  const suff = await sufficiency(lookUp, explained(ids, a, pad), { shares: [0.34] });
  near(suff.values, [-2, -1]);
  // Attributions of an embedding are summed to tokens.
  const wide = tensor(
    Float64Array.from({ length: 20 }, (_, i) => a.data[Math.floor(i / 2)]! * (i % 2 === 0 ? 3 : -2)),
    [2, 5, 2],
  );
  near((await comprehensiveness(lookUp, explained(ids, wide, pad), { shares: [0.34] })).values, [5, 12]);
});

/** Powers of (id - k) that are 1 for k = id and 0 otherwise, for ids 0 to 4 (Lagrange). */
function oneHot(ids: Tensor): Tensor {
  const x = expandDims(mul(ids, f64(1)), -1);
  return [0, 1, 2, 3, 4]
    .map((k) => {
      const others = [0, 1, 2, 3, 4].filter((j) => j !== k);
      const product = others.map((j) => add(mul(x, 1 / (k - j)), -j / (k - j))).reduce((p, q) => mul(p, q));
      return mul(product, f64([0, 1, 2, 3, 4].map((j) => (j === k ? 1 : 0))));
    })
    .reduce((p, q) => add(p, q));
}

const tableRow = (table: Tensor): Tensor => tensor(Float64Array.from(table.data), [table.shape[0]!]);

test('pixels and patches: a map that channels share, and squares that go together', async () => {
  const x = tensor(randomNormal(2 * 4 * 6 * 3, 5), [2, 4, 6, 3]);
  const b = tensor(new Float64Array(x.size), x.shape);
  const f = (t: Tensor): Tensor => sum(t, { axes: [1, 2, 3], keepDims: false });
  const map = tensor(
    Float64Array.from({ length: 2 * 24 }, (_, i) => x.data[3 * i]! + x.data[3 * i + 1]! + x.data[3 * i + 2]!),
    [2, 4, 6],
  );
  const ofMap = await deletion(f, explained(x, map, b), { featuresPerStep: 1 });
  assert.is(ofMap.curve.shares.length, 25);
  const ofPixels = await deletion(f, explained(x, x, b), { featuresPerStep: 1, groups: 'positions' });
  near(ofMap.curve.scores, ofPixels.curve.scores);
  const patches = await deletion(f, explained(x, x, b), { featuresPerStep: 1, groups: { patch: [2, 3] } });
  assert.is(patches.curve.shares.length, 5);
  const ids = Int32Array.from({ length: 72 }, (_, e) => 10 * Math.floor(e / 36) + (Math.floor(e / 3) % 6 < 3 ? 7 : 2));
  const own = await deletion(f, explained(x, x, b), { featuresPerStep: 1, groups: tensor(ids, [1, 4, 6, 3]) });
  assert.equal(own.curve.scores, patches.curve.scores);
  // Elements in no group stay.
  const some = await deletion(f, explained(x, x, b), {
    groups: tensor(
      ids.map((id) => (id < 10 ? -1 : id)),
      [1, 4, 6, 3],
    ),
  });
  const kept = Array.from(x.data.subarray(0, 36)).reduce((s, v) => s + v, 0);
  near([some.curve.scores[some.curve.shares.length - 1]!], [kept]);
});

test('groups of one sample are those of another numbered anew', async () => {
  const x = f64([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  const b = f64([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  const f = (t: Tensor): Tensor => affine(t, [1, 1, 1, 1], 0);
  const groups = tensor(Int32Array.of(0, 0, 1, 1, 5, 9, 5, 9), [2, 4]);
  const { curve } = await deletion(f, explained(x, x, b), { steps: 2, groups });
  near(curve.scores, [10, 3, 0, 10, 4, 0]);
});

test('painting over leaves flat and slanted pictures as they are', () => {
  const [height, width] = [9, 11];
  const plane = Float64Array.from({ length: height * width * 2 }, (_, i) => {
    const pixel = Math.floor(i / 2);
    return i % 2 === 0 ? 0.7 : 0.3 * Math.floor(pixel / width) - 0.2 * (pixel % width);
  });
  const hole = Int32Array.from([3, 4, 5].flatMap((y) => [2, 3, 4, 5, 6, 7].map((x) => y * width + x)));
  const painted = plane.slice();
  for (const pixel of hole) painted.fill(100, pixel * 2, pixel * 2 + 2);
  impute(painted, [height, width, 2], hole);
  near(painted, plane, 1e-12);
});

test('ROAD: noise has its spread, and only painted pixels get it', async () => {
  const [height, width] = [20, 20];
  const x = tensor(new Float64Array(400).fill(2), [1, height, width, 1]);
  const map = tensor(
    Float64Array.from({ length: 400 }, (_, i) => -i),
    [1, height, width, 1],
  );
  // The picture's mean square distance from 2, as a score; the second class is never the larger one.
  const f = (t: Tensor): Tensor => {
    const off = add(t, -2);
    return matmul(expandDims(sum(mul(off, off), { axes: [1, 2, 3] }), -1), f64([[1, -1]]));
  };
  const given = explained(x, map, x, tensor(Int32Array.of(0)));
  const { scores, accuracies } = await road(f, given, { percentages: [50, 99], noise: 0.1, seed: 3 });
  const found = [scores[0]! / 200, scores[1]! / 396].map(Math.sqrt);
  assert.ok(
    found.every((std) => Math.abs(std - 0.1) < 0.01),
    `${found}`,
  );
  assert.equal(Array.from(accuracies), [1, 1]);
  near((await road(f, given, { percentages: [50], noise: 0 })).scores, [0]);
});

test('ROAD keeps a label of a single output while it stays on its side', async () => {
  const x = tensor(
    Float64Array.from({ length: 32 }, (_, i) => (i % 4 === 0 ? 4 : -1)),
    [2, 4, 4, 1],
  );
  // A sum over the picture: painted with its neighbours' values it changes sides.
  const f = (t: Tensor): Tensor => matmul(expandDims(sum(t, { axes: [1, 2, 3] }), -1), f64([[1]]));
  const map = (sign: number): Tensor =>
    tensor(
      Float64Array.from(x.data, (v) => sign * v),
      x.shape,
    );
  const most = await road(f, explained(x, map(1), x, tensor(Int32Array.of(1, 0))), { percentages: [25], noise: 0 });
  assert.equal(Array.from(most.kept), [0, 1]);
  const least = await road(f, explained(x, map(-1), x, tensor(Int32Array.of(1, 0))), { percentages: [75], noise: 0 });
  assert.equal(Array.from(least.kept), [1, 0]);
});

test('a label 0 of a probability is explained as 1 - p', async () => {
  const x = f64([[0.3, 0.8]]);
  const b = f64([[0, 0]]);
  const { sigmoid } = await import('../../../src/ops/index.ts');
  const f = (t: Tensor): Tensor => sigmoid(matmul(t, f64([[1], [2]])));
  const at = (label: number) => deletion(f, explained(x, x, b, tensor(Int32Array.of(label))), { featuresPerStep: 1 });
  const [one, zero] = [await at(1), await at(0)];
  near(
    one.curve.scores.map((p) => 1 - p),
    zero.curve.scores,
  );
});

test('what a sample gets depends neither on others nor on the size of batches', async () => {
  const [samples, features] = [5, 6];
  const x = tensor(randomNormal(samples * features, 11), [samples, features]);
  const b = tensor(randomNormal(samples * features, 12), [samples, features]);
  const a = tensor(randomNormal(samples * features, 13), [samples, features]);
  const w = tensor(randomNormal(features * 3, 14), [features, 3]);
  const f = (t: Tensor): Tensor => tanh(matmul(t, w));
  const target = tensor(Int32Array.of(0, 1, 2, 1, 0));
  const row = (t: Tensor, i: number): Tensor => {
    const width = t.size / samples;
    return tensor(t.data.slice(i * width, (i + 1) * width), [1, ...t.shape.slice(1)]);
  };
  const every = [
    deletion,
    insertion,
    comprehensiveness,
    sufficiency,
    faithfulnessCorrelation,
    infidelity,
    completeness,
  ];
  for (const metric of every) {
    const run = metric as (
      m: typeof f,
      e: Explained,
      o: { internalBatchSize?: number },
    ) => Promise<{ values: Float64Array }>;
    const all = (await run(f, explained(x, a, b, target), {})).values;
    assert.equal((await run(f, explained(x, a, b, target), { internalBatchSize: 3 })).values, all);
    for (let i = 0; i < samples; i++) {
      const alone = await run(f, explained(row(x, i), row(a, i), row(b, i), row(target, i)), {});
      assert.is(alone.values[0], all[i], metric.name);
    }
  }
});

test('seeds decide what is drawn', async () => {
  const { f, explanation } = linear(6);
  const bent = (t: Tensor): Tensor => tanh(f(t));
  const values = async (seed: number) => Array.from((await infidelity(bent, explanation, { seed })).values);
  assert.equal(await values(1), await values(1));
  assert.not.equal(await values(1), await values(2));
});

test('progress counts rows, and an aborted signal stops the work', async () => {
  const { f, explanation } = linear(7);
  const seen: number[] = [];
  await infidelity(f, explanation, {
    perturbations: 10,
    internalBatchSize: 4,
    onProgress: ({ done, total }) => {
      assert.ok(done <= total);
      seen.push(done);
    },
  });
  assert.is(seen.at(-1), 3 + 30);
  const stop = new AbortController();
  const next = randomUniform(1);
  const work = infidelity(f, explanation, {
    perturbations: 50,
    internalBatchSize: 1,
    signal: stop.signal,
    onProgress: () => (next() < 0.2 ? stop.abort(new Error('enough')) : undefined),
  });
  const message = await work.then(
    () => 'nothing',
    (error: Error) => error.message,
  );
  assert.is(message, 'enough');
});

test.run();
