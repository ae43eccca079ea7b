/**
 * What methods claim, as properties of random functions and inputs in float64: attributions that add up exactly for any number of
 * orders or coalitions, zeros for features that are not used, equal values for features that stand for each other, the same values for the
 * same function written otherwise, and a sample's values whatever is beside it.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explainer } from '../../../src/attribution/frame/explainer.ts';
import {
  Deconvolution,
  DeepLift,
  ExpectedGradients,
  FeatureAblation,
  GradientShap,
  GuidedBackprop,
  GuidedIG,
  IDGI,
  InputXGradient,
  IntegratedGradients,
  KernelShap,
  LRP,
  NoiseTunnel,
  Occlusion,
  Saliency,
  ShapleyValueSampling,
} from '../../../src/attribution/methods/index.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import { add, mul, sub } from '../../../src/ops/binary.ts';
import { gather } from '../../../src/ops/indexing.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { PathgradError } from '../../../src/tensor/errors.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { functionOf, type Recipe } from '../../support/random-graphs.ts';
import { times } from '../../support/thorough.ts';

type Fn = (x: Tensor) => Tensor;
type AnyExplainer = Explainer<Fn, Tensor | null>;
const makers: Readonly<Record<string, (f: Fn) => AnyExplainer>> = {
  // All coalitions of up to nine features.
  KernelShap: (f) => new KernelShap(f),
  ShapleyValueSampling: (f) => new ShapleyValueSampling(f, { nSamples: 2 }),
  FeatureAblation: (f) => new FeatureAblation(f),
  Occlusion: (f) => new Occlusion(f, { window: 1 }),
  ExpectedGradients: (f) => new ExpectedGradients(f, { nSamples: 6 }),
  GradientShap: (f) => new GradientShap(f, { nSamples: 6, stdevs: 0.1 }),
  NoiseTunnel: (f) => new NoiseTunnel(new Saliency(f), { nSamples: 3 }),
  IntegratedGradients: (f) => new IntegratedGradients(f, { nSteps: 4 }),
  Saliency: (f) => new Saliency(f),
  InputXGradient: (f) => new InputXGradient(f),
  GuidedIG: (f) => new GuidedIG(f, { nSteps: 4 }),
  IDGI: (f) => new IDGI(f, { nSteps: 4 }),
  DeepLift: (f) => new DeepLift(f),
  GuidedBackprop: (f) => new GuidedBackprop(f),
  Deconvolution: (f) => new Deconvolution(f),
  LRP: (f) => new LRP(f),
};
/** Those that look at the input alone. */
const atInput: ReadonlySet<string> = new Set([
  'NoiseTunnel',
  'Saliency',
  'InputXGradient',
  'GuidedBackprop',
  'Deconvolution',
  'LRP',
]);
/** Those that depend on how a function is written: they go by the ops that it is made of, or refuse one of them. */
const byOps: ReadonlySet<string> = new Set(['DeepLift', 'GuidedBackprop', 'Deconvolution', 'LRP']);
const additive: typeof makers = {
  KernelShap: (f) => new KernelShap(f, { nSamples: 40 }),
  ShapleyValueSampling: (f) => new ShapleyValueSampling(f, { nSamples: 2 }),
  DeepLift: (f) => new DeepLift(f),
  IDGI: (f) => new IDGI(f, { nSteps: 4 }),
};

interface Case extends Recipe {
  readonly seed: number;
}
const cases = fc.record({
  features: fc.array(fc.integer({ min: 2, max: 3 }), { minLength: 1, maxLength: 2 }),
  steps: fc.array(fc.nat({ max: 32 * 1024 * 24 }), { minLength: 2, maxLength: 8 }),
  seed: fc.nat({ max: 100_000 }),
});
const ROWS = 3;
const test = suite('axioms of methods');

const drawn = (features: readonly number[], rows: number, seed: number): Tensor => {
  const shape = [rows, ...features];
  return tensor(
    randomNormal(
      shape.reduce((a, b) => a * b),
      seed,
    ),
    shape,
  );
};
const optionsOf = (name: string, { features, seed }: Case): object =>
  atInput.has(name) ? {} : { baselines: drawn(features, 1, seed + 1) };

