/**
 * How Keras layers are called in training: the table of those that behave otherwise than at inference, and what all layers share (activity
 * regularizers). Invariant: a layer whose behaviour differs and that is not in the table is refused by name, never passed through.
 */
import type { LayerInfo, LayerUse, MaskedTensor, TrainingContext } from '../../graph/callable.ts';
import { div } from '../../ops/binary.ts';
import { reshape } from '../../ops/movement.ts';
import { slice, stack } from '../../ops/slicing.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { CallArguments, Drops } from '../layers/layer.ts';
import { Options } from '../layers/options.ts';
import type { ModelLayer } from '../model/layer.ts';
import { type MadeCall, regularized } from './attention.ts';
import { batchNormalization } from './batch-normalization.ts';
import { randomErasing, randomHue } from './changed-pictures.ts';
import {
  alphaDropout,
  dropout,
  gaussianDropout,
  gaussianNoise,
  plainDropout,
  spatialDropout,
  stochasticDepth,
} from './dropout.ts';
import { randomPerspective, randomRotation, randomShear, randomTranslation, randomZoom } from './moved-pictures.ts';
import { penaltyOf } from './penalties.ts';
import { randomBrightness, randomContrast, randomCrop, randomFlip } from './pictures.ts';
import { droppedScan, gatedMasks } from './recurrent.ts';
import type { TrainingRule } from './rule.ts';
import { normalizeKernel } from './spectral.ts';

/** By Keras class name. Made by a call, so that a bundle without training leaves it out. */
const rules = /* @__PURE__ */ ((): ReadonlyMap<string, TrainingRule> =>
  new Map<string, TrainingRule>([
    ['Dropout', plainDropout],
    ...['SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D'].map((name) => [name, spatialDropout] as const),
    ['AlphaDropout', alphaDropout],
    ['GaussianDropout', gaussianDropout],
    ['GaussianNoise', gaussianNoise],
    ['StochasticDepth', stochasticDepth],
    ['RandomFlip', randomFlip],
    ['RandomCrop', randomCrop],
    ['RandomRotation', randomRotation],
    ['RandomZoom', randomZoom],
    ['RandomTranslation', randomTranslation],
    ['RandomShear', randomShear],
    ['RandomPerspective', randomPerspective],
    ['RandomBrightness', randomBrightness],
    ['RandomContrast', randomContrast],
    ['RandomHue', randomHue],
    ['RandomErasing', randomErasing],
    ['BatchNormalization', batchNormalization],
    ['SyncBatchNormalization', batchNormalization],
  ]))();

/**
 * The outputs of a Keras layer's call in training.
 * @throws PathgradError naming a layer that is random or depends on the batch in a way that is not implemented
 */
export function trainedLayer(
  context: TrainingContext,
  use: LayerUse,
  call: (more?: object) => Tensor | readonly Tensor[],
): Tensor | readonly Tensor[] {
  const layer = use.layer as ModelLayer;
  const outputs = called(context, layer, use, call);
  const made = { ...use, outputs: outputs instanceof Tensor ? [outputs] : outputs };
  for (const penalty of activityOf(layer, made)) context.loss(penalty);
  return outputs;
}

function called(
  context: TrainingContext,
  layer: ModelLayer,
  { inputs, weights, masks, args }: LayerUse,
  call: (more?: object) => Tensor | readonly Tensor[],
): Tensor | readonly Tensor[] {
  const { className, subject, dialect, spec, run } = layer;
  refuseOptions(layer);
  if (className === 'SpectralNormalization' && spec.layer) normalizeKernel(context, layer, weights, inputs);
  const rule = layer.custom ? undefined : rules.get(className);
  if (rule) {
    const options = new Options(layer.config, {
      ...{ subject, className, dialect, flipKernels: false },
      computeType: inputs[0]!.dtype === 'float64' ? 'float64' : 'float32',
      ...(spec.layer ? { wrapped: spec.layer } : {}),
    });
    return rule({ layer, options, inputs, weights, masks, args: args as CallArguments, context }) ?? call();
  }
  if (run?.trainingMatters === 'drops') {
    const drops: Drops = {
      units: (x, rate) => dropout(x, rate, context),
      scan: (...given) => droppedScan(...given, context),
      gated: (rate, like, count, times) => gatedMasks(rate, like, count, times, context),
    };
    return call({ drops });
  }
  if (run?.trainingMatters) {
    const hint = 'its graph would be that of inference: take the layer out of the model, or do its work on the data';
    throw failure(subject, 'what this layer does in training is not implemented', {}, hint);
  }
  return call();
}

/** Options of layers that otherwise do the same in training as at inference. */
function refuseOptions(layer: ModelLayer): void {
  const { className, config, subject } = layer;
  if (className === 'Embedding' && Number(config['dropout'] ?? 0) > 0) {
    throw failure(subject, "Keras 1's dropout of whole words is not implemented in training", {
      dropout: config['dropout'],
    });
  }
}

/**
 * What a layer adds to the loss for its outputs, in training and in judging: `activity_regularizer`, and l1 and l2 of ActivityRegularization, per
 * sample, whatever the size of the batch.
 */
export function activityOf(layer: ModelLayer, made: MadeCall): Tensor[] {
  const { className, config, subject } = layer;
  const own =
    className === 'ActivityRegularization'
      ? { class_name: 'L1L2', config: { l1: config['l1'] ?? 0, l2: config['l2'] ?? 0 } }
      : null;
  const penalty = penaltyOf(subject, own ?? config['activity_regularizer'], 'activity regularizer');
  if (!penalty) return [];
  const floats = regularized(layer, made).filter(({ dtype }) => isFloat(dtype));
  return floats.map((y) => (y.rank > 0 && y.shape[0]! > 0 ? div(penalty(y), y.shape[0]!) : penalty(y)));
}

/**
 * TimeDistributed of Keras 3, step after step: statistics of a batch are those of each step, and move with each. Null where nothing mixes the
 * samples of a batch, and for Keras 2, where all steps are one batch.
 */
export function stepByStep(
  info: LayerInfo,
  values: readonly MaskedTensor[],
  call: (values: readonly MaskedTensor[]) => readonly MaskedTensor[],
): readonly MaskedTensor[] | null {
  const { inner, dialect } = info as ModelLayer;
  const [first] = values;
  const mixes = !inner?.run || inner.run.trainingMatters === true;
  if (!first || first.tensor.rank < 3 || dialect.major < 3 || !mixes || first.tensor.shape[1] === 0) return null;
  const at = (x: Tensor, t: number): Tensor => reshape(slice(x, { 1: [t, t + 1] }), [x.shape[0]!, ...x.shape.slice(2)]);
  const steps = Array.from({ length: first.tensor.shape[1]! }, (_, t) =>
    call(values.map(({ tensor, mask }) => ({ tensor: at(tensor, t), mask: mask && at(mask, t) }))),
  );
  return steps[0]!.map((_, i) => ({
    tensor: stack(
      steps.map((step) => step[i]!.tensor),
      1,
    ),
    mask: first.mask,
  }));
}
