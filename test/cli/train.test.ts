/** `pathgrad train` and `evaluate`: tables, texts and pictures; what they print, write, refuse and leave alone. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Interrupted } from '../../src/cli/print/terminal.ts';
import { loadModel } from '../../src/index.ts';
import { layers, saveModel, sequential } from '../../src/training/index.ts';
import { example, type Run, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: train and evaluate');
const folder = temporaryFolder();
const { path } = folder;
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content);
  return path(name);
};
const wine = [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar'];
const train = (...argv: string[]): Promise<Run> => runCli(['train', ...argv]);
const refused = async (argv: readonly string[], code: number, told: RegExp): Promise<void> => {
  const found = await runCli(argv);
  assert.match(found.err, told);
  assert.is(found.code, code, found.err);
};
const lossesIn = (out: string): number[] => [...out.matchAll(/ {2}loss (\S+)/g)].map(([, value]) => Number(value));

/** A line to be fitted: y = 2a - b + 1. */
const line = sequential([layers.dense({ units: 1 })], { inputShape: [2], name: 'line', seed: 1 });
const lines = (): string =>
  `a,b,y\n${Array.from({ length: 24 }, (_, i) => [i % 5, i % 3, 2 * (i % 5) - (i % 3) + 1].join(',')).join('\n')}\n`;

test('U11: a table: the loss is told from the model, epochs are lines, the file is a model that evaluate reads', async () => {
  const model = write('line.keras', await saveModel(line, { format: 'keras' }));
  const csv = write('line.csv', lines());
  const out = path('fitted.keras');
  const flags = ['--csv', csv, '--label', 'y', '--optimizer', 'sgd', '--learning-rate', '0.05', '--batch-size', '8'];
  const log = ['--epochs', '30', '--log', path('log.csv')];
  const run = await train(model, ...flags, ...log, '--out', out);
  assert.is(run.code, 0, run.err);
  assert.match(
    run.err,
    /3 weights, trained on 24 rows\nloss mean_squared_error \(the model gives one number\), optimizer sgd at 0\.05\nwrote /,
  );
  const losses = lossesIn(run.out);
  assert.is(losses.length, 30);
  assert.ok(losses.at(-1)! < losses[0]! / 100, String(losses));
  assert.match(readFileSync(path('log.csv'), 'utf8'), /^epoch,loss,mae\n1,[^\n]*\n(.*\n){28}30,[^\n]*\n$/);
  const judged = await runCli(['evaluate', out, '--csv', csv, '--label', 'y', '--json', path('judged.json')]);
  assert.is(judged.code, 0, judged.err);
  const { loss, metrics, rows, confusion } = JSON.parse(readFileSync(path('judged.json'), 'utf8'));
  assert.equal([rows, confusion], [24, null]);
  assert.ok(loss <= losses.at(-1)! && metrics.mae < 0.2, `${loss} ${metrics.mae}`);
  const given = await loadModel(readFileSync(model));
  assert.equal([...given.layers[0]!.weights[0]!.tensor.data], [...line.layers[0]!.weights[0]!.tensor.data]);
});

test('U11: classes: balanced weights, rows to judge by, early stopping, and a table of what is taken for what', async () => {
  const flags = ['--epochs', '2', '--class-weight', 'balanced', '--validation-split', '0.25', '--early-stopping', '1'];
  const { code, out, err } = await train(...wine, ...flags, '--out', path('wine.h5'));
  assert.is(code, 0, err);
  assert.match(err, /275 of 302 weights, trained on 133 rows, judged by 45/);
  assert.match(out, /^epoch 1\/2 {2}loss \S+ {2}accuracy \S+ {2}val_loss \S+ {2}val_accuracy \S+\n/);
  const judged = await runCli(['evaluate', path('wine.h5'), ...wine.slice(1), '--metrics', 'accuracy']);
  assert.match(judged.out, /178 rows, loss sparse_categorical_crossentropy/);
  assert.match(judged.out, /class +rows +found +the others taken for\n0 +59 +59\n1 +71 +7\d/);
});

