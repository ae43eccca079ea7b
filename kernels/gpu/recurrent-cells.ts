/**
 * The steps of the recurrent cells, forward and back, gates in Keras's order; the maths is that of
 * `kernels/reference/recurrent-cells.ts`. In a scan back `d` is the gradient of the states after the step.
 */
import { activation, slope } from './curves.ts';
import type { GpuKernel } from './kernel.ts';
import { element, type StepCurves, type StepSizes, spot, timed } from './recurrent.ts';

type Sized = StepSizes & StepCurves;

/** `dz U^T` of the thread's row and unit, columns `[0, count)`, as statements that leave it in `sum`. */
function pulledBack(row: string, unit: string, parts: number, units: number, count: number): string {
  const width = parts * units;
  const product = `dz[${row} * ${width} + k] * kernel[${unit} * ${width} + k]`;
  return `let sum = 0; for (let k = 0; k < ${count}; k++) { sum += ${product}; }`;
}

/** `c = f c + i n` as `c`. */
function lstmMemory(row: string, unit: string, u: number): string {
  const gate = (part: number): string => `gates[${element(row, 4, u, part, unit)}]`;
  return `const c = ${gate(1)} * state[${element(row, 2, u, 1, unit)}] + ${gate(0)} * ${gate(2)};`;
}

/** h and c after a step. */
export function lstmStepKernel(sizes: Sized): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, 2);
  const u = sizes.units;
  return {
    name: 'lstmStep',
    source:
      `function (gates, state) { ${lines} ${lstmMemory(row, unit, u)} let y = c;` +
      `if (${part} === 0) { ${activation(sizes.act, 'c', 'f')} y = gates[${element(row, 4, u, 3, unit)}] * f; } return y; }`,
    threads,
  };
}

/** The gradient of c after a step, that through h included, as `dc`; the activation of c as `f`. */
function lstmMemoryGrad({ act, units: u }: Sized, row: string, unit: string): string {
  return (
    `${lstmMemory(row, unit, u)} ${activation(act, 'c', 'f')} ${slope(act, 'f', 'fs')}` +
    `const dh = d[${element(row, 2, u, 0, unit)}];` +
    `const dc = d[${element(row, 2, u, 1, unit)}] + dh * gates[${element(row, 4, u, 3, unit)}] * fs;`
  );
}

/** The gradient of `z` at a step, `[batch, 4, units]`. */
export function lstmInputGradKernel(sizes: Sized): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, 4);
  const { units: u, act, gate } = sizes;
  const at = (k: number): string => `gates[${element(row, 4, u, k, unit)}]`;
  const before = `state[${element(row, 2, u, 1, unit)}]`;
  return {
    name: 'lstmInputGrad',
    source:
      `function (d, gates, state) { ${lines} ${lstmMemoryGrad(sizes, row, unit)}` +
      `const own = gates[${element(row, 4, u, part, unit)}]; ${slope(gate, 'own', 's')}` +
      `let y = dc * ${at(2)} * s; if (${part} === 1) { y = dc * ${before} * s; } if (${part} === 3) { y = dh * f * s; }` +
      `if (${part} === 2) { ${slope(act, 'own', 'n')} y = dc * ${at(0)} * n; } return y; }`,
    threads,
  };
}

/** The gradients of h and c before a step. */
export function lstmStateGradKernel(sizes: Sized): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, 2);
  const u = sizes.units;
  return {
    name: 'lstmStateGrad',
    source:
      `function (d, gates, state, dz, kernel) { ${lines} let y = 0;` +
      `if (${part} === 0) { ${pulledBack(row, unit, 4, u, 4 * u)} y = sum; }` +
      `else { ${lstmMemoryGrad(sizes, row, unit)} y = dc * gates[${element(row, 4, u, 1, unit)}]; } return y; }`,
    threads,
  };
}

/** The new value of a GRU whose reset gate stands behind the product, which is the third part of `gates`. */
export function gruFreshKernel(sizes: Sized): GpuKernel {
  const own = spot(sizes, 1);
  const at = (k: number): string => `gates[${element(own.row, 3, sizes.units, k, own.unit)}]`;
  return {
    name: 'gruFresh',
    source:
      `function (z, gates, clock) { ${own.lines} const v = z[${timed(sizes, 3, own, 2)}] + ${at(1)} * ${at(2)};` +
      `${activation(sizes.act, 'v', 'f')} return f; }`,
    threads: own.threads,
  };
}

/** The same with the reset gate before the product; `gates` has two parts. */
export function gruFreshBeforeKernel(sizes: Sized): GpuKernel {
  const own = spot(sizes, 1);
  const { row, unit } = own;
  const u = sizes.units;
  const product = `gates[${element(row, 2, u, 1, 'k')}] * state[${row} * ${u} + k] * kernel[k * ${3 * u} + ${2 * u} + ${unit}]`;
  return {
    name: 'gruFreshBefore',
    source:
      `function (z, gates, state, kernel, clock) { ${own.lines} let v = z[${timed(sizes, 3, own, 2)}];` +
      `for (let k = 0; k < ${u}; k++) { v += ${product}; } ${activation(sizes.act, 'v', 'f')} return f; }`,
    threads: own.threads,
  };
}

