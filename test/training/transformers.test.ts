/** Transformers in the trainer: the whole model and a head alone, masks, what is saved, the gradient's sense, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adamw, linearWarmup, sgd, Trainer, type TrainerOptions } from '../../src/training/index.ts';
import { loadTransformer, saveTransformer, type TransformerModel } from '../../src/transformers/index.ts';
import { rejects } from '../attribution/closed-forms.ts';
import { makeFiles, type Sizes, small } from '../transformers/support.ts';

const test = suite('training transformers');
const [ROWS, LENGTH] = [24, 6];
const at = (i: number): number => 5 + ((i * i * 7 + 3 * i) % 30);
const ids = Array.from({ length: ROWS }, (_, r) =>
  Array.from({ length: LENGTH }, (_, p) => (p >= 3 + (r % 4) ? 0 : p === 0 ? 1 : p === 1 ? 2 + (r % 3) : at(r + p))),
);
const mask = ids.map((row) => row.map((id) => Number(id !== 0)));
const x = { input_ids: ids, attention_mask: mask };
const y = Int32Array.from(ids, (row) => row[1]! - 2);
const still = {
  distilbert: { dropout: 0, attention_dropout: 0, seq_classif_dropout: 0 },
  bert: { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
};
const files = async (sizes: Sizes = small) => {
  const made = await makeFiles(sizes);
  return { ...made, config: { ...(made.config as object), ...still[sizes.kind] } };
};
const optimizer = () =>
  adamw({
    learningRate: linearWarmup({ learningRate: 0.02, warmupSteps: 6, trainingSteps: 90 }),
    weightDecay: 0.01,
    excludeFromWeightDecay: ['bias', 'LayerNorm', 'layer_norm'],
  });
const settings = (more: Partial<TrainerOptions> = {}): TrainerOptions => ({
  ...{ loss: 'sparse_categorical_crossentropy', optimizer: optimizer(), metrics: ['accuracy'] },
  ...more,
});

for (const sizes of [small, { ...small, kind: 'bert' } as Sizes]) {
  test(`${sizes.kind}: learns, and its copy and its files predict what the trainer does`, async () => {
    const given = await loadTransformer(await files(sizes));
    const trainer = new Trainer(given, settings());
    const { history } = await trainer.fit(x, y, { epochs: 30, batchSize: 8 });
    assert.ok(history['loss']!.at(-1)! < 0.2 * history['loss']![0]!, `${history['loss']}`);
    assert.ok((await trainer.evaluate(x, y)).accuracy! > 0.95);
    const wanted = (await trainer.predict(x))[0]!.data;
    const trained = await given.withWeights(trainer.change);
    const saved = await saveTransformer(trained);
    const config = JSON.parse(new TextDecoder().decode(saved['config.json']!));
    const again = await loadTransformer({ config, weights: saved['model.safetensors']! });
    for (const one of [trained, again]) {
      const got = (await one.predict(x)).data;
      const off = Array.from(wanted, Number).reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0);
      assert.ok(off < 1e-5, `off by ${off}`);
    }
    trainer.dispose();
  });
}

test('a frozen encoder keeps its bits while the head learns', async () => {
  const given = await loadTransformer(await files());
  const trainer = new Trainer(given, settings({ freeze: (path) => path.startsWith('distilbert/') }));
  const before = new Map(given.weights.map(({ layer, name, tensor }) => [`${layer}/${name}`, [...tensor.data]]));
  await trainer.fit(x, y, { epochs: 2, batchSize: 8 });
  for (const { path, trainable, value } of trainer.weights()) {
    assert.is(trainable, !path.startsWith('distilbert/'), path);
    const same = value.data.every((v, i) => v === before.get(path)![i]);
    assert.is(same, !trainable, path);
  }
  trainer.dispose();
});

test('a step goes down the slope that differences of the loss show', async () => {
  const given = await loadTransformer(await files(), { dtype: 'float64' });
  const rate = 1e-3;
  const trainer = new Trainer(given, settings({ optimizer: sgd({ learningRate: rate }) }));
  const loss = async (model: TransformerModel): Promise<number> => {
    const judge = new Trainer(model, settings());
    const { loss: value } = await judge.evaluate(x, y);
    judge.dispose();
    return value!;
  };
  await trainer.fit(x, y, { batchSize: ROWS, shuffle: false });
  for (const wanted of ['classifier/kernel', 'distilbert/embeddings/LayerNorm/gamma']) {
    const { value } = trainer.weights().find(({ path }) => path === wanted)!;
    const held = given.weights.find(({ layer, name }) => `${layer}/${name}` === wanted)!.tensor;
    const slope = (held.data[3]! - value.data[3]!) / rate;
    const moved = (by: number) =>
      given.withWeights(({ layer, name, tensor }) =>
        `${layer}/${name}` === wanted ? Float64Array.from(tensor.data, (v, i) => (i === 3 ? v + by : v)) : null,
      );
    const measured = ((await loss(await moved(1e-5))) - (await loss(await moved(-1e-5)))) / 2e-5;
    assert.ok(Math.abs(slope - measured) < 1e-6, `${wanted}: ${slope}, differences say ${measured}`);
  }
  trainer.dispose();
});

test('a mask of ones is what is meant without one, and padding that it hides changes nothing', async () => {
  const given = await loadTransformer(await files(), { dtype: 'float64' });
  const judge = new Trainer(given, settings());
  const seen = ids.map((row) => row.slice(0, 3));
  const bare = await judge.predict(seen);
  const ones = await judge.predict({ input_ids: seen, attention_mask: seen.map((row) => row.map(() => 1)) });
  assert.equal(bare[0]!.data, ones[0]!.data);
  const padded = seen.map((row) => [...row, 0, 0]);
  const hidden = await judge.predict({ input_ids: padded, attention_mask: padded.map(() => [1, 1, 1, 0, 0]) });
  const off = Array.from(bare[0]!.data, Number).reduce(
    (most, v, i) => Math.max(most, Math.abs(v - hidden[0]!.data[i]!)),
    0,
  );
  assert.ok(off < 1e-12, `off by ${off}`);
  judge.dispose();
});

test('resumed from a checkpoint, a transformer has the bits of what was never interrupted', async () => {
  const given = await loadTransformer(await makeFiles(small));
  const whole = new Trainer(given, settings({ seed: 5 }));
  await whole.fit(x, y, { epochs: 4, batchSize: 8 });
  let bytes: Uint8Array | null = null;
  const first = new Trainer(given, settings({ seed: 5 }));
  const keep = {
    onEpochEnd: (epoch: number, _: object, one: Trainer) => void (epoch === 1 && (bytes = one.checkpoint())),
  };
  await first.fit(x, y, { epochs: 2, batchSize: 8, callbacks: [keep] });
  const second = await Trainer.resume(given, bytes!, settings({ seed: 5 }));
  await second.fit(x, y, { epochs: 4, batchSize: 8 });
  second.weights().forEach(({ path, value }, i) => {
    assert.equal(value.data, whole.weights()[i]!.value.data, path);
  });
});

test('what does not fit is refused by name', async () => {
  const given = await loadTransformer(await files());
  const trainer = new Trainer(given, settings());
  await rejects(trainer.fit({ input_ids: [[1, 99]] }, [0]), 'input_ids has 99');
  await rejects(trainer.fit({ input_ids: [[1, 2]], attention_mask: [[1]] }, [0]), 'needs the shape of the ids');
  await rejects(trainer.fit({ input_ids: [[1, 2]], masks: [[1, 1]] } as never, [0]), "takes no input 'masks'");
  await rejects(trainer.fit({ attention_mask: [[1, 1]] }, [0]), 'input_ids are missing');
  await rejects(trainer.fit('a text', [0]), 'takes token ids');
  await rejects(trainer.fit([[1, 2]], [7]), 'row 0');
  await rejects(trainer.model(), 'is a transformer');
  assert.throws(() => new Trainer(given, settings({ freeze: () => true })), /no weight to train/);
});

test.run();
