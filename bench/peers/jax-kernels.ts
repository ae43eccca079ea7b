/** Which function of jax-js computes an op, on arrays in its layout (channels first, kernels `[out, in, ...window]`). */
import { failure } from '../../src/tensor/errors.ts';
import { call, type Jax, type JaxArray } from './jax.ts';
import type { KernelCall } from './peer.ts';

type Kernel = (...inputs: JaxArray[]) => JaxArray;

type Build = (jax: Jax, attrs: KernelCall['attrs']) => Kernel;

const pool =
  (reduce: 'max' | 'mean'): Build =>
  ({ lax, numpy }, { window, strides }) =>
  (x) =>
    call(lax, 'reduceWindow', x, (values: JaxArray) => call(numpy, reduce, values), window, strides);

const reduction =
  (name: 'sum' | 'max' | 'min'): Build =>
  ({ numpy }, { axes }) =>
  (x) =>
    call(numpy, name, x, axes);

const table: Readonly<Record<string, Build>> = {
  matmul: ({ numpy }, { transposeA, transposeB }) => {
    if (transposeA || transposeB) throw failure('jax-js', 'only the product without transposes is mapped');
    return (a, b) => call(numpy, 'matmul', a, b);
  },
  conv:
    ({ lax }, { strides, pads }) =>
    (x, w) =>
      call(lax, 'conv', x, w, strides, pads),
  maxPool: pool('max'),
  avgPool: pool('mean'),
  softmax:
    ({ nn }, { axis }) =>
    (x) =>
      call(nn, 'softmax', x, axis),
  logSoftmax:
    ({ nn }, { axis }) =>
    (x) =>
      call(nn, 'logSoftmax', x, axis),
  relu:
    ({ nn }) =>
    (x) =>
      call(nn, 'relu', x),
  add:
    ({ numpy }) =>
    (a, b) =>
      call(numpy, 'add', a, b),
  sum: reduction('sum'),
  max: reduction('max'),
  min: reduction('min'),
  gather:
    ({ numpy }, { axis }) =>
    (rows, index) =>
      call(numpy, 'take', rows, index, axis),
};

/** The ops that have a counterpart here. */
export const jaxOps: readonly string[] = Object.keys(table);

export function jaxKernel(jax: Jax, { op, attrs }: KernelCall): Kernel {
  return table[op]!(jax, attrs);
}
