/**
 * Writes docs/layers.md: every layer of Keras 1, 2 and 3 with its options, and what becomes of each. `node --import tsx
 * scripts/layers-doc.ts`. The layers are those of scripts/keras-inventory.json (made by keras_inventory.py); what becomes of an option is
 * asked of the layer code itself, which says for each option whether it reads, ignores or restricts it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { keras1Classes } from '../src/keras/config/keras1.ts';
import { readLayer } from '../src/keras/config/layer.ts';
import { translateKeras2 } from '../src/keras/config/names.ts';
import type { Json, LayerSpec } from '../src/keras/config/spec.ts';
import { wrapperNames } from '../src/keras/custom/custom.ts';
import { isTrainingOption, Options } from '../src/keras/layers/options.ts';
import { allRules, whyUnsupported } from '../src/keras/layers/registry.ts';

interface Entry {
  readonly class: string;
  readonly options: readonly string[];
  readonly config: { readonly [option: string]: Json } | null;
}

interface Inventory {
  readonly [major: string]: { readonly version: string; readonly layers: { readonly [name: string]: Entry } };
}

const rules = await allRules();
const inventory = JSON.parse(readFileSync(new URL('keras-inventory.json', import.meta.url), 'utf8')) as Inventory;

/** Layers whose options are read by the model, not by a layer class. */
const structural: Readonly<Record<string, string>> = {
  InputLayer: 'the shape, dtype and name of an input',
  SimpleRNNCell: 'inside RNN',
  LSTMCell: 'inside RNN',
  GRUCell: 'inside RNN',
  StackedRNNCells: 'inside RNN',
  TimeDistributed: 'any supported layer or model inside',
  Pipeline: 'any supported layers inside',
  Lambda: 'Python code, which is never run: give its TypeScript ([custom layers](custom-layers.md))',
};

/** What of a layer's result is not Keras's. */
const notes: Readonly<Record<string, string>> = {
  ContrastLimitedAdaptiveHistogramEqualization: 'looks values up: no gradient passes, nor does it in Keras',
  MelSpectrogram: '`top_db` counts from the loudest of the sample, in Keras from that of the batch',
};

/** Why a layer of Keras is not there. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^(TFSMLayer|JaxLayer|FlaxLayer|TorchModuleWrapper)$/, 'code of another framework, which the file does not hold'],
  [/^DenseFeatures|SequenceFeatures$/, 'feature columns, which Keras itself has deprecated'],
];

function optionsFor(name: string, entry: Entry, major: 2 | 3): { line: string; supported: boolean } {
  if (Object.hasOwn(structural, name)) return { supported: name !== 'Lambda', line: structural[name]! };
  if (wrapperNames().includes(name))
    return { supported: true, line: 'wraps any supported layer; its kernel is stored normalized' };
  const className = translateKeras2(name, {}, major).className;
  const create = rules.host!.findHostClass(className)?.create ?? rules.classes.get(className)?.create;
  if (!create) {
    const spec = { className, name, registeredName: null } as LayerSpec;
    const known = reasons.find(([pattern]) => pattern.test(name))?.[1];
    return { supported: false, line: known ?? whyUnsupported(spec).split(':')[0]! };
  }
  const uses = usesOf(name, entry, major, create as (o: Options, files?: unknown) => unknown);
  const known = entry.options.filter((key) => !['name', 'dtype', 'trainable'].includes(key));
  const effect = known.filter((key) => !isTrainingOption(key) || uses.get(key)?.kind === 'read');
  const read = effect.filter((key) => (uses.get(key)?.kind ?? 'none') === 'read');
  const ignored = effect.filter((key) => uses.get(key)?.kind === 'ignored');
  const only = effect.flatMap((key) => {
    const use = uses.get(key);
    return use?.kind === 'only' ? [`\`${key}\`: ${use.reason}`] : [];
  });
  const refused = effect.filter((key) => !uses.has(key));
  const parts = [
    read.length > 0 ? read.map((key) => `\`${key}\``).join(', ') : 'no options of its own',
    only.length > 0 ? `only ${only.join('; ')}` : '',
    ignored.length > 0 ? `without effect here: ${ignored.map((key) => `\`${key}\``).join(', ')}` : '',
    notes[name] ?? '',
    refused.length > 0 ? `refused unless left out: ${refused.map((key) => `\`${key}\``).join(', ')}` : '',
  ];
  return { supported: true, line: parts.filter((part) => part !== '').join('. ') };
}

/** What the layer code asks for when it reads a config of real Keras. */
function usesOf(
  name: string,
  entry: Entry,
  major: 2 | 3,
  create: (o: Options, files?: unknown) => unknown,
): Options['uses'] {
  const dialect = { major, version: null, backend: null } as const;
  const noModel = (): never => {
    throw new Error('no models here');
  };
  const scope = { dialect, subject: 'docs', depth: 0, trainable: true, keras1: null, readModel: noModel };
  const spec = readLayer({ class_name: name, config: { name: 'x', ...entry.config } }, scope);
  const wrapped = spec.layer ? { wrapped: spec.layer } : {};
  const options = new Options(spec.config, {
    subject: name,
    className: spec.className,
    dialect,
    flipKernels: false,
    ...wrapped,
  });
  create(options, { vocabulary: ['a'], frequencies: null });
  return options.uses;
}

