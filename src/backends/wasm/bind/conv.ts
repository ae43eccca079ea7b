/**
 * Convolutions and their gradients as packed products over windows that are never written out: A's rows are read from
 * the input through a table of offsets (none is needed where windows follow each other evenly, as in a valid 1-D
 * convolution). The gradient to the input is a product per phase of the stride, so that no multiplication by the zeros
 * of a dilated gradient takes place. Depthwise convolutions have kernels of their own.
 */
import type { ConvAttrs } from '../../../ops/conv-primitives.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand } from '../step.ts';
import { geometryTable, type Three, type Windows, windowsOf } from './geometry.ts';
import { fill } from './movement.ts';
import { callProduct, finishOf, panelColumns, type Source } from './panels.ts';
import { forwardWindows, inputPhases } from './windows.ts';

export interface Parts {
  readonly windows: Windows;
  readonly batch: number;
  readonly groups: number;
  /** Channels of input and output, and of one group. */
  readonly inAll: number;
  readonly outAll: number;
  readonly inGroup: number;
  readonly outGroup: number;
  /** Positions of input and output, and taps of the window. */
  readonly places: number;
  readonly positions: number;
  readonly taps: number;
}

const volume = (s: Three): number => s[0] * s[1] * s[2];

export function parts(x: Shape, w: Shape, y: Shape, attrs: ConvAttrs): Parts {
  const windows = windowsOf(x, y, { ...attrs, window: w.slice(0, -2) });
  const { groups } = attrs;
  const [inAll, outAll] = [x.at(-1)!, w.at(-1)!];
  return {
    windows,
    batch: x[0]!,
    groups,
    inAll,
    outAll,
    inGroup: inAll / groups,
    outGroup: outAll / groups,
    places: volume(windows.input),
    positions: volume(windows.output),
    taps: volume(windows.window),
  };
}

/** The windows on `x` as rows (forward) or columns (gradient to the kernel) of A. */
export function windowSource(ctx: BindContext, p: Parts, x: Operand, group: number, mode: 0 | 2): Source {
  const { offsets, segments, length, even } = forwardWindows(p.windows, p.inAll, p.inGroup);
  return {
    mode,
    base: x.at() + group * p.inGroup * 4,
    perSample: p.positions,
    sampleStride: p.places * p.inAll * 4,
    rowStride: even ?? 0,
    innerStride: 0,
    table: even !== null && mode === 0 ? 0 : ctx.table(offsets),
    segments,
    length,
  };
}

export const isDepthwise = (p: Parts): boolean => p.groups > 1 && p.groups === p.inAll;

function finishArgs(ctx: BindContext): number[] {
  const { bias, activation } = finishOf(ctx);
  return [bias, activation];
}

function callDepthwise(ctx: BindContext, fn: string, x: Shape, w: Shape, y: Shape, p: Parts, units: number): void {
  const attrs = { ...(ctx.attrs as unknown as ConvAttrs), window: w.slice(0, -2) };
  const geometry = ctx.table(geometryTable(x, y, attrs, p.outAll / p.inAll));
  const [a, b] = ctx.inputs as [Operand, Operand];
  const args = [ctx.out.at(), a.at(), b.at(), geometry];
  if (fn === 'depthwise') args.push(p.outAll * 4);
  args.push(...(fn === 'depthwiseGradKernel' ? [p.batch] : finishArgs(ctx)));
  const each = (p.batch * p.positions * p.outAll * p.taps) / units;
  ctx.call(fn, args, units, grainFor(each));
}

/** With stride 1 and one filter a channel the gradient to the input is a depthwise convolution with the taps reversed. */
function callReversed(ctx: BindContext, w: Shape, p: Parts, units: number): void {
  const { windows } = p;
  const attrs = ctx.attrs as unknown as ConvAttrs;
  const window = w.slice(0, -2);
  const pads = attrs.pads.map(([before], i) => [(window[i]! - 1) * attrs.dilations[i]! - before, 0] as const);
  const [g, kernel] = ctx.inputs as [Operand, Operand];
  const geometry = ctx.table(geometryTable(g.shape, ctx.out.shape, { ...attrs, window, pads }));
  const step = p.outAll * 4;
  const last = kernel.at() + (volume(windows.window) - 1) * step;
  const each = (p.batch * p.places * p.outAll * p.taps) / units;
  ctx.call('depthwise', [ctx.out.at(), g.at(), last, geometry, -step, ...finishArgs(ctx)], units, grainFor(each));
}

