/**
 * What a metric is made from: sums of a batch in the step's graph, and a number of all batches' sums. Most are means over samples, with
 * weights as Keras has them: `reduce_to_samplewise_values` and `Mean` of Keras 3.15.
 */
import { mul } from '../../ops/binary.ts';
import { broadcastTo, reshape } from '../../ops/movement.ts';
import { mean, sum } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import type { OptionNames } from '../../tensor/options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { sameRank } from '../losses/reduce.ts';
import { configOf, instanceName } from '../settings.ts';
import type { ConfigValue, Metric } from '../types.ts';

/** What every metric takes. */
export interface MetricOptions {
  /** Under which a history has it; the class's name with underscores by default. */
  readonly name?: string;
}

export const metricNames: OptionNames<MetricOptions> = { name: 1 };

interface Definition extends Pick<Metric, 'sums' | 'result'> {
  readonly className: string;
  readonly name?: string;
  readonly config?: Readonly<Record<string, ConfigValue>>;
}

/** The metric of a definition. */
export function metric(options: MetricOptions, definition: Definition): Metric {
  const { className, config, sums, result } = definition;
  const name = options.name ?? definition.name ?? instanceName(className);
  return { name, className, config: configOf({ name, dtype: 'float32', ...config }), sums, result };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** The weighted sum of `given` over samples, and that of the weights; a sample of several values counts their mean. */
export function weightedSums(given: Tensor, givenWeights: Tensor): [Tensor, Tensor] {
  const scalar = given.rank === 0;
  const [ranked, factors] = scalar ? [given, givenWeights] : sameRank(given, cast(givenWeights, given.dtype));
  const rank = factors.rank;
  const values = ranked.rank > rank ? mean(ranked, { axes: range(rank, ranked.rank) }) : ranked;
  const weights = scalar ? cast(factors, values.dtype) : broadcastTo(factors, values.shape);
  const weighted = mul(values, weights);
  const perSample = (x: Tensor): Tensor => (x.rank > 1 ? mean(x, { axes: range(1, x.rank) }) : x);
  return [reshape(sum(perSample(weighted)), [1]), reshape(sum(perSample(weights)), [1])];
}

/** `a / b`, 0 where `b` is. */
export const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** A metric that is the weighted mean of values per sample. */
export function meanMetric(
  options: MetricOptions,
  definition: Omit<Definition, 'sums' | 'result'> & {
    values(truth: Tensor, predicted: Tensor): Tensor;
    /** Of the mean; the mean itself without it. */
    after?(mean: number): number;
  },
): Metric {
  const { values, after = (value) => value, ...rest } = definition;
  return metric(options, {
    ...rest,
    sums: (truth, predicted, weights) => weightedSums(values(truth, predicted), weights),
    result: ([total, count]) => after(quotient(total![0]!, count![0]!)),
  });
}
