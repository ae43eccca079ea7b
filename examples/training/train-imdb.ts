/**
 * Trains the text CNN of the IMDB document: is a review positive? 25,000 reviews, 3 epochs; about 0.85 on the 25,000 of the test set.
 *
 *   npx tsx examples/training/train-imdb.ts DATA_FOLDER [--out imdb.keras]
 */
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import { buildVocabulary, encode, reviews } from './data.ts';
import { finish, progress, settings } from './run.ts';

const { data, out, seed, epochs } = settings('train-imdb.ts', 3);
const [train, test] = [await reviews(data, 'train'), await reviews(data, 'test')];
const vocabulary = buildVocabulary(train.texts, 10_000);

const tokens = input({ shape: [100], dtype: 'int32', name: 'tokens' });
const words = layers.embedding({ inputDim: 10_000, outputDim: 50, name: 'embedding' })(tokens);
const found = layers.conv1d({ filters: 250, kernelSize: 3, activation: 'relu', name: 'conv' })(words);
const best = layers.globalMaxPooling1d({ name: 'max_over_time' })(layers.dropout({ rate: 0.4 })(found));
const hidden = layers.dense({ units: 250, activation: 'relu', name: 'hidden' })(best);
const sentiment = layers.dense({ units: 2, activation: 'softmax', name: 'sentiment' })(
  layers.dropout({ rate: 0.4 })(hidden),
);
const net = model({ inputs: tokens, outputs: sentiment, name: 'imdb_cnn', seed });

const trainer = new Trainer(net, {
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  metrics: ['accuracy'],
  seed,
});
const x = encode(train.texts, vocabulary, 100, 'pre');
const history = await trainer.fit(x, train.labels, { batchSize: 256, epochs, onProgress: progress });
console.log(`training accuracy per epoch ${history.history['accuracy']!.map((value) => value.toFixed(4)).join(' ')}`);
await finish(trainer, { x: encode(test.texts, vocabulary, 100, 'pre'), y: test.labels }, 'reviews', out);
