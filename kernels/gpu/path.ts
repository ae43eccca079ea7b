/**
 * Max pooling of points on straight lines, `start + alpha_k delta` for every step k, and its gradient. The points are never
 * stored. A value is only compared with another computed by the same expression in the same kernel, so that ties stay ties.
 */
import { type GpuKernel, place } from './kernel.ts';
import { overWindow, overWindowsOf, type PoolShape } from './pool.ts';

const value = (i: string): string => `start[${i}] + a * delta[${i}]`;

/** A thread per step and window. */
const perPoint = (geo: PoolShape, steps: number) => place([steps, geo.batch, ...geo.output, geo.channels]);
const windowSize = (geo: PoolShape): number => geo.output[0] * geo.output[1] * geo.output[2] * geo.channels;

/** The largest point of each window, at least 0 after a relu; or the flat index of the first one. */
export function linePoolKernel(geo: PoolShape, steps: number, relu: boolean, wantIndex: boolean): GpuKernel {
  const { threads, lines, at } = perPoint(geo, steps);
  const better = 'if (found === 0 || v > best) { best = v; where = i; found = 1; }';
  const body = overWindow(geo, at[1]!, at.slice(2, 5), at[5]!, `const v = ${value('i')}; ${better}`);
  const y = wantIndex ? 'where' : relu ? 'Math.max(best, 0)' : 'best';
  return {
    name: wantIndex ? 'linePoolArgmax' : 'linePool',
    source:
      `function (start, delta, alpha) { ${lines} const a = alpha[${at[0]}]; let best = 0; let where = 0; let found = 0;` +
      `${body} return ${y}; }`,
    threads,
  };
}

/**
 * What each window's gradient gives to every element it picks: nothing where relu cuts it off (relu'(0) = 0), an equal share
 * where ties share.
 */
export function lineShareKernel(geo: PoolShape, steps: number, relu: boolean, share: boolean): GpuKernel {
  const { threads, lines, at } = perPoint(geo, steps);
  const window = `(${at[0]} * ${geo.batch} + ${at[1]}) * ${windowSize(geo)}`;
  const inner = `((${at[2]} * ${geo.output[1]} + ${at[3]}) * ${geo.output[2]} + ${at[4]}) * ${geo.channels} + ${at[5]}`;
  const hits = share
    ? overWindow(geo, at[1]!, at.slice(2, 5), at[5]!, `if (${value('i')} === best) { hits += 1; }`)
    : 'hits = 1;';
  return {
    name: 'lineShare',
    source:
      `function (start, delta, alpha, index, g) { ${lines} const a = alpha[${at[0]}]; const p = ${window} + ${inner};` +
      `const j = index[p]; const best = ${value('j')}; let hits = 0; ${hits}` +
      `let y = g[p] / Math.max(hits, 1); ${relu ? 'if (best <= 0) { y = 0; }' : ''} return y; }`,
    threads,
  };
}

/** The gradient to `start`: over all steps, the shares of the windows that picked the element. */
export function lineGatherKernel(geo: PoolShape, steps: number, share: boolean): GpuKernel {
  const { threads, lines, at } = place([geo.batch, ...geo.input, geo.channels]);
  const [D, H, W] = geo.input;
  const own = `(((${at[0]} * ${D} + ${at[1]}) * ${H} + ${at[2]}) * ${W} + ${at[3]}) * ${geo.channels} + ${at[4]}`;
  const perStep = geo.batch * windowSize(geo);
  const hit = share
    ? `const j = index[k * ${perStep} + o]; if (v === ${value('j')}) { y += shares[k * ${perStep} + o]; }`
    : `if (index[k * ${perStep} + o] === own) { y += shares[k * ${perStep} + o]; }`;
  const names = share ? 'start, delta, alpha, index, shares' : 'index, shares';
  const point = share ? `const a = alpha[k]; const v = ${value('own')};` : '';
  return {
    name: 'lineGather',
    source:
      `function (${names}) { ${lines} const own = ${own}; let y = 0;` +
      `for (let k = 0; k < ${steps}; k++) { ${point} ${overWindowsOf(geo, at, hit)} } return y; }`,
    threads,
  };
}