test('U11: --freeze and --train-only leave weights alone, and the file keeps what it says of its layers', async () => {
  const before = await loadModel(readFileSync(example('wine-mlp.keras')));
  const names = before.layers.filter(({ weights }) => weights.length > 0).map(({ name }) => name);
  const last = names.at(-1)!;
  for (const flags of [
    ['--train-only', '1'],
    ['--freeze', names.slice(0, -1).join(',')],
  ]) {
    const { code, err } = await train(...wine, '--epochs', '1', ...flags, '--out', path('part.keras'), '--overwrite');
    assert.is(code, 0, err);
    const after = await loadModel(readFileSync(path('part.keras')));
    const changed = after.layers.filter((layer, i) =>
      layer.weights.some(({ tensor }, k) => {
        return tensor.data.some((value, at) => value !== before.layers[i]!.weights[k]!.tensor.data[at]);
      }),
    );
    assert.equal(
      changed.map(({ name }) => name),
      [last],
    );
    assert.equal(
      after.layers.map((layer) => (layer as { trainable?: boolean }).trainable),
      before.layers.map((layer) => (layer as { trainable?: boolean }).trainable),
    );
  }
  await refused(
    ['train', ...wine, '--freeze', 'hiden', '--out', path('x.keras')],
    2,
    /--freeze: there is no layer 'hiden'/,
  );
  await refused(
    ['train', ...wine, '--freeze', names.join(','), '--out', path('x.keras')],
    2,
    /leaves no weight to train/,
  );
});

test('U11: texts by a vocabulary, with words as labels', async () => {
  const net = sequential(
    [
      layers.embedding({ inputDim: 6, outputDim: 4 }),
      layers.globalAveragePooling1d(),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
    { inputShape: [4], inputDtype: 'int32', name: 'mood', seed: 2 },
  );
  const model = write('mood.keras', await saveModel(net, { format: 'keras' }));
  const vocab = write('vocab.txt', '<pad>\n<start>\n<unknown>\nfine\nawful\nfilm\n');
  const rows = ['fine film,good', 'awful film,bad', 'a fine film,good', 'an awful film,bad'];
  const csv = write('mood.csv', `text,mood\n${[...rows, ...rows].join('\n')}\n`);
  const flags = ['--csv', csv, '--vocab', vocab, '--label', 'mood', '--learning-rate', '0.1', '--epochs', '15'];
  const { code, out, err } = await train(model, ...flags, '--out', path('mood2.keras'));
  assert.is(code, 0, err);
  assert.match(err, /loss binary_crossentropy \(the model ends in a sigmoid\).*\nclasses: 0 bad, 1 good\n/);
  assert.match(out, /epoch 15\/15 {2}loss 0\.\d+ {2}accuracy 1\n$/);
});

test('U11: texts that a model looks up itself', async () => {
  const net = sequential(
    [
      layers.textVectorization({ vocabulary: ['fine', 'awful', 'film'], outputSequenceLength: 4 }),
      layers.embedding({ inputDim: 5, outputDim: 4 }),
      layers.globalAveragePooling1d(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [1], inputDtype: 'string', name: 'own', seed: 2 },
  );
  const model = write('own.keras', await saveModel(net, { format: 'keras' }));
  const rows = ['fine film,1', 'awful film,0'];
  const csv = write('own.csv', `text,mood\n${[...rows, ...rows, ...rows].join('\n')}\n`);
  const flags = [
    '--csv',
    csv,
    '--label',
    'mood',
    '--learning-rate',
    '0.1',
    '--epochs',
    '10',
    '--validation-split',
    '0.3',
  ];
  const { code, out, err } = await train(model, ...flags, '--out', path('own2.keras'));
  assert.is(code, 0, err);
  assert.match(out, /epoch 10\/10 .*val_accuracy 1\n$/);
});

test('an empty text was trained on', async () => {
  const embed = [layers.embedding({ inputDim: 6, outputDim: 2 }), layers.globalAveragePooling1d()];
  const end = layers.dense({ units: 1, activation: 'sigmoid' });
  const read = layers.textVectorization({ vocabulary: ['fine', 'awful'], outputSequenceLength: 4 });
  const byIds = sequential([...embed, end], { inputShape: [4], inputDtype: 'int32', name: 'ids', seed: 2 });
  const own = [read, layers.embedding({ inputDim: 4, outputDim: 2 }), layers.globalAveragePooling1d()];
  const byItself = sequential([...own, layers.dense({ units: 1, activation: 'sigmoid' })], {
    ...({ inputShape: [1], inputDtype: 'string', name: 'blank', seed: 2 } as const),
  });
  const csv = write('blank.csv', 'text,mood\nfine,1\n  ,0\nawful,0\n');
  const vocab = write('few.txt', '<pad>\n<start>\n<unknown>\nfine\nawful\nfilm\n');
  for (const [net, more] of [
    [byIds, ['--vocab', vocab]],
    [byItself, []],
  ] as const) {
    const model = write(`${net.name}.keras`, await saveModel(net, { format: 'keras' }));
    const flags = ['--csv', csv, '--label', 'mood', ...more];
    await refused(
      ['train', model, ...flags, '--out', path('no.keras')],
      1,
      /blank\.csv, row 1: has no text\nhint: leave the row/,
    );
    const { code, err } = await train(
      model,
      ...flags,
      '--rows',
      '0:1',
      '--epochs',
      '1',
      '--out',
      path(`${net.name}2.keras`),
    );
    assert.is(code, 0, err);
  }
});

test('U11: pictures in folders: their names are the classes', async () => {
  const net = sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: 2 }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
    { inputShape: [4, 4, 1], name: 'lamps', seed: 3 },
  );
  const model = write('lamps.keras', await saveModel(net, { format: 'keras' }));
  for (const [name, grey] of [
    ['on', 220],
    ['off', 20],
  ] as const) {
    mkdirSync(path(`lamps/${name}`), { recursive: true });
    for (let i = 0; i < 3; i++) {
      const data = new Uint8Array(16).fill(grey + i);
      writeFileSync(path(`lamps/${name}/${i}.png`), encode({ width: 4, height: 4, channels: 1, data }));
    }
  }
  const flags = ['--image', path('lamps'), '--learning-rate', '0.1', '--epochs', '20'];
  const { code, out, err } = await train(model, ...flags, '--out', path('lamps2.keras'));
  assert.is(code, 0, err);
  assert.match(err, /classes: 0 off, 1 on\n/);
  assert.match(out, /epoch 20\/20 .*accuracy 1\n$/);
  const judged = await runCli(['evaluate', path('lamps2.keras'), '--image', path('lamps')]);
  assert.match(judged.out, /off +3 +3\non +3 +3\n/);
});

