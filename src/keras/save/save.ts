/**
 * A model as a file that Keras loads without custom objects: as Keras 3 wrote it where the model came from Keras 3, else as tf_keras does.
 * Invariant: what is written gives the same predictions; nothing is dropped in silence. The bytes of a model and its state are always the same.
 */
import type { WeightChange } from '../../graph/callable.ts';
import { writeHdf5 } from '../../hdf5/write/file.ts';
import type { Model } from '../../model/model.ts';
import type { StoredType } from '../../safetensors/header.ts';
import { writeSafetensors } from '../../safetensors/write.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { writeArchive } from './archive.ts';
import { type Compiled, compileConfig, jsonOf } from './compiled.ts';
import { currentConfig, withModules, withoutModules } from './config.ts';
import { writeLegacy } from './legacy.ts';
import { checkNames } from './names.ts';
import { checkReadable, operationsOf } from './operations.ts';
import { checkSchedule, type OptimizerState, optimizerVariables } from './optimizer.ts';
import { type KerasOrigin, originOf } from './origin.ts';
import { writePaths } from './paths.ts';
import { type Places, placesOf } from './places.ts';
import { assetsOf, withVocabularies } from './vocabularies.ts';

/** `keras` and `h5` hold model and weights, the others weights alone. */
export type SaveFormat = 'keras' | 'h5' | 'weights.h5' | 'safetensors';

/** What `saveModel` writes. */
export interface SaveOptions extends Compiled {
  readonly format: SaveFormat;
  /** Other numbers for weights, as for `Model.withWeights`; by default the model's own. */
  readonly weightsOf?: WeightChange;
  /** The state of training, so that Keras trains on; `keras`, `h5` and `weights.h5` have a place for it. */
  readonly optimizer?: OptimizerState;
  /** Whether a schedule that Keras has not may be written: it is read there with a custom object of that name. False by default. */
  readonly customObjects?: boolean;
}

const formats: readonly SaveFormat[] = ['keras', 'h5', 'weights.h5', 'safetensors'];

/** What files of a model say that never said a version. */
const current = { 2: '2.21.0', 3: '3.15.1' } as const;

/**
 * The bytes of a file that holds `model`, which was loaded by `loadModel`.
 * @throws PathgradError for a model of another format, one whose input shape is not known yet, and layers that no current Keras has
 * @example
 * const bytes = await saveModel(model, { format: 'keras' });
 */
export async function saveModel(model: Model, options: SaveOptions): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions<SaveOptions>('saveModel', options, {
    ...{ format: 1, weightsOf: 1, optimizer: 1, customObjects: 1 },
    ...{ loss: 1, metrics: 1, weightedMetrics: 1, outputs: 1 },
  });
  const { format, weightsOf, optimizer = null } = options;
  if (!formats.includes(format))
    throw failure('saveModel', `there is no format '${String(format)}'`, {}, didYouMean(String(format), formats));
  const origin = originOf(model);
  const places = placesOf(weightsOf ? await model.withWeights(weightsOf) : model, origin);
  const { spec } = origin;
  const { major } = spec.dialect;
  if (format === 'safetensors') {
    if (optimizer)
      throw failure('saveModel', 'safetensors has no place for the state of an optimizer', {}, `format: 'keras' has`);
    return tensorsOf(places);
  }
  const variables = optimizer ? optimizerVariables(optimizer, places.weights, major) : [];
  const state = optimizer ? { name: optimizer.optimizer.name.toLowerCase(), variables } : null;
  const version = versionOf(origin);
  const assets = assetsOf(origin, format === 'keras');
  if (format === 'weights.h5') return writeHdf5(writePaths(places, major, assets, state));
  const config = currentConfig(origin);
  const operations = operationsOf(model);
  checkReadable(model, operations, format);
  checkNames(model, spec);
  if (optimizer && options.customObjects !== true) checkSchedule(optimizer);
  const compiled = compileConfig(origin.trainingConfig, optimizer, options, major, format);
  if (format === 'keras') {
    const whole = {
      ...withModules(config, spec, operations, major),
      ...(compiled ? { compile_config: compiled } : {}),
    };
    return writeArchive(version, jsonOf(whole), writeHdf5(writePaths(places, major, assets, state)), assets);
  }
  const legacy = withVocabularies(withoutModules(config), origin);
  return writeHdf5(
    writeLegacy({
      ...{ spec, places, version, optimizer: variables },
      config: JSON.stringify(legacy),
      training: compiled ? jsonOf(compiled) : null,
    }),
  );
}

/** That of the file, since results may depend on it: Keras 1's own words are gone, and so is its version. */
function versionOf({ spec }: KerasOrigin): string {
  const { major, version } = spec.dialect;
  if (major === 1) return '2.2.4';
  return version ?? current[major];
}

/** By the path of the layer and the name of the weight: `dense_1/kernel`. */
function tensorsOf({ weights }: Places): Uint8Array<ArrayBuffer> {
  const types = { float32: 'F32', float64: 'F64', int64: 'I64' } as const satisfies Record<string, StoredType>;
  const tensors = new Map(
    weights
      .filter(({ shared }) => !shared)
      .map(({ layer, part, name, dtype, shape, values }) => [
        [layer.path, ...(part === '' ? [] : [part]), name].join('/'),
        { dtype: types[dtype], shape, data: values() },
      ]),
  );
  return writeSafetensors(tensors, { format: 'keras' });
}
