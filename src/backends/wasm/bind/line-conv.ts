/** Binders of a convolution of lines (`ops/line-conv.ts`) over a module of their own (`kernels/wasm/kinks.ts`); they come with the ops. */
import type { LineConvAttrs } from '../../../ops/line-conv.ts';
import { poolShape } from '../../../ops/pool.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { packed as module } from '../kinks.generated.ts';
import { type BindContext, type Binder, lacksType, type Operand, type OwnKernels } from '../step.ts';
import { block, chainTable } from './chain.ts';

/** Kinks per channel that a place has room for: a line alone turns on or off once. */
const [ofOne, ofMany] = [2, 3];
/** Any code of an activation, so that all links of a chain are in its table, a relu's bound among them. */
const alone = 1;
/** So many units are wanted, so that threads find work. */
const enoughUnits = 12;
/** What the scratch memory has for the way back: sums of a band, taps of its places, and its kinks. */
const scratchFor = 1_500_000;

const pairOf = (values: readonly number[], by: number): readonly [number, number] =>
  values.length === 1 ? [values[0]!, by] : [values[0]!, values[1]!];

interface Bound {
  /** The sizes as the kernels read them. */
  readonly lines: number;
  readonly kinks: number;
  readonly w: number;
  /** Units of each kernel. */
  readonly rows: number;
  readonly strips: number;
  readonly bands: number;
}

/** The list of kinks, with the call that makes it unless the way forward has left it, and the weights. */
function bindLines(ctx: BindContext, output: Shape): Bound {
  const [start, w, delta, alpha] = ctx.inputs as [Operand, Operand, Operand, Operand];
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const attrs = ctx.attrs as unknown as LineConvAttrs;
  const { window, poolStrides, poolPads, strides, dilations, pads } = attrs;
  const places = poolShape(ctx.op, start.shape, { window, strides: poolStrides, pads: poolPads });
  const [samples, steps, channels, filters] = [start.shape[0]!, alpha.shape[0]!, start.shape.at(-1)!, w.shape.at(-1)!];
  const [placesH, placesW] = pairOf(places.slice(1, -1), 1);
  const [outputH, outputW] = pairOf(output.slice(1, -1), 1);
  const [kernelH, kernelW] = pairOf(w.shape.slice(0, -2), 1);
  const [downH, dilationH, padH] = [strides[0]!, dilations[0]!, pads[0]![0]];
  const width = Math.ceil(filters / 16) * 16;

  const room = channels * (sizeOf(window) === 1 ? ofOne : ofMany) + 8;
  const head = 16 + 16 * Math.ceil(steps / 8);
  const bytes = head + 16 * room;
  const blocks = width / 16;
  const parts = Math.min(blocks, Math.max(1, Math.floor(enoughUnits / (samples * outputH))));
  const perStrip = Math.ceil(blocks / parts);
  const strips = Math.ceil(blocks / perStrip);

  /** Bytes of the scratch memory for a band of so many rows. */
  const needs = (rows: number): number => {
    const reached = Math.ceil((rows - 1 + (kernelH - 1) * dilationH + 1) / downH) + 1;
    const each = 8 * (1 + kernelH * kernelW) + 8 * room;
    return Math.min(outputH, reached) * outputW * width * 4 + rows * placesW * each;
  };
  let band = Math.max(1, Math.floor((samples * placesH) / enoughUnits));
  band = Math.min(placesH, band);
  while (band > 1 && needs(band) > scratchFor) band--;
  const bands = Math.ceil(placesH / band);

  const two = [
    ...[pairOf(start.shape.slice(1, -1), 1), [channels], [placesH, placesW], pairOf(window, 1), pairOf(poolStrides, 1)],
    ...[
      pairOf(
        poolPads.map(([before]) => before),
        0,
      ),
      [Number(attrs.relu), steps, samples, room, head, bytes],
    ],
    ...[
      [outputH, outputW],
      [kernelH, kernelW],
      [downH, pairOf(strides, 1)[1]],
    ],
    ...[
      [
        padH,
        pairOf(
          pads.map(([before]) => before),
          0,
        )[1],
      ],
      [dilationH, pairOf(dilations, 1)[1]],
    ],
    [filters, width, strips, perStrip, band, bands],
  ];
  const lines = ctx.table(two.flat());
  const size = samples * placesH * placesW * bytes;
  const kept = ctx.kept(size);
  const kinks = kept || ctx.work(size);
  if (kept === 0 || ctx.op === 'lineConv') {
    const args = [kinks, start.at(), delta.at(), alpha.at(), lines, Number(!w.finite())];
    ctx.call('lineKinks', args, samples * placesH);
  }
  const rows = sizeOf(w.shape.slice(0, -1));
  const packed = (): number =>
    ctx.relaid(w, `rows of ${width}`, rows * width * 4, 'padRows', (from) => [from, filters, width], rows);
  return {
    lines,
    kinks,
    w: width === filters ? w.at() : packed(),
    rows: samples * outputH,
    strips,
    bands: samples * bands,
  };
}

const bindForward: Binder = (ctx) => {
  const [start, , delta, alpha] = ctx.inputs as [Operand, Operand, Operand, Operand];
  const { lines, kinks, w, rows, strips } = bindLines(ctx, ctx.out.shape);
  const { epilogue } = ctx;
  const bias = epilogue?.bias ? ctx.inputs[4]!.at() : 0;
  const act = epilogue?.activation ? 1 + ['relu', 'tanh', 'sigmoid'].indexOf(epilogue.activation) : 0;
  const args = [ctx.out.at(), kinks, start.at(), delta.at(), alpha.at(), w, bias, act, lines];
  ctx.call('lineConv', args, rows * strips);
  if (!ctx.chain) return;
  // What follows goes over the result as a chain of its own, which knows no activation before it.
  const count = sizeOf(ctx.out.shape);
  ctx.call('chain', [chainTable(ctx, alone), count], Math.ceil(count / block), 16);
};

const bindBack: Binder = (ctx) => {
  const [start, , delta, alpha, g] = ctx.inputs as [Operand, Operand, Operand, Operand, Operand];
  const { lines, kinks, w, bands } = bindLines(ctx, g.shape);
  ctx.call('lineConvGrad', [ctx.out.at(), kinks, start.at(), delta.at(), alpha.at(), w, g.at(), lines], bands);
};

export const lineConv: OwnKernels = { module, bind: bindForward, fuses: true };
export const lineConvGrad: OwnKernels = { module, bind: bindBack };
