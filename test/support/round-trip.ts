/** Saves a model in every format that takes it and loads what came out: weights and predictions must be the same bits. */
import * as assert from 'uvu/assert';
import { type LoadOptions, loadModel } from '../../src/keras/load/load.ts';
import type { ModelLayer } from '../../src/keras/model/layer.ts';
import { saveModel } from '../../src/keras/save/save.ts';
import { allLayers } from '../../src/model/lookup.ts';
import type { Model } from '../../src/model/model.ts';
import { PathgradError } from '../../src/tensor/errors.ts';

const recurrent = /LSTM|GRU|Bidirectional/;

/** Refusals that say that the model's own Keras could not read the file. */
const refused = /cannot read it|no place for the frequencies|layout that tf_keras has/;

/**
 * @param feed what to predict; by default ones of batch 2
 * @returns the formats that were refused
 */
export async function assertRoundTrip(
  model: Model<ModelLayer>,
  feed: unknown = ones(model),
  options: LoadOptions = {},
): Promise<string[]> {
  const before = await model.predictAll(feed as never);
  const kept = weightsOf(model);
  const refusals: string[] = [];
  for (const format of ['keras', 'h5', 'weights.h5'] as const) {
    try {
      const bytes = await saveModel(model, { format });
      const whole = format === 'weights.h5' ? await saveModel(model, { format: 'keras' }) : bytes;
      const again = await loadModel(whole, { ...options, ...(format === 'weights.h5' ? { weights: bytes } : {}) });
      const after = await again.predictAll(feed as never);
      for (const [i, { data, shape }] of before.entries()) {
        assert.equal(after[i]!.shape, shape, `${format}, output ${i}`);
        assert.equal(after[i]!.data, data, `${format}, output ${i}`);
      }
      assert.equal(weightsOf(again), kept, format);
    } catch (error) {
      if (!(error instanceof PathgradError) || !refused.test(error.message)) throw error;
      refusals.push(format);
    }
  }
  return refusals;
}

/** By name: archives list the cells of a stack by their classes. Without those of wrappers, whose names follow the file, and of gates that Keras 1 stored apart. */
function weightsOf(model: Model<ModelLayer>): unknown[] {
  return allLayers(model.layers)
    .filter(
      ({ className, dialect }) =>
        className !== 'SpectralNormalization' && (dialect.major > 1 || !recurrent.test(className)),
    )
    .flatMap(({ path, weights }) =>
      weights.map(({ name, tensor }) => [`${path}/${name}`, tensor.shape, tensor.data] as const),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function ones(model: Model<ModelLayer>): unknown {
  const inputs = model.inputs.map(({ shape }) => {
    const fixed = shape.map((dim, axis) => (axis === 0 ? 2 : (dim ?? 4)));
    return { data: new Float32Array(fixed.reduce((a, b) => a * b, 1)).fill(1), shape: fixed };
  });
  return inputs.length === 1 ? inputs[0] : inputs;
}
