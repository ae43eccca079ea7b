/** Optimizers by Keras's names and saved configs, of Keras 3, tf_keras and tf.keras before 2.11. */
import { failure } from '../../tensor/errors.ts';
import { inverseTimeDecay } from '../schedules/decay.ts';
import { scheduleOf } from '../schedules/of.ts';
import { type Config, type Identifier, identified, known, optionsOf } from '../settings.ts';
import type { Optimizer } from '../types.ts';
import { adam, adamw } from './adam.ts';
import { adamax, lamb, nadam } from './adam-kin.ts';
import { adadelta, adagrad, rmsprop } from './adaptive.ts';
import { ftrl } from './ftrl.ts';
import { lion } from './lion.ts';
import type { OptimizerSemantics } from './options.ts';
import { sgd } from './sgd.ts';

const byClass: Readonly<Record<string, (options?: never) => Optimizer>> = {
  SGD: sgd,
  Adam: adam,
  AdamW: adamw,
  Adamax: adamax,
  Nadam: nadam,
  RMSprop: rmsprop,
  Adagrad: adagrad,
  Adadelta: adadelta,
  Lion: lion,
  Lamb: lamb,
  Ftrl: ftrl,
  /** Of transformers for TensorFlow. */
  AdamWeightDecay: adamw,
};

/** Keras's optimizers that there are not here, and why. */
const refused: Readonly<Record<string, string>> = {
  adafactor: 'its state has other shapes than the weights',
  muon: 'it treats matrices and other weights by different rules',
  schedulefreeadamw: 'it keeps two sets of weights',
  lossscaleoptimizer: 'it is for training in half precision',
  multioptimizer: 'it is several optimizers',
};

/**
 * The optimizer of a name or of a config that Keras saved.
 * @param identifier `'adam'`, or `{ class_name, config }`; an optimizer is given back as it is. Configs of tf_keras and tf.keras bring the
 * `semantics` of their optimizers along.
 * @throws PathgradError for a class that there is not, with the nearest names, and for options that make no sense
 */
export function optimizerOf(identifier: Optimizer | Identifier): Optimizer {
  if (typeof (identifier as Optimizer)?.update === 'function') return identifier as Optimizer;
  const { name, config = {} } = identified('optimizer', identifier);
  const reason = refused[name.toLowerCase()];
  if (reason !== undefined)
    throw failure('optimizer', `${name} is not supported: ${reason}`, {}, "'adam' or 'adamw' is");
  const make = known('optimizer', name, byClass);
  return make({ ...fromConfig(name, config) } as never);
}

function fromConfig(name: string, config: Config): Record<string, unknown> {
  const semantics = semanticsOf(config);
  const { learningRate, weightDecayRate, lr, ...options } = optionsOf(config, [
    'jit_compile',
    'is_legacy_optimizer',
    'decay',
  ]);
  const given = learningRate ?? lr; // Keras 1 and early 2 wrote lr
  const rate = typeof given === 'object' && given !== null ? scheduleOf(given as never) : given;
  const { decay } = config;
  if (/^nadam$/i.test(name) && typeof decay === 'number') {
    options['scheduleDecay'] = decay;
    if (rate !== undefined) options['learningRate'] = rate;
  } else if (typeof decay === 'number' && decay > 0 && typeof rate === 'number') {
    // tf.keras before 2.11: rate / (1 + decay * step).
    options['learningRate'] = inverseTimeDecay({ initialLearningRate: rate, decaySteps: 1, decayRate: decay });
  } else if (rate !== undefined) options['learningRate'] = rate;
  if (name === 'AdamWeightDecay') options['weightDecay'] = weightDecayRate ?? 0;
  else if (weightDecayRate !== undefined) options['weightDecayRate'] = weightDecayRate;
  if (options['adaptiveEpsilon'] === false) delete options['adaptiveEpsilon']; // tf_keras's Adam
  return semantics === 'keras3' ? options : { ...options, semantics };
}

function semanticsOf(config: Config): OptimizerSemantics {
  if (config['is_legacy_optimizer'] === false) return 'keras2';
  return config['is_legacy_optimizer'] === true || config['decay'] !== undefined ? 'legacy' : 'keras3';
}