/**
 * Whether what follows a convolution (`mode` 'conv') or a gradient to the input is computed with it, by the shapes of inputs and result: each of
 * its elements must be written once, as a sum that is complete.
 */
export function takesEpilogue(
  mode: 'conv' | 'convGradInput',
  a: Shape,
  w: Shape,
  out: Shape,
  attrs: ConvAttrs,
): boolean {
  if ([a, w, out].some((shape) => sizeOf(shape) === 0)) return false;
  if (mode === 'conv') return true;
  const p = parts(out, w, a, attrs);
  const { stride, dilation, window } = p.windows;
  if (isDepthwise(p)) return p.inAll === p.outAll;
  // Every phase of the stride has a tap.
  return !isNarrow(p) && stride.every((by, axis) => by === 1 || (dilation[axis] === 1 && window[axis]! >= by));
}

const isReversible = (p: Parts): boolean => p.windows.stride.every((stride) => stride === 1) && p.inAll === p.outAll;

/** Whether there is nothing to compute: an empty result, or a sum of nothing, which is filled with zeros. */
function isTrivial(ctx: BindContext, inner: number): boolean {
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  if (sizeOf(ctx.out.shape) === 0) return true;
  if (inner > 0 && ctx.inputs.every((input) => sizeOf(input.shape) > 0)) return false;
  fill(ctx, ctx.out, 0);
  return true;
}

export const conv: Binder = (ctx) => {
  const [x, w] = ctx.inputs as [Operand, Operand];
  const p = parts(x.shape, w.shape, ctx.out.shape, ctx.attrs as unknown as ConvAttrs);
  const k = p.taps * p.inGroup;
  if (isTrivial(ctx, k)) return;
  if (isDepthwise(p)) {
    const rows = sizeOf(ctx.out.shape.slice(0, -2));
    callDepthwise(ctx, 'depthwise', x.shape, w.shape, ctx.out.shape, p, rows);
    return;
  }
  const finish = finishOf(ctx);
  for (let group = 0; group < p.groups; group++) {
    const shift = group * p.outGroup * 4;
    callProduct(ctx, {
      m: p.batch * p.positions,
      k,
      n: p.outGroup,
      source: windowSource(ctx, p, x, group, 0),
      columns: { operand: w, at: shift, row: p.outAll * 4, col: 4 },
      target: {
        at: ctx.out.at() + shift,
        perSample: p.positions,
        sampleStride: p.positions * p.outAll * 4,
        rowStride: p.outAll * 4,
      },
      rows: x,
      finish: finish.bias === 0 ? finish : { ...finish, bias: finish.bias + shift },
    });
  }
};

/** Whether a panel of B would be filled with padding more than with channels, as in the first layer of most models. */
const isNarrow = (p: Parts): boolean => p.groups === 1 && p.inAll < panelColumns && p.taps * p.inAll <= 2 * p.outAll;

/** What each output position gives to every tap as one product, then for each input position the sum of what it gets. */
function gradInputByTaps(ctx: BindContext, g: Operand, w: Operand, p: Parts): void {
  const n = p.taps * p.inAll;
  const m = p.batch * p.positions;
  const shares = ctx.work(m * n * 4);
  callProduct(ctx, {
    m,
    k: p.outAll,
    n,
    source: {
      mode: 0,
      base: g.at(),
      perSample: m,
      sampleStride: 0,
      rowStride: p.outAll * 4,
      innerStride: 0,
      table: 0,
      segments: 1,
      length: p.outAll,
    },
    rows: g,
    columns: { operand: w, at: 0, row: 4, col: p.outAll * 4 },
    target: { at: shares, perSample: m, sampleStride: 0, rowStride: n * 4 },
  });
  const samples = [p.places * p.inAll * 4, p.positions * n * 4];
  for (const { count, taps, offsets, targets } of inputPhases(p.windows, p.inAll, n)) {
    const from = offsets.map((at, i) => (at < 0 ? -1 : at + taps[i % taps.length]! * p.inAll * 4));
    const tables = [ctx.table(from), taps.length, targets ? ctx.table(targets) : 0];
    const args = [ctx.out.at(), shares, ...samples, count, ...tables, p.inAll];
    ctx.call('sumTaps', args, p.batch * count, grainFor(taps.length * p.inAll));
  }
}

