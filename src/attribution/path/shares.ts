/** Changes of one score, shared out among features by the squares of their gradients: what IDGI adds up. */
import type { TypedArray } from '../../tensor/dtype.ts';
import type { NonFinite } from '../frame/explanation/diagnostics.ts';
import { PathSums } from './gathered.ts';

export class Shares extends PathSums {
  /** Shares `change` out by row `row` of `rows` of each variable's gradients. */
  add(gradients: readonly TypedArray[], row: number, rows: number, change: number, at: NonFinite): void {
    const parts = gradients.map((g) => g.subarray((row * g.length) / rows, ((row + 1) * g.length) / rows));
    // Squares of numbers below 1e-160 would all be 0: the largest is divided out.
    let largest = 0;
    for (const part of parts) for (const g of part) largest = Math.abs(g) <= largest ? largest : Math.abs(g);
    if (!Number.isFinite(largest)) this.nonFinite ??= at;
    if (largest === 0) return;
    this.moved[at.sample] = 1;
    let total = 0;
    for (const part of parts) for (const g of part) total += (g / largest) ** 2;
    for (const [v, part] of parts.entries()) {
      const into = this.attributions[v]!.subarray(at.sample * part.length, (at.sample + 1) * part.length);
      for (let i = 0; i < part.length; i++) into[i]! += change * ((part[i]! / largest) ** 2 / total);
    }
  }
}
