/** The last block of a classifier computes the first position alone, unless somebody looks at the others: the same numbers, fewer operations. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { LayerConductance } from '../../src/attribution/methods/index.ts';
import type { ApplyOptions } from '../../src/graph/callable.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { makeFiles, type Sizes, small } from './support.ts';

const test = suite('transformers: the first position alone');
const bert: Sizes = { ...small, kind: 'bert' };
const ids = tensor(Int32Array.from([1, 5, 9, 3, 2, 0, 0, 1, 7, 2, 0, 0, 0, 0]), [2, 7]);
const mask = tensor(
  Int32Array.from(ids.data, (id) => Number(id !== 0)),
  [2, 7],
);
const lastOf = (kind: string): string => (kind === 'bert' ? 'bert/encoder/layer.1' : 'distilbert/transformer/layer.1');

for (const sizes of [small, bert]) {
  test(`${sizes.kind}: logits and gradients are those of all positions`, async () => {
    const model = await loadTransformer(await makeFiles(sizes), { dtype: 'float64', output: 'logits' });
    const run = (hooks: ApplyOptions): { values: number[][]; flops: number } => {
      let embedded: Tensor | undefined;
      const x = placeholder([2, 7], 'int32');
      const seen = placeholder([2, 7], 'int32');
      const onOutputs: ApplyOptions['onOutputs'] = (call) => {
        if (call.layer.path === `${sizes.kind}/embeddings`) embedded = call.outputs[0];
        return hooks.onOutputs?.(call) ?? null;
      };
      const kwargs = { attention_mask: seen };
      const y = model.apply([x], { ...hooks, kwargs, onOutputs })[0]!;
      const plan = compile([y, grad(y, [embedded!])[0]!], [x, seen]);
      const values = plan.runSync([ids.data, mask.data]).map((data) => Array.from(data, Number));
      return { values, flops: plan.stats.flops };
    };
    const whole = run({});
    const first = run({ watched: [`${sizes.kind}/embeddings`] });
    for (const [i, values] of whole.values.entries()) {
      const most = Math.max(...values.map(Math.abs));
      const off = Math.max(...values.map((value, j) => Math.abs(value - first.values[i]![j]!)));
      assert.ok(off < 1e-12 * most, `off by ${off} of ${most}`);
    }
    assert.ok(first.flops < 0.75 * whole.flops, `${first.flops} of ${whole.flops}`);
    // Whoever looks at the last block, or at what is made of it, has it whole.
    for (const path of [lastOf(sizes.kind), `${lastOf(sizes.kind)}/attention`, sizes.kind]) {
      assert.is(run({ watched: [`${sizes.kind}/embeddings`, path] }).flops, whole.flops, path);
    }
  });

  test(`${sizes.kind}: layers of the last block are explained at all positions`, async () => {
    const model = await loadTransformer(await makeFiles(sizes));
    const forwardKwargs = { attention_mask: mask };
    const explainer = new IntegratedGradients(model, { layer: lastOf(sizes.kind), nSteps: 4 });
    const inside = await explainer.explain(ids, { forwardKwargs, target: 1 });
    assert.equal(inside.attributions[0]!.shape, [2, 7, 8]);
    const conductance = new LayerConductance(model, {
      layer: `${lastOf(sizes.kind)}/attention`,
      inputLayer: `${sizes.kind}/embeddings`,
      nSteps: 4,
    });
    const observed = await conductance.explain(ids, { forwardKwargs, target: 1 });
    assert.equal(observed.attributions[0]!.shape, [2, 7, 8]);
    // What the first position's attention gives reaches the output, so that something is found there.
    assert.ok(observed.attributions[0]!.data.some((value) => value !== 0));
  });
}

test.run();
