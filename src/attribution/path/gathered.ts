/**
 * What a method adds up along a path of its own making, for one score: attributions in double, whether any gradient was not 0, and the first
 * that was not finite. The counterpart of `integrate` for paths that are no straight lines.
 */
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import type { Attributed } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';

/** What is added up, at first nothing. */
export abstract class PathSums implements Attributed {
  readonly attributions: readonly Float64Array[];
  readonly moved: Uint8Array;
  nonFinite: NonFinite | null = null;

  constructor({ from, samples }: Pick<Problem, 'from' | 'samples'>) {
    this.attributions = from.map((values) => new Float64Array(values.length));
    this.moved = new Uint8Array(samples);
  }
}

export class Gathered extends PathSums {
  /**
   * Adds `gradients * displacement` to the features of one sample; a feature that does not move gets nothing, whatever its gradient.
   * @param gradients of one variable, and `displacement`: as many elements as a sample has
   * @param at which point this was, for reports
   */
  add(variable: number, at: NonFinite, gradients: ArrayLike<number>, displacement: (feature: number) => number): void {
    const width = gradients.length;
    const into = this.attributions[variable]!.subarray(at.sample * width, (at.sample + 1) * width);
    for (let i = 0; i < width; i++) {
      const [g, d] = [gradients[i]!, displacement(i)];
      if (d === 0) continue;
      into[i]! += g * d;
      if (g !== 0) this.moved[at.sample] = 1;
      if (!Number.isFinite(g)) this.nonFinite ??= at;
    }
  }
}