/** `update h + (1 - update) fresh`; `gates` has `parts` parts. */
export function gruStepKernel(sizes: StepSizes, parts: number): GpuKernel {
  const { threads, lines, row, unit } = spot(sizes, 1);
  const i = `${row} * ${sizes.units} + ${unit}`;
  return {
    name: 'gruStep',
    source:
      `function (gates, fresh, state) { ${lines} const g = gates[${element(row, parts, sizes.units, 0, unit)}];` +
      `return g * state[${i}] + (1 - g) * fresh[${i}]; }`,
    threads,
  };
}

/** The gradient of `z` at a step, `[batch, 3, units]`. The reset gate's is that of the new value times what it multiplied. */
export function gruInputGradKernel(sizes: Sized, before: boolean): GpuKernel {
  const { threads, lines, row, part, unit } = spot(sizes, 3);
  const { units: u, act, gate } = sizes;
  const parts = before ? 2 : 3;
  const at = (k: number, j: string): string => `gates[${element(row, parts, u, k, j)}]`;
  /** The gradient of what the new value is made of, at unit `j`, as `n`. */
  const toFresh = (j: string, n: string): string =>
    `const w${n} = fresh[${row} * ${u} + ${j}]; ${slope(act, `w${n}`, `s${n}`)}` +
    `const ${n} = d[${row} * ${u} + ${j}] * (1 - ${at(0, j)}) * s${n};`;
  const i = `${row} * ${u} + ${unit}`;
  const reset = `const r = ${at(1, unit)}; ${slope(gate, 'r', 'rs')}`;
  const pulled =
    `let sum = 0; for (let k = 0; k < ${u}; k++) { ${toFresh('k', 'm')}` +
    `sum += m * kernel[${unit} * ${3 * u} + ${2 * u} + k]; } ${reset} y = sum * state[${i}] * rs;`;
  const plain = `${toFresh(unit, 'm')} ${reset} y = m * ${at(2, unit)} * rs;`;
  return {
    name: before ? 'gruInputGradBefore' : 'gruInputGrad',
    source:
      `function (d, gates, fresh, state${before ? ', kernel' : ''}) { ${lines} let y = 0;` +
      `if (${part} === 0) { const g = ${at(0, unit)}; ${slope(gate, 'g', 'gs')} y = d[${i}] * (state[${i}] - fresh[${i}]) * gs; }` +
      `if (${part} === 1) { ${before ? pulled : plain} } if (${part} === 2) { ${toFresh(unit, 'n')} y = n; } return y; }`,
    threads,
  };
}

/** The gradient of h before a step. */
export function gruStateGradKernel(sizes: StepSizes, before: boolean): GpuKernel {
  const { threads, lines, row, unit } = spot(sizes, 1);
  const u = sizes.units;
  const parts = before ? 2 : 3;
  const product = `dz[${row} * ${3 * u} + ${2 * u} + k] * kernel[${unit} * ${3 * u} + ${2 * u} + k]`;
  const reset = (j: string): string => `gates[${element(row, parts, u, 1, j)}]`;
  // Behind the product the gate scales its columns; before it, the state that this thread's unit is.
  const inner = `let inner = 0; for (let k = 0; k < ${u}; k++) { inner += ${product}${before ? '' : ` * ${reset('k')}`}; }`;
  return {
    name: before ? 'gruStateGradBefore' : 'gruStateGrad',
    source:
      `function (d, gates, dz, kernel) { ${lines} ${pulledBack(row, unit, 3, u, 2 * u)} ${inner}` +
      `return d[${row} * ${u} + ${unit}] * gates[${element(row, parts, u, 0, unit)}] + sum + inner${before ? ` * ${reset(unit)}` : ''}; }`,
    threads,
  };
}

/** The gradient of `z` at a step of `h = act(z + h U)`, given that h. */
export function simpleInputGradKernel(sizes: Sized): GpuKernel {
  const { threads, lines, row, unit } = spot(sizes, 1);
  const i = `${row} * ${sizes.units} + ${unit}`;
  return {
    name: 'simpleRnnInputGrad',
    source: `function (d, after) { ${lines} const v = after[${i}]; ${slope(sizes.act, 'v', 's')} return d[${i}] * s; }`,
    threads,
  };
}

/** The gradient of h before a step. */
export function simpleStateGradKernel(sizes: StepSizes): GpuKernel {
  const { threads, lines, row, unit } = spot(sizes, 1);
  return {
    name: 'simpleRnnStateGrad',
    source: `function (dz, kernel) { ${lines} ${pulledBack(row, unit, 1, sizes.units, sizes.units)} return sum; }`,
    threads,
  };
}
