/**
 * Functional models that touch every layer and option, saved by Keras 3 and by tf_keras (test/golden/make_zoo.py): every output to
 * 1e-5, every gradient to 1e-4 of its largest, and both from each file format that Keras wrote.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Model } from '../../src/model/model.ts';
import { mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { cast } from '../../src/ops/unary.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';
import { type Packed, readZoo, unpack, type ZooCase } from '../support/zoo.ts';
import { customLayers } from '../support/zoo-layers.ts';

const folder = new URL('../golden/zoo/', import.meta.url);
const test = suite('models by real Keras');

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json.gz'))) {
  const zoo = readZoo(readFileSync(new URL(name, folder)));
  for (const [format, file] of Object.entries(zoo.files)) {
    test(`${name.replace('.json.gz', '')} from .${format}`, async () => {
      const bytes = gunzipSync(readFileSync(new URL(file, folder)));
      const model = await loadModel(bytes, { name: file.replace('.gz', ''), layers: customLayers });
      const inputs = zoo.inputs.map((input) => ('strings' in input ? input : unpack(input)));
      const outputs = await model.predictAll((inputs.length === 1 ? inputs[0]! : inputs) as never);
      const wrong = zoo.cases.flatMap(({ name: label, output }, i) => {
        const problem = difference(outputs[i]!, output, 1e-5);
        return problem === null ? [] : [`${label}: ${problem}`];
      });
      wrong.push(...(await gradients(model, zoo.inputs as Packed[], zoo.source, zoo.cases)));
      assert.equal(wrong, []);
    });
  }
}

function difference(
  got: { data: ArrayLike<number>; shape: readonly number[] },
  packed: Packed,
  bound: number,
): string | null {
  const { data, shape } = unpack(packed);
  if (got.shape.join() !== shape.join()) return `shape [${got.shape}], Keras has [${shape}]`;
  const scale = Math.max(1, ...Array.from(data, Math.abs));
  const worst = Array.from(data, (value, i) => Math.abs(value - got.data[i]!)).reduce((a, b) => (b <= a ? a : b), 0);
  return worst <= bound * scale ? null : `differs by ${worst}`;
}

/** Per output, the gradient of its sum with the cotangent to the source input; what TensorFlow calls None must not depend on it. */
async function gradients(
  model: Model,
  inputs: readonly Packed[],
  source: number | null,
  cases: readonly ZooCase[],
): Promise<string[]> {
  if (source === null) return [];
  const xs = inputs.map(({ shape }, i) => placeholder(shape, model.inputs[i]!.dtype));
  const fed = inputs.map((input) => Float32Array.from(unpack(input).data));
  const ys = model.apply(xs);
  const wrong: string[] = [];
  for (const [i, { name, gradient, cotangent }] of cases.entries()) {
    if (!gradient) continue;
    const { data, shape } = unpack(cotangent);
    const score = sum(mul(cast(ys[i]!, 'float32'), tensor(Float32Array.from(data), shape)));
    const [dx] = await compile(grad(score, [xs[source]!]), xs).run(fed);
    const problem = difference({ data: dx!, shape: gradient.shape }, gradient, 1e-4);
    if (problem) wrong.push(`gradient of ${name}: ${problem}`);
  }
  return wrong;
}

test.run();
