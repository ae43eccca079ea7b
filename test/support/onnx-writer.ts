/** Writes ONNX files field by field (onnx.proto): whatever a test needs, honest or not. */

export type Bytes = readonly number[] | Uint8Array;

function varint(value: number): number[] {
  const out: number[] = [];
  // Negative numbers are written in ten bytes, as the complement to 2^64.
  let rest = value < 0 ? 2n ** 64n + BigInt(value) : BigInt(value);
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...out, Number(rest)];
}

export const number = (id: number, value: number): number[] => [...varint(id * 8), ...varint(value)];
export const bytes = (id: number, value: Bytes): number[] => [...varint(id * 8 + 2), ...varint(value.length), ...value];
export const string = (id: number, value: string): number[] => bytes(id, new TextEncoder().encode(value));
const raw = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
export const float = (id: number, value: number): number[] => [...varint(id * 8 + 5), ...raw(Float32Array.of(value))];

/** A tensor with its values as little-endian bytes. @param type number of the element type */
export const tensorOf = (name: string, shape: readonly number[], type: number, data: ArrayBufferView): number[] =>
  tensorWith(name, shape, type, bytes(9, raw(data)));

/** A tensor whose values lie in other fields. */
export const tensorWith = (name: string, shape: readonly number[], type: number, fields: Bytes): number[] => [
  ...shape.flatMap((dim) => number(1, dim)),
  ...number(2, type),
  ...string(8, name),
  ...fields,
];

export const floats = (name: string, shape: readonly number[], values: readonly number[]): number[] =>
  tensorOf(name, shape, 1, Float32Array.from(values));
export const ints = (name: string, shape: readonly number[], values: readonly number[]): number[] =>
  tensorOf(
    name,
    shape,
    7,
    BigInt64Array.from(values, (v) => BigInt(v)),
  );

/** A wave: the same each time, of both signs. */
export function wave(name: string, shape: readonly number[], seed: number): number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  return floats(
    name,
    shape,
    Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + seed)),
  );
}

export const attribute = {
  int: (name: string, value: number): number[] => [...string(1, name), ...number(3, value), ...number(20, 2)],
  float: (name: string, value: number): number[] => [...string(1, name), ...float(2, value), ...number(20, 1)],
  ints: (name: string, list: readonly number[]): number[] => [
    ...string(1, name),
    ...list.flatMap((value) => number(8, value)),
    ...number(20, 7),
  ],
  tensor: (name: string, tensor: Bytes): number[] => [...string(1, name), ...bytes(5, tensor), ...number(20, 4)],
  graph: (name: string, graph: Bytes): number[] => [...string(1, name), ...bytes(6, graph), ...number(20, 5)],
  /** What the function around it is called with. */
  reference: (name: string, of: string, type: number): number[] => [
    ...string(1, name),
    ...string(21, of),
    ...number(20, type),
  ],
};

export interface NodeOptions {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attributes?: readonly Bytes[];
}

export function nodeOf(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  { name, domain, overload, attributes = [] }: NodeOptions = {},
): number[] {
  return [
    ...inputs.flatMap((each) => string(1, each)),
    ...outputs.flatMap((each) => string(2, each)),
    ...string(3, name ?? outputs[0] ?? ''),
    ...string(4, op),
    ...attributes.flatMap((each) => bytes(5, each)),
    ...(domain ? string(7, domain) : []),
    ...(overload ? string(8, overload) : []),
  ];
}

/** A node of one output, called as it; attributes are lists of integers. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  lists: Readonly<Record<string, readonly number[]>> = {},
): number[] =>
  nodeOf(op, inputs, [output], {
    attributes: Object.entries(lists).map(([name, list]) => attribute.ints(name, list)),
  });

/** A value; sizes that are null are open. */
export function typedValue(name: string, shape: readonly (number | null)[], type = 1): number[] {
  const dims = shape.flatMap((dim) => bytes(1, dim === null ? string(2, 'N') : number(1, dim)));
  return [...string(1, name), ...bytes(2, bytes(1, [...number(1, type), ...bytes(2, dims)]))];
}

/** A value of floats with any number of rows. */
export const value = (name: string, row: readonly number[]): number[] => typedValue(name, [null, ...row]);

export interface Parts {
  readonly nodes: readonly Bytes[];
  readonly initializers?: readonly Bytes[];
  readonly inputs?: readonly Bytes[];
  readonly output?: Bytes;
  readonly outputs?: readonly Bytes[];
}

export function graph(name: string, { nodes, initializers = [], inputs = [], output, outputs = [] }: Parts): number[] {
  return [
    ...nodes.flatMap((each) => bytes(1, each)),
    ...string(2, name),
    ...initializers.flatMap((each) => bytes(5, each)),
    ...inputs.flatMap((each) => bytes(11, each)),
    ...[...(output ? [output] : []), ...outputs].flatMap((each) => bytes(12, each)),
  ];
}

export interface FileOptions {
  readonly opset?: number;
  /** Other domains and their versions. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: readonly Bytes[];
}

export function model(
  name: string,
  parts: Parts,
  { opset = 17, domains = {}, functions = [] }: FileOptions = {},
): Uint8Array {
  return Uint8Array.from([
    ...number(1, 8),
    ...string(2, 'test'),
    ...bytes(7, graph(name, parts)),
    ...bytes(8, number(2, opset)),
    ...Object.entries(domains).flatMap(([domain, version]) => bytes(8, [...string(1, domain), ...number(2, version)])),
    ...functions.flatMap((each) => bytes(25, each)),
  ]);
}

interface FunctionOptions {
  readonly attributes?: readonly string[];
  readonly defaults?: readonly Bytes[];
  /** Null for a function that imports none. */
  readonly opset?: number | null;
  readonly overload?: string;
}

/** A function of the model's own. */
export function functionOf(
  name: string,
  domain: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly Bytes[],
  { attributes = [], defaults = [], opset = 17, overload }: FunctionOptions = {},
): number[] {
  return [
    ...string(1, name),
    ...inputs.flatMap((each) => string(4, each)),
    ...outputs.flatMap((each) => string(5, each)),
    ...attributes.flatMap((each) => string(6, each)),
    ...nodes.flatMap((each) => bytes(7, each)),
    ...(opset === null ? [] : bytes(9, number(2, opset))),
    ...string(10, domain),
    ...defaults.flatMap((each) => bytes(11, each)),
    ...(overload ? string(13, overload) : []),
  ];
}
