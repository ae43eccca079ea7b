/**
 * Pooling windows over three spatial axes, channels last, and what gathers from them: a thread per window for the pools, a
 * thread per input element for their gradients.
 */
import { inputPlace, windowLoops } from './conv.ts';
import { floorDiv, type GpuKernel, place } from './kernel.ts';

type Three = readonly [number, number, number];

export interface PoolShape {
  readonly batch: number;
  readonly channels: number;
  readonly input: Three;
  readonly output: Three;
  readonly window: Three;
  readonly stride: Three;
  readonly before: Three;
}

const ones: Three = [1, 1, 1];
const names = ['d', 'h', 'w'] as const;

/** Runs `body` for every element of a window inside the input; its flat index, channel included, is `i`. */
export function overWindow(
  geo: PoolShape,
  sample: string,
  outs: readonly string[],
  channel: string,
  body: string,
): string {
  const loops = windowLoops(geo.window);
  const whole = { ...geo, dilation: ones };
  const tests: string[] = [];
  let lines = '';
  ([0, 1, 2] as const).forEach((axis) => {
    const name = `i${names[axis]}`;
    lines += `const ${name} = ${inputPlace(whole, axis, outs[axis]!, loops.at[axis]!)};`;
    const end = (geo.output[axis]! - 1) * geo.stride[axis]! + geo.window[axis]! - geo.before[axis]!;
    if (geo.before[axis]! > 0 || end > geo.input[axis]!) tests.push(`${name} >= 0 && ${name} < ${geo.input[axis]}`);
  });
  const [D, H, W] = geo.input;
  const index = `const i = (((${sample} * ${D} + id) * ${H} + ih) * ${W} + iw) * ${geo.channels} + ${channel};`;
  const inner = tests.length === 0 ? `${index} ${body}` : `if (${tests.join(' && ')}) { ${index} ${body} }`;
  return `${loops.open} ${lines} ${inner} ${loops.close}`;
}

/**
 * The output places along one axis whose windows hold the thread's input place: the only one there can be where windows do
 * not overlap; else whichever is shorter, a loop over output places or one over the places in a window.
 */
function holders(geo: PoolShape, axis: number, at: string): { open: string; close: number; test: string } {
  const name = names[axis]!;
  const [by, window, zeros, outputs] = [geo.stride[axis]!, geo.window[axis]!, geo.before[axis]!, geo.output[axis]!];
  const u = zeros === 0 ? at : `${at} + ${zeros}`;
  const inRange = `o${name} >= 0 && o${name} < ${outputs}`;
  if (window === 1 && by === 1) return { open: `const o${name} = ${u};`, close: 0, test: inRange };
  if (window <= by) {
    const open = `const u${name} = ${u}; ${floorDiv(`o${name}`, `u${name}`, by)}`;
    const test = window === by ? inRange : `${inRange} && u${name} - o${name} * ${by} < ${window}`;
    return { open, close: 0, test };
  }
  if (outputs <= window) {
    const one = outputs === 1;
    const open = one ? `const o${name} = 0;` : `for (let o${name} = 0; o${name} < ${outputs}; o${name}++) {`;
    const k = one ? u : `${u} - o${name} * ${by}`;
    return {
      open: `${open} const k${name} = ${k};`,
      close: one ? 0 : 1,
      test: `k${name} >= 0 && k${name} < ${window}`,
    };
  }
  const open = `for (let k${name} = 0; k${name} < ${window}; k${name}++) {`;
  if (by === 1) return { open: `${open} const o${name} = ${u} - k${name};`, close: 1, test: inRange };
  const lines = `const u${name} = ${u} - k${name}; ${floorDiv(`o${name}`, `u${name}`, by)}`;
  return { open: `${open} ${lines}`, close: 1, test: `o${name} * ${by} === u${name} && ${inRange}` };
}

