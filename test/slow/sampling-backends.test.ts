/** Methods of sampling, perturbation and activation maps have the same numbers on every backend, on a net with convolutions and pools. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explainer } from '../../src/attribution/frame/explainer.ts';
import {
  FeatureAblation,
  GradCamPlusPlus,
  GradientShap,
  GuidedGradCam,
  KernelShap,
  LayerGradCam,
  NoiseTunnel,
  Occlusion,
  Saliency,
  ShapleyValueSampling,
} from '../../src/attribution/methods/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import type { Model } from '../../src/model/model.ts';
import { largest } from '../../src/tensor/largest.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadNet, netSamples } from '../support/method-golden.ts';

type Options = { readonly backend?: Backend; readonly internalBatchSize: number };
const features = { groups: { left: [0, 1, 2, 3, 40, 41], middle: [100, 101, 102], right: [200, 201, 287] } };
const methods: Readonly<
  Record<string, (model: Model, options: Options) => [Explainer<Model, Tensor | null>, object?]>
> = {
  NoiseTunnel: (model, options) => [new NoiseTunnel(new Saliency(model, options), { nSamples: 2 })],
  GradientShap: (model, options) => [new GradientShap(model, { ...options, nSamples: 2 })],
  Occlusion: (model, options) => [new Occlusion(model, { ...options, window: [6, 6, 2], strides: [6, 6, 2] })],
  FeatureAblation: (model, options) => [new FeatureAblation(model, options), { features }],
  ShapleyValueSampling: (model, options) => [
    new ShapleyValueSampling(model, { ...options, nSamples: 1 }),
    { features },
  ],
  KernelShap: (model, options) => [new KernelShap(model, options), { features }],
  LayerGradCam: (model, options) => [new LayerGradCam(model, options)],
  GradCamPlusPlus: (model, options) => [new GradCamPlusPlus(model, { ...options, layer: 'relu2' })],
  GuidedGradCam: (model, options) => [new GuidedGradCam(model, options)],
};

const test = suite('sampling methods on every backend');
const gpu = await gpuBackend({ mode: 'cpu' });
const [exact, single] = [await loadNet('cnn', 'float64'), await loadNet('cnn', 'float32')];
const target = netSamples('cnn', 'float64').targets;

for (const [name, make] of Object.entries(methods)) {
  test(`${name}: reference, wasm and gpu in float32 give what reference does in float64`, async () => {
    const run = async (model: Model, dtype: 'float64' | 'float32', backend?: Backend): Promise<Tensor> => {
      const [explainer, options] = make(model, { internalBatchSize: 4, ...(backend && { backend }) });
      const explained = await explainer.explain(netSamples('cnn', dtype).inputs, { ...options, target });
      explainer.dispose();
      return explained.attributions[0]!;
    };
    const wanted = await run(exact, 'float64');
    const scale = largest(wanted.data.map(Math.abs));
    assert.ok(scale > 0);
    for (const [which, backend] of [
      ['wasm', undefined],
      ['reference', reference],
      ['gpu', gpu],
    ] as const) {
      const found = await run(single, 'float32', backend);
      const off = Array.from(found.data, (value, i) => Math.abs(value - wanted.data[i]!) / scale);
      assert.ok(Math.max(...off) < 1e-5, `${which}: off by ${Math.max(...off)}`);
    }
  });
}

test.after(() => gpu.dispose());
test.run();
