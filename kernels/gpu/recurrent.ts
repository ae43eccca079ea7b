/**
 * What the steps of all recurrent cells share. A step is a few kernels over `[batch, units]`; their texts are the same for all
 * steps, since the time stands in an array of one element, `clock`. States lie part by part in a row: h, or h and c.
 */
import { activation, type CurveName } from './curves.ts';
import { type GpuKernel, type Place, place } from './kernel.ts';

export interface StepSizes {
  readonly batch: number;
  readonly time: number;
  readonly units: number;
}

/** The activations by name: of new values, and of gates. */
export interface StepCurves {
  readonly act: CurveName;
  readonly gate: CurveName;
}

/** A thread per row, part and unit, with expressions for each. */
export interface Spot extends Pick<Place, 'threads' | 'lines'> {
  readonly row: string;
  readonly part: string;
  readonly unit: string;
}

export function spot({ batch, units }: StepSizes, parts: number): Spot {
  const { threads, lines, at } = place([batch, parts, units]);
  return { threads, lines, row: at[0]!, part: at[1]!, unit: at[2]! };
}

/** The place of a unit in an array of rows of `parts` parts. */
export const element = (row: string, parts: number, units: number, part: string | number, unit: string): string =>
  `${row} * ${parts * units} + ${part} * ${units} + ${unit}`;

/** The same at the clock's time, in an array `[batch, time, parts * units]`. */
export const timed = ({ time, units }: StepSizes, parts: number, { row, unit }: Spot, part: string | number): string =>
  `(${row} * ${time} + clock[0]) * ${parts * units} + ${part} * ${units} + ${unit}`;

export interface GateOptions extends StepSizes {
  readonly name: string;
  /** Parts of `z` and of the kernel, of which the first `made` are computed. */
  readonly parts: number;
  readonly made: number;
  readonly states: number;
  /** The activation of the first parts, and of the last but one or the last (`special`); null is none. */
  readonly curve: CurveName;
  readonly special?: { readonly part: number; readonly curve: CurveName | null };
  readonly bias: boolean;
}

/** Activations of `z + h U` (plus a bias), `[batch, made, units]`; a part without an activation is `h U + bias` alone. */
export function gatesKernel(options: GateOptions): GpuKernel {
  const { name, parts, made, states, units, curve, special, bias } = options;
  const own = spot(options, made);
  const { threads, lines, row, part, unit } = own;
  const column = `${part} * ${units} + ${unit}`;
  const product = `state[${row} * ${states * units} + k] * kernel[k * ${parts * units} + ${column}]`;
  const value = (by: CurveName, tag: string): string =>
    `const v${tag} = sum + z[${timed(options, parts, own, part)}]; ${activation(by, `v${tag}`, `f${tag}`)} result = f${tag};`;
  const usual = value(curve, 'a');
  const other = special?.curve ? value(special.curve, 'b') : '';
  const text =
    !special || special.curve === curve ? usual : `if (${part} === ${special.part}) { ${other} } else { ${usual} }`;
  return {
    name,
    source:
      `function (z, state, kernel, clock${bias ? ', bias' : ''}) { ${lines} let sum = 0;` +
      `for (let k = 0; k < ${units}; k++) { sum += ${product}; } ${bias ? `sum += bias[${column}];` : ''}` +
      `let result = sum; ${text} return result; }`,
    threads,
  };
}

/** The mask at the clock's time as `kept`. Inside a condition GPU.js makes no GLSL of an index that is read itself. */
const kept = ({ time }: StepSizes, row: string): string => `const kept = mask[${row} * ${time} + clock[0]];`;

/** The states after a step where the mask is true, those before it elsewhere. */
export function holdKernel(sizes: StepSizes, states: number): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, states);
  const i = element(row, states, sizes.units, part, unit);
  return {
    name: 'recurrentHold',
    source:
      `function (after, before, mask, clock) { ${lines} ${kept(sizes, row)} let y = before[${i}];` +
      `if (kept !== 0) { y = after[${i}]; } return y; }`,
    threads,
  };
}

/** The gradient of the states after a step: what comes from later steps, and from the result. */
export function arriveKernel(sizes: StepSizes, states: number): GpuKernel {
  const own = spot(sizes, states);
  const i = element(own.row, states, sizes.units, own.part, own.unit);
  return {
    name: 'recurrentArrive',
    source: `function (later, g, clock) { ${own.lines} return later[${i}] + g[${timed(sizes, states, own, own.part)}]; }`,
    threads: own.threads,
  };
}

/** The same where nothing comes from later steps. */
export function firstArriveKernel(sizes: StepSizes, states: number): GpuKernel {
  const own = spot(sizes, states);
  return {
    name: 'recurrentArrive',
    source: `function (g, clock) { ${own.lines} return g[${timed(sizes, states, own, own.part)}]; }`,
    threads: own.threads,
  };
}

/** The gradient that a step takes in: none where the mask is false. */
export function muteKernel(sizes: StepSizes, states: number): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, states);
  return {
    name: 'recurrentMute',
    source:
      `function (g, mask, clock) { ${lines} ${kept(sizes, row)} let y = 0;` +
      `if (kept !== 0) { y = g[${element(row, states, sizes.units, part, unit)}]; } return y; }`,
    threads,
  };
}
