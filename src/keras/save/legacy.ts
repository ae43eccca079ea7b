/**
 * Legacy `.h5`: a group per layer of the outermost model with the list of its weights, names that outgrow an attribute cut into several.
 * Source: `save_model_to_hdf5` and `save_attributes_to_hdf5_group` of Keras 3.15 and tf_keras 2.21.
 */
import { NewGroup } from '../../hdf5/write/tree.ts';
import { failure } from '../../tensor/errors.ts';
import type { Dialect, LayerSpec, ModelSpec } from '../config/spec.ts';
import type { OptimizerVariable } from './optimizer.ts';
import type { Places, WeightPlace } from './places.ts';

/** Keras's bound on the bytes of an attribute. */
const LIMIT = 64_512;

export interface LegacyParts {
  readonly spec: ModelSpec;
  readonly places: Places;
  /** The text of `model_config`; null for weights only. */
  readonly config: string | null;
  readonly training: string | null;
  readonly version: string;
  readonly optimizer: readonly OptimizerVariable[];
}

export function writeLegacy({ spec, places, config, training, version, optimizer }: LegacyParts): NewGroup {
  const root = new NewGroup();
  const group = config === null ? root : root.group('model_weights');
  if (config !== null) {
    root.attribute('backend', 'tensorflow');
    root.attribute('keras_version', version);
    root.attribute('model_config', config);
    if (training !== null) root.attribute('training_config', training);
  }
  const listed = spec.layers.filter(({ className }) => spec.kind === 'functional' || className !== 'InputLayer');
  writeNames(
    group,
    'layer_names',
    listed.map(({ name }) => name),
  );
  group.attribute('backend', 'tensorflow');
  group.attribute('keras_version', version);
  const byLayer = new Map<LayerSpec, WeightPlace[]>(listed.map((layer) => [layer, []]));
  for (const weight of places.weights) if (!weight.shared) byLayer.get(weight.top)!.push(weight);
  for (const [layer, weights] of byLayer) {
    const sorted = [...weights.filter(({ last }) => !last), ...weights.filter(({ last }) => last)];
    const variables = sorted.map((weight) => ({
      name: variableName(weight, spec.dialect),
      values: { dtype: weight.dtype, shape: weight.shape, data: weight.values() },
    }));
    writeVariables(group.group(layer.name), variables);
  }
  writeVariables(group.group('top_level_model_weights'), []);
  if (optimizer.length > 0) writeVariables(root.group('optimizer_weights'), optimizer);
  return root;
}

function writeVariables(group: NewGroup, variables: readonly OptimizerVariable[]): void {
  writeNames(
    group,
    'weight_names',
    variables.map(({ name }) => name),
  );
  for (const { name, values } of variables) group.dataset(name, values);
}

/** `dense/kernel`, as a variable of Keras 2 with the number of its tensor. */
export function variableName({ names, scope, name }: WeightPlace, { major }: Pick<Dialect, 'major'>): string {
  const path = [...names, ...(scope === '' ? [] : [scope]), name].join('/');
  return major === 3 ? path : `${path}:0`;
}

/** As `numpy.array_split` cuts a list: the first pieces hold one more. */
export function writeNames(group: NewGroup, name: string, names: readonly string[]): void {
  const encoder = new TextEncoder();
  const lengths = names.map((text) => encoder.encode(text).length);
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  if (longest > LIMIT)
    throw failure(`HDF5 ${group.path}@${name}`, 'a name is longer than Keras can read', {
      bytes: longest,
      limit: LIMIT,
    });
  // Every element of the list is as wide as its longest, as an array of NumPy is.
  for (let pieces = 1; ; pieces++) {
    const size = Math.ceil(names.length / pieces);
    if (size * longest > LIMIT) continue;
    if (pieces === 1) group.attribute(name, names);
    else {
      const [each, more] = [Math.floor(names.length / pieces), names.length % pieces];
      for (let i = 0, at = 0; i < pieces; i++) {
        const count = each + (i < more ? 1 : 0);
        group.attribute(`${name}${i}`, names.slice(at, at + count));
        at += count;
      }
    }
    return;
  }
}
