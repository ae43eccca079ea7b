/**
 * Encoders whose attention looks at distances (MPNet, DeBERTa, ModernBERT), and all others beside them: a text alone, among longer ones and
 * behind padding has the same outputs and explanations; every layer is called by its path; buckets and angles by their definitions.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../../src/attribution/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
import { compile } from '../../../src/graph/compile.ts';
import { placeholder, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { logBucket } from '../../../src/transformers/encoders/disentangled.ts';
import { bucketOf } from '../../../src/transformers/encoders/mpnet.ts';
import { rotation } from '../../../src/transformers/encoders/rotary.ts';
import { type LoadedTransformer, loadTransformer } from '../../../src/transformers/index.ts';
import { allLayers } from '../../../src/transformers/layers.ts';
import { writeSafetensors } from '../../support/safetensors.ts';
import {
  arraysOf,
  type GoldenCase,
  type GoldenEncoder,
  goldenEncoder,
  openCase,
} from '../../support/transformer-golden.ts';

const test = suite('transformers: distances');
const names = ['roberta', 'albert', 'mpnet', 'deberta-v2', 'deberta-v2-plain', 'modernbert-mean'];

function caseOf(name: string, head: string): [GoldenEncoder, GoldenCase] {
  const golden = goldenEncoder(name);
  return [golden, golden.cases.find((found) => found.head === head)!];
}

function off(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  assert.is(got.length, wanted.length);
  return Array.from(wanted).reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0);
}

/** The model as it is, but for leaving positions out. */
function whole(model: LoadedTransformer): CallableModel {
  return {
    ...{ name: model.name, inputs: model.inputs, layers: model.layers, dtype: model.dtype },
    apply: (xs, options) => model.apply(xs, options),
    getLayer: (selector) => model.getLayer(selector),
  };
}

for (const name of names) {
  test(`${name}: a text alone, among longer ones, and with other tokens behind the mask`, async () => {
    const [golden, found] = caseOf(name, 'single');
    const model = await openCase(golden, found);
    const { input_ids: ids, attention_mask: mask, token_type_ids: types } = golden.inputs;
    const given = { input_ids: ids as number[][], attention_mask: mask as number[][] };
    const kinds = types ? { token_type_ids: types as number[][] } : {};
    const together = await model.predict({ ...given, ...kinds });
    for (const [row, seen] of mask!.entries()) {
      const length = seen.filter(Boolean).length;
      const cut = (rows: readonly (readonly number[])[]): number[][] => [rows[row]!.slice(0, length)];
      const alone = await model.predict({ input_ids: cut(ids!), ...(types ? { token_type_ids: cut(types) } : {}) });
      assert.ok(off(alone.data, together.data.subarray(3 * row, 3 * row + 3)) < 1e-12, `row ${row}`);
    }
    // RoBERTa and MPNet count tokens that are no padding, behind the mask as well, but those stand behind all others.
    const noise = ids!.map((row, i) => row.map((id, p) => (mask![i]![p] ? id : 7)));
    const graph = await evaluate(model, noise, { attention_mask: mask!, ...kinds });
    assert.ok(off(graph, together.data) < 1e-12, 'other tokens behind the mask');
  });
}

async function evaluate(
  model: LoadedTransformer,
  ids: readonly (readonly number[])[],
  kwargs: Readonly<Record<string, readonly (readonly number[])[]>>,
): Promise<ArrayLike<number>> {
  const ints = (rows: readonly (readonly number[])[]): Tensor => tensor(rows as number[][], undefined, 'int32');
  const entries = Object.entries(kwargs).map(([name, rows]) => [name, ints(rows)] as const);
  const x = placeholder([ids.length, ids[0]!.length], 'int32');
  const [y] = await compile(model.apply([x], { kwargs: Object.fromEntries(entries) }), [x]).run([ints(ids).data]);
  return y!;
}

/** Padding on the right, on the left, and holes, which may not be closed where distances count. */
const masks = {
  right: [
    [1, 1, 1, 1, 1, 1, 0, 0, 0],
    [1, 1, 1, 0, 0, 0, 0, 0, 0],
  ],
  left: [
    [0, 0, 1, 1, 1, 1, 1, 1, 1],
    [0, 0, 1, 1, 1, 1, 1, 1, 1],
  ],
  holes: [
    [1, 1, 0, 1, 1, 1, 0, 0, 0],
    [1, 0, 0, 1, 0, 0, 1, 0, 0],
  ],
};

