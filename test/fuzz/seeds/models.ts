/** Intact models: the committed ones of test/golden/zoo, and small ones in every layout that Keras has had; their configs and weights apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, strToU8, unzipSync, zipSync } from 'fflate';
import { type H5Group, legacyTree, writeH5 } from '../../support/h5.ts';
import { openAny } from '../../support/open-keras.ts';
import type { Seed } from '../formats.ts';
import { type Arrays, networks } from './networks.ts';

const zoo = new URL('../../golden/zoo/', import.meta.url);
const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));
/** As Python writes it, with spaces, which is what the reader of damaged HDF5 looks for. */
const python = (value: unknown): string => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');

export async function modelSeeds(): Promise<Seed[]> {
  const models = [...zooSeeds(), ...(await madeModels())];
  return [...models, ...models.flatMap(configOf), ...models.flatMap(weightsOf)];
}

function zooSeeds(): Seed[] {
  return readdirSync(zoo).flatMap((file): Seed[] => {
    const format = /\.(h5|keras)\.gz$/.exec(file)?.[1] as 'h5' | 'keras' | undefined;
    if (!format) return [];
    const bytes = gunzipSync(readFileSync(new URL(file, zoo)));
    return bytes.length > 180_000 ? [] : [{ format, name: `zoo/${file}`, parts: { [`model.${format}`]: bytes } }];
  });
}

/** Small models in every layout that Keras has had. */
export async function madeModels(chosen = networks): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const { name, layers, weights } of chosen) {
    for (const keras of [...(name === 'recurrent' ? [] : ['1.2.2']), '2.3.1', '2.15.0', '3.4.0']) {
      const config = python(architecture(name, layers, keras));
      const attributes = { keras_version: keras, backend: 'tensorflow', model_config: config };
      const tree = legacyTree(
        Object.fromEntries(
          weights.map(([layer, arrays]) => [
            layer,
            Object.fromEntries(arrays.map(([w, a]) => [keras < '3' ? `${layer}/${w}:0` : `${layer}/${w}`, a])),
          ]),
        ),
      );
      for (const libver of ['earliest', 'latest'] as const) {
        if (libver === 'latest' && keras !== '2.15.0') continue;
        const bytes = await writeH5({ attributes, members: { model_weights: tree } }, libver);
        seeds.push({ format: 'h5', name: `${name} of Keras ${keras}, ${libver}`, parts: { 'model.h5': bytes } });
      }
    }
    const stored = await writeH5({
      members: {
        layers: { members: Object.fromEntries(weights.map(([layer, arrays]) => [layer, varsOf(arrays, name)])) },
      },
    });
    const members = {
      'config.json': strToU8(python(architecture(name, layers, '3.4.0'))),
      'metadata.json': json({ keras_version: '3.4.0', date_saved: '2024-01-01' }),
      'model.weights.h5': stored,
    };
    for (const level of [0, 6] as const) {
      const parts = { 'model.keras': zipSync(members, { level, mtime: '1990-01-01' }) };
      seeds.push({ format: 'keras', name: `${name}, level ${level}`, parts });
    }
  }
  return seeds;
}

function varsOf(arrays: Arrays, network: string): H5Group {
  const vars: H5Group = { members: Object.fromEntries(arrays.map(([, data], i) => [String(i), data])) };
  return network === 'recurrent' && arrays.length === 3
    ? { members: { cell: { members: { vars } }, vars: { members: {} } } }
    : { members: { vars } };
}

function architecture(name: string, layers: readonly object[], keras: string): object {
  if (keras < '2.2') return { class_name: 'Sequential', keras_version: keras, backend: 'tensorflow', config: layers };
  return { class_name: 'Sequential', keras_version: keras, backend: 'tensorflow', config: { name, layers } };
}

function configOf({ format, name, parts }: Seed): Seed[] {
  const bytes = parts[`model.${format}`]!;
  const { config } = openAny(bytes, name);
  const whole = { ...(config as object), keras_version: /Keras 1|zoo\/keras2|Keras 2/.test(name) ? '2.15.0' : '3.4.0' };
  return [{ format: 'config', name: `config of ${name}`, parts: { 'config.json': strToU8(python(whole)) } }];
}

/** An archive's weights with its config beside them, and an `.h5` in place of a file of `save_weights`. */
function weightsOf({ format, name, parts }: Seed): Seed[] {
  if (format === 'h5') {
    const bytes = parts['model.h5']!;
    if (bytes.length > 60_000) return [];
    const text = strToU8(python(openAny(bytes, name).config));
    return [
      {
        format: 'weights',
        name: `weights of ${name}`,
        parts: { 'model.weights.h5': bytes, 'architecture.json': text },
      },
    ];
  }
  const members = unzipSync(parts['model.keras']!);
  const weights = members['model.weights.h5'];
  if (!weights) return [];
  return [
    {
      format: 'weights',
      name: `weights of ${name}`,
      parts: { 'model.weights.h5': weights, 'architecture.json': members['config.json']! },
    },
  ];
}
