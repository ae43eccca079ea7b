/**
 * The few statistics the benchmark reports. The median and the MAD (median absolute deviation, unscaled) because single
 * runs on a shared machine have long tails that pull a mean; errors relative to the largest expected element because
 * elementwise ratios blow up at zeros.
 */

/** The q-quantile (0 to 1) of at least one number, linear between neighbours (Hyndman and Fan's type 7). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The median of the distances from the median. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

export interface Summary {
  readonly medianMs: number;
  readonly madMs: number;
  readonly p95Ms: number;
  readonly samples: number;
}

export function summarize(timesMs: readonly number[]): Summary {
  return {
    medianMs: median(timesMs),
    madMs: medianAbsoluteDeviation(timesMs),
    p95Ms: quantile(timesMs, 0.95),
    samples: timesMs.length,
  };
}

/**
 * The largest difference over all outputs, each relative to the largest element of its expected output. Infinity where
 * counts differ or a value is NaN where none is expected: never a small number by accident.
 */
export function maxRelError(outputs: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  if (outputs.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  expected.forEach((want, index) => {
    const got = outputs[index]!;
    if (got.length !== want.length) worst = Number.POSITIVE_INFINITY;
    let [largest, difference] = [0, 0];
    for (let i = 0; i < want.length; i++) {
      const d = Math.abs(got[i]! - want[i]!);
      largest = Math.max(largest, Math.abs(want[i]!));
      // Not Math.max: a NaN must count as wrong.
      if (!(d <= difference)) difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
    }
    worst = Math.max(worst, difference === 0 ? 0 : difference / largest);
  });
  return worst;
}

/**
 * The largest Euclidean distance over all outputs, each relative to the length of its expected output: what is left of an error when single
 * elements count no more than they weigh. Infinity as above.
 */
export function relDistance(outputs: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  if (outputs.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  expected.forEach((want, index) => {
    const got = outputs[index]!;
    if (got.length !== want.length) worst = Number.POSITIVE_INFINITY;
    let [length, distance] = [0, 0];
    for (let i = 0; i < want.length; i++) {
      length += want[i]! ** 2;
      distance += (got[i]! - want[i]!) ** 2;
    }
    const apart = distance === 0 ? 0 : Math.sqrt(distance / length);
    worst = Math.max(worst, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
  });
  return worst;
}

/** Fisher and Yates: every order equally likely. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
