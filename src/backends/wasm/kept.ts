/**
 * What a step leaves for its gradient in the same plan, so that the way forward is not gone a second time: a recurrent scan, attention. A pair
 * has the same operands, of which the gradient has one more; both run in the order of the steps, and nothing else is put where the first wrote.
 */
import type { Program, Step } from '../../graph/program.ts';

/** Bytes that a plan may take for it, unless a step asks for fewer. Gradients for which there is no more room go forward again. */
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
   * Where `step` keeps what its gradient reads, or finds what was left for it, counted from 0.
   * @returns undefined for one without the other, or without room
   */
  place(step: Step, bytes: number, most = mostKept): number | undefined {
    if (step.op.name.endsWith('Grad')) return this.#places.get(step);
    const pairs = this.#steps.filter((other) => goesBack(other, step));
    if (pairs.length === 0 || this.bytes + bytes > most) return undefined;
    const at = this.bytes;
    for (const pair of pairs) this.#places.set(pair, at);
    this.bytes += Math.ceil((bytes + 64) / 64) * 64;
    return at;
  }
}

function goesBack({ op, inputs, attrs }: Step, { op: { name }, inputs: all, attrs: own, epilogue }: Step): boolean {
  const read = epilogue?.bias ? all.slice(0, -1) : all;
  const extra = inputs.findIndex((value, i) => value !== read[i]);
  return (
    op.name === `${name}Grad` &&
    `${inputs.filter((_, i) => i !== extra)}` === `${read}` &&
    Object.keys(own).every((key) => !(key in attrs) || `${attrs[key]}` === `${own[key]}`)
  );
}
