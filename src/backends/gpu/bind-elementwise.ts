/** Elementwise ops: which formula, and how operands are read. */
import * as kernels from '../../../kernels/gpu/elementwise.ts';
import * as formulas from '../../../kernels/gpu/formulas.ts';
import { broadcastStrides, sizeOf } from '../../tensor/shape.ts';
import type { Binder } from './step.ts';

export const unary: Binder = ({ op, out, inputs, kernel }) => {
  const body = formulas.unaryBodies[op as keyof typeof formulas.unaryBodies];
  return kernel(kernels.unaryKernel(op, body, sizeOf(out.shape)), inputs);
};

export const binary: Binder = ({ op, out, inputs, kernel }) => {
  const body = formulas.binaryBodies[op as keyof typeof formulas.binaryBodies];
  const strides = inputs.map(({ shape }) => broadcastStrides(shape, out.shape));
  return kernel(kernels.binaryKernel(op, body, out.shape, strides), inputs);
};

export const where: Binder = ({ out, inputs, kernel }) => {
  const strides = inputs.map(({ shape }) => broadcastStrides(shape, out.shape));
  return kernel(kernels.whereKernel(out.shape, strides), inputs);
};

export const clip: Binder = ({ out, inputs, attrs, kernel }) => {
  const { body, floats } = formulas.clipBody(attrs['min'] as number, attrs['max'] as number);
  return kernel(kernels.unaryKernel('clip', body, sizeOf(out.shape), floats), inputs);
};

/** Integers and booleans are floats on the device: only what loses something is computed. */
export const cast: Binder = ({ out, inputs, kernel }) => {
  const [x] = inputs;
  const from = x!.dtype;
  const size = sizeOf(out.shape);
  if (out.dtype === 'bool' && from !== 'bool')
    return kernel(kernels.unaryKernel('castBool', formulas.truthBody, size), inputs);
  if (out.dtype === 'int32' && from === 'float32') {
    return kernel(kernels.unaryKernel('castInt', formulas.truncateBody, size), inputs);
  }
  return x!;
};

export const lerp: Binder = ({ inputs, kernel }) => {
  const [start, , alpha] = inputs;
  return kernel(kernels.lerpKernel(alpha!.shape[0]!, sizeOf(start!.shape)), inputs);
};
