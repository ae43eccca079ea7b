/**
 * Small random models that @tensorflow/tfjs itself saves, and what it predicts.
 *
 *   npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
 *   NODE_PATH=FOLDER/node_modules node make_by_tfjs.cjs      writes by-tfjs.json.gz beside this script
 *
 * Weights are drawn from a seed of our own, so that the file is the same each time. Predictions are of tfjs's cpu backend.
 */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { gzipSync } = require('node:zlib');
const tf = require('@tensorflow/tfjs');

let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const draw = (shape, low, high) =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => low + (high - low) * random()),
    shape,
  );

const { layers: L } = tf;
const models = {
  cnn() {
    const layers = [
      L.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
      L.batchNormalization({}),
      L.maxPooling2d({ poolSize: 2 }),
      L.separableConv2d({ filters: 5, kernelSize: 3, useBias: false }),
      L.depthwiseConv2d({ kernelSize: 2, activation: 'relu6' }),
      L.leakyReLU(),
      L.globalAveragePooling2d({}),
      L.dropout({ rate: 0.3 }),
      L.dense({ units: 3, activation: 'softmax' }),
    ];
    return [tf.sequential({ layers }), [draw([3, 8, 8, 2], 0, 1)]];
  },
  text() {
    const layers = [
      L.embedding({ inputDim: 12, outputDim: 5, inputLength: 6, maskZero: true }),
      L.bidirectional({ layer: L.lstm({ units: 3, returnSequences: true }), mergeMode: 'concat' }),
      L.gru({ units: 4 }),
      L.dense({ units: 2, activation: 'sigmoid' }),
    ];
    return [tf.sequential({ layers }), [draw([3, 6], 0, 11).round().toInt()]];
  },
  graph() {
    const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [3, 4] })];
    const within = tf.input({ shape: [4] });
    const normal = L.batchNormalization({ axis: -1 }).apply(within);
    const inner = tf.model({ inputs: within, outputs: L.dense({ units: 4 }).apply(normal), name: 'inner' });
    const shared = L.dense({ units: 4, activation: 'tanh' });
    const x = L.add().apply([inner.apply(a), shared.apply(a)]);
    const y = L.timeDistributed({ layer: L.dense({ units: 4 }) }).apply(b);
    const z = L.simpleRNN({ units: 4 }).apply(L.layerNormalization().apply(y));
    const all = L.concatenate().apply([shared.apply(x), z, L.prelu().apply(a), L.elu().apply(x)]);
    const outputs = [L.dense({ units: 2 }).apply(all), L.dense({ units: 1, activation: 'sigmoid' }).apply(all)];
    return [tf.model({ inputs: [a, b], outputs }), [draw([3, 4], -1, 1), draw([3, 3, 4], -1, 1)]];
  },
  more() {
    const layers = [
      L.conv1d({
        inputShape: [12, 3],
        filters: 4,
        kernelSize: 3,
        padding: 'same',
        dilationRate: 2,
        activation: 'selu',
      }),
      L.averagePooling1d({ poolSize: 2 }),
      L.permute({ dims: [2, 1] }),
      L.reshape({ targetShape: [2, 2, 6] }),
      L.upSampling2d({ size: [2, 2] }),
      L.zeroPadding2d({ padding: [1, 1] }),
      L.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2, activation: 'softplus' }),
      L.cropping2D({
        cropping: [
          [1, 1],
          [2, 2],
        ],
      }),
      L.globalMaxPooling2d({}),
      L.repeatVector({ n: 3 }),
      L.rnn({ cell: [L.lstmCell({ units: 3 }), L.gruCell({ units: 2 })], returnSequences: true }),
      L.flatten(),
      L.dense({ units: 3, activation: 'hardSigmoid' }),
      L.thresholdedReLU({ theta: 0.2 }),
    ];
    return [tf.sequential({ layers }), [draw([3, 12, 3], -1, 1)]];
  },
  movie() {
    const layers = [
      L.rescaling({ inputShape: [3, 6, 6, 2], scale: 0.5, offset: 0.1 }),
      L.convLstm2d({ filters: 3, kernelSize: 3, returnSequences: true }),
      L.conv3d({ filters: 2, kernelSize: 2, activation: 'relu' }),
      L.flatten(),
      L.gaussianNoise({ stddev: 0.2 }),
      L.dense({ units: 3, activation: 'softmax' }),
    ];
    return [tf.sequential({ layers }), [draw([3, 3, 6, 6, 2], 0, 1)]];
  },
  compiled() {
    const model = tf.sequential({
      layers: [L.dense({ inputShape: [4], units: 3, activation: 'relu' }), L.dense({ units: 1 })],
    });
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    return [model, [draw([3, 4], -1, 1)]];
  },
};

(async () => {
  await tf.setBackend('cpu');
  const cases = [];
  for (const [name, make] of Object.entries(models)) {
    const [model, inputs] = make();
    model.setWeights(
      model.getWeights().map((w) => (w.rank === 1 ? draw(w.shape, 0.5, 1.5) : draw(w.shape, -0.6, 0.6))),
    );
    let saved;
    const save = async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0) } };
    };
    await model.save({ save });
    const outputs = [model.predict(inputs.length > 1 ? inputs : inputs[0])].flat();
    const values = (t) => ({ shape: t.shape, data: Array.from(t.dataSync()), dtype: t.dtype });
    const { weightData, weightSpecs, ...rest } = saved;
    // As tfjs's handlers for files and downloads write it: one group, one shard.
    const weightsManifest = [{ paths: ['./model.weights.bin'], weights: weightSpecs }];
    const data = Buffer.concat([weightData].flat().map((part) => Buffer.from(part)));
    cases.push({
      name,
      model: { ...rest, weightsManifest },
      shards: { 'model.weights.bin': data.toString('base64') },
      inputs: inputs.map(values),
      outputs: outputs.map(values),
    });
  }
  const text = JSON.stringify({ versions: { tfjs: tf.version.tfjs }, cases });
  writeFileSync(join(__dirname, 'by-tfjs.json.gz'), gzipSync(text, { level: 9 }));
  console.log(cases.length, 'models of tfjs', tf.version.tfjs);
})();
