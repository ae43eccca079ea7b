/** Losses by Keras's names and saved configs. */
import { failure } from '../../tensor/errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Identifier, identified, known, optionsOf } from '../settings.ts';
import type { Loss } from '../types.ts';
import { binaryCrossentropy, binaryFocalCrossentropy } from './binary.ts';
import { categoricalCrossentropy, categoricalFocalCrossentropy, sparseCategoricalCrossentropy } from './categorical.ts';
import { categoricalHinge, hinge, klDivergence, poisson, squaredHinge } from './margin.ts';
import { dice, tversky } from './overlap.ts';
import {
  cosineSimilarity,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from './regression.ts';

/** Names with and without underscores and capitals are the same: `mean_squared_error` is the first. */
const byName: Readonly<Record<string, (options?: never) => Loss>> = {
  MeanSquaredError: meanSquaredError,
  MeanAbsoluteError: meanAbsoluteError,
  MeanAbsolutePercentageError: meanAbsolutePercentageError,
  MeanSquaredLogarithmicError: meanSquaredLogarithmicError,
  BinaryCrossentropy: binaryCrossentropy,
  BinaryFocalCrossentropy: binaryFocalCrossentropy,
  CategoricalCrossentropy: categoricalCrossentropy,
  CategoricalFocalCrossentropy: categoricalFocalCrossentropy,
  SparseCategoricalCrossentropy: sparseCategoricalCrossentropy,
  Huber: huber,
  LogCosh: logCosh,
  Hinge: hinge,
  SquaredHinge: squaredHinge,
  CategoricalHinge: categoricalHinge,
  KLDivergence: klDivergence,
  Poisson: poisson,
  CosineSimilarity: cosineSimilarity,
  Dice: dice,
  Tversky: tversky,
  mse: meanSquaredError,
  mae: meanAbsoluteError,
  mape: meanAbsolutePercentageError,
  msle: meanSquaredLogarithmicError,
  bce: binaryCrossentropy,
  kld: klDivergence,
  kullback_leibler_divergence: klDivergence,
};

/** Keras's losses that there are not here. */
const refused = ['ctc', 'circle', 'categoricalgeneralizedcrossentropy'];

/** Shapes of labels and predictions, with the batch axis, of which names without a kind ('accuracy', 'crossentropy') are told. */
export interface LabelShapes {
  readonly truth: Shape;
  readonly predicted: Shape;
}

/** What Keras takes labels for, by shapes alone. */
export function kindOf(shapes: LabelShapes): 'binary' | 'sparse' | 'categorical' {
  const { truth, predicted } = shapes;
  const [last, classes] = [truth[truth.length - 1], predicted[predicted.length - 1]];
  if (classes === 1) return 'binary';
  return truth.length < predicted.length || (last === 1 && classes! > 1) ? 'sparse' : 'categorical';
}

/** What a name without a kind needs. */
export function shapesFor(subject: string, name: string, shapes: LabelShapes | undefined): LabelShapes {
  if (shapes) return shapes;
  throw failure(
    subject,
    `'${name}' depends on the shapes of labels and predictions`,
    {},
    `name the kind: 'binary_${name}'`,
  );
}

/**
 * The loss of a name or of a config that Keras saved.
 * @param identifier `'mse'`, or `{ class_name, config }`; a loss is given back as it is
 * @param shapes needed for `'crossentropy'` alone, which is one of three by the shapes
 * @throws PathgradError for a name that there is not, with the nearest ones, and for options that make no sense
 */
export function lossOf(identifier: Loss | Identifier, shapes?: LabelShapes): Loss {
  if (typeof (identifier as Loss)?.compute === 'function') return identifier as Loss;
  const { name, config = {} } = identified('loss', identifier);
  if (['crossentropy', 'ce'].includes(name.toLowerCase())) {
    const kind = kindOf(shapesFor('loss', 'crossentropy', shapes));
    if (kind === 'binary') return binaryCrossentropy();
    return kind === 'sparse' ? sparseCategoricalCrossentropy() : categoricalCrossentropy();
  }
  // A function of Keras in the wrapper that makes it a loss.
  if (name === 'LossFunctionWrapper' && config['fn'] !== undefined) {
    const { fn, ...rest } = config;
    return lossOf({ class_name: identified('loss', fn).name, config: rest });
  }
  if (refused.includes(name.replace(/_/g, '').toLowerCase())) throw failure('loss', `${name} is not supported`);
  const options = optionsOf(config, ['fn', 'dtype']);
  // Keras 2's default, and Keras 3's 'none', which is one number per sample: a step needs one.
  if (options['reduction'] === 'auto') delete options['reduction'];
  if (name.replace(/_/g, '').toLowerCase() === 'sparsecategoricalcrossentropy' && options['axis'] === -1)
    delete options['axis'];
  return known('loss', name, byName)(options as never);
}
