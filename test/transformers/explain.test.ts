/** Integrated gradients of transformers: at the embeddings and inside, with and without the positions that a mask hides. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explanation, IntegratedGradients, predictedClass } from '../../src/attribution/index.ts';
import { GuidedIG, IDGI } from '../../src/attribution/methods/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { type LoadedTransformer, loadTransformer } from '../../src/transformers/index.ts';
import { thorough } from '../support/thorough.ts';
import { makeFiles, type Sizes, small } from './support.ts';

const test = suite('transformers: explanations');
const bert: Sizes = { ...small, kind: 'bert' };
const ids = [
  [1, 5, 9, 3, 2, 0, 0, 0],
  [1, 7, 2, 0, 0, 0, 0, 0],
  [1, 30, 31, 32, 33, 2, 0, 0],
  [1, 8, 2, 0, 0, 0, 0, 0],
];
const padding = ids.map((row) => row.map((id) => Number(id !== 0)));
const holes = [
  [1, 0, 1, 1, 0, 0, 0, 1],
  [1, 1, 0, 0, 0, 0, 0, 0],
  [0, 1, 0, 0, 0, 1, 1, 1],
  [1, 0, 0, 0, 0, 0, 1, 0],
];
const baselines = { kind: 'pad', id: 0, keep: [1, 2] } as const;

/** The model as it is, but for leaving positions out. */
function whole(model: LoadedTransformer): CallableModel {
  return {
    name: model.name,
    inputs: model.inputs,
    layers: model.layers,
    dtype: model.dtype,
    apply: (xs, options) => model.apply(xs, options),
    getLayer: (selector) => model.getLayer(selector),
  };
}

function distance(a: Tensor, b: Tensor): number {
  assert.equal(a.shape, b.shape);
  const [got, wanted] = [Array.from(a.data), Array.from(b.data)];
  const top = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return got.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i]!)), 0) / (top || 1);
}

async function explain(
  model: CallableModel,
  layer: string,
  mask: number[][],
  options: { nSteps?: number | 'auto'; attributeToLayerInputs?: boolean } = {},
): Promise<Explanation> {
  const { nSteps = 8, attributeToLayerInputs = false } = options;
  const ig = new IntegratedGradients(model, { layer, nSteps, targetFn: predictedClass });
  const explanation = await ig.explain(ids, {
    forwardKwargs: { attention_mask: mask },
    baselines,
    attributeToLayerInputs,
  });
  ig.dispose();
  return explanation;
}

const layers = {
  distilbert: [
    'distilbert/embeddings',
    'distilbert/transformer/layer.0',
    'distilbert/transformer/layer.1/attention/q_lin',
    'pre_classifier',
  ],
  bert: ['bert/embeddings', 'bert/encoder/layer_._0', 'bert/encoder/layer.1/attention/self', 'bert/pooler'],
};

for (const sizes of [small, bert]) {
  for (const [name, mask] of Object.entries({ padding, holes })) {
    // Each kind of mask and each kind of model once in `npm test`.
    if (!thorough && (sizes === small) !== (mask === padding)) continue;
    test(`${sizes.kind}, ${name}: hidden positions left out or kept, the same explanation`, async () => {
      for (const [dtype, tolerance] of [
        ['float64', 1e-12],
        ['float32', 1e-5],
      ] as const) {
        const model = await loadTransformer(await makeFiles(sizes), { dtype });
        for (const layer of layers[sizes.kind]) {
          const got = await explain(model, layer, mask);
          const wanted = await explain(whole(model), layer, mask);
          assert.ok(distance(got.attributions[0]!, wanted.attributions[0]!) < tolerance, `${layer} attributions`);
          for (const key of ['predictions', 'baselinePredictions'] as const) {
            assert.ok(distance(got[key], wanted[key]) < tolerance, `${layer} ${key}`);
          }
          const off = got.deltas.data.map((delta, i) => Math.abs(delta - wanted.deltas.data[i]!));
          assert.ok(Math.max(...off) < tolerance, `${layer} deltas ${off}`);
          assert.equal(got.target!.data, wanted.target!.data);
          assert.equal(got.baselines[0]!.toArray(), wanted.baselines[0]!.toArray());
          assert.equal(got.X[0]!.toArray(), ids);
          assert.ok(got.meta.path!.positionsRemoved > 0.3, `${got.meta.path!.positionsRemoved}`);
          assert.is(wanted.meta.path!.positionsRemoved, 0);
        }
      }
    });
  }
}

test('hidden positions get exactly 0, the others add up to the change of the score', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  for (const mask of [padding, holes]) {
    for (const some of [model, whole(model)]) {
      const { attributions, completeness } = await explain(some, 'distilbert/embeddings', mask, { nSteps: 300 });
      const [a] = attributions as [Tensor];
      assert.equal(a.shape, [4, 8, 8]);
      mask.forEach((row, i) => {
        row.forEach((seen, p) => {
          const part = a.data.subarray((i * 8 + p) * 8, (i * 8 + p + 1) * 8);
          if (!seen && p > 0)
            assert.ok(
              part.every((v) => v === 0),
              `sample ${i}, position ${p}`,
            );
        });
      });
      for (const { relative } of completeness) assert.ok(Math.abs(relative) < 5e-3, `${relative}`);
    }
  }
});