function table(major: 2 | 3): string[] {
  const { version, layers } = inventory[String(major)]!;
  const rows = Object.entries(layers)
    .filter(([name, entry]) => entry.class === name)
    .map(([name, entry]) => ({ name, ...optionsFor(name, entry, major) }));
  const aliases = Object.entries(layers).filter(([name, entry]) => entry.class !== name && !name.startsWith('_'));
  const count = rows.filter((row) => row.supported).length;
  return [
    `## Keras ${major} (${version})`,
    '',
    `${count} of ${rows.length} layers are supported.`,
    '',
    '| layer | | options |',
    '|---|---|---|',
    ...rows.map(
      ({ name, supported, line }) => `| ${name} | ${supported ? 'yes' : 'no'} | ${line.replaceAll('|', '\\|')} |`,
    ),
    '',
    `Other names of the same classes: ${aliases.map(([name, entry]) => `${name} (${entry.class})`).join(', ')}.`,
    '',
  ];
}

/** The whole page. */
export function layersDoc(): string {
  const old = keras1Classes().map(([from, to]) => `| ${from} | ${to} |`);
  const own = rules.names.filter((name) => !Object.values(inventory).some(({ layers }) => Object.hasOwn(layers, name)));
  return `${[
    '# Layers',
    '',
    'Generated by `scripts/layers-doc.ts` from the layer code; do not edit. What a layer does with an option is what its code says:',
    'options that are named first are read; an option that is refused is an error that names the layer, never ignored in silence.',
    'Options of training (initializers, regularizers, constraints, dropout rates, seeds) are without effect and not listed.',
    'Dtypes: models compute in float32 or float64, whatever the file holds (float16 and bfloat16 weights are widened); quantized layers are refused.',
    'Layers marked "no" can be given in TypeScript: see [custom layers](custom-layers.md).',
    '',
    ...table(3),
    ...table(2),
    '## Keras 1',
    '',
    'Layers of Keras 1 are read under their present names, with their options and weight orders translated',
    '(`nb_filter`, `border_mode`, `dim_ordering`, `inner_activation`, …; LSTM and GRU weights of 12 and 9 arrays; Theano kernels).',
    '',
    '| Keras 1 | read as |',
    '|---|---|',
    ...old,
    '',
    `Without a class in today's Kerases: ${own.join(', ')}.`,
    '',
    '## Operations',
    '',
    'Functional models also hold bare operations: `keras.ops` calls and operators of Keras 3, and TensorFlow calls of tf.keras',
    '(`TFOpLambda`, `SlicingOpLambda`, `TensorFlowOpLayer`). These are known, under the name that Keras 3 gives them:',
    '',
    `${rules.operations!.operationNames.map((name) => `\`${name}\``).join(', ')}.`,
    '',
  ].join('\n')}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../docs/layers.md', import.meta.url), layersDoc());
}
