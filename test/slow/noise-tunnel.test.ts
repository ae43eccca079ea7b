/** NoiseTunnel around every method of the table: without noise its mean is the method, its square the method's, its variance 0. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { methods, NoiseTunnel, type NoiseTunnelType } from '../../src/attribution/methods/index.ts';
import { loadNet, netSamples } from '../support/method-golden.ts';

const test = suite('noise around every method');
/** The path of DiscretizedIG goes through the vectors of an embedding. */
const words = ['DiscretizedIG'];

for (const { name, layer, make } of methods) {
  test(`${name} without noise`, async () => {
    const net = words.includes(name) ? 'text' : 'residual';
    const { inputs, targets } = netSamples(net, 'float32', [1]);
    const options = net === 'text' ? { layer: 'embedding' } : layer ? { layer: 'conv3' } : {};
    const around = make(await loadNet(net, 'float32'), options);
    const [wanted] = (await around.explain(inputs, { target: targets })).attributions;
    const scale = Math.max(...Array.from(wanted!.data, Math.abs));
    const check = async (type: NoiseTunnelType, value: (v: number) => number): Promise<void> => {
      const tunnel = new NoiseTunnel(around, { type, nSamples: 2, stdevs: 0 });
      const [found] = (await tunnel.explain(inputs, { target: targets })).attributions;
      assert.equal(found!.shape, wanted!.shape);
      found!.data.forEach((v, i) => {
        assert.ok(Math.abs(v - value(wanted!.data[i]!)) <= 1e-5 * Math.max(scale, scale ** 2), `${v} at ${i}`);
      });
      tunnel.dispose();
    };
    await check('smoothgrad', (v) => v);
    // What does not take long, and does not rank regions by what is averaged.
    if (['Saliency', 'IntegratedGradients', 'DeepLift', 'LayerConductance', 'GuidedGradCam'].includes(name)) {
      await check('smoothgrad_sq', (v) => v * v);
      await check('vargrad', () => 0);
    }
    around.dispose();
  });
}

test.run();
