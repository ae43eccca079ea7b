/**
 * Layers in training mode against real Keras 3 and tf_keras, in float64 (test/golden/training/make_layers.py): outputs, penalties, gradients of every
 * trained weight, what becomes of statistics, and constraints. Nothing here is random.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { add, mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { placeholder, type Tensor, tensor, zeros } from '../../src/tensor/tensor.ts';
import { createTrainingContext, trainableWeights } from '../../src/training/index.ts';

interface Packed {
  readonly shape: number[];
  readonly dtype: 'float64' | 'int32';
  readonly data: string;
}
interface Case {
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly inputs: Packed[];
  readonly outputs: Packed[];
  readonly cotangents: Packed[];
  readonly loss: number;
  readonly weights: {
    name: string;
    trainable: boolean;
    before: Packed;
    gradient?: Packed;
    after?: Packed;
    constrained?: Packed;
  }[];
}

function unpack({ data, dtype, shape }: Packed): Tensor {
  const { buffer } = Uint8Array.from(Buffer.from(data, 'base64'));
  return tensor(dtype === 'int32' ? new Int32Array(buffer) : new Float64Array(buffer), shape);
}

function close(got: ArrayLike<number>, wanted: ArrayLike<number>, what: string, bound = 1e-10): void {
  const scale = Math.max(1, ...Array.from(wanted, Math.abs));
  assert.is(got.length, wanted.length, what);
  const worst = Array.from(wanted, (v, i) => Math.abs(v - got[i]!)).reduce((a, b) => (b <= a ? a : b), 0);
  assert.ok(worst <= bound * scale, `${what}: differs by ${worst}`);
}

for (const major of [2, 3]) {
  const file = new URL(`../golden/training/layers-keras${major}.json.gz`, import.meta.url);
  assert.ok(existsSync(file));
  const golden = JSON.parse(strFromU8(gunzipSync(readFileSync(file)))) as { cases: Case[] };
  const test = suite(`layers in training, Keras ${major}`);
  for (const { name, file: bytes, format, inputs, outputs, cotangents, loss, weights } of golden.cases) {
    // Keras 3 keeps factors of penalties and of attention in float32, tf_keras the momentum of statistics.
    const bound = major === 3 && /penalties|embedding/.test(name) ? 3e-7 : 1e-10;
    test(name, async () => {
      const model = await loadModel(gunzipSync(Buffer.from(bytes, 'base64')), {
        name: `${name}.${format}`,
        dtype: 'float64',
      });
      const given = inputs.map(unpack);
      const xs = given.map((x) => placeholder(x.shape, x.dtype));
      const seed = placeholder([2], 'int32');
      const training = createTrainingContext(seed, 'float64');
      const ys = model.apply(xs, { training });
      assert.is(training.draws, 0);
      const ours = trainableWeights(model);
      // Keras lists the same weights, in an order that depends on what is frozen: found again by their values.
      const find = (before: Packed): (typeof ours)[number] => {
        const wanted = unpack(before);
        const found = ours.find(
          ({ tensor: t }) => t.size === wanted.size && t.data.every((v, i) => v === wanted.data[i]),
        );
        assert.ok(found, `${name}: a weight is missing`);
        return found!;
      };
      const pairs = weights.map((weight) => ({ weight, own: find(weight.before) }));
      assert.is(ours.length, weights.length);
      for (const { weight, own } of pairs) assert.is(own.trainable, weight.trainable, `${own.path} is trained`);
      const penalties = ours.flatMap(({ regularizer, tensor: t }) => (regularizer ? [regularizer(t)] : []));
      const extra = [...training.losses, ...penalties].reduce((a, b) => add(a, b), zeros([], 'float64'));
      const score = ys.reduce((total, y, i) => add(total, sum(mul(y, unpack(cotangents[i]!)))), extra);
      const trained = pairs.filter(({ weight }) => weight.trainable);
      const moved = pairs.filter(({ weight }) => !weight.trainable);
      const results = [
        ...[
          ...ys,
          extra,
          ...grad(
            score,
            trained.map(({ own }) => own.tensor),
          ),
        ],
        ...moved.map(({ own }) => training.current(own.tensor)),
      ];
      const plan = compile(results, [seed, ...xs, ...ours.map((own) => own.tensor)], { backend: reference });
      const found = plan.runSync([
        Int32Array.of(1, 0),
        ...given.map((x) => x.data),
        ...ours.map((own) => own.tensor.data),
      ]);
      for (const [i, y] of outputs.entries()) close(found[i]!, unpack(y).data, `output ${i}`, bound);
      close(found[ys.length]!, [loss], 'penalties', bound);
      const from = ys.length + 1;
      for (const [i, { weight, own }] of trained.entries())
        close(found[from + i]!, unpack(weight.gradient!).data, `gradient of ${own.path}`, bound);
      for (const [i, { weight, own }] of moved.entries())
        close(found[from + trained.length + i]!, unpack(weight.after!).data, own.path, major === 3 ? bound : 1e-8);
      for (const { weight, own } of trained) {
        assert.is(own.constraint === null, weight.constrained === undefined, `constraint of ${own.path}`);
        if (weight.constrained)
          close(
            evaluate(own.constraint!(own.tensor)).data,
            unpack(weight.constrained).data,
            `constraint of ${own.path}`,
          );
      }
    });
  }
  if (major === 2) {
    test('tf_keras moves the variance of pictures in float32 by the unbiased one', async () => {
      const { file: bytes, inputs } = golden.cases.find(({ name }) => name === 'batch_norm_pictures')!;
      const model = await loadModel(gunzipSync(Buffer.from(bytes, 'base64')), { name: 'bn.h5' });
      const given = unpack(inputs[0]!);
      const training = createTrainingContext(tensor([1, 0], undefined, 'int32'));
      model.apply([tensor(given.data, given.shape, 'float32')], { training });
      const weight = trainableWeights(model).find(({ path }) => path.endsWith('moving_variance'))!.tensor;
      const moved = evaluate(training.current(weight)).data;
      moved.forEach((value, c) => {
        const channel = Array.from(given.data).filter((_, i) => i % 2 === c);
        const centre = channel.reduce((a, b) => a + b, 0) / channel.length;
        const squares = channel.reduce((a, b) => a + (b - centre) ** 2, 0);
        const wanted = weight.data[c]! * 0.8 + (squares / (channel.length - 1)) * 0.2;
        assert.ok(Math.abs(value - wanted) < 1e-6, `${value} where Keras has ${wanted}`);
      });
    });
  }
  test.run();
}