export const convGradInput: Binder = (ctx) => {
  const [g, w] = ctx.inputs as [Operand, Operand];
  const p = parts(ctx.out.shape, w.shape, g.shape, ctx.attrs as unknown as ConvAttrs);
  if (isTrivial(ctx, p.taps * p.outGroup)) return;
  if (isDepthwise(p)) {
    const rows = sizeOf(ctx.out.shape.slice(0, -2));
    if (isReversible(p)) callReversed(ctx, w.shape, p, rows);
    else callDepthwise(ctx, 'depthwiseGradInput', ctx.out.shape, w.shape, g.shape, p, rows);
    return;
  }
  if (isNarrow(p)) {
    gradInputByTaps(ctx, g, w, p);
    return;
  }
  const finish = finishOf(ctx);
  const phases = inputPhases(p.windows, p.inAll, p.outAll);
  if (phases.some((phase) => phase.taps.length === 0)) fill(ctx, ctx.out, 0);
  for (const phase of phases.filter(({ taps, count }) => taps.length > 0 && count > 0)) {
    const table = phase.even !== null ? 0 : ctx.table(phase.offsets);
    for (let group = 0; group < p.groups; group++) {
      const [shiftIn, shiftOut] = [group * p.inGroup * 4, group * p.outGroup * 4];
      const sample = p.places * p.inAll * 4;
      const at = ctx.out.at() + shiftIn;
      callProduct(ctx, {
        m: p.batch * phase.count,
        k: phase.taps.length * p.outGroup,
        n: p.inGroup,
        source: {
          mode: 0,
          base: g.at() + shiftOut,
          perSample: phase.count,
          sampleStride: p.positions * p.outAll * 4,
          rowStride: phase.even ?? 0,
          innerStride: 0,
          table,
          segments: phase.taps.length,
          length: p.outGroup,
        },
        columns: {
          operand: w,
          at: shiftOut,
          row: 4,
          col: p.outAll * 4,
          run: p.outGroup,
          runs: phase.taps.map((tap) => tap * p.inGroup * p.outAll * 4),
        },
        target: {
          at,
          perSample: phase.count,
          sampleStride: sample,
          rowStride: p.inAll * 4,
          ...(phase.targets ? { offsets: phase.targets } : {}),
        },
        rows: g,
        finish: finish.bias === 0 ? finish : { ...finish, bias: finish.bias + shiftIn },
      });
    }
  }
};

export const convGradKernel: Binder = (ctx) => {
  const [x, g] = ctx.inputs as [Operand, Operand];
  const p = parts(x.shape, ctx.out.shape, g.shape, ctx.attrs as unknown as ConvAttrs);
  const k = p.batch * p.positions;
  if (isTrivial(ctx, k)) return;
  if (isDepthwise(p)) {
    const units = p.taps * Math.ceil(p.outAll / 16);
    callDepthwise(ctx, 'depthwiseGradKernel', x.shape, ctx.out.shape, g.shape, p, units);
    return;
  }
  const m = p.taps * p.inGroup;
  for (let group = 0; group < p.groups; group++) {
    const shift = group * p.outGroup * 4;
    callProduct(ctx, {
      m,
      k,
      n: p.outGroup,
      source: windowSource(ctx, p, x, group, 2),
      columns: { operand: g, at: shift, row: p.outAll * 4, col: 4 },
      target: { at: ctx.out.at() + shift, perSample: m, sampleStride: 0, rowStride: p.outAll * 4 },
      rows: x,
    });
  }
};
