/**
 * One net in all the forms that Kerases gave its weights: Keras 1's array per gate, CuDNN's layout (converted by tf_keras itself,
 * test/golden/cudnn-weights.json), cells and stacks; and the errors of recurrent layers.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomNormal } from '../../../src/graph/random.ts';
import { modelFrom, type NamedWeights, type Numbers } from '../../support/keras-models.ts';

const test = suite('recurrent layers: forms');

const cudnn = JSON.parse(readFileSync(new URL('../../golden/cudnn-weights.json', import.meta.url), 'utf8')) as Record<
  'LSTM' | 'GRU',
  { readonly plain: readonly Numbers[]; readonly cudnn: readonly Numbers[] }
>;
const x = { shape: [2, 4, 2], data: [...randomNormal(16, 4)] };

const sequential = (layers: readonly object[], version = '2.15.0'): object => ({
  class_name: 'Sequential',
  keras_version: version,
  backend: 'tensorflow',
  config: { name: 'net', layers },
});
const layer = (className: string, config: object): object => ({
  class_name: className,
  config: { name: 'net', batch_input_shape: [null, 4, 2], ...config },
});
const names = ['kernel', 'recurrent_kernel', 'bias'];
const named = (arrays: readonly Numbers[]): NamedWeights => ({
  net: arrays.map((array, i) => ({ name: names[i % 3]!, ...array })),
});

async function outputOf(architecture: object, weights: NamedWeights): Promise<number[]> {
  const [y] = await modelFrom(architecture, weights, { dtype: 'float64' }).predictAll(x);
  return [...y!.data];
}
function same(got: readonly number[], expected: readonly number[]): void {
  assert.is(got.length, expected.length);
  got.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${value} at ${i}, not ${expected[i]}`);
  });
}

for (const kind of ['LSTM', 'GRU'] as const) {
  const { plain, cudnn: stored } = cudnn[kind];
  const config = { units: 3, return_sequences: true, activation: 'tanh', recurrent_activation: 'sigmoid' };
  const options = kind === 'GRU' ? { ...config, reset_after: true } : config;
  const expected = outputOf(sequential([layer(kind, options)]), named(plain));

  test(`CuDNN${kind}, and ${kind} that reads its weights`, async () => {
    same(
      await outputOf(sequential([layer(`CuDNN${kind}`, { units: 3, return_sequences: true })]), named(stored)),
      await expected,
    );
    same(await outputOf(sequential([layer(kind, options)]), named(stored)), await expected);
  });

  test(`RNN over one ${kind}Cell`, async () => {
    const cell = { class_name: `${kind}Cell`, config: { name: 'cell', ...options, return_sequences: undefined } };
    same(await outputOf(sequential([layer('RNN', { cell, return_sequences: true })]), named(plain)), await expected);
  });

  test(`CuDNN weights of Bidirectional ${kind}`, async () => {
    const wrap = (className: string, inner: object): object =>
      sequential([
        layer('Bidirectional', {
          merge_mode: 'concat',
          layer: { class_name: className, config: { name: 'one', ...inner } },
        }),
      ]);
    const both = wrap(kind, options);
    const converted = wrap(`CuDNN${kind}`, { units: 3, return_sequences: true });
    same(await outputOf(converted, named([...stored, ...stored])), await outputOf(both, named([...plain, ...plain])));
  });
}

/** Columns of the gates `[from, from + 3)` of each row. */
const gate = ({ shape, data }: Numbers, i: number): Numbers => {
  const width = shape.at(-1)!;
  const kept = data.filter((_, at) => Math.floor((at % width) / 3) === i);
  return { shape: [...shape.slice(0, -1), 3], data: kept };
};

test('Keras 1: an array per gate, the new value before the forget gate', async () => {
  const { plain } = cudnn.LSTM;
  const arrays = [0, 2, 1, 3].flatMap((i) => plain.map((array) => gate(array, i)));
  const old = { output_dim: 3, return_sequences: true, activation: 'tanh', inner_activation: 'hard_sigmoid' };
  const one = { units: 3, return_sequences: true, activation: 'tanh', recurrent_activation: 'hard_sigmoid' };
  // By position, as inside a Bidirectional.
  const wrapped = (config: object, version: string): object =>
    sequential([layer('Bidirectional', { merge_mode: 'sum', layer: { class_name: 'LSTM', config } })], version);
  const both = (list: readonly Numbers[]): NamedWeights => named([...list, ...list]);
  const expected = await outputOf(wrapped({ name: 'one', ...one }, '2.2.4'), both(plain));
  same(await outputOf(wrapped({ name: 'one', ...old }, '1.2.2'), both(arrays)), expected);
});

test('a stack of cells of two classes, whose groups a .keras file lists by class', async () => {
  const [a, b] = [
    cudnn.LSTM.plain,
    [
      [3, 9],
      [3, 9],
      [2, 9],
    ].map((shape, i) => ({ shape, data: [...randomNormal(shape[0]! * 9, 20 + i)].map((v) => v * 0.4) })),
  ];
  const cell = (className: string): object => ({
    class_name: className,
    config: {
      units: 3,
      activation: 'tanh',
      recurrent_activation: 'sigmoid',
      ...(className === 'GRUCell' ? { reset_after: true } : {}),
    },
  });
  const stacked = layer('RNN', {
    return_sequences: true,
    cell: { class_name: 'StackedRNNCells', config: { cells: [cell('LSTMCell'), cell('GRUCell')] } },
  });
  const model = (arrays: readonly (Numbers & { part: string })[]): Promise<number[]> => {
    const weights = { net: arrays.map((array, i) => ({ name: names[i % 3]!, ...array })) };
    return outputOf(sequential([stacked]), weights);
  };
  const [lstm, gru] = [
    a.map((w) => ({ ...w, part: 'cells/lstm_cell' })),
    b.map((w) => ({ ...w, part: 'cells/gru_cell' })),
  ];
  same(await model([...gru, ...lstm]), await model([...lstm, ...gru]));
});

const refuses = (name: string, architecture: object, message: RegExp, weights: NamedWeights = {}): void =>
  test(name, () => {
    assert.throws(() => modelFrom(architecture, weights), message);
  });

refuses(
  'a cell of one’s own',
  sequential([layer('RNN', { cell: { class_name: 'MinimalCell', config: {} } })]),
  /'MinimalCell' is not a cell of Keras's/,
);
refuses(
  'time first',
  sequential([layer('LSTM', { units: 3, time_major: true })]),
  /option 'time_major' has an unusable value/,
);
refuses(
  'input without features',
  sequential([layer('LSTM', { units: 3, batch_input_shape: [null, 4] })]),
  /the input is \[batch, time, features\]/,
);
refuses('missing weights', sequential([layer('LSTM', { units: 3 })]), /weights are missing/);
refuses(
  'Bidirectional of a Dense',
  sequential([layer('Bidirectional', { layer: { class_name: 'Dense', config: { units: 3 } } })]),
  /option 'layer' has an unusable value \(value "Dense"/,
);
refuses(
  'merge mode',
  sequential([layer('Bidirectional', { merge_mode: 'max', layer: { class_name: 'GRU', config: { units: 3 } } })]),
  /option 'merge_mode' has an unusable value/,
);

test.run();