/** Runs `body` for every window that holds the thread's element; the window's flat index, channel included, is `o`. */
export function overWindowsOf(geo: PoolShape, at: readonly string[], body: string): string {
  const found = ([0, 1, 2] as const).map((axis) => holders(geo, axis, at[axis + 1]!));
  const [D, H, W] = geo.output;
  const index = `const o = (((${at[0]} * ${D} + od) * ${H} + oh) * ${W} + ow) * ${geo.channels} + ${at[4]};`;
  const test = found.map((axis) => axis.test).join(' && ');
  const close = found.reduce((count, axis) => count + axis.close, 0);
  return `${found.map(({ open }) => open).join(' ')} if (${test}) { ${index} ${body} } ${'}'.repeat(close)}`;
}

const perWindow = (geo: PoolShape) => place([geo.batch, ...geo.output, geo.channels]);
const perElement = (geo: PoolShape) => place([geo.batch, ...geo.input, geo.channels]);

/** The maximum of each window, or the flat index of the first one. NaN wins where the device knows NaN. */
export function maxPoolKernel(geo: PoolShape, wantIndex: boolean): GpuKernel {
  const { threads, lines, at } = perWindow(geo);
  const better = 'if (found === 0 || v > best || (v !== v && best === best)) { best = v; where = i; found = 1; }';
  const body = overWindow(geo, at[0]!, at.slice(1, 4), at[4]!, `const v = x[i]; ${better}`);
  return {
    name: wantIndex ? 'maxPoolArgmax' : 'maxPool',
    source: `function (x) { ${lines} let best = 0; let where = 0; let found = 0; ${body} return ${wantIndex ? 'where' : 'best'}; }`,
    threads,
  };
}

/** The mean over each window's elements inside the input. */
export function avgPoolKernel(geo: PoolShape): GpuKernel {
  const { threads, lines, at } = perWindow(geo);
  const body = overWindow(geo, at[0]!, at.slice(1, 4), at[4]!, 'total += x[i]; count += 1;');
  return {
    name: 'avgPool',
    source: `function (x) { ${lines} let total = 0; let count = 0; ${body} return total / count; }`,
    threads,
  };
}

/** How many elements of the window at output place `o` lie inside the input along one axis. */
function extent(geo: PoolShape, axis: number): string {
  const from = `o${names[axis]} * ${geo.stride[axis]} - ${geo.before[axis]}`;
  return `(Math.min(${from} + ${geo.window[axis]}, ${geo.input[axis]}) - Math.max(${from}, 0))`;
}

/** Each element's share of the gradients of the windows that hold it. */
export function avgPoolGradKernel(geo: PoolShape): GpuKernel {
  const { threads, lines, at } = perElement(geo);
  const count = [0, 1, 2].map((axis) => extent(geo, axis)).join(' * ');
  return {
    name: 'avgPoolGrad',
    source: `function (g) { ${lines} let y = 0; ${overWindowsOf(geo, at, `y += g[o] / (${count});`)} return y; }`,
    threads,
  };
}

/**
 * The gradient of a max pool, given the index of each window's first maximum. An element that is not above 0 gets none where a
 * relu stands before the pool: all windows that picked it have it as their maximum.
 */
export function maxPoolGradKernel(geo: PoolShape, rectified: boolean): GpuKernel {
  const { threads, lines, at } = perElement(geo);
  const [D, H, W] = geo.input;
  const own = `(((${at[0]} * ${D} + ${at[1]}) * ${H} + ${at[2]}) * ${W} + ${at[3]}) * ${geo.channels} + ${at[4]}`;
  const sum = overWindowsOf(geo, at, 'if (index[o] === own) { y += g[o]; }');
  return {
    name: 'maxPoolGrad',
    source:
      `function (${rectified ? 'g, index, x' : 'g, index'}) { ${lines} const own = ${own}; let y = 0;` +
      `${rectified ? `if (x[own] > 0) { ${sum} }` : sum} return y; }`,
    threads,
  };
}
