/** Random choices from a seed, and the options that many layers share. */
import type { layers } from '../../../src/training/index.ts';
import { seeded } from '../seeded.ts';

type DenseOptions = NonNullable<Parameters<typeof layers.dense>[0]>;

export class Draw {
  /** From 0 to 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A divisor of `n`. */
  divisor(n: number): number {
    return this.pick(Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0));
  }

  activation(): string {
    return this.pick([
      'linear',
      'relu',
      'tanh',
      'sigmoid',
      'gelu',
      'silu',
      'selu',
      'softsign',
      'elu',
      'softmax',
      'hard_sigmoid',
    ]);
  }

  /** Regularizers, constraints and initializers, which files keep as objects. */
  kernel(): Pick<
    DenseOptions,
    'useBias' | 'kernelRegularizer' | 'kernelConstraint' | 'kernelInitializer' | 'biasInitializer'
  > {
    return {
      useBias: this.chance(0.8),
      ...(this.chance(0.2)
        ? { kernelRegularizer: this.pick(['l1', 'l2', { className: 'L1L2', l1: 0.01, l2: 0.02 }]) }
        : {}),
      ...(this.chance(0.2)
        ? { kernelConstraint: this.pick([{ className: 'MaxNorm', maxValue: 2, axis: 0 }, 'non_neg']) }
        : {}),
      ...(this.chance(0.3)
        ? { kernelInitializer: this.pick(['he_normal', 'lecun_uniform', { className: 'RandomNormal', stddev: 0.1 }]) }
        : {}),
      ...(this.chance(0.2) ? { biasInitializer: 'ones' } : {}),
    };
  }
}
