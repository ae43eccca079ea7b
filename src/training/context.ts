/**
 * The training step as layers see it: random numbers of the step's seed, what becomes of moving statistics, and what is added to the loss.
 * Invariant: draws are counted in the order in which the graph is made, so the same model gives the same draws for the same seed.
 */
import type { LayerUse, TrainingContext } from '../graph/callable.ts';
import { stepByStep, trainedLayer } from '../keras/training/index.ts';
import { dropout } from '../ops/dropout.ts';
import { randomNormal, randomUniform } from '../ops/random.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A training context with what layers told it. */
export interface CollectingContext extends TrainingContext {
  /** What each statistic becomes, by the layer's own tensor: the last value where a layer was used several times. */
  readonly updates: ReadonlyMap<Tensor, Tensor>;
  /** What weights are set to before the step reads them. */
  readonly begins: ReadonlyMap<Tensor, Tensor>;
  /** Scalars that are added to the loss. */
  readonly losses: readonly Tensor[];
  /** How many streams of the seed were drawn from. */
  readonly draws: number;
}

/**
 * A context for one application of a model in training: `model.apply(inputs, { training: createTrainingContext(seed) })`.
 * @param seed int32 `[2]`, an input of the step's plan: the seed of the training, and the number of the step
 * @param dtype of what is drawn; the model's
 */
export function createTrainingContext(seed: Tensor, dtype: FloatDType = 'float32'): CollectingContext {
  const updates = new Map<Tensor, Tensor>();
  const begins = new Map<Tensor, Tensor>();
  const losses: Tensor[] = [];
  let stream = 0;
  const context: CollectingContext = {
    updates,
    begins,
    losses,
    get draws() {
      return stream;
    },
    uniform: (shape) => randomUniform(seed, { shape, stream: stream++, dtype }),
    dropout: (x, rate) => dropout(x, seed, { rate, stream: stream++ }),
    normal: (shape) => randomNormal(seed, { shape, stream: stream++, dtype }),
    update(weight, next) {
      checkAlike(weight, next);
      updates.set(weight, next);
    },
    assign(weight, next) {
      checkAlike(weight, next);
      begins.set(weight, next);
      updates.set(weight, next);
    },
    assigned: (weight) => begins.get(weight) ?? weight,
    current: (weight) => updates.get(weight) ?? weight,
    loss(extra) {
      if (extra.size !== 1 || extra.rank !== 0)
        throw failure('training', 'what is added to the loss is a scalar', { shape: extra.shape });
      losses.push(extra);
    },
    layer: (use: LayerUse, call) => trainedLayer(context, use, call),
    wrapper: stepByStep,
  };
  return context;
}

function checkAlike(weight: Tensor, next: Tensor): void {
  if (sameShape(weight.shape, next.shape) && weight.dtype === next.dtype) return;
  const details = { weight: `${weight.dtype} [${weight.shape}]`, next: `${next.dtype} [${next.shape}]` };
  throw failure('training', 'what a weight becomes has its shape and type', details);
}
