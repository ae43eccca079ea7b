/**
 * What a recurrent scan leaves for the scan back in the same plan, so that the way forward is not gone a second time. A pair has the same
 * operands, of which the gradient has one more; both run in the order of the steps, and nothing else is put where the first wrote.
 */
import type { Program, Step } from '../../graph/program.ts';

/** Bytes that a plan may take for it. Scans for which there is no more room go forward again. */
const mostKept = 2 ** 27;

export class Kept {
  /** Bytes given out. */
  bytes = 0;
  readonly #steps: readonly Step[];
  readonly #places = new Map<Step, number>();

  constructor({ steps }: Program) {
    this.#steps = steps;
  }

  /**
   * Where `step` keeps what its scan back reads, or finds what its scan left, counted from 0.
   * @returns undefined for a scan without the other, or without room
   */
  place(step: Step, bytes: number): number | undefined {
    if (step.op.name.endsWith('Grad')) return this.#places.get(step);
    const pairs = this.#steps.filter((other) => goesBack(other, step));
    if (pairs.length === 0 || this.bytes + bytes > mostKept) return undefined;
    const at = this.bytes;
    for (const pair of pairs) this.#places.set(pair, at);
    this.bytes += Math.ceil((bytes + 64) / 64) * 64;
    return at;
  }
}

function goesBack({ op, inputs, attrs }: Step, scan: Step): boolean {
  const last = op.joins?.input ?? inputs.length - 1;
  const own = inputs.filter((_, i) => i !== last);
  return (
    op.name === `${scan.op.name}Grad` &&
    own.length === scan.inputs.length - Number(scan.epilogue?.bias ?? false) &&
    own.every((value, i) => value === scan.inputs[i]) &&
    Object.entries(scan.attrs).every(([name, value]) => attrs[name] === value)
  );
}
