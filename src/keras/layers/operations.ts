/**
 * Keras 3 functional models hold bare operations among their layers: arithmetic (`x + y`, `ops.exp(x)`) and whatever made a mask
 * (`not_equal` of an Embedding, `any` of a Masking). Their class names can be those of layers, so the module tells them apart.
 */
import { relu } from '../../ops/activations.ts';
import * as binary from '../../ops/arithmetic.ts';
import * as unary from '../../ops/math.ts';
import { expandDims } from '../../ops/movement.ts';
import { max } from '../../ops/reduce.ts';
import { concat } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { full, Tensor } from '../../tensor/tensor.ts';
import type { LayerSpec } from '../config.ts';
import type { Options } from './options.ts';

/** A positional argument: a tensor, a list of them, or a number. */
export type Operand = Tensor | readonly Tensor[] | number;
export type Operation = (args: readonly Operand[]) => Tensor;
type Make = (options: Options) => Operation;

// @__NO_SIDE_EFFECTS__
const ofTwo =
  (f: (a: Tensor | number, b: Tensor | number) => Tensor): Make =>
  (o) =>
  (args) => {
    const [a, b] = args;
    const plain = (v: Operand | undefined): v is Tensor | number => typeof v === 'number' || v instanceof Tensor;
    if (args.length !== 2 || !plain(a) || !plain(b)) throw wrong(o, args, 'two tensors or numbers');
    return f(...sameType(a, b));
  };

// @__NO_SIDE_EFFECTS__
const ofOne =
  (make: (options: Options) => (x: Tensor) => Tensor): Make =>
  (o) => {
    const f = make(o);
    return (args) => {
      const [x] = args;
      if (args.length !== 1 || !(x instanceof Tensor)) throw wrong(o, args, 'one tensor');
      return f(x);
    };
  };

// @__NO_SIDE_EFFECTS__
const simple = (f: (x: Tensor) => Tensor): Make => ofOne(() => f);
const bool = (x: Tensor | number): Tensor => unary.cast(x as Tensor, 'bool');

/** The dtype option of `zeros_like` and `cast`; floats become the type that the model computes in. */
function typeOf(o: Options): (x: Tensor) => DType {
  const name = o.raw('dtype');
  if (name === undefined) return (x) => x.dtype;
  if (name === 'bool') return () => 'bool';
  if (typeof name === 'string' && /^u?int/.test(name)) return () => 'int32';
  if (typeof name !== 'string' || !/float/.test(name)) throw o.wrong('dtype', name, 'a float or integer type, or bool');
  return (x) => (isFloat(x.dtype) ? x.dtype : 'float32');
}

// @__NO_SIDE_EFFECTS__
const filled = (value: number): Make =>
  ofOne((o) => {
    const type = typeOf(o);
    return (x) => full(x.shape, value, type(x));
  });

const operations: Readonly<Record<string, Make>> = {
  Add: ofTwo(binary.add),
  Subtract: ofTwo(binary.sub),
  Multiply: ofTwo(binary.mul),
  Divide: ofTwo(binary.div),
  TrueDivide: ofTwo(binary.div),
  Power: ofTwo(binary.pow),
  Maximum: ofTwo(binary.maximum),
  Minimum: ofTwo(binary.minimum),
  Equal: ofTwo(binary.equal),
  NotEqual: ofTwo(binary.notEqual),
  Less: ofTwo(binary.less),
  LessEqual: ofTwo(binary.lessEqual),
  Greater: ofTwo(binary.greater),
  GreaterEqual: ofTwo(binary.greaterEqual),
  LogicalAnd: ofTwo((a, b) => binary.logicalAnd(bool(a), bool(b))),
  LogicalOr: ofTwo((a, b) => binary.logicalOr(bool(a), bool(b))),
  LogicalNot: simple((x) => unary.logicalNot(bool(x))),
  Negative: simple(binary.neg),
  Absolute: simple(unary.abs),
  Exp: simple(unary.exp),
  Log: simple(unary.log),
  Sqrt: simple(unary.sqrt),
  Square: simple(unary.square),
  Tanh: simple(unary.tanh),
  Sigmoid: simple(unary.sigmoid),
  Relu: simple((x) => relu(x)),
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Softmax: ofOne((o) => {
    const axis = o.number('axis', -1);
    return (x) => softmax(x, axis);
  }),
  ExpandDims: ofOne((o) => {
    const axis = o.number('axis');
    return (x) => expandDims(x, axis);
  }),
  Any: ofOne((o) => {
    const axes = o.raw('axis') === undefined ? undefined : o.integers('axis');
    const options = { ...(axes ? { axes } : {}), keepDims: o.flag('keepdims', false) };
    return (x) => bool(max(unary.cast(bool(x), 'int32'), options));
  }),
  Concatenate: (o) => {
    const axis = o.number('axis', -1);
    return (args) => {
      const [xs] = args;
      if (args.length !== 1 || !Array.isArray(xs)) throw wrong(o, args, 'a list of tensors');
      return concat(xs as readonly Tensor[], axis);
    };
  },
};

/** Whether the entry is an operation rather than a layer. Legacy `.h5` names no module; there only layers say `trainable`. */
export function isOperation(spec: LayerSpec): boolean {
  if (spec.module !== null) return /(^|\.)ops(\.|$)/.test(spec.module);
  return !('trainable' in spec.config) && !('dtype' in spec.config) && findOperation(spec.className) !== undefined;
}

/** The names of all supported operations. */
export const supportedOperations: readonly string[] = /* @__PURE__ */ (() => Object.keys(operations).sort())();

export function findOperation(className: string): Make | undefined {
  return Object.hasOwn(operations, className) ? operations[className] : undefined;
}

function wrong(o: Options, args: readonly Operand[], expected: string): Error {
  return failure(o.subject, 'the operation is called with other arguments', { expected, got: args.map(String) });
}

/** An integer meets a float as a float. */
function sameType(a: Tensor | number, b: Tensor | number): [Tensor | number, Tensor | number] {
  const float = [a, b].find((v) => v instanceof Tensor && isFloat(v.dtype));
  if (!(float instanceof Tensor)) return [a, b];
  const lift = (v: Tensor | number): Tensor | number =>
    v instanceof Tensor && !isFloat(v.dtype) ? unary.cast(v, float.dtype) : v;
  return [lift(a), lift(b)];
}