test('a folder with other classes than the model was called "the folders", and one that is missing a mistyped flag', async () => {
  const model = path('lamps.keras');
  const base = ['train', model, '--out', path('no.keras'), '--image'];
  await refused([...base, path('lamps/on')], 1, /lamps.on: holds one class of pictures, and the model has 2 \(folders/);
  mkdirSync(path('lights'));
  for (const name of ['on', 'off', 'broken']) cpSync(path('lamps/on'), path(`lights/${name}`), { recursive: true });
  await refused(
    [...base, path('lights')],
    1,
    /lights: holds 3 classes of pictures.*broken,off,on.*\nhint: a folder of pictures for each of 2 classes/,
  );
  await refused([...base, path('lumps')], 1, /lumps: does not exist\nhint: check the path/);
  await refused([...base, model], 2, /--image: .*is no folder of labelled pictures/);
  assert.not.ok(existsSync(path('no.keras')));
});

test('U11: Ctrl-C ends with the last whole epoch; what is resumed has the bytes of what was not interrupted', async () => {
  const flags = [...wine, '--seed', '4', '--validation-split', '0.2', '--log'];
  await train(...flags, path('a.csv'), '--epochs', '4', '--out', path('a.keras'));
  const stop = new AbortController();
  const out = (text: string): void => {
    if (text.startsWith('epoch 2/')) stop.abort(new Interrupted('interrupted'));
  };
  const cut = ['train', ...flags, path('b.csv'), '--epochs', '4', '--checkpoint', path('run.ckpt')];
  let told = '';
  const err = (text: string): void => {
    told += text;
  };
  const { code } = await runCli([...cut, '--out', path('cut.keras')], { out, err, signal: stop.signal });
  assert.is(code, 130);
  assert.match(told, /interrupted: epoch 2 was the last whole one; wrote .*cut\.keras\n$/);
  assert.ok((await loadModel(readFileSync(path('cut.keras')))).layers.length > 0);
  const on = ['--resume', path('run.ckpt'), '--epochs', '4', '--out', path('b.keras')];
  const resumed = await train(...flags, path('b.csv'), ...on);
  assert.is(resumed.code, 0, resumed.err);
  assert.match(resumed.out, /^epoch 3\/4/);
  assert.equal(readFileSync(path('b.keras')), readFileSync(path('a.keras')));
  assert.equal(readFileSync(path('b.csv')), readFileSync(path('a.csv')));
  stop.abort();
  const early = await runCli(['train', ...wine, '--out', path('none.keras')], { signal: stop.signal });
  assert.not.ok(existsSync(path('none.keras')), early.err);
});

test('U11: labels, rows and files that cannot be are told by name, with nothing written', async () => {
  const base = ['train', example('wine-mlp.keras'), '--label', 'cultivar', '--out', path('no.keras'), '--csv'];
  const table = readFileSync(example('wine.csv'), 'utf8').trim().split('\n').slice(0, 6);
  const changed = (name: string, row: number, column: number, value: string): string => {
    const cells = table.map((text) => text.split(','));
    cells[row]![column] = value;
    return write(name, `${cells.map((list) => list.join(',')).join('\n')}\n`);
  };
  await refused(
    [...base, changed('7.csv', 3, 13, '7')],
    1,
    /7\.csv \[2\]: the label '7' is no class of the model.*\nhint: classes are the numbers 0 to 2/,
  );
  await refused([...base, changed('none.csv', 2, 13, '')], 1, /none\.csv \[1\]: has no label/);
  await refused([...base, changed('nan.csv', 4, 2, 'NaN')], 1, /nan\.csv.*3/);
  await refused([...base, write('empty.csv', `${table[0]}\n`)], 1, /empty\.csv/);
  await refused([...base, changed('word.csv', 1, 13, 'red')], 1, /has 2 different labels, and the model 3 classes/);
  const drawn = [...base, example('wine.csv')];
  await refused([...drawn, '--drop', 'ash'], 1, /takes 13 numbers a row, and 12 columns/);
  await refused([...drawn, '--batch-size', '200'], 2, /--batch-size: 200 is more than the 178 rows/);
  await refused(
    drawn.map((one) => (one === 'cultivar' ? 'cultivator' : one)),
    2,
    /--label: .*cultivator.*\n.*cultivar/,
  );
  await refused(['train', ...wine.slice(0, 3), '--out', path('no.keras')], 2, /--label: is missing/);
  assert.not.ok(existsSync(path('no.keras')));
});

test('U11: what is typed wrongly ends with 2 and names what is near', async () => {
  const base = ['train', ...wine, '--out', path('no.keras')];
  await refused([...base, '--optimizer', 'adamm'], 2, /--optimizer: unknown optimizer 'adamm'\nhint: .*'Adam'/);
  await refused([...base, '--loss', 'msee'], 2, /--loss: unknown loss 'msee'\nhint: .*'mse'/);
  await refused([...base, '--metrics', 'acuracy2'], 2, /--metrics: unknown metric/);
  await refused([...base, '--learning-rate', '-1'], 2, /--learning-rate: '-1' is not a number above 0/);
  await refused([...base, '--epochs', '0'], 2, /--epochs/);
  await refused([...base, '--validation-split', '1'], 2, /--validation-split/);
  await refused([...base, '--class-weight', 'some'], 2, /--class-weight/);
  await refused(['train', ...wine, '--out', path('no.txt')], 2, /--out: the end of '.*no\.txt' says no format/);
  await refused(['train', ...wine], 2, /--out: is missing/);
  await refused([...base, '--checkpoint', path('no.keras')], 2, /--checkpoint/);
});

test('U11: a file that exists stays unless --overwrite is given; a full disk leaves nothing half-written', async () => {
  const kept = write('kept.keras', 'mine');
  await refused(['train', ...wine, '--epochs', '1', '--out', kept], 1, /kept\.keras: exists\nhint: --overwrite/);
  assert.is(readFileSync(kept, 'utf8'), 'mine');
  await refused(
    ['train', ...wine, '--epochs', '1', '--out', path('x.keras'), '--resume', path('gone')],
    1,
    /gone: there is no checkpoint/,
  );
  await refused(
    ['train', ...wine, '--epochs', '1', '--out', path('x.keras'), '--resume', kept],
    1,
    /kept\.keras: is no checkpoint/,
  );
  if (!existsSync('/dev/full')) return; // not on this system
  symlinkSync('/dev/full', path('full.keras'));
  await refused(
    ['train', ...wine, '--epochs', '1', '--overwrite', '--out', path('full.keras')],
    1,
    /full\.keras: does not fit on the disk/,
  );
  assert.equal(
    folder.files().filter((name) => name.endsWith('.part')),
    [],
  );
});

test('U11: models that are not trained here are refused by name', async () => {
  const none = sequential([layers.flatten()], { inputShape: [1], name: 'bare', seed: 1 });
  const bare = write('bare.keras', await saveModel(none, { format: 'keras' }));
  const numbers = write('one.csv', 'a,label\n1,1\n2,2\n');
  await refused(
    ['train', bare, '--csv', numbers, '--label', 'label', '--out', path('no.keras')],
    1,
    /there is no weight to train/,
  );
});

test.run();
