/**
 * What sampling methods hold on to while they work does not grow with the number of draws: array memory that survives a garbage collection, at
 * the last report of progress. Keeping the draws of a run of 64 would take 4 MB here.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explainer } from '../../src/attribution/frame/explainer.ts';
import {
  ExpectedGradients,
  GradientShap,
  IntegratedGradients,
  KernelShap,
  NoiseTunnel,
  Saliency,
  ShapleyValueSampling,
} from '../../src/attribution/methods/index.ts';
import { sum } from '../../src/ops/reduce.ts';
import { square, tanh } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const [samples, features] = [30, 300];
const X = tensor(
  Float64Array.from({ length: samples * features }, (_, i) => Math.sin(i)),
  [samples, features],
);
const f = (x: Tensor): Tensor => sum(square(tanh(x)), { axes: 1 });
/** Ten groups of features. */
const mask = tensor(
  Int32Array.from({ length: features }, (_, i) => i % 10),
  [1, features],
);

/** What arrays hold after a garbage collection; the second one waits for what the first has begun. */
function held(): number {
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** At the last report: what was drawn and is kept is all there. */
async function heldAtEnd(explainer: Explainer<(x: Tensor) => Tensor, Tensor | null>, options: object): Promise<number> {
  let found = Number.NaN;
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    if (done === total) found = held();
  };
  await explainer.explain(X, { ...options, onProgress });
  explainer.dispose();
  return found;
}

type Make = (draws: number) => [Explainer<(x: Tensor) => Tensor, Tensor | null>, object];
const methods: Readonly<Record<string, Make>> = {
  'NoiseTunnel of Saliency': (nSamples) => [new NoiseTunnel(new Saliency(f), { nSamples }), {}],
  'NoiseTunnel, a variance of IntegratedGradients': (nSamples) => [
    new NoiseTunnel(new IntegratedGradients(f, { nSteps: 3 }), { nSamples: nSamples / 2, type: 'vargrad' }),
    {},
  ],
  GradientShap: (nSamples) => [new GradientShap(f, { nSamples, stdevs: 0.2 }), {}],
  ExpectedGradients: (nSamples) => [new ExpectedGradients(f, { nSamples }), {}],
  KernelShap: (draws) => [new KernelShap(f, { nSamples: draws + 20 }), { features: { mask } }],
  ShapleyValueSampling: (draws) => [new ShapleyValueSampling(f, { nSamples: draws / 8 }), { features: { mask } }],
};

const test = suite('memory of sampling methods');
for (const [name, make] of Object.entries(methods)) {
  test(`${name} holds no more with eight times the draws`, async () => {
    const [few, many] = [await heldAtEnd(...make(8)), await heldAtEnd(...make(64))];
    const megabytes = (many - few) / 2 ** 20;
    // Not a number where the last report never came.
    assert.ok(megabytes < 1, `${megabytes.toFixed(1)} MB more`);
  });
}
test.run();
