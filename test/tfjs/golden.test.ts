/**
 * Layers models of tfjs against Keras: models that `tensorflowjs_converter` made of files of Keras 2 and 3 predict what Keras predicts from
 * these files, and models that @tensorflow/tfjs saved what tfjs predicts. Values: test/golden/tfjs.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectModel, loadModel } from '../../src/keras/load/load.ts';
import { largestDifference, type TfjsCase, tensorOf } from './cases.ts';

const test = suite('tfjs/golden');

const golden = (file: string): { readonly versions: object; readonly cases: readonly TfjsCase[] } =>
  JSON.parse(gunzipSync(readFileSync(new URL(`../golden/tfjs/${file}`, import.meta.url))).toString());

/** Model and shards as a page gets them: files in any order. */
function filesOf({ model, shards }: TfjsCase): File[] {
  const all = Object.entries(shards).map(([name, data]) => new File([Buffer.from(data, 'base64')], name));
  return [...all.reverse(), new File([JSON.stringify(model)], 'model.json')];
}

for (const [file, count] of [
  ['models.json.gz', 37],
  ['by-tfjs.json.gz', 6],
] as const) {
  const { cases } = golden(file);
  test(`${file} holds ${count} models`, () => assert.is(cases.length, count));
  for (const each of cases) {
    test(each.name, async () => {
      const model = await loadModel(filesOf(each));
      const outputs = await model.predictAll(each.inputs.map(tensorOf));
      assert.is(outputs.length, each.outputs.length);
      for (const [i, output] of outputs.entries()) {
        assert.equal(output.shape, each.outputs[i]!.shape);
        const difference = largestDifference(output.data, each.outputs[i]!.data);
        assert.ok(difference < 1e-5, `output ${i} differs by ${difference}`);
      }
      const report = await inspectModel(filesOf(each));
      assert.equal([report.format, report.runnable, report.problem], ['tfjs', true, null]);
    });
  }
}

test.run();
