/** `pathgrad train` and `evaluate`: schedules, weights of classes, labels in several columns, models without weights, and transformers. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../src/index.ts';
import { layers, saveModel, sequential } from '../../src/training/index.ts';
import { example, type Run, runCli, temporaryFolder } from '../support/cli.ts';
import { reviews, tinyMood } from '../support/tiny-mood.ts';

const test = suite('cli: more of train and evaluate');
const { path } = temporaryFolder();
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content);
  return path(name);
};
const train = (...argv: string[]): Promise<Run> => runCli(['train', ...argv]);
const refused = async (argv: readonly string[], code: number, told: RegExp): Promise<void> => {
  const found = await runCli(argv);
  assert.match(found.err, told);
  assert.is(found.code, code, found.err);
};
const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar', '--epochs', '2'];

test('U11: the rate goes over all steps as --schedule and --warmup say', async () => {
  const rates = ['--schedule', 'cosine', '--warmup', '0.25', '--learning-rate', '0.01', '--clip-norm', '1'];
  const { code, err } = await train(...wine, ...rates, '--weight-decay', '0.1', '--out', path('rate.keras'));
  assert.is(code, 0, err);
  assert.match(err, /optimizer adam at 0\.01, cosine, 3 steps of warm-up\n/);
  const constant = await train(...wine, '--warmup', '4', '--optimizer', 'sgd', '--out', path('warm.keras'));
  assert.match(constant.err, /optimizer sgd at 0\.01, 4 steps of warm-up\n/);
  const base = ['train', ...wine, '--out', path('no.keras')];
  await refused(
    [...base, '--schedule', 'cosin'],
    2,
    /--schedule: 'cosin' is not known\nhint: did you mean 'cosine'\? \(known: constant, linear, cosine\)/,
  );
  await refused([...base, '--warmup', '12'], 2, /--warmup: 12 steps are as many as the training has \(12\)/);
  await refused([...base, '--warmup', '1.5'], 2, /--warmup: '1\.5' is not a number of steps, or a share/);
  await refused([...base, '--optimizer', 'ftrl', '--clip-norm', '0'], 2, /--clip-norm: '0' is not a number above 0/);
});

test('U11: weights of classes by name or number', async () => {
  const run = async (weights: string, out: string): Promise<readonly number[]> => {
    const flags = ['--class-weight', weights, '--labels', 'a,b,c', '--out', path(out)];
    const table = readFileSync(example('wine.csv'), 'utf8').replace(
      /,([012])$/gm,
      (_, n: string) => `,${'abc'[Number(n)]}`,
    );
    const { code, err } = await train(wine[0]!, '--csv', write('abc.csv', table), ...wine.slice(3), ...flags);
    assert.is(code, 0, err);
    return [...(await loadModel(readFileSync(path(out)))).layers.at(-1)!.weights[0]!.tensor.data] as number[];
  };
  assert.equal(await run('b=0,c=2.5', 'named.keras'), await run('1=0,2=2.5', 'numbered.keras'));
  assert.not.equal(await run('b=0', 'other.keras'), await run('b=1', 'plain.keras'));
  const base = ['train', ...wine, '--out', path('no.keras'), '--class-weight'];
  await refused(
    [...base, '7=1'],
    2,
    /--class-weight: '7=1' is no class with its weight\nhint: balanced, or NAME=WEIGHT/,
  );
  await refused([...base, '1=-1'], 2, /'1=-1' is no class with its weight/);
});

test('U11: labels in several columns, each by itself', async () => {
  const net = sequential([layers.dense({ units: 2, activation: 'sigmoid' })], {
    inputShape: [2],
    name: 'two',
    seed: 1,
  });
  const model = write('two.keras', await saveModel(net, { format: 'keras' }));
  const lines = Array.from({ length: 24 }, (_, i) => {
    const [a, b] = [Math.sin(i * i), Math.cos(3 * i)];
    return [a, b, Number(a > 0), b > 0 ? 'yes' : 'no'].join(',');
  });
  const csv = write('two.csv', `a,b,up,right\n${lines.join('\n')}\n`);
  const flags = ['--csv', csv, '--label', 'up,right', '--learning-rate', '0.3', '--epochs', '40'];
  const { code, out, err } = await train(model, ...flags, '--out', path('both.keras'));
  assert.is(code, 0, err);
  assert.match(err, /loss binary_crossentropy of 2 columns \(the model ends in sigmoids\)/);
  assert.match(out, /epoch 40\/40 {2}loss 0\.\d+ {2}binary_accuracy (1|0\.9\d+)\n$/);
  const judged = await runCli(['evaluate', path('both.keras'), ...flags.slice(0, 4)]);
  assert.is(judged.code, 0, judged.err);
  assert.match(judged.out, /24 rows, loss binary_crossentropy of 2 columns.*\nloss 0\.\d+ {2}binary_accuracy/);
  const base = ['train', model, '--csv', csv, '--out', path('no.keras'), '--label'];
  const more = write('more.csv', readFileSync(csv, 'utf8').replaceAll('\n', ',1\n').replace(',1\n', ',left\n'));
  await refused(
    ['train', model, '--csv', more, ...base.slice(4), 'up,right,left'],
    2,
    /--label: names 3 columns, and the model gives 2 numbers a row/,
  );
  await refused([...base, 'up,left'], 2, /--label: .*no column 'left'/);
  await refused([...base, 'up,up'], 2, /names a column twice/);
  await refused([...base, 'up,right', '--class-weight', 'balanced'], 2, /--class-weight: is for classes, one a row/);
  await refused(
    ['train', model, '--csv', write('red.csv', 'a,b,up,right\n1,2,0,red\n'), ...base.slice(4), 'up,right'],
    1,
    /red\.csv.*: the label 'red' of 'right' is no number/,
  );
});

test('a model without weights is judged, too', async () => {
  const none = sequential([layers.activation({ activation: 'softmax' })], { inputShape: [3], name: 'bare', seed: 1 });
  const bare = write('bare.keras', await saveModel(none, { format: 'keras' }));
  const csv = write('bare.csv', 'a,b,c,best\n1,0,0,0\n0,2,0,1\n0,0,3,2\n5,0,0,1\n');
  const { code, out, err } = await runCli(['evaluate', bare, '--csv', csv, '--label', 'best']);
  assert.is(code, 0, err);
  assert.match(out, /4 rows, .*\nloss \S+ {2}accuracy 0\.75\n/);
});

test('a transformer is trained as its documents do it, and written as the folder that it was', async () => {
  const model = await tinyMood(path('given'));
  const flags = ['--csv', write('reviews.csv', reviews()), '--label', 'mood', '--batch-size', '8'];
  const quick = ['--learning-rate', '0.02', '--epochs', '30'];
  const { code, out, err } = await train(model, ...flags, ...quick, '--out', path('tuned'));
  assert.is(code, 0, err);
  assert.match(err, /loss sparse_categorical_crossentropy .*, optimizer adamw at 0\.02, linear, 9 steps of warm-up\n/);
  assert.match(out, /epoch 30\/30 {2}loss 0\.\d+ {2}accuracy 1\n$/);
  assert.equal(readdirSync(path('tuned')).sort(), readdirSync(model).sort());
  const judged = await runCli(['evaluate', path('tuned'), ...flags]);
  assert.match(judged.out, /24 rows, .*\nloss 0\.\d+ {2}accuracy 1\n[\s\S]*bad +12 +12\ngood +12 +12\n/);
  const text = await runCli(['predict', path('tuned'), '--text', 'W3 W1 W1']);
  assert.match(text.out, /good/);
  await refused(['train', model, ...flags, '--out', path('tuned')], 1, /tuned: exists\nhint: --overwrite/);
  await refused(['train', model, ...flags, '--out', path('tuned.keras')], 2, /--out: is a folder for a transformer/);
  await refused(['train', model, ...flags, '--out', model, '--overwrite'], 2, /is read as the model/);
  mkdirSync(path('mine'));
  await refused(['train', model, ...flags, '--out', path('mine'), '--overwrite'], 1, /is no folder of a model/);
});

test.run();
