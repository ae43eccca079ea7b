/**
 * Trains the picture CNN of the MNIST document: which digit is it? 60,000 digits, 6 epochs; about 0.99 on the 10,000 of the test set.
 *
 *   npx tsx examples/training/train-mnist.ts DATA_FOLDER [--out mnist.keras]
 */
import { input, layers, model, Trainer } from '../../src/training/index.ts';
import { digits } from './data.ts';
import { finish, progress, settings } from './run.ts';

const { data, out, seed, epochs } = settings('train-mnist.ts', 6);
const [train, test] = [await digits(data, 'train'), await digits(data, 't10k')];

const image = input({ shape: [28, 28, 1], name: 'image' });
let y = layers.conv2d({ filters: 64, kernelSize: 2, padding: 'same', activation: 'relu', name: 'conv_1' })(image);
y = layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2, name: 'pool_1' })(y));
y = layers.conv2d({ filters: 32, kernelSize: 2, padding: 'same', activation: 'relu', name: 'conv_2' })(y);
y = layers.dropout({ rate: 0.3 })(layers.maxPooling2d({ poolSize: 2, name: 'pool_2' })(y));
y = layers.dense({ units: 256, activation: 'relu', name: 'hidden' })(layers.flatten({ name: 'flatten' })(y));
y = layers.dense({ units: 10, activation: 'softmax', name: 'digit' })(layers.dropout({ rate: 0.5 })(y));
const net = model({ inputs: image, outputs: y, name: 'mnist_cnn', seed });

const trainer = new Trainer(net, {
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  metrics: ['accuracy'],
  seed,
});
const history = await trainer.fit(train.x, train.y, { batchSize: 256, epochs, onProgress: progress });
console.log(`training accuracy per epoch ${history.history['accuracy']!.map((value) => value.toFixed(4)).join(' ')}`);
await finish(trainer, test, 'images', out);
