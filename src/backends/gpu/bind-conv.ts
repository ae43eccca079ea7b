/**
 * Convolutions. On the host's modes they are matrix products over patches, which blocks make fast there; on a device, and for
 * groups, each result gathers what it needs.
 */
import * as kernels from '../../../kernels/gpu/conv.ts';
import { INDEX_LIMIT } from '../../../kernels/gpu/kernel.ts';
import type { MatmulShape } from '../../../kernels/gpu/matmul.ts';
import { reduceKernel } from '../../../kernels/gpu/reduce.ts';
import type { ConvAttrs } from '../../ops/conv-primitives.ts';
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.ts';
import { windowsOf } from '../wasm/bind/geometry.ts';
import { product } from './bind-matmul.ts';
import type { BindContext, Binder, Operand } from './step.ts';

function convShape(x: Shape, w: Shape, y: Shape, attrs: BindContext['attrs']): kernels.ConvShape {
  const { strides, dilations, pads, groups } = attrs as unknown as ConvAttrs;
  return {
    ...windowsOf(x, y, { window: w.slice(0, -2), strides, dilations, pads }),
    batch: x[0]!,
    groups,
    inChannels: x.at(-1)!,
    outChannels: w.at(-1)!,
  };
}

/** Positions, and elements of a patch. */
function patchSizes(geo: kernels.ConvShape): [number, number] {
  return [geo.batch * sizeOf(geo.output), sizeOf(geo.window) * geo.inChannels];
}

/** Elements of patches that are made at a time: more would only leave the caches. */
const PATCHES_AT_ONCE = 2 ** 20;

function asProduct({ block }: BindContext, geo: kernels.ConvShape): boolean {
  const [positions, width] = patchSizes(geo);
  return block === 'rows' && geo.groups === 1 && (positions / geo.batch) * width <= INDEX_LIMIT;
}

/** Runs `step` for runs of samples of some operands. On the host only, where parts are views. */
function inChunks(
  { host }: BindContext,
  geo: kernels.ConvShape,
  operands: readonly Operand[],
  step: (part: kernels.ConvShape, operands: readonly Operand[]) => Operand,
): Operand[] {
  const [positions, width] = patchSizes(geo);
  const samples = Math.max(1, Math.floor(PATCHES_AT_ONCE / ((positions / geo.batch) * width)));
  if (samples >= geo.batch) return [step(geo, operands)];
  const results: Operand[] = [];
  for (let from = 0; from < geo.batch; from += samples) {
    const batch = Math.min(samples, geo.batch - from);
    const parts = host(operands, operands.length, (arrays) =>
      arrays.map((data) => data.subarray((from * data.length) / geo.batch, ((from + batch) * data.length) / geo.batch)),
    );
    results.push(step({ ...geo, batch }, parts));
  }
  return results;
}

function joined({ host }: BindContext, parts: readonly Operand[], size: number): Operand {
  if (parts.length === 1) return parts[0]!;
  return host(parts, 1, (arrays) => {
    const whole = new Float32Array(size);
    let at = 0;
    for (const part of arrays) {
      whole.set(part, at);
      at += part.length;
    }
    return [whole];
  })[0]!;
}

function summed({ host }: BindContext, parts: readonly Operand[]): Operand {
  if (parts.length === 1) return parts[0]!;
  return host(parts, 1, (arrays) => {
    const total = Float64Array.from(arrays[0]!);
    for (const part of arrays.slice(1)) for (let i = 0; i < part.length; i++) total[i]! += part[i]!;
    return [Float32Array.from(total)];
  })[0]!;
}

function patches({ kernel }: BindContext, x: Operand, geo: kernels.ConvShape): Operand {
  const plain = sizeOf(geo.window) === 1 && sizeOf(geo.stride) === 1 && geo.before.every((zeros) => zeros === 0);
  const same = plain && geo.input.every((size, axis) => size === geo.output[axis]);
  return same ? x : kernel(kernels.patchesKernel(geo), [x]);
}

const matrices = (
  m: number,
  k: number,
  n: number,
  flags: { transposeA?: true; transposeB?: true } = {},
): MatmulShape => ({
  batch: [],
  strides: [[], []],
  m,
  k,
  n,
  transposeA: flags.transposeA ?? false,
  transposeB: flags.transposeB ?? false,
});

const isEmpty = (...operands: readonly Operand[]): boolean => operands.some(({ shape }) => sizeOf(shape) === 0);

export const conv: Binder = (context) => {
  const [x, w] = context.inputs;
  const { out, kernel, fill } = context;
  if (isEmpty(x!, w!)) return fill(sizeOf(out.shape), 0);
  const geo = convShape(x!.shape, w!.shape, out.shape, context.attrs);
  if (asProduct(context, geo)) {
    const parts = inChunks(context, geo, [x!], (part, [own]) => {
      const [positions, width] = patchSizes(part);
      return product(context, patches(context, own!, part), w!, matrices(positions, width, geo.outChannels));
    });
    return joined(context, parts, sizeOf(out.shape));
  }
  const reach = patchSizes(geo)[1];
  const wide =
    context.block === 'columns' && geo.groups === 1 && geo.outChannels % 4 === 0 && reach >= context.longEnough;
  return kernel(kernels.convKernel(geo, wide), [x!, w!]);
};

export const convGradInput: Binder = (context) => {
  const [g, w] = context.inputs;
  const { out, kernel, fill } = context;
  if (isEmpty(g!, w!)) return fill(sizeOf(out.shape), 0);
  const geo = convShape(out.shape, w!.shape, g!.shape, context.attrs);
  if (asProduct(context, geo)) {
    const parts = inChunks(context, geo, [g!], (part, [own]) => {
      const [positions, width] = patchSizes(part);
      const shape = matrices(positions, geo.outChannels, width, { transposeB: true });
      return kernel(kernels.gatherPatchesKernel(part), [product(context, own!, w!, shape)]);
    });
    return joined(context, parts, sizeOf(out.shape));
  }
  return kernel(kernels.convGradInputKernel(geo), [g!, w!]);
};

/** Parts that a device sums a kernel's gradient in. */
const PARTS = 16;

export const convGradKernel: Binder = (context) => {
  const [x, g] = context.inputs;
  const { out, kernel, fill } = context;
  if (isEmpty(x!, g!)) return fill(sizeOf(out.shape), 0);
  const geo = convShape(x!.shape, out.shape, g!.shape, context.attrs);
  if (asProduct(context, geo)) {
    const parts = inChunks(context, geo, [x!, g!], (part, [own, gradient]) => {
      const [positions, width] = patchSizes(part);
      const shape = matrices(width, positions, geo.outChannels, { transposeA: true });
      return product(context, patches(context, own!, part), gradient!, shape);
    });
    return summed(context, parts);
  }
  const size = sizeOf(out.shape);
  const parts = size * PARTS > INDEX_LIMIT ? 1 : Math.min(PARTS, geo.batch);
  const partial = kernel(kernels.convGradKernelKernel(geo, parts), [x!, g!]);
  if (parts === 1) return partial;
  const shape = [parts, size];
  return kernel(reduceKernel('sum', shape, stridesOf(shape), [true, false]), [partial]);
};