test('adaptive steps, inputs of a layer, a number as layer baseline, brute force: the same with positions left out', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  const layer = 'distilbert/transformer/layer.1';
  for (const options of [{ nSteps: 'auto' as const }, { attributeToLayerInputs: true }]) {
    const got = await explain(model, layer, padding, options);
    const wanted = await explain(whole(model), layer, padding, options);
    assert.ok(distance(got.attributions[0]!, wanted.attributions[0]!) < 1e-6);
  }
  for (const strategy of ['brute', 'path-linear'] as const) {
    const run = (some: CallableModel): Promise<Explanation> =>
      new IntegratedGradients(some, { layer, nSteps: 8, strategy }).explain(ids, {
        forwardKwargs: { attention_mask: padding },
        baselines: { space: 'layer', value: 0.25 },
        target: [0, 1, 2, 0],
      });
    const [got, wanted] = [await run(model), await run(whole(model))];
    assert.ok(distance(got.attributions[0]!, wanted.attributions[0]!) < 1e-12);
    assert.equal(got.baselines[0]!.toArray(), wanted.baselines[0]!.toArray());
  }
});

test('a padded position that a mask hides had a say in which words a guided path moves', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  const mask = [padding[0]!, padding[1]!, holes[0]!, padding[3]!];
  // The second baseline has words where the first has padding: what is hidden would move.
  for (const data of [baselines, { kind: 'dataset', data: [[1, 20, 21, 22, 2, 7, 8, 9]] }] as const) {
    for (const make of [
      () => new GuidedIG(model, { layer: 'distilbert/embeddings', nSteps: 6, maxDistance: 0.3 }),
      () => new IDGI(model, { layer: 'distilbert/embeddings', nSteps: 6, maxDistance: 0.3, path: 'guided' }),
    ]) {
      const explain = (rows: number[]): Promise<Explanation> =>
        make().explain(
          rows.map((row) => ids[row]!),
          {
            forwardKwargs: { attention_mask: rows.map((row) => mask[row]!) },
            baselines: data,
            target: 1,
          },
        );
      const among = await explain([0, 1, 2, 3]);
      for (const row of [0, 1, 2, 3]) {
        const part = among.attributions[0]!.data.slice(64 * row, 64 * (row + 1));
        const alone = (await explain([row])).attributions[0]!;
        assert.ok(distance(tensor(part, alone.shape), alone) < 1e-9, `row ${row}`);
      }
    }
  }
  const short = await new GuidedIG(model, { layer: 'distilbert/embeddings', nSteps: 6 }).explain(
    [ids[1]!.slice(0, 3)],
    {
      target: 1,
    },
  );
  const long = await new GuidedIG(model, { layer: 'distilbert/embeddings', nSteps: 6 }).explain([ids[1]!], {
    forwardKwargs: { attention_mask: [padding[1]!] },
    target: 1,
  });
  assert.ok(distance(tensor(long.attributions[0]!.data.slice(0, 24), [1, 3, 8]), short.attributions[0]!) < 1e-9);
});

test('several baselines are averaged, with their spread', async () => {
  const model = await loadTransformer(await makeFiles(small), { dtype: 'float64' });
  const data = [ids[1]!, ids[3]!, [1, 20, 21, 22, 2, 0, 0, 0]];
  const run = (some: CallableModel): Promise<Explanation> =>
    new IntegratedGradients(some, { layer: 'distilbert/embeddings', nSteps: 6 }).explain(ids, {
      forwardKwargs: { attention_mask: padding },
      baselines: { kind: 'dataset', data },
      target: 1,
    });
  const [got, wanted] = [await run(model), await run(whole(model))];
  assert.ok(distance(got.attributions[0]!, wanted.attributions[0]!) < 1e-12);
  assert.ok(distance(got.baselineSpread!.std[0]!, wanted.baselineSpread!.std[0]!) < 1e-9);
  assert.ok(distance(got.baselineSpread!.scores, wanted.baselineSpread!.scores) < 1e-12);
});

test('a head that may look at hidden positions keeps them', async () => {
  const head = ({ hidden }: { hidden: Tensor }): Tensor => hidden;
  const model = await loadTransformer(await makeFiles(small), { head });
  const ig = new IntegratedGradients(model, { layer: 'distilbert/embeddings', nSteps: 2 });
  const target = ids.map(() => [1, 3]);
  const { meta } = await ig.explain(ids, { forwardKwargs: { attention_mask: padding }, baselines, target });
  assert.is(meta.path!.positionsRemoved, 0);
});

test('token ids have no path: the message says where to attribute to; wrong masks are refused', async () => {
  const model = await loadTransformer(await makeFiles(small));
  const refused = async (f: () => Promise<unknown>, text: RegExp): Promise<void> => {
    const error = await f().then(
      () => null,
      (e: Error) => e,
    );
    assert.match(error?.message ?? 'nothing was thrown', text);
  };
  await refused(
    () => new IntegratedGradients(model).explain(ids, { target: 0 }),
    /holds integers .*\nhint: attribute to a layer/,
  );
  const ig = new IntegratedGradients(model, { layer: 'distilbert/embeddings' });
  const run = (mask: number[][]) => () => ig.explain(ids, { target: 0, forwardKwargs: { attention_mask: mask } });
  await refused(run(padding.map((row, i) => (i === 2 ? row.map(() => 0) : row))), /hides every position of row 2/);
  await refused(run(padding.map((row) => row.slice(1))), /attention_mask needs the shape of the ids/);
  await refused(() => ig.explain(ids, { target: 0, forwardKwargs: { mask: padding } }), /takes no argument 'mask'/);
});

test.run();
