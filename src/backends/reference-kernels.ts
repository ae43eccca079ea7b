/** Which loop of `kernels/reference` computes which op: attrs and shapes in, a function on arrays out. */
import * as convolution from '../../kernels/reference/conv.ts';
import * as elementwise from '../../kernels/reference/elementwise.ts';
import * as fused from '../../kernels/reference/fused.ts';
import { gemm } from '../../kernels/reference/matmul.ts';
import * as movement from '../../kernels/reference/movement.ts';
import * as path from '../../kernels/reference/path.ts';
import * as pooling from '../../kernels/reference/pool.ts';
import * as reduction from '../../kernels/reference/reduce.ts';
import type { Attrs } from '../graph/op.ts';
import type { ConvAttrs } from '../ops/conv.ts';
import type { OpName } from '../ops/index.ts';
import { matmulSizes } from '../ops/matmul.ts';
import type { PoolAttrs } from '../ops/pool.ts';
import type { Pads } from '../ops/slicing.ts';
import { allocate, type TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { broadcastStrides, type Shape, sameShape, sizeOf, stridesOf } from '../tensor/shape.ts';
import type { TensorSpec } from '../tensor/tensor.ts';
import { recurrentKernels } from './reference-recurrent.ts';

export type Kernel = (
  out: TensorSpec,
  inputs: readonly TensorSpec[],
  attrs: Attrs,
) => (out: TypedArray, inputs: readonly TypedArray[]) => void;

const unary =
  (f: elementwise.Unary): Kernel =>
  () =>
  (out, [x]) =>
    elementwise.mapUnary(out, x!, f);

const binary =
  (f: elementwise.Binary): Kernel =>
  (out, [a, b]) => {
    const dense = (x: TensorSpec): boolean => sameShape(x.shape, out.shape) || sizeOf(x.shape) === 1;
    if (dense(a!) && dense(b!)) return (y, [u, v]) => elementwise.mapBinary(y, u!, v!, f);
    const [sa, sb] = [broadcastStrides(a!.shape, out.shape), broadcastStrides(b!.shape, out.shape)];
    return (y, [u, v]) => elementwise.mapBroadcast(y, u!, v!, f, out.shape, sa, sb);
  };

type Named<T, F> = { [K in keyof T]: F };
const each = <T extends Record<string, F>, F>(table: T, wrap: (f: F) => Kernel): Named<T, Kernel> =>
  Object.fromEntries(Object.entries(table).map(([name, f]) => [name, wrap(f)])) as Named<T, Kernel>;

/** Sizes before, along and after one axis. */
function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

const reducer =
  (by: reduction.Reducer): Kernel =>
  (_, [x], attrs) => {
    const axes = attrs['axes'] as readonly number[];
    if (axes.length === 0) return (y, [v]) => y.set(v!);
    // From the last axis to the first, partial results stay in double.
    const passes = [...axes].reverse().map((axis, i) => {
      const shape = x!.shape.map((dim, a) => (axes.slice(axes.length - i).includes(a) ? 1 : dim));
      return around(shape, axis);
    });
    return (y, [v]) => {
      let from: ArrayLike<number> = v!;
      passes.forEach(([outer, count, inner], i) => {
        const to = i === passes.length - 1 ? y : new Float64Array(outer * inner);
        reduction.reduceMiddle(to, from, outer, count, inner, by);
        from = to;
      });
    };
  };

const softmax =
  (log: boolean): Kernel =>
  (_, [x], attrs) => {
    const [outer, count, inner] = around(x!.shape, attrs['axis'] as number);
    return (y, [v]) => reduction.softmaxMiddle(y, v!, outer, count, inner, log);
  };

const three = (sizes: readonly number[]): [number, number, number] =>
  [...new Array<number>(3 - sizes.length).fill(1), ...sizes] as [number, number, number];
const before = (pads: Pads): [number, number, number] => {
  const [d, h, w] = [...new Array<number>(3 - pads.length).fill(0), ...pads.map((pad) => pad[0])];
  return [d!, h!, w!];
};

function convGeometry(x: Shape, w: Shape, y: Shape, attrs: Attrs): convolution.ConvGeometry {
  const { strides, dilations, pads, groups } = attrs as unknown as ConvAttrs;
  return {
    batch: x[0]!,
    input: three(x.slice(1, -1)),
    output: three(y.slice(1, -1)),
    window: three(w.slice(0, -2)),
    stride: three(strides),
    dilation: three(dilations),
    before: before(pads),
    groups,
    inChannels: x.at(-1)!,
    outChannels: w.at(-1)!,
  };
}

function poolGeometry(x: Shape, y: Shape, attrs: Attrs): pooling.PoolGeometry {
  const { window, strides, pads } = attrs as unknown as PoolAttrs;
  return {
    batch: x[0]!,
    channels: x.at(-1)!,
    input: three(x.slice(1, -1)),
    output: three(y.slice(1, -1)),
    window: three(window),
    stride: three(strides),
    before: before(pads),
  };
}

type ConvKernel = typeof convolution.conv;
const convKernel =
  (run: ConvKernel, shapes: (out: Shape, a: Shape, b: Shape) => [Shape, Shape, Shape]): Kernel =>
  (out, [a, b], attrs) => {
    const geometry = convGeometry(...shapes(out.shape, a!.shape, b!.shape), attrs);
    const patches = allocate(out.dtype, convolution.patchCount(geometry));
    return (y, [u, v]) => run(y, u!, v!, geometry, patches);
  };

/** Offset and strides of `part` seen inside `whole`. */
function window(whole: Shape, begin: readonly number[], step: readonly number[]): { at: number; strides: number[] } {
  const strides = stridesOf(whole);
  const at = begin.reduce((total, index, axis) => total + index * strides[axis]!, 0);
  return { at, strides: strides.map((by, axis) => by * step[axis]!) };
}

function checkIndex(op: string, index: TypedArray, size: number, axis: number): void {
  const bad = movement.findOutside(index, size);
  if (bad >= 0) {
    const details = { index: index[bad], at: bad, axis };
    throw failure(
      op,
      `index ${index[bad]} is outside [0, ${size})`,
      details,
      'for token ids: the vocabulary is smaller',
    );
  }
}

const matmul: Kernel = (out, [a, b], attrs) => {
  const flags = attrs as { transposeA: boolean; transposeB: boolean };
  const [m, k, n] = matmulSizes(a!, b!, flags);
  const lead = out.shape.slice(0, -2);
  const matrices = (shape: Shape): number[] => [
    ...broadcastStrides(shape.slice(0, -2), lead).map((s) => s * shape.at(-2)! * shape.at(-1)!),
    0,
  ];
  const strides = [matrices(a!.shape), matrices(b!.shape)];
  const [ca, cb] = [a!.shape.at(-1)!, b!.shape.at(-1)!];
  const [ra, ia] = flags.transposeA ? [1, ca] : [ca, 1];
  const [rb, ib] = flags.transposeB ? [1, cb] : [cb, 1];
  return (y, [u, v]) =>
    elementwise.forEachRow([...lead, 1], strides, (index, [atA, atB]) =>
      gemm(
        { data: y, at: index * m * n, row: n, col: 1 },
        { data: u!, at: atA!, row: ra, col: ia },
        { data: v!, at: atB!, row: rb, col: ib },
        m,
        k,
        n,
      ),
    );
};

const copy: Kernel =
  () =>
  (y, [x]) =>
    y.set(x!);

export const referenceKernels: Readonly<Record<OpName, Kernel>> = {
  ...each<typeof elementwise.unaryFunctions, elementwise.Unary>(elementwise.unaryFunctions, unary),
  ...each<typeof elementwise.binaryFunctions, elementwise.Binary>(elementwise.binaryFunctions, binary),
  gelu: unary(fused.gelu),
  geluGrad:
    () =>
    (y, [g, x]) =>
      fused.geluGrad(y, g!, x!),
  standardizeRows:
    (out, _, { epsilon }) =>
    (y, [x]) =>
      fused.standardizeRows(y, x!, out.shape.at(-1)!, epsilon as number),
  standardizeRowsGrad:
    (out, _, { epsilon }) =>
    (y, [g, x]) =>
      fused.standardizeRowsGrad(y, g!, x!, out.shape.at(-1)!, epsilon as number),
  softmaxRowsGrad:
    (out) =>
    (z, [g, y]) =>
      fused.softmaxRowsGrad(z, g!, y!, out.shape.at(-1)!),
  clip: (_, __, { min, max }) => {
    const [low, high] = [min as number, max as number];
    return (y, [x]) => elementwise.mapUnary(y, x!, (v) => Math.min(Math.max(v, low), high));
  },
  where: (out, inputs) => {
    const strides = inputs.map((input) => broadcastStrides(input.shape, out.shape));
    return (y, operands) => elementwise.selectBroadcast(y, operands, out.shape, strides);
  },
  lerpMaxPool: (out, [start], attrs) => {
    const { relu } = attrs as { relu: boolean };
    const geometry = poolGeometry(start!.shape, [start!.shape[0]!, ...out.shape.slice(1)], attrs);
    return (y, [from, delta, alpha]) => path.lerpMaxPool(y, from!, delta!, alpha!, geometry, relu);
  },
  lerpMaxPoolGrad: (_, [start, , , g], attrs) => {
    const { relu, ties } = attrs as { relu: boolean; ties: 'first' | 'share' };
    const geometry = poolGeometry(start!.shape, [start!.shape[0]!, ...g!.shape.slice(1)], attrs);
    return (y, operands) => path.lerpMaxPoolGrad(y, operands, geometry, relu, ties === 'share');
  },
  lerp:
    () =>
    (y, [start, delta, alpha]) =>
      elementwise.lerp(y, start!, delta!, alpha!),
  cast:
    (out) =>
    (y, [x]) =>
      out.dtype === 'bool' ? elementwise.mapUnary(y, x!, (v) => (v === 0 ? 0 : 1)) : y.set(x!),
  softmax: softmax(false),
  logSoftmax: softmax(true),
  sum: reducer('sum'),
  max: reducer('max'),
  min: reducer('min'),
  argmax: (_, [x], { axis }) => {
    const [outer, count, inner] = around(x!.shape, axis as number);
    return (y, [v]) => reduction.argmaxMiddle(y, v!, outer, count, inner);
  },
  reshape: copy,
  stopGradient: copy,
  transpose: (out, [x], attrs) => {
    const from = stridesOf(x!.shape);
    const strides = (attrs['perm'] as readonly number[]).map((axis) => from[axis]!);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, 0);
  },
  broadcastTo: (out, [x]) => {
    const strides = broadcastStrides(x!.shape, out.shape);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, 0);
  },
  slice: (out, [x], attrs) => {
    const { at, strides } = window(x!.shape, attrs['begin'] as readonly number[], attrs['step'] as readonly number[]);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, at);
  },
  pad: (out, [x], attrs) => {
    const { pads, gaps, value } = attrs as { pads: Pads; gaps: readonly number[]; value: number };
    const { at, strides } = window(
      out.shape,
      pads.map((p) => p[0]),
      gaps.map((gap) => gap + 1),
    );
    return (y, [v]) => {
      y.fill(value);
      if (v!.length > 0) movement.stridedWrite(y, v!, x!.shape, strides, at);
    };
  },
  reverse: (out, [x], attrs) => {
    const axes = attrs['axes'] as readonly number[];
    const turn = x!.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1));
    const begin = x!.shape.map((dim, axis) => (axes.includes(axis) ? dim - 1 : 0));
    const { at, strides } = window(x!.shape, begin, turn);
    return (y, [v]) => movement.stridedRead(y, v!, out.shape, strides, at);
  },
  concat: (_, inputs, { axis }) => {
    const outer = sizeOf(inputs[0]!.shape.slice(0, axis as number));
    const widths = inputs.map((input) => sizeOf(input.shape.slice(axis as number)));
    return (y, xs) => movement.concatRows(y, xs, outer, widths);
  },
  gather: (_, [x], { axis }) => {
    const [outer, size, inner] = around(x!.shape, axis as number);
    return (y, [v, index]) => {
      checkIndex('gather', index!, size, axis as number);
      movement.gather(y, v!, index!, outer, size, inner);
    };
  },
  scatterAdd: (out, _, { axis }) => {
    const [outer, size, inner] = around(out.shape, axis as number);
    return (y, [v, index]) => {
      checkIndex('scatterAdd', index!, size, axis as number);
      movement.scatterAdd(y, v!, index!, outer, size, inner);
    };
  },
  matmul,
  conv: convKernel(convolution.conv, (y, x, w) => [x, w, y]),
  convGradInput: convKernel(convolution.convGradInput, (x, g, w) => [x, w, g]),
  convGradKernel: convKernel(convolution.convGradKernel, (w, x, g) => [x, w, g]),
  maxPool: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.maxPool(y, v!, geometry, false);
  },
  maxPoolGrad: (_, [x, g], attrs) => {
    const geometry = poolGeometry(x!.shape, g!.shape, attrs);
    const where = new Int32Array(sizeOf(g!.shape));
    return (y, [v, gradient]) => {
      pooling.maxPool(where, v!, geometry, true);
      pooling.maxPoolGrad(y, v!, gradient!, where, attrs['rectified'] === true);
    };
  },
  maxPoolArgmax: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.maxPool(y, v!, geometry, true);
  },
  avgPool: (out, [x], attrs) => {
    const geometry = poolGeometry(x!.shape, out.shape, attrs);
    return (y, [v]) => pooling.avgPool(y, v!, geometry);
  },
  avgPoolGrad: (out, [g], attrs) => {
    const geometry = poolGeometry(out.shape, g!.shape, attrs);
    return (y, [v]) => pooling.avgPoolGrad(y, v!, geometry);
  },
  ...recurrentKernels,
};
