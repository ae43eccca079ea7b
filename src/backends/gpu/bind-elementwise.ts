/** Elementwise ops: which formula, and how operands are read. */
import * as kernels from '../../../kernels/gpu/elementwise.ts';
import * as formulas from '../../../kernels/gpu/formulas.ts';
import { broadcastStrides, sizeOf } from '../../tensor/shape.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Binder } from './step.ts';

/** Functions whose results are integers where their operands are. */
const closed = new Set('add sub mul maximum minimum neg abs square sign floor ceil round relu logicalNot'.split(' '));

/** Integers are floats on the device: a result that may have a fraction loses it, as it would in an array of integers. */
const cuts = (op: string, out: TensorSpec): boolean => out.dtype === 'int32' && !closed.has(op);

export const unary: Binder = ({ op, out, inputs, kernel }) => {
  const body = formulas.unaryBodies[op as keyof typeof formulas.unaryBodies];
  return kernel(kernels.unaryKernel(op, body, sizeOf(out.shape), {}, cuts(op, out)), inputs);
};

export const binary: Binder = ({ op, out, inputs, kernel }) => {
  const body = formulas.binaryBodies[op as keyof typeof formulas.binaryBodies];
  const strides = inputs.map(({ shape }) => broadcastStrides(shape, out.shape));
  return kernel(kernels.binaryKernel(op, body, out.shape, strides, cuts(op, out)), inputs);
};

export const where: Binder = ({ out, inputs, kernel }) => {
  const strides = inputs.map(({ shape }) => broadcastStrides(shape, out.shape));
  return kernel(kernels.whereKernel(out.shape, strides), inputs);
};

export const clip: Binder = ({ out, inputs, attrs, kernel }) => {
  const { body, floats } = formulas.clipBody((attrs['min'] ?? 0) as number, attrs['max'] as number);
  return kernel(kernels.unaryKernel('clip', body, sizeOf(out.shape), floats, cuts('clip', out)), inputs);
};

/** Integers and booleans are floats on the device: only what loses something is computed. */
export const cast: Binder = ({ out, inputs, kernel }) => {
  const [x] = inputs;
  const convert = (name: string, text: string) => kernel(kernels.unaryKernel(name, text, sizeOf(out.shape)), inputs);
  if (out.dtype === 'bool' && x!.dtype !== 'bool') return convert('castBool', formulas.truthBody);
  if (out.dtype === 'int32' && x!.dtype === 'float32') return convert('castInt', formulas.truncateBody);
  return x!;
};

export const lerp: Binder = ({ inputs, kernel }) => {
  const [start, , alpha] = inputs;
  return kernel(kernels.lerpKernel(alpha!.shape[0]!, sizeOf(start!.shape)), inputs);
};
