/**
 * Every layer class with weights differentiates with respect to each of them: gradients of the models that real Keras made (test/golden/zoo),
 * at inference and in training, against central differences in float64. A layer that read its weights while its graph is made would have none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../../src/backends/reference/index.ts';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { randomUniform } from '../../../src/graph/random.ts';
import { loadModel } from '../../../src/keras/load/load.ts';
import { allLayers } from '../../../src/model/lookup.ts';
import { add, mul } from '../../../src/ops/binary.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { cast } from '../../../src/ops/unary.ts';
import { placeholder, tensor } from '../../../src/tensor/tensor.ts';
import { createTrainingContext, trainableWeights } from '../../../src/training/index.ts';
import { readZoo, unpack } from '../../support/zoo.ts';
import { customLayers } from '../../support/zoo-layers.ts';

const folder = new URL('../../golden/zoo/', import.meta.url);
const test = suite('gradients of all weights');
const classes = new Set<string>();
/** Layers whose masked rows lie at -1e9 in Keras 2: differences have no digits left there. */
const coarse = /keras2-tokens.*(multi_head_attention|embedding)/;
/** Models with layers that cannot be trained; these are named. */
const refused = new Map<string, RegExp>([['keras2-images', /Random/]]);

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json.gz'))) {
  const zoo = readZoo(readFileSync(new URL(name, folder)));
  const file = Object.values(zoo.files)[0]!;
  const label = name.replace('.json.gz', '');
  for (const mode of ['inference', 'training'] as const) {
    test(`${label} in ${mode}`, async () => {
      const bytes = gunzipSync(readFileSync(new URL(file, folder)));
      const model = await loadModel(bytes, { name: file.replace('.gz', ''), layers: customLayers, dtype: 'float64' });
      const raw = zoo.inputs.map((input) => ('strings' in input ? input : unpack(input)));
      const inputs = model.encode((raw.length === 1 ? raw[0]! : raw) as never);
      const xs = inputs.map((x) => placeholder(x.shape, x.dtype));
      const seed = placeholder([2], 'int32');
      const training = createTrainingContext(seed, 'float64');
      const options = mode === 'training' ? { training } : {};
      const expected = mode === 'training' ? refused.get(label) : undefined;
      if (expected) {
        assert.throws(() => model.apply(xs, options), expected);
        return;
      }
      const ys = model.apply(xs, options);
      const weights = trainableWeights(model).filter(({ trainable }) => trainable);
      for (const layer of allLayers(model.layers)) if (layer.weights.length > 0) classes.add(layer.className);
      const terms = ys.map((y, i) =>
        // A crop in training is smaller than what passes at inference.
        sum(mul(cast(y, 'float64'), tensor(unpack(zoo.cases[i]!.cotangent).data.slice(0, y.size), y.shape, 'float64'))),
      );
      const score = terms.reduce((a, b) => add(a, b));
      // A weight that a layer assigns before it is used (SpectralNormalization) is trained as what it was made.
      const tensors = weights.map(({ tensor: own }) => training.begins.get(own) ?? own);
      const feeds = [seed, ...xs, ...tensors];
      const plan = compile([score, ...grad(score, tensors)], feeds, { backend: reference });
      const only = compile([score], feeds, { backend: reference });
      const values = weights.map(({ tensor: { data } }) => Float64Array.from(data));
      const base = [Int32Array.of(3, 1), ...inputs.map((x) => x.data)];
      const [value, ...gradients] = plan.runSync([...base, ...values]);
      const next = randomUniform(7);
      weights.forEach(({ path }, i) => {
        const direction = values[i]!.map(() => next() - 0.5);
        const at = (h: number): number => {
          const moved = values.map((v, k) => (k === i ? v.map((w, j) => w + h * direction[j]!) : v));
          return only.runSync([...base, ...moved])[0]![0]!;
        };
        const numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
        const exact = direction.reduce((total, d, j) => total + d * gradients[i]![j]!, 0);
        const error = Math.abs(numeric - exact) / Math.max(1, Math.abs(exact), Math.abs(value![0]!));
        const bound = coarse.test(`${label} ${path}`) ? 0.05 : 1e-6;
        assert.ok(error < bound, `${path}: ${exact}, by differences ${numeric}`);
      });
    });
  }
}

test('no class with weights is left out', () => {
  assert.ok(classes.size >= 37, `${classes.size}: ${[...classes].sort().join(' ')}`);
});

test.run();
