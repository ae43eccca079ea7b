/**
 * Convolution and its two gradients over three spatial axes, channels last; lower ranks have sizes of 1 in front. Each is a
 * gather: a thread finds the elements that meet in its result. `patches` and `gatherPatches` turn them into matrix products
 * where those are faster.
 */
import { floorDiv, type GpuKernel, place } from './kernel.ts';

type Three = readonly [number, number, number];

export interface ConvShape {
  readonly batch: number;
  readonly input: Three;
  readonly output: Three;
  readonly window: Three;
  readonly stride: Three;
  readonly dilation: Three;
  readonly before: Three;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

const axes = [0, 1, 2] as const;
const names = ['d', 'h', 'w'] as const;

/** Loops over window axes that have more than one element; the place of each in the window is `kd`, `kh`, `kw`. */
export function windowLoops(window: Three): { open: string; close: string; at: string[] } {
  const long = axes.filter((axis) => window[axis] > 1);
  return {
    open: long.map((i) => `for (let k${names[i]} = 0; k${names[i]} < ${window[i]}; k${names[i]}++) {`).join(''),
    close: '}'.repeat(long.length),
    at: axes.map((axis) => (window[axis] > 1 ? `k${names[axis]}` : '0')),
  };
}

/** `out * stride - before + k * dilation` as an expression. */
export function inputPlace(
  geo: Pick<ConvShape, 'stride' | 'dilation' | 'before'>,
  axis: number,
  out: string,
  k: string,
): string {
  const [by, apart, zeros] = [geo.stride[axis]!, geo.dilation[axis]!, geo.before[axis]!];
  const step = k === '0' ? '' : apart === 1 ? ` + ${k}` : ` + ${k} * ${apart}`;
  return `${by === 1 ? out : `${out} * ${by}`}${step}${zeros === 0 ? '' : ` - ${zeros}`}`;
}

/** Whether any window reaches beyond the input along an axis. */
function mayLeave(geo: ConvShape, axis: number): boolean {
  const reach = (geo.window[axis]! - 1) * geo.dilation[axis]!;
  return (
    geo.before[axis]! > 0 || (geo.output[axis]! - 1) * geo.stride[axis]! + reach - geo.before[axis]! >= geo.input[axis]!
  );
}

/** Statements that name the input place of a window element `id`, `ih`, `iw`, and the condition that it is inside. */
function inputPlaces(
  geo: ConvShape,
  outs: readonly string[],
  taps: readonly string[],
): { lines: string; inside: string } {
  let lines = '';
  const tests: string[] = [];
  for (const axis of axes) {
    const name = `i${names[axis]}`;
    lines += `const ${name} = ${inputPlace(geo, axis, outs[axis]!, taps[axis]!)};`;
    if (mayLeave(geo, axis)) tests.push(`${name} >= 0 && ${name} < ${geo.input[axis]}`);
  }
  return { lines, inside: tests.join(' && ') };
}

const guarded = (inside: string, body: string): string => (inside === '' ? body : `if (${inside}) { ${body} }`);

/** The first input channel of the group that an output channel belongs to. */
function groupBase(geo: ConvShape, channel: string): { lines: string; at: string } {
  if (geo.groups === 1) return { lines: '', at: '0' };
  const out = geo.outChannels / geo.groups;
  const width = geo.inChannels / geo.groups;
  return { lines: `${floorDiv('group', channel, out)} const first = group * ${width};`, at: 'first' };
}

/** `y [batch, ...output, out]`; a thread makes one output channel, or `wide` four side by side (in one group). */
export function convKernel(geo: ConvShape, wide: boolean): GpuKernel {
  const { threads, lines, at } = place([geo.batch, ...geo.output, wide ? geo.outChannels / 4 : geo.outChannels]);
  const [n, channel] = [at[0]!, at[4]!];
  const loops = windowLoops(geo.window);
  const { lines: places, inside } = inputPlaces(geo, at.slice(1, 4), loops.at);
  const width = geo.inChannels / geo.groups;
  const group = groupBase(geo, channel);
  const [kd, kh, kw] = loops.at;
  const [D, H, W] = geo.input;
  const x = `x[from + c]`;
  const w = (j: number): string =>
    `kernel[(tap + c) * ${geo.outChannels} + ${wide ? `${channel} * 4 + ${j}` : channel}]`;
  const sums = wide ? [0, 1, 2, 3].map((j) => `s${j} += v * ${w(j)};`).join(' ') : `s0 += v * ${w(0)};`;
  const body =
    `const from = (((${n} * ${D} + id) * ${H} + ih) * ${W} + iw) * ${geo.inChannels} + ${group.at};` +
    `const tap = ((${kd} * ${geo.window[1]} + ${kh}) * ${geo.window[2]} + ${kw}) * ${width};` +
    `for (let c = 0; c < ${width}; c++) { const v = ${x}; ${sums} }`;
  const zeros = wide ? 'let s0 = 0; let s1 = 0; let s2 = 0; let s3 = 0;' : 'let s0 = 0;';
  return {
    name: wide ? 'convColumns' : 'conv',
    source:
      `function (x, kernel) { ${lines} ${group.lines} ${zeros} ${loops.open} ${places} ${guarded(inside, body)} ${loops.close}` +
      `return ${wide ? '[s0, s1, s2, s3]' : 's0'}; }`,
    threads,
    ...(wide && { block: { kind: 'columns' } }),
  };
}

/**
 * Statements that name the output place `od`, `oh`, `ow` whose window holds an input place at a tap, and the condition that
 * there is one.
 */
export function outputPlaces(
  geo: Pick<ConvShape, 'stride' | 'dilation' | 'before' | 'output' | 'window'>,
  ins: readonly string[],
  taps: readonly string[],
): { lines: string; inside: string } {
  let lines = '';
  const tests: string[] = [];
  for (const axis of axes) {
    const name = names[axis];
    const [by, apart, zeros] = [geo.stride[axis]!, geo.dilation[axis]!, geo.before[axis]!];
    const tap = taps[axis]!;
    const step = tap === '0' ? '' : apart === 1 ? ` - ${tap}` : ` - ${tap} * ${apart}`;
    const reach = `${ins[axis]}${zeros === 0 ? '' : ` + ${zeros}`}${step}`;
    if (by === 1) {
      lines += `const o${name} = ${reach};`;
    } else {
      lines += `const u${name} = ${reach}; ${floorDiv(`o${name}`, `u${name}`, by)}`;
      tests.push(`o${name} * ${by} === u${name}`);
    }
    tests.push(`o${name} >= 0 && o${name} < ${geo.output[axis]}`);
  }
  return { lines, inside: tests.join(' && ') };
}

/** `dx [batch, ...input, in]` from `g [batch, ...output, out]`. */
export function convGradInputKernel(geo: ConvShape): GpuKernel {
  const { threads, lines, at } = place([geo.batch, ...geo.input, geo.inChannels]);
  const [n, channel] = [at[0]!, at[4]!];
  const loops = windowLoops(geo.window);
  const { lines: places, inside } = outputPlaces(geo, at.slice(1, 4), loops.at);
  const [width, out] = [geo.inChannels / geo.groups, geo.outChannels / geo.groups];
  const [kd, kh, kw] = loops.at;
  const [D, H, W] = geo.output;
  const grouped = geo.groups > 1;
  const group = grouped ? `${floorDiv('group', channel, width)} const own = ${channel} - group * ${width};` : '';
  const [own, first] = grouped ? ['own', `group * ${out}`] : [channel, '0'];
  const body =
    `const from = (((${n} * ${D} + od) * ${H} + oh) * ${W} + ow) * ${geo.outChannels} + ${first};` +
    `const tap = (((${kd} * ${geo.window[1]} + ${kh}) * ${geo.window[2]} + ${kw}) * ${width} + ${own}) * ${geo.outChannels} + ${first};` +
    `for (let c = 0; c < ${out}; c++) { y += g[from + c] * kernel[tap + c]; }`;
  return {
    name: 'convGradInput',
    source: `function (g, kernel) { ${lines} ${group} let y = 0; ${loops.open} ${places} ${guarded(inside, body)} ${loops.close} return y; }`,
    threads,
  };
}

/**
 * Parts of `dw [taps, in / groups, out]`, one per `ceil(batch / parts)` samples, whose sum is the gradient: short sums, and
 * threads enough.
 */
export function convGradKernelKernel(geo: ConvShape, parts: number): GpuKernel {
  const width = geo.inChannels / geo.groups;
  const samples = Math.ceil(geo.batch / parts);
  const { threads, lines, at } = place([parts, ...geo.window, width, geo.outChannels]);
  const [part, kd, kh, kw, c, channel] = at as [string, string, string, string, string, string];
  const group = groupBase(geo, channel);
  const [OD, OH, OW] = geo.output;
  const { lines: places, inside } = inputPlaces(geo, ['od', 'oh', 'ow'], [kd, kh, kw]);
  const [D, H, W] = geo.input;
  const body =
    `y += x[(((n * ${D} + id) * ${H} + ih) * ${W} + iw) * ${geo.inChannels} + ${group.at} + ${c}] *` +
    ` g[(((n * ${OD} + od) * ${OH} + oh) * ${OW} + ow) * ${geo.outChannels} + ${channel}];`;
  return {
    name: 'convGradKernel',
    source:
      `function (x, g) { ${lines} ${group.lines} let y = 0; for (let s = 0; s < ${samples}; s++) {` +
      `const n = ${part} * ${samples} + s; if (n < ${geo.batch}) {` +
      `for (let od = 0; od < ${OD}; od++) { for (let oh = 0; oh < ${OH}; oh++) { for (let ow = 0; ow < ${OW}; ow++) {` +
      `${places} ${guarded(inside, body)} } } } } } return y; }`,
    threads,
  };
}

/** `[positions, taps * in]`: row p holds what the window sees at output position p ("im2col"). One group. */
export function patchesKernel(geo: ConvShape): GpuKernel {
  const { threads, lines, at } = place([geo.batch, ...geo.output, ...geo.window, geo.inChannels]);
  const { lines: places, inside } = inputPlaces(geo, at.slice(1, 4), at.slice(4, 7));
  const [D, H, W] = geo.input;
  const body = `y = x[(((${at[0]} * ${D} + id) * ${H} + ih) * ${W} + iw) * ${geo.inChannels} + ${at[7]}];`;
  return {
    name: 'patches',
    source: `function (x) { ${lines} let y = 0; ${places} ${guarded(inside, body)} return y; }`,
    threads,
  };
}

/** The transpose of `patches`: `dx [batch, ...input, in]`, each the sum of the patch elements that hold it. */
export function gatherPatchesKernel(geo: ConvShape): GpuKernel {
  const { threads, lines, at } = place([geo.batch, ...geo.input, geo.inChannels]);
  const loops = windowLoops(geo.window);
  const { lines: places, inside } = outputPlaces(geo, at.slice(1, 4), loops.at);
  const [D, H, W] = geo.output;
  const [kd, kh, kw] = loops.at;
  const taps = geo.window[0] * geo.window[1] * geo.window[2];
  const body =
    `const row = ((${at[0]} * ${D} + od) * ${H} + oh) * ${W} + ow;` +
    `const tap = (${kd} * ${geo.window[1]} + ${kh}) * ${geo.window[2]} + ${kw};` +
    `y += patches[(row * ${taps} + tap) * ${geo.inChannels} + ${at[4]}];`;
  return {
    name: 'gatherPatches',
    source: `function (patches) { ${lines} let y = 0; ${loops.open} ${places} ${guarded(inside, body)} ${loops.close} return y; }`,
    threads,
  };
}
