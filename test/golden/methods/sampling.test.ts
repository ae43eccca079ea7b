/** Which methods of sampling, perturbation and activation maps have golden values (golden.test.ts compares them), on three nets or more each. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readMethodGolden } from '../../support/method-golden.ts';

const test = suite('golden values of sampling methods');
const wanted = {
  'captum-sampling': [
    'ExpectedGradients',
    'FeatureAblation',
    'GradientShap',
    'GuidedGradCam',
    'InputXGradient',
    'LayerGradCam',
    'NoiseTunnel',
    'Occlusion',
    'Saliency',
    'ShapleyValueSampling',
  ],
  'shap-sampling': ['ExpectedGradients', 'KernelShap'],
  'closed-sampling': ['GradCamPlusPlus'],
};

for (const [file, methods] of Object.entries(wanted)) {
  test(`${file}: ${methods.join(', ')}`, () => {
    const { records } = readMethodGolden(file);
    const nets = new Map<string, Set<string>>();
    for (const { method, net } of records) nets.set(method, (nets.get(method) ?? new Set()).add(net));
    assert.equal([...nets.keys()].sort(), methods);
    for (const [method, on] of nets) assert.ok(on.size >= 3, `${method} on ${[...on]}`);
  });
}

test.run();
