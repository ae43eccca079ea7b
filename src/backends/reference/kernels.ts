/**
 * Which loop of `kernels/reference` computes which op: element by element, along axes and products here, the other families in
 * the files beside it.
 */
import * as elementwise from '../../../kernels/reference/elementwise.ts';
import * as fused from '../../../kernels/reference/fused.ts';
import { gemm } from '../../../kernels/reference/matmul.ts';
import * as reduction from '../../../kernels/reference/reduce.ts';
import type { TableOp } from '../../ops/index.ts';
import { matmulSizes } from '../../ops/matmul.ts';
import { broadcastStrides, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import { movementKernels } from './movement.ts';
import { around, type Kernel } from './shared.ts';
import { windowKernels } from './windows.ts';

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

const bounded: Kernel = (_, __, { min = 0, max }) => {
  const [low, high] = [min as number, max as number];
  return (y, [x]) => elementwise.mapUnary(y, x!, (v) => Math.min(Math.max(v, low), high));
};

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

export const referenceKernels: Readonly<Record<TableOp, Kernel>> = {
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
  clip: bounded,
  clippedRelu: bounded,
  where: (out, inputs) => {
    const strides = inputs.map((input) => broadcastStrides(input.shape, out.shape));
    return (y, operands) => elementwise.selectBroadcast(y, operands, out.shape, strides);
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
  matmul,
  ...movementKernels,
  ...windowKernels,
};