for (const name of ['mpnet', 'deberta-v2', 'modernbert-mean']) {
  for (const [kind, mask] of Object.entries(masks)) {
    // It reads its first position, hidden or not, so padding on the left is refused: test/transformers/refusals.test.ts.
    if (name === 'deberta-v2' && kind === 'left') continue;
    test(`${name}, ${kind}: hidden positions left out or kept, the same explanation`, async () => {
      const [golden, found] = caseOf(name, 'single');
      const model = await openCase(golden, found);
      // Padding behind the mask: other tokens would be counted by MPNet.
      const pad = Number(found.config['pad_token_id']);
      const ids = mask.map((row) => row.map((seen, p) => (seen ? golden.inputs['input_ids']![0]![p]! : pad)));
      const explain = async (some: CallableModel) => {
        const ig = new IntegratedGradients(some, { layer: `${golden.prefix}/embeddings`, nSteps: 4 });
        const baselines = { kind: 'pad', id: 4, keep: [2, 3] } as const;
        return ig.explain(ids, { forwardKwargs: { attention_mask: mask }, baselines, target: [0, 2] });
      };
      const [got, wanted] = [await explain(model), await explain(whole(model))];
      assert.ok(off(got.predictions.data, wanted.predictions.data) < 1e-12, 'predictions');
      assert.ok(off(got.attributions[0]!.data, wanted.attributions[0]!.data) < 1e-10, 'attributions');
      assert.is(got.meta.path!.pass, 'path-linear');
      if (kind === 'right') assert.ok(got.meta.path!.positionsRemoved > 0.3);
      if (kind === 'holes') assert.is(got.meta.path!.positionsRemoved, 0);
    });
  }
}

for (const name of ['deberta-v2', 'modernbert']) {
  test(`${name}: every layer is called once, and found by its path with slashes or dots`, async () => {
    const [golden, found] = caseOf(name, 'masked');
    const model = await openCase(golden, found);
    const seen: string[] = [];
    model.apply([tensor(golden.inputs['input_ids'] as number[][], undefined, 'int32')], {
      onOutputs: ({ layer }) => {
        seen.push(layer.path);
        return null;
      },
    });
    const paths = allLayers(model.layers).map(({ path }) => path);
    assert.equal([...seen].sort(), [...paths].sort());
    for (const path of paths) assert.is(model.getLayer(path.replaceAll('/', '.')).path, path);
  });

  test(`${name}: other weights, and back`, async () => {
    const [golden, found] = caseOf(name, 'single');
    const model = await openCase(golden, found);
    const ids = golden.inputs['input_ids'] as number[][];
    const before = await model.predict(ids);
    const other = await model.withWeights(({ name: leaf, tensor: { data } }) =>
      leaf === 'bias' || leaf === 'beta' ? null : Array.from(data, (v) => v / 2),
    );
    assert.ok(off((await other.predict(ids)).data, before.data) > 1e-3);
    const back = await other.withWeights(({ name: leaf, tensor: { data } }) =>
      leaf === 'bias' || leaf === 'beta' ? null : Array.from(data, (v) => v * 2),
    );
    assert.equal([...(await back.predict(ids)).data], [...before.data]);
  });
}

test('buckets of DeBERTa: near distances are their own, far ones by their logarithm, both ways alike', () => {
  assert.equal(
    Array.from({ length: 9 }, (_, i) => logBucket(i, 8, 512)),
    [0, 1, 2, 3, 4, 5, 5, 5, 5],
  );
  assert.is(logBucket(511, 256, 512), 255);
  assert.is(logBucket(129, 256, 512), 129);
  for (let d = 1; d < 512; d++) {
    assert.is(logBucket(-d, 256, 512), -logBucket(d, 256, 512));
    assert.ok(logBucket(d, 256, 512) >= logBucket(d - 1, 256, 512), `rising at ${d}`);
  }
});

test('buckets of MPNet: a half for each direction, the last one from 128 on', () => {
  assert.equal(
    [0, -1, -7, 1, 7].map((d) => bucketOf(d, 32)),
    [0, 1, 7, 17, 23],
  );
  assert.equal(
    [-8, -127, -128, -4000, 8, 500].map((d) => bucketOf(d, 32)),
    [8, 15, 15, 15, 24, 31],
  );
});

