/**
 * The Inception v3 and MobileNet v2 of nsfwjs (layers models of tfjs, quantised to uint8) on photographs of scikit-image: outputs as tfjs
 * gives them (test/golden/tfjs/make_nsfwjs.ts), and integrated gradients that add up. Both packages lie in PATHGRAD_DOWNLOADS.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients, loadModel } from '../../src/index.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { encodePng, overlay } from '../../src/visualize/index.ts';
import { type NsfwModel, nsfwFiles, readPhotographs, sizes } from '../support/nsfwjs.ts';

const test = suite('nsfwjs');
const golden = JSON.parse(readFileSync(new URL('../golden/tfjs/nsfwjs.json', import.meta.url), 'utf8')) as {
  readonly tfjs: string;
  readonly outputs: Readonly<Record<NsfwModel, Readonly<Record<string, readonly number[]>>>>;
};
/** Pictures are written here where it is set, to be looked at. */
const shown = process.env['PATHGRAD_PICTURES'];

const graph = nsfwFiles('mobilenet_v2_mid');
const isThere = graph !== null && readPhotographs(8) !== null;

if (!isThere) {
  console.log(
    'note: nsfwjs or scikit-image is absent: npm pack nsfwjs@4.3.0; pip download --no-deps scikit-image==0.26.0',
  );
} else {
  test('its graph model is refused with the way out', async () => {
    const error: Error = await loadModel(graph).then(
      () => assert.unreachable(),
      (thrown) => thrown,
    );
    assert.match(error.message, /model\.json: is a graph model of TensorFlow\.js[\s\S]*tfjs_layers_model/);
  });

  for (const [name, size] of Object.entries(sizes) as [NsfwModel, number][]) {
    test(`${name}: outputs as tfjs's, attributions add up`, async () => {
      const model = await loadModel(nsfwFiles(name)!);
      let worst = 0;
      let count = 0;
      for (const [photograph, x] of readPhotographs(size)!) {
        const output = (await model.predict(x)) as Tensor;
        const wanted = golden.outputs[name][photograph]!;
        assert.is(output.data.length, wanted.length);
        for (const [i, value] of wanted.entries()) worst = Math.max(worst, Math.abs(output.data[i]! - value));
        count++;
      }
      console.log(`note: ${name}: ${count} photographs within ${worst.toExponential(1)} of tfjs ${golden.tfjs}`);
      assert.ok(worst < 1e-5, `off by ${worst}`);

      const x = readPhotographs(size)!.get('chelsea')!;
      // From black the score runs up and down between few steps of relu6; from half the light it rises once.
      const baseline = tensor(x.data.map((value) => value / 2) as Float32Array, x.shape);
      const started = performance.now();
      const explained = await new IntegratedGradients(model, { nSteps: 16 }).explain(x, {
        target: 2,
        baselines: baseline,
      });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const delta = Math.abs(explained.deltas!.item());
      console.log(`note: ${name}: integrated gradients of a cat, 16 steps, ${seconds} s, delta ${delta.toFixed(4)}`);
      assert.ok(delta < 0.02, `delta ${delta}`);
      if (shown) {
        mkdirSync(shown, { recursive: true });
        const attribution = { data: explained.attributions[0]!.data, shape: [size, size, 3] };
        const picture = overlay({ data: x.data, shape: [size, size, 3] }, attribution, {
          scale: 'percentile',
          percentile: 99,
        });
        writeFileSync(`${shown}/${name}.png`, encodePng(picture));
      }
      model.dispose();
    });
  }
}

test.run();
