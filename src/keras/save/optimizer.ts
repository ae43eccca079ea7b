/**
 * An optimizer's state as the variables of Keras's optimizers, in their order. Source: `build` and `add_optimizer_variables` of the
 * optimizers of Keras 3.15, where Keras keeps the rate among the variables, and of tf_keras 2.21, where it does not.
 */
import type { ValuesToWrite } from '../../hdf5/write/tree.ts';
import { failure } from '../../tensor/errors.ts';
import type { Optimizer } from '../../training/types.ts';
import { field, isRecord } from '../config/json.ts';
import type { Json } from '../config/spec.ts';
import { variableName } from './legacy.ts';
import type { WeightPlace } from './places.ts';

/** What training left of an optimizer, to be written with the model. */
export interface OptimizerState {
  readonly optimizer: Pick<Optimizer, 'name' | 'config'>;
  /** Updates made so far. */
  readonly iterations: number;
  /** The rate, where the optimizer has no schedule: what callbacks made of it counts. By default that of the config. */
  readonly learningRate?: number;
  /** In the order of `optimizer.slots`: for each parameter, by the path of its layer and the name of the weight (`dense_1/kernel`), its values. */
  readonly slots: readonly { readonly name: string; readonly values: ReadonlyMap<string, ArrayLike<number>> }[];
}

export interface OptimizerVariable {
  readonly name: string;
  readonly values: ValuesToWrite;
}

/** Slots that Keras makes parameter by parameter, not one after the other. RMSprop has two of these names, and makes each for itself. */
const together = ['momentum velocity', 'momentum norm', 'accumulated_grad accumulated_delta_var', 'accumulator linear'];

/** @throws PathgradError where a parameter has no values for a slot, or others than it has elements */
export function optimizerVariables(
  state: OptimizerState,
  weights: readonly WeightPlace[],
  major: 1 | 2 | 3,
): OptimizerVariable[] {
  const { optimizer, iterations, slots } = state;
  const subject = `optimizer ${optimizer.name}`;
  if (!Number.isSafeInteger(iterations) || iterations < 0)
    throw failure(subject, 'iterations is a whole number from 0 up', { got: iterations });
  const own = major === 3 ? optimizer.name.toLowerCase() : optimizer.name;
  const scalar = (name: string, dtype: 'int64' | 'float32', value: number): OptimizerVariable => ({
    name,
    values: { dtype, shape: [], data: [value] },
  });
  const first =
    major === 3 ? [scalar(`${own}/iteration`, 'int64', iterations)] : [scalar('iteration:0', 'int64', iterations)];
  const rate = state.learningRate ?? optimizer.config['learning_rate'];
  // A schedule has no variable.
  if (major === 3 && typeof rate === 'number') first.push(scalar(`${own}/learning_rate`, 'float32', rate));
  const parameters = weights.filter(({ trainable }) => trainable);
  const variable = (place: WeightPlace, slot: (typeof slots)[number]): OptimizerVariable => {
    const path = place.weight ? `${place.layer.path}/${place.weight.name}` : '';
    const data = slot.values.get(path);
    const size = place.shape.reduce((a, b) => a * b, 1);
    if (data?.length !== size) {
      const details = { parameter: path, slot: slot.name, shape: place.shape, given: data?.length ?? 'nothing' };
      throw failure(
        subject,
        'its state does not fit the model',
        details,
        'give values for every weight that is trained',
      );
    }
    const whole = variableName(place, { major });
    const name = major === 3 ? `${own}/${whole.replaceAll('/', '_')}_${slot.name}` : `${own}/${slot.name}/${whole}`;
    return { name, values: { dtype: place.dtype, shape: place.shape, data } };
  };
  const grouped = optimizer.name === 'RMSprop' ? slots.map((slot) => [slot]) : groups(slots);
  const states = grouped.flatMap((group) => parameters.flatMap((place) => group.map((slot) => variable(place, slot))));
  const schedule =
    major === 3 && optimizer.name === 'Nadam' ? [scalar(`${own}/u_product`, 'float32', product(state))] : [];
  return [...first, ...states, ...schedule];
}

/** What Nadam's momentum schedule has come to: Keras 3 keeps the product among the variables. */
function product({ optimizer, iterations }: OptimizerState): number {
  const beta = Number(optimizer.config['beta_1'] ?? 0.9);
  let value = 1;
  for (let t = 1; t <= iterations && value > 0; t++) value = Math.fround(value * beta * (1 - 0.5 * 0.96 ** t));
  return value;
}

function groups<S extends { readonly name: string }>(slots: readonly S[]): S[][] {
  const out: S[][] = [];
  for (let i = 0; i < slots.length; i++) {
    const [one, two] = [slots[i]!, slots[i + 1]];
    const pair = two && together.includes(`${one.name} ${two.name}`);
    out.push(pair ? [one, two] : [one]);
    if (pair) i++;
  }
  return out;
}

/**
 * A rise in a straight line before half a cosine is one schedule of Keras, with a warm-up; all others are written as they are. Source: `CosineDecay` of
 * Keras 3.15 and tf_keras 2.21, whose warm-up begins at `initial_learning_rate` and ends at `warmup_target`.
 */
function scheduleConfig(rate: Json): Json {
  if (!isRecord(rate) || field(rate, 'class_name') !== 'WarmUp') return rate;
  const outer = field(rate, 'config');
  const decay = isRecord(outer) ? (field(outer, 'decay_schedule_fn') ?? null) : null;
  const inner = isRecord(decay) ? field(decay, 'config') : null;
  if (!isRecord(outer) || !isRecord(inner) || !isRecord(decay)) return rate;
  const [top, steps] = [field(outer, 'initial_learning_rate'), field(outer, 'warmup_steps')];
  const plain = field(outer, 'power') === 1 && (field(inner, 'warmup_target') ?? null) === null;
  if (!plain || field(decay, 'class_name') !== 'CosineDecay' || field(inner, 'initial_learning_rate') !== top)
    return rate;
  const own = { initial_learning_rate: 0, warmup_target: top ?? null, warmup_steps: steps ?? null };
  return { ...rate, class_name: 'CosineDecay', config: { ...inner, ...own } };
}

/** @throws PathgradError for a schedule that Keras has not, which no file can be read with there */
export function checkSchedule({ optimizer }: OptimizerState): void {
  const rate = scheduleConfig(optimizer.config['learning_rate'] ?? null);
  if (!isRecord(rate) || field(rate, 'class_name') !== 'WarmUp') return;
  const hint =
    'save without it: trainer.save(format, { compile: false }); ' +
    "or { customObjects: true }, and read the file with transformers' WarmUp among the custom objects";
  throw failure('optimizer', 'Keras has no schedule with such a warm-up: it could not read the file', {}, hint);
}

/** `get_config()` as the generation of Keras has it, with the rate that was last in use. */
export function optimizerConfig(
  { optimizer, learningRate }: OptimizerState,
  major: 1 | 2 | 3,
): { readonly [key: string]: Json } {
  const { config } = optimizer;
  const fixed = learningRate !== undefined && typeof config['learning_rate'] === 'number';
  const rate = scheduleConfig(config['learning_rate'] ?? null);
  const own = { ...config, learning_rate: rate };
  const whole: { readonly [key: string]: Json } = { ...own, ...(fixed ? { learning_rate: learningRate } : {}) };
  if (major === 3) return whole;
  // What tf_keras's optimizers do not know.
  const unknown = ['loss_scale_factor', 'gradient_accumulation_steps'];
  return Object.fromEntries(Object.entries(whole).filter(([key]) => !unknown.includes(key)));
}
