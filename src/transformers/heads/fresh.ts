/**
 * A classifier to be trained: the layers that transformers' class has on this encoder. What the file has of them is kept, but for the last
 * layer; the rest is drawn as transformers draws it, normal numbers of deviation `initializer_range`, biases 0.
 */
import { randomNormal } from '../../graph/random.ts';
import { allocate, type FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkList, checkOptions } from '../../tensor/options.ts';
import type { Shape } from '../../tensor/shape.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import type { TransformerConfig } from '../config/config.ts';
import { familyOf } from '../config/config.ts';
import type { Json } from '../config/fields.ts';
import { poolerPart } from '../encoders/bert.ts';
import type { WeightSource } from '../weights/source.ts';
import { headsOf } from './families.ts';
import { classifier } from './sequence.ts';
import type { HeadParts, MadeHead } from './types.ts';

/** A new classifier of texts, as `AutoModelForSequenceClassification.from_pretrained` puts one on an encoder. */
export interface NewClassifier {
  /** Names of the classes; one name alone is a regression, unless `problemType` says otherwise. */
  readonly labels: readonly string[];
  readonly problemType?: 'single_label_classification' | 'multi_label_classification' | 'regression';
  /** Of the numbers that are drawn; 0 by default. */
  readonly seed?: number;
}

const problemTypes = ['single_label_classification', 'multi_label_classification', 'regression'];

export function isNewClassifier(head: unknown): head is NewClassifier {
  return typeof head === 'object' && head !== null && 'labels' in head;
}

/** The config of the model with the classifier, ours and the file's. @throws PathgradError for labels that are none */
export function configFor(
  head: NewClassifier,
  config: TransformerConfig,
  json: Json,
): { config: TransformerConfig; json: Json } {
  checkOptions<NewClassifier>('head', head, { labels: 1, problemType: 1, seed: 1 });
  const { labels, problemType = null, seed = 0 } = head;
  checkList('head, labels', labels, 'names of the classes');
  const wrong = labels.findIndex((label, i) => typeof label !== 'string' || labels.indexOf(label) < i);
  if (labels.length === 0 || wrong >= 0)
    throw failure('head', 'labels must be different texts, at least one', { got: labels[wrong] ?? 'none' });
  if (problemType !== null && !problemTypes.includes(problemType))
    throw failure(
      'head',
      `unknown problemType '${String(problemType)}'`,
      {},
      didYouMean(String(problemType), problemTypes),
    );
  if (!Number.isSafeInteger(seed)) throw failure('head', 'the seed must be an integer', { got: seed });
  const savedClass = `${familyOf(config).classes}ForSequenceClassification`;
  return {
    config: { ...config, savedClass, labels, problemType },
    json: {
      ...json,
      architectures: [savedClass],
      id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
      label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      problem_type: problemType,
    },
  };
}

/** @param deviation `initializer_range` of the config */
export function newClassifier(made: HeadParts, { seed = 0 }: NewClassifier, deviation: number): MadeHead {
  const { config, encoder, base } = made;
  let draws = 0;
  const draw = (path: string, shape: Shape): Tensor =>
    made.weights.change(path, drawn(path, shape, made.weights.dtype, deviation, seed * 1009 + draws++));
  const drawing = (fresh: (path: string) => boolean): WeightSource => ({
    ...{ file: made.weights.file, dtype: made.weights.dtype, taken: [] },
    has: (path) => made.weights.has(path),
    sizeOf: (path, axis) => made.weights.sizeOf(path, axis),
    take: (path, shape, why) => (fresh(path) ? draw(path, shape) : made.weights.take(path, shape, why)),
    change: (path, tensor) => made.weights.change(path, tensor),
    finish: (optional) => made.weights.finish(optional),
  });
  const own = drawing((path) => !made.weights.has(path));
  const pools = config.architecture === 'bert' || config.architecture === 'albert';
  const dense = config.architecture === 'albert' ? `${base}/pooler` : `${base}/pooler/dense`;
  const added = pools && !encoder.pooler ? poolerPart(own, `${base}/pooler`, config.width, dense) : null;
  const parts = { ...made, weights: own, encoder: added ? { ...encoder, pooler: added } : encoder };
  const body = headsOf(config.architecture).sequence(parts);
  const head = classifier({ ...parts, weights: drawing(() => true) }, body, config.labels.length);
  return added ? { ...head, layers: [added.layer, ...head.layers] } : head;
}

function drawn(path: string, shape: Shape, dtype: FloatDType, deviation: number, seed: number): Tensor {
  const data = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  ) as Float32Array | Float64Array;
  if (path.endsWith('/gamma')) data.fill(1);
  else if (shape.length > 1) data.set(randomNormal(data.length, seed).map((z) => deviation * z));
  return adopt(data, shape);
}
