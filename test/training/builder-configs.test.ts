/** Layers that are written here have the configs that real Keras gives them, argument by argument; test/golden/training/layer_configs.py makes the values. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as layers from '../../src/training/builder/layers/index.ts';
import type { LayerFunction } from '../../src/training/builder/symbolic.ts';

interface Entry {
  readonly class: string;
  readonly arguments: Record<string, unknown>;
  readonly config: Record<string, unknown>;
}
const entries = JSON.parse(
  readFileSync(new URL('../golden/training/layer-configs.json', import.meta.url), 'utf8'),
) as Entry[];

const test = suite('configs of layers');
const makers = Object.fromEntries(
  Object.entries(layers).map(([name, maker]) => [name.toLowerCase(), maker as (options: object) => LayerFunction]),
);
const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

test('as get_config of Keras 3.15', () => {
  assert.ok(entries.length > 90);
  for (const { class: name, arguments: given, config } of entries) {
    const maker = makers[name.toLowerCase()];
    assert.ok(maker, `${name} can be written`);
    const options = Object.fromEntries(Object.entries(given).map(([key, value]) => [camel(key), value]));
    const own: Readonly<Record<string, unknown>> = maker!(options).node.write(() => '');
    const left = notOurs[name.replace(/\dD$/, '')] ?? {};
    assert.equal({ ...nulls(config), ...own, ...left }, { ...nulls(own), ...config }, name);
  }
});

/** What Keras writes and we have no option for, with the only value that there is here. */
const notOurs: Readonly<Record<string, object>> = {
  Discretization: { num_bins: null, epsilon: 0.01, sparse: false },
  ConvLSTM: { unroll: false, zero_output_for_mask: false },
  Resizing: {
    crop_to_aspect_ratio: false,
    pad_to_aspect_ratio: false,
    fill_mode: 'constant',
    fill_value: 0,
    antialias: false,
  },
};

/** An entry that only one side writes may be null there: Keras's constructors take null for the default. */
const nulls = (config: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value === null));

test.run();
