/**
 * From a path, URL, bytes or File to a model that can be run. Everything a file says is checked before it is used: an unsupported
 * layer, a missing weight or a wrong shape is an error that names file and layer, and no code in a file is ever run.
 */

import type { Model } from '../../model/model.ts';
import { refuseProblems } from '../model/build.ts';
import type { ModelLayer } from '../model/layer.ts';
import { attachWeights, type LoadOptions, modelOf, openModel } from './open.ts';
import type { ModelSource } from './source.ts';

export { inspectModel, type LayerReport, type ModelReport } from './inspect.ts';
export type { LoadOptions } from './open.ts';
export type { ModelSource } from './source.ts';

/**
 * Loads a model that Keras saved: `.h5`/`.hdf5` of Keras 1, 2, tf.keras and 3, `.keras`, or an architecture with weights; or a layers
 * model of TensorFlow.js (`model.json`, whose shards lie beside it).
 * @param source a path (Node), a URL, the bytes, or a File; of a tfjs model also a list: `model.json` and its shards, in any order
 * @throws PathgradError naming the file, and the layer or weight at fault
 */
export async function loadModel(
  source: ModelSource | readonly ModelSource[],
  options: LoadOptions = {},
): Promise<Model<ModelLayer>> {
  const opened = await openModel(source, options);
  refuseProblems(opened.file.name, opened.problems);
  await attachWeights(opened);
  return modelOf(opened, options);
}