test('rotary positions: products depend on distances alone, with positions that are given as with counted ones', async () => {
  const options = { size: 4, theta: 100, limit: 12, dtype: 'float64' } as const;
  const [q, k] = [
    tensor([[[[1, -2, 0.5, 3]]]], undefined, 'float64'),
    tensor([[[[0.3, 1, -1, 2]]]], undefined, 'float64'),
  ];
  const turn = async (x: Tensor, p: number): Promise<number[]> => {
    const [y] = await compile([rotation(tensor([[p]], undefined, 'int32'), options)(x)], []).run([]);
    return [...y!];
  };
  const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const at = async (p: number, r: number): Promise<number> => dot(await turn(q, p), await turn(k, r));
  assert.ok(Math.abs((await at(5, 2)) - (await at(8, 5))) < 1e-6);
  assert.ok(Math.abs((await at(5, 2)) - (await at(5, 3))) > 1e-2);
  const three = tensor(new Float64Array(12).fill(1), [1, 1, 3, 4]);
  const [counted] = await compile([rotation(3, options)(three)], []).run([]);
  const [given] = await compile([rotation(tensor([[0, 1, 2]], undefined, 'int32'), options)(three)], []).run([]);
  assert.equal([...counted!], [...given!]);
});

test('configs that no model can have, or that mean another net', async () => {
  const rejects = async (name: string, change: Record<string, unknown>, text: RegExp): Promise<void> => {
    const [golden, found] = caseOf(name, 'single');
    const files = { config: { ...found.config, ...change }, weights: writeSafetensors(arraysOf(found, golden.prefix)) };
    try {
      await loadTransformer(files);
    } catch (error) {
      assert.match((error as Error).message, text);
      return;
    }
    assert.unreachable(`nothing was thrown, expected ${text}`);
  };
  await rejects('deberta-v2', { conv_kernel_size: 2 }, /'conv_kernel_size' has an unusable value.*odd/);
  await rejects('deberta-v2', { conv_groups: 3 }, /does not divide into conv_groups/);
  await rejects('deberta-v2', { position_buckets: 1 }, /'position_buckets'/);
  await rejects('deberta-v2', { position_buckets: 6 }, /rel_embeddings.*does not have the shape/);
  await rejects('deberta-v2', { attention_head_size: 4 }, /'attention_head_size'/);
  await rejects('deberta-v2', { pos_att_type: 3 }, /'pos_att_type'.*a list of words/);
  await rejects('deberta-v2', { share_att_key: false }, /lacks the weight '.*pos_key_proj\/kernel'/);
  await rejects('deberta-v2', { conv_kernel_size: 0 }, /has weights that the model of config.json does not have/);
  await rejects('modernbert', { rope_scaling: { rope_type: 'yarn', factor: 4 } }, /'rope_scaling'.*not supported/);
  await rejects('modernbert', { classifier_pooling: 'max' }, /'classifier_pooling'/);
  await rejects('modernbert', { layer_types: ['full_attention'] }, /'layer_types'/);
  await rejects('modernbert', { rope_parameters: { full_attention: { rope_theta: 10 } } }, /'rope_parameters'/);
  await rejects('modernbert', { attention_bias: true }, /lacks the weight '.*Wqkv\/bias'/);
  await rejects('modernbert', { num_attention_heads: 16 }, /even number of dimensions/);
});

test('ModernBERT: the config of transformers 5 is that of transformers 4', async () => {
  const [golden, found] = caseOf('modernbert', 'single');
  const { global_attn_every_n_layers: _, global_rope_theta: a, local_rope_theta: b, ...rest } = found.config;
  const sliding = 'sliding_attention';
  const newer = {
    ...rest,
    layer_types: ['full_attention', sliding, sliding, 'full_attention'],
    rope_parameters: {
      full_attention: { rope_theta: a, rope_type: 'default' },
      sliding_attention: { rope_theta: b, rope_type: 'default' },
    },
  };
  const ids = golden.inputs['input_ids'] as number[][];
  const wanted = await (await openCase(golden, found)).predict(ids);
  const got = await (await openCase(golden, { ...found, config: newer })).predict(ids);
  assert.equal([...got.data], [...wanted.data]);
});

test.run();
