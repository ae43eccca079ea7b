/** What is asked of each output of a model: losses, their weights and metrics, given once for all, in a list, or by name. */
import type { Told, ToldOfOutput } from '../keras/save/compiled.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { type LabelShapes, lossOf } from './losses/of.ts';
import { isMetricClass, metricOf } from './metrics/of.ts';
import type { OutputTask } from './objective.ts';
import type { Identifier } from './settings.ts';
import type { Loss, Metric } from './types.ts';

/** One for all outputs, one each in their order (null for none), or by name. */
export type PerOutput<T> = T | readonly (T | null)[] | { readonly [output: string]: T | null };

/** A loss, or its name or config as Keras has it. */
export type LossLike = Loss | Identifier;
export type MetricLike = Metric | Identifier;

/** Losses and metrics: for one output, or per output in a list or by name. */
export interface TaskOptions {
  readonly loss: PerOutput<LossLike>;
  /** What the loss of each output is multiplied by in the sum; 1 by default. */
  readonly lossWeights?: PerOutput<number>;
  /** Every sample counts the same. */
  readonly metrics?: PerOutput<MetricLike | readonly MetricLike[]> | readonly MetricLike[];
  /** With the weights of samples. */
  readonly weightedMetrics?: PerOutput<MetricLike | readonly MetricLike[]> | readonly MetricLike[];
}

/** What was asked; `accuracy` and the like are known when the shapes of labels are. */
export interface Asked {
  readonly name: string;
  readonly loss: LossLike | null;
  readonly lossWeight: number;
  readonly metrics: readonly MetricLike[];
  readonly weightedMetrics: readonly MetricLike[];
}

/** @throws PathgradError for outputs that there are not, and for what is no loss, metric or weight */
export function askedOf(subject: string, names: readonly string[], options: TaskOptions): readonly Asked[] {
  const { loss, lossWeights, metrics, weightedMetrics } = options;
  if (loss === undefined || loss === null) throw failure('Trainer', 'needs a loss', {}, "loss: 'mse', or another");
  const losses = spread(subject, 'loss', names, loss, isLoss);
  const weights = spread(subject, 'lossWeights', names, lossWeights, (one) => typeof one === 'number');
  const plain = metricsOf(subject, 'metrics', names, metrics);
  const weighted = metricsOf(subject, 'weightedMetrics', names, weightedMetrics);
  if (losses.every((one) => one === null)) throw failure('Trainer', 'no output has a loss', { outputs: names });
  return names.map((name, i) => {
    const lossWeight = weights[i] ?? 1;
    if (!Number.isFinite(lossWeight)) throw failure('Trainer', 'lossWeights are numbers', { [name]: lossWeight });
    // Shapes decide what a loss is; whether there is one of the name is known now.
    if (losses[i] && !/^(crossentropy|ce)$/i.test(String(losses[i]))) lossOf(losses[i]);
    return { name, loss: losses[i]!, lossWeight, metrics: plain[i]!, weightedMetrics: weighted[i]! };
  });
}

/**
 * Losses and metrics by name become what they are.
 * @param shapes of each output; names that depend on them are refused without
 */
export function settled(asked: readonly Asked[], shapes: readonly (LabelShapes | undefined)[]): readonly OutputTask[] {
  const tasks = asked.map(({ name, loss, lossWeight, metrics, weightedMetrics }, i) => ({
    ...{ name, lossWeight },
    loss: loss === null ? null : lossOf(loss, shapes[i]),
    metrics: metrics.map((metric) => metricOf(metric, shapes[i])),
    weightedMetrics: weightedMetrics.map((metric) => metricOf(metric, shapes[i])),
  }));
  for (const { metrics, weightedMetrics } of tasks) for (const list of [metrics, weightedMetrics]) checkNames(list);
  return tasks;
}

/** The history has one place for a name. */
function checkNames(metrics: readonly Metric[]): void {
  const names = metrics.map(({ name }) => name);
  const twice = names.find((name, i) => name === 'loss' || names.indexOf(name) !== i);
  if (twice === undefined) return;
  const what = twice === 'loss' ? "is called 'loss', as the loss is" : `'${twice}' stands there twice`;
  throw failure('Trainer', `of the metrics, one ${what}`, { metrics: names }, "give one of them a name: { name: '…' }");
}

/** What `compile` of Keras would be told of an output. A metric whose class depends on shapes is told by name, as Keras does. */
export function toldOf({ loss, lossWeight, metrics, weightedMetrics }: OutputTask): ToldOfOutput {
  const told = ({ name, className, config }: Metric): Told =>
    /^acc(uracy)?$/i.test(name) || !isMetricClass(className) ? name : { name: className, config };
  return {
    loss: loss && { name: loss.name, config: loss.config },
    lossWeight,
    metrics: metrics.map(told),
    weightedMetrics: weightedMetrics.map(told),
  };
}

/** A name, or a class with its config. */
const isIdentifier = (one: unknown): boolean =>
  typeof one === 'string' ||
  (typeof one === 'object' && one !== null && typeof (one as { class_name?: unknown }).class_name === 'string');
const isLoss = (one: unknown): boolean => isIdentifier(one) || typeof (one as Loss | null)?.compute === 'function';
const isMetric = (one: unknown): boolean => isIdentifier(one) || typeof (one as Metric | null)?.sums === 'function';

function spread<T>(
  subject: string,
  what: string,
  names: readonly string[],
  given: PerOutput<T> | undefined,
  fits: (one: unknown) => boolean,
): readonly (T | null)[] {
  const checked = (one: unknown): T | null => {
    if (one === null || one === undefined) return null;
    if (fits(one)) return one as T;
    throw failure('Trainer', `${what} is given something else`, { got: one });
  };
  if (given === undefined || given === null) return names.map(() => null);
  if (fits(given)) return names.map(() => given as T);
  if (Array.isArray(given)) {
    if (given.length !== names.length)
      throw failure(subject, `${what} is given for ${given.length} outputs`, { outputs: names });
    return given.map(checked);
  }
  if (typeof given !== 'object') return [checked(given)];
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw failure(subject, `there is no output '${unknown}' for ${what}`, {}, didYouMean(unknown, names));
  return names.map((name) => checked((given as Readonly<Record<string, unknown>>)[name]));
}

function metricsOf(
  subject: string,
  what: string,
  names: readonly string[],
  given: TaskOptions['metrics'],
): readonly (readonly MetricLike[])[] {
  const isList = (one: unknown): boolean => isMetric(one) || (Array.isArray(one) && one.every(isMetric));
  // A list of metrics is one output's; for several outputs it says one entry each.
  const all = names.length === 1 || isMetric(given) ? isList(given) : false;
  const lists = all
    ? names.map(() => given as MetricLike | readonly MetricLike[])
    : spread(
        subject,
        what,
        names,
        given as PerOutput<MetricLike | readonly MetricLike[]>,
        (one) => isList(one) && (!Array.isArray(one) || one !== given),
      );
  return lists.map((list) =>
    list === null ? [] : Array.isArray(list) ? (list as readonly MetricLike[]) : [list as MetricLike],
  );
}
