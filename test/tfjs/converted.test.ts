/** Models that tensorflowjs converted from Keras 2 and 3, and that TensorFlow.js saved: predictions are those of the files and models they came from. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { tfjsCases as cases, type TfjsCase } from '../support/tfjs.ts';

/** The files as a page gets them when they are dropped: in no order of importance. */
const filesOf = ({ files }: TfjsCase): File[] =>
  Object.entries(files)
    .map(([name, text]) => new File([Buffer.from(text, 'base64')], name))
    .reverse();

const test = suite('tfjs golden');

for (const each of cases) {
  test(each.name, async () => {
    const model = await loadModel(filesOf(each));
    const y = (await model.predict(each.inputs.length > 1 ? each.inputs : each.inputs[0]!)) as Tensor;
    assert.equal(y.shape, each.output.shape);
    const error = each.output.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - y.data[i]!)), 0);
    assert.ok(error <= 1e-5, `${each.name}: ${error}`);
  });
}

test('every encoding of weights, both generations of Keras and TensorFlow.js itself are among them', () => {
  const names = cases.map(({ name }) => name);
  for (const part of ['keras2-', 'keras3-', 'tfjs-', '-h5-float16', '-h5-uint8', '-h5-uint16', '-keras']) {
    assert.ok(
      names.some((name) => name.includes(part)),
      part,
    );
  }
});

test('a model of TensorFlow.js is explained like any other', async () => {
  const each = cases.find(({ name }) => name === 'tfjs-sequential')!;
  const model = await loadModel(filesOf(each));
  const [x] = each.inputs;
  const explanation = await new IntegratedGradients(model, { nSteps: 20 }).explain(tensor(x!.data, x!.shape), {
    target: 1,
  });
  assert.equal(explanation.attributions[0]!.shape, x!.shape);
});

test.run();
