/**
 * Small models that TensorFlow.js itself saves, with its predictions: `node make_own.mjs` in a folder with @tensorflow/tfjs 4.22.0 writes own.json.gz there.
 */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

let seed = 1;
const draw = () => {
  seed = (seed * 16807) % 2147483647;
  return seed / 2147483647 - 0.5;
};
const fill = (shape, positive) =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (positive ? Math.abs(draw()) + 0.2 : draw())),
    shape,
  );

function sequential() {
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.batchNormalization(),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
}
function functional() {
  const x = tf.input({ shape: [5, 4] });
  const a = tf.layers.lstm({ units: 3, returnSequences: true }).apply(x);
  const b = tf.layers.bidirectional({ layer: tf.layers.gru({ units: 2 }), mergeMode: 'concat' }).apply(a);
  const c = tf.layers.globalAveragePooling1d().apply(tf.layers.conv1d({ filters: 4, kernelSize: 2 }).apply(x));
  return tf.model({ inputs: x, outputs: tf.layers.dense({ units: 2 }).apply(tf.layers.add().apply([b, c])) });
}
function nested() {
  const inside = tf.sequential({
    layers: [tf.layers.dense({ units: 4, inputShape: [3], activation: 'tanh' }), tf.layers.layerNormalization()],
  });
  return tf.sequential({ layers: [inside, tf.layers.dense({ units: 2 })] });
}

const cases = [];
for (const make of [sequential, functional, nested]) {
  const model = make();
  model.setWeights(model.weights.map((w) => fill(w.shape, /variance/.test(w.name))));
  const shape = [3, ...model.inputs[0].shape.slice(1)];
  const x = fill(shape);
  const y = model.predict(x);
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }) => {
      // As the handlers of TensorFlow.js for downloads and HTTP write it.
      const json = {
        modelTopology,
        format,
        generatedBy,
        convertedBy,
        weightsManifest: [{ paths: ['./model.weights.bin'], weights: weightSpecs }],
      };
      const bytes = tf.io.CompositeArrayBuffer ? tf.io.CompositeArrayBuffer.join(weightData) : weightData;
      cases.push({
        name: `tfjs-${make.name}`,
        files: {
          'model.json': Buffer.from(JSON.stringify(json)).toString('base64'),
          'model.weights.bin': Buffer.from(bytes).toString('base64'),
        },
        inputs: [{ shape, data: Array.from(x.dataSync()) }],
        output: { shape: y.shape, data: Array.from(y.dataSync()) },
      });
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
}
writeFileSync('own.json.gz', gzipSync(JSON.stringify({ made: `@tensorflow/tfjs ${tf.version.tfjs}`, cases })));
console.log(
  cases.map((c) => [c.name, c.output.data]),
  cases[1] && Buffer.from(cases[1].files['model.json'], 'base64').toString().slice(-1800),
);
