/**
 * Trains the bidirectional LSTM of the AG News document: World, Sports, Business or Sci/Tech? 19,865 news, 5 epochs, a rate that falls
 * along a cosine, classes weighed by how rare they are; about 0.85 on the 7,600 news of the test set.
 *
 *   npx tsx examples/training/train-agnews.ts DATA_FOLDER [--out agnews.keras]
 */
import { adam, cosineDecay, input, layers, model, Trainer } from '../../src/training/index.ts';
import { buildVocabulary, encode, news } from './data.ts';
import { finish, progress, settings } from './run.ts';

const [BATCH, CLASSES, LENGTH] = [64, 4, 60];
const { data, out, seed, epochs } = settings('train-agnews.ts', 5);
const [train, test] = [await news(data, 'train'), await news(data, 'test')];
const vocabulary = buildVocabulary(train.texts, 1_000);

const tokens = input({ shape: [LENGTH], dtype: 'int32', name: 'tokens' });
let y = layers.embedding({ inputDim: 1_000, outputDim: 64, name: 'embedding' })(tokens);
y = layers.bidirectional({ layer: layers.lstm({ units: 32, name: 'lstm' }), name: 'bidirectional' })(y);
y = layers.dense({ units: 16, activation: 'relu', name: 'hidden' })(y);
const topic = layers.dense({ units: CLASSES, activation: 'softmax', name: 'topic' })(y);
const net = model({ inputs: tokens, outputs: topic, name: 'agnews_bilstm', seed });

const counts = new Array<number>(CLASSES).fill(0);
for (const label of train.labels) counts[label]!++;
const classWeight = counts.map((count) => train.labels.length / (CLASSES * count));
const learningRate = cosineDecay({
  initialLearningRate: 2e-3,
  decaySteps: epochs * Math.ceil(train.labels.length / BATCH),
});
const trainer = new Trainer(net, {
  loss: 'sparse_categorical_crossentropy',
  optimizer: adam({ learningRate }),
  metrics: ['accuracy'],
  seed,
});
const x = encode(train.texts, vocabulary, LENGTH, 'post');
const history = await trainer.fit(x, train.labels, { batchSize: BATCH, epochs, classWeight, onProgress: progress });
console.log(`training accuracy per epoch ${history.history['accuracy']!.map((value) => value.toFixed(4)).join(' ')}`);
await finish(trainer, { x: encode(test.texts, vocabulary, LENGTH, 'post'), y: test.labels }, 'texts', out);
