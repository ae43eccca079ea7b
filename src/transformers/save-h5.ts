/**
 * The weights of a transformer as `tf_model.h5`, the file of transformers' TensorFlow classes (transformers below 5, with tf_keras): a group
 * per top layer with the list of its arrays, each under the name of the model and the path of its layer. Invariant: weights/tf.ts reads the
 * same bits. Source: what `TFPreTrainedModel.save_pretrained` of transformers 4.57 writes, and `load_tf_weights` looks up.
 */
import { writeHdf5 } from '../hdf5/write/file.ts';
import { NewGroup } from '../hdf5/write/tree.ts';
import { writeNames } from '../keras/save/legacy.ts';
import { snakeCase } from '../keras/weights/paths.ts';
import { failure } from '../tensor/errors.ts';
import type { ModelParts } from './model.ts';

/** Families without TensorFlow classes, or with ones that name their arrays otherwise. */
const torchOnly = ['modernbert', 'deberta-v2'];
const tasks = ['sequence-classification', 'token-classification', 'question-answering', 'embedding'];

/**
 * @param className of PyTorch: `BertForSequenceClassification`
 * @throws PathgradError for what has no TensorFlow class, and for masked language models and modules of sentence-transformers
 */
export function writeTfWeights(parts: ModelParts, className: string): Uint8Array<ArrayBuffer> {
  const { config, head, name, files, dtype } = parts;
  const hint = "weights: 'safetensors' keeps it";
  if (torchOnly.includes(config.architecture))
    throw failure(name, 'no tf_model.h5 is written of its family', { family: config.architecture }, hint);
  if (!tasks.includes(head.task))
    throw failure(name, 'a tf_model.h5 of this task is not written', { task: head.task }, hint);
  if (files.modules) throw failure(name, 'sentence-transformers reads no tf_model.h5', {}, hint);
  const model = snakeCase(`TF${className}`);
  const layers = new Map<
    string,
    { readonly name: string; readonly shape: readonly number[]; readonly data: ArrayLike<number> }[]
  >();
  for (const { layer, name: leaf, tensor } of parts.weights.taken) {
    const path = layer.replace(/(^|\/)(layer|albert_layer_groups|albert_layers)\.(\d+)(?=\/|$)/g, '$1$2_._$3');
    const top = path.split('/')[0]!;
    const own = { name: `${model}/${path}/${leaf}:0`, shape: tensor.shape, data: tensor.data as ArrayLike<number> };
    layers.set(top, [...(layers.get(top) ?? []), own]);
  }
  const root = new NewGroup();
  root.attribute('backend', 'tensorflow');
  root.attribute('keras_version', '2.21.0');
  writeNames(root, 'layer_names', [...layers.keys()]);
  for (const [top, arrays] of layers) {
    const group = root.group(top);
    writeNames(
      group,
      'weight_names',
      arrays.map((array) => array.name),
    );
    for (const { name: key, shape, data } of arrays) group.dataset(key, { dtype, shape, data });
  }
  return writeHdf5(root);
}