/** Random functions; those that mix samples are refused by name, and looked at no further. */
function property(method: string, what: string, check: (f: Fn, one: Case) => Promise<void>): void {
  const numRuns = byOps.has(method) ? times(20, 40) : times(7, 14);
  test(`${method}: ${what}`, async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        try {
          await check(functionOf(one), one);
          kept++;
        } catch (error) {
          if (!(error instanceof PathgradError)) throw error;
          if (!byOps.has(method)) assert.match(error.message, /samples|batch|rows/);
        }
      }),
      { numRuns, seed: 5 },
    );
    assert.ok(kept > (byOps.has(method) ? 4 : numRuns / 2), `${kept} of ${numRuns}`);
  });
}

const scaleOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);

for (const [name, make] of Object.entries(additive)) {
  property(name, 'attributions add up to the change of the score, however few are drawn', async (f, one) => {
    const explained = await make(f).explain(drawn(one.features, ROWS, one.seed), optionsOf(name, one));
    const scale = scaleOf(explained.attributions[0]!.data);
    for (const { delta, scoreChange } of explained.completeness) {
      assert.ok(Math.abs(delta) <= 1e-11 * Math.max(scale, Math.abs(scoreChange)), `${delta}`);
    }
  });
}

for (const [name, make] of Object.entries(makers)) {
  property(name, 'a feature that is not used gets 0', async (f, one) => {
    const size = one.features.reduce((a, b) => a * b);
    const mask = tensor(
      Float64Array.from({ length: size }, (_, i) => Number(i !== 1)),
      [1, ...one.features],
    );
    const { attributions } = await make((x) => f(mul(x, mask))).explain(
      drawn(one.features, ROWS, one.seed),
      optionsOf(name, one),
    );
    const { data } = attributions[0]!;
    // A fit has its rounding.
    const bound = name === 'KernelShap' ? 1e-11 * scaleOf(data) : 0;
    for (let row = 0; row < ROWS; row++) assert.ok(Math.abs(data[row * size + 1]!) <= bound, `${data[row * size + 1]}`);
  });

  property(name, 'a sample has its attributions whatever is beside it', async (f, one) => {
    const [x, explainer, options] = [drawn(one.features, ROWS, one.seed), make(f), optionsOf(name, one)];
    const whole = (await explainer.explain(x, options)).attributions[0]!.data;
    const size = x.size / ROWS;
    const last = tensor(x.data.slice(2 * size), [1, ...one.features]);
    const alone = (await explainer.explain(last, options)).attributions[0]!.data;
    const bound = 1e-11 * scaleOf(whole);
    alone.forEach((value, i) => {
      assert.ok(Math.abs(value - whole[2 * size + i]!) <= bound, `${value} and ${whole[2 * size + i]}`);
    });
  });

  if (byOps.has(name)) continue;
  property(name, 'the same function written otherwise has the same attributions', async (f, one) => {
    const [x, options] = [drawn(one.features, ROWS, one.seed), optionsOf(name, one)];
    const zero: Fn = (v) =>
      sub(sum(v, { axes: v.shape.map((_, i) => i).slice(1) }), sum(v, { axes: v.shape.map((_, i) => i).slice(1) }));
    const found = (await make(f).explain(x, options)).attributions[0]!.data;
    const other = (await make((v) => add(f(v), mul(zero(v), 2))).explain(x, options)).attributions[0]!.data;
    const bound = 1e-10 * scaleOf(found);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - other[i]!) <= bound, `${value} and ${other[i]}`);
    });
  });
}

const symmetric = [
  ...['KernelShap', 'FeatureAblation', 'Occlusion', 'ExpectedGradients', 'IntegratedGradients'],
  ...['Saliency', 'InputXGradient', 'IDGI'],
];
for (const name of symmetric) {
  property(name, 'features that stand for each other have equal values', async (f, one) => {
    const [size, own] = [one.features.reduce((a, b) => a * b), one.features];
    // f of x and of x with features 0 and 1 exchanged, added: symmetric in the two.
    const order = tensor(Int32Array.from({ length: size }, (_, i) => (i === 0 ? 1 : i === 1 ? 0 : i)));
    const line = one.features.length === 1;
    const both: Fn = (x) => add(f(x), f(gather(x, order, 1)));
    if (!line) return; // exchanging along one axis is enough
    const [x, b] = [drawn(own, 1, one.seed), drawn(own, 1, one.seed + 1)];
    [x.data[1], b.data[1]] = [x.data[0]!, b.data[0]!];
    const { data } = (await makers[name]!(both).explain(x, atInput.has(name) ? {} : { baselines: b })).attributions[0]!;
    assert.ok(Math.abs(data[0]! - data[1]!) <= 1e-11 * scaleOf(data), `${data[0]} and ${data[1]}`);
  });
}

test.run();
