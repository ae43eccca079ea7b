/** Calls ONNX operators directly, without a file: attributes as plain values, inputs as tensors. */
import type { Attributes, OperatorCall } from '../../src/onnx/operator.ts';
import { operators } from '../../src/onnx/operators/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export type AttributeValue = number | string | Tensor | readonly number[] | readonly string[];

export interface CallOptions {
  readonly attrs?: Readonly<Record<string, AttributeValue>>;
  readonly opset?: number;
  readonly domain?: string;
  readonly dtype?: 'float32' | 'float64';
  /** How many results somebody reads; 1 by default. */
  readonly outputs?: number;
  /** Element types of inputs in the file, by number; float where not given. */
  readonly types?: readonly number[];
}

function attributes(values: Readonly<Record<string, AttributeValue>>): Attributes {
  const get = (name: string, fallback?: unknown): never => {
    const value = Object.hasOwn(values, name) ? values[name] : fallback;
    if (value === undefined) throw new Error(`attribute ${name} is missing`);
    return value as never;
  };
  return {
    has: (name) => Object.hasOwn(values, name),
    int: get,
    ints: get,
    float: get,
    floats: get,
    text: get,
    texts: get,
    tensor: get,
  };
}

/** The results of one node. Inputs that are constants count as such. */
export function callOperator(
  opType: string,
  inputs: readonly (Tensor | null)[],
  { attrs = {}, opset = 23, domain = '', dtype = 'float64', outputs = 1, types = [] }: CallOptions = {},
): readonly Tensor[] {
  const operator = operators[domain]?.[opType];
  if (!operator) throw new Error(`no operator ${domain} ${opType}`);
  const call: OperatorCall = {
    name: 'node',
    opType,
    domain,
    opset,
    dtype,
    inputs,
    attrs: attributes(attrs),
    elementType: (i) => types[i] ?? 1,
    constant: (i) => inputs[i]?.constant ?? null,
    wanted: new Array<boolean>(outputs).fill(true),
  };
  return operator(call);
}

/** The first result. */
export function callOne(opType: string, inputs: readonly (Tensor | null)[], options: CallOptions = {}): Tensor {
  return callOperator(opType, inputs, options)[0]!;
}
