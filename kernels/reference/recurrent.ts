/**
 * Recurrent cells over time, row by row: forward, and back through time with the values of the way there kept for one row.
 * States stay in double from step to step; they are rounded when stored.
 */
import type { TypedArray } from '../../src/tensor/dtype.ts';

export interface ScanGeometry {
  readonly batch: number;
  readonly time: number;
  readonly units: number;
  readonly reverse: boolean;
  /** Codes of `src/ops/recurrent-activations.ts`. */
  readonly activation: number;
  readonly recurrentActivation: number;
}

/** A function and its derivative, which is a function of the value `y`. */
interface Curve {
  readonly of: (x: number) => number;
  readonly slope: (y: number) => number;
}

const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772];
const bounded = (slope: number): Curve => ({
  of: (x) => Math.min(Math.max(slope * x + 0.5, 0), 1),
  slope: (y) => (y > 0 && y < 1 ? slope : 0),
});

/** In the order of the codes. */
export const curves: readonly Curve[] = [
  { of: (x) => x, slope: () => 1 },
  { of: Math.tanh, slope: (y) => 1 - y * y },
  {
    of: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : 1 - 1 / (1 + Math.exp(x))),
    slope: (y) => y * (1 - y),
  },
  bounded(1 / 6),
  bounded(0.2),
  { of: (x) => Math.max(x, 0), slope: (y) => (y > 0 ? 1 : 0) },
  { of: (x) => x / (1 + Math.abs(x)), slope: (y) => (1 - Math.abs(y)) ** 2 },
  { of: (x) => (x > 0 ? x : Math.expm1(x)), slope: (y) => (y > 0 ? 1 : y + 1) },
  {
    of: (x) => seluScale * (x >= 0 ? x : seluAlpha * Math.expm1(x)),
    slope: (y) => (y >= 0 ? seluScale : y + seluScale * seluAlpha),
  },
  { of: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), slope: (y) => 1 - Math.exp(-y) },
  { of: Math.exp, slope: (y) => y },
];

/** One step of one row. What `forward` keeps at `kept` is what `backward` reads; states are one after another. */
export interface CellLoops {
  readonly gates: number;
  readonly states: number;
  readonly weights: number;
  /** Numbers kept per step and unit. */
  readonly kept: number;
  forward(
    z: TypedArray,
    weights: readonly TypedArray[],
    states: Float64Array,
    kept: Float64Array,
    g: StepGeometry,
  ): void;
  /** Turns the gradient of the states after the step into that of those before it, and gives that of `z`. */
  backward(
    dz: Float64Array,
    weights: readonly TypedArray[],
    d: Float64Array,
    kept: Float64Array,
    g: StepGeometry,
  ): void;
}

export interface StepGeometry {
  readonly units: number;
  readonly act: Curve;
  readonly gate: Curve;
}

/** The product of `v` with column `column` of the kernel `[units, width]`. */
export function column(
  v: Float64Array,
  at: number,
  kernel: TypedArray,
  units: number,
  width: number,
  to: number,
): number {
  let total = 0;
  for (let k = 0; k < units; k++) total += v[at + k]! * kernel[k * width + to]!;
  return total;
}

/** The product of row `row` of the kernel, columns `[from, from + count)`, with `v`. */
export function row(
  v: Float64Array,
  at: number,
  kernel: TypedArray,
  width: number,
  r: number,
  from: number,
  count: number,
): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += v[at + k]! * kernel[r * width + from + k]!;
  return total;
}

interface Scan {
  readonly order: readonly number[];
  readonly step: StepGeometry;
  readonly weights: readonly TypedArray[];
  readonly mask: TypedArray | undefined;
}

function scanOf(cell: CellLoops, inputs: readonly TypedArray[], maskAt: number, g: ScanGeometry): Scan {
  const order = Array.from({ length: g.time }, (_, i) => (g.reverse ? g.time - 1 - i : i));
  const step = { units: g.units, act: curves[g.activation]!, gate: curves[g.recurrentActivation]! };
  return { order, step, weights: inputs.slice(1, 1 + cell.weights), mask: inputs[maskAt] };
}

function initialStates(cell: CellLoops, inputs: readonly TypedArray[], b: number, units: number): Float64Array {
  const states = new Float64Array(cell.states * units);
  for (let s = 0; s < cell.states; s++) {
    states.set(inputs[1 + cell.weights + s]!.subarray(b * units, (b + 1) * units), s * units);
  }
  return states;
}

/** `out [batch, time, states * units]`. */
export function scan(out: TypedArray, inputs: readonly TypedArray[], cell: CellLoops, g: ScanGeometry): void {
  const { units, time } = g;
  const { order, step, weights, mask } = scanOf(cell, inputs, 1 + cell.weights + cell.states, g);
  const [width, stateWidth] = [cell.gates * units, cell.states * units];
  const kept = new Float64Array(cell.kept * units);
  for (let b = 0; b < g.batch; b++) {
    const states = initialStates(cell, inputs, b, units);
    for (const t of order) {
      const at = b * time + t;
      if (mask?.[at] !== 0) {
        cell.forward(inputs[0]!.subarray(at * width, (at + 1) * width), weights, states, kept, step);
      }
      out.set(states, at * stateWidth);
    }
  }
}

/**
 * `out` like `z`, or `[batch, states * units]` for the initial states. The gradient of the result stands before the mask; several of them
 * may lie behind each other along the batch, and so do the results then.
 */
export function scanBack(
  out: TypedArray,
  inputs: readonly TypedArray[],
  cell: CellLoops,
  g: ScanGeometry,
  toStates: boolean,
): void {
  const { units, time } = g;
  const gradientAt = 1 + cell.weights + cell.states;
  const { order, step, weights, mask } = scanOf(cell, inputs, gradientAt + 1, g);
  const gradient = inputs[gradientAt]!;
  const [width, stateWidth] = [cell.gates * units, cell.states * units];
  const kept = Array.from({ length: time }, () => new Float64Array(cell.kept * units));
  const dz = new Float64Array(width);
  const rows = gradient.length / (time * stateWidth);
  for (let b = 0; b < g.batch; b++) {
    const states = initialStates(cell, inputs, b, units);
    const counts = (t: number): boolean => mask?.[b * time + t] !== 0;
    for (const t of order) {
      const at = (b * time + t) * width;
      if (counts(t)) cell.forward(inputs[0]!.subarray(at, at + width), weights, states, kept[t]!, step);
    }
    for (let first = b; first < rows; first += g.batch) {
      const d = new Float64Array(stateWidth);
      for (let i = time - 1; i >= 0; i--) {
        const t = order[i]!;
        const at = first * time + t;
        for (let k = 0; k < stateWidth; k++) d[k]! += gradient[at * stateWidth + k]!;
        if (counts(t)) cell.backward(dz, weights, d, kept[t]!, step);
        else dz.fill(0);
        if (!toStates) out.set(dz, at * width);
      }
      if (toStates) out.set(d, first * stateWidth);
    }
  }
}
