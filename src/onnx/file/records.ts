/** What an ONNX file says, before anything is made of it. Source: `onnx.proto` of onnx 1.22. */

/** Element types by their number. */
export const typeNames = [
  ...[
    'undefined',
    'float',
    'uint8',
    'int8',
    'uint16',
    'int16',
    'int32',
    'int64',
    'string',
    'bool',
    'float16',
    'double',
  ],
  ...['uint32', 'uint64', 'complex64', 'complex128', 'bfloat16', 'float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2'],
  ...['float8e5m2fnuz', 'uint4', 'int4', 'float4e2m1', 'float8e8m0', 'uint2', 'int2'],
] as const;

export interface TensorRecord {
  readonly name: string;
  readonly dims: readonly number[];
  /** Number of the element type. */
  readonly type: number;
  /** Little-endian bytes; null where the values lie in a field of their type or in another file. */
  readonly raw: Uint8Array | null;
  /** `float_data`, `double_data`, or one of the fields of integers. */
  readonly values: ArrayLike<number> | null;
  readonly isText: boolean;
  /** `location`, `offset`, `length` of values in another file. */
  readonly external: ReadonlyMap<string, string> | null;
}

export interface AttributeRecord {
  readonly name: string;
  readonly float: number | null;
  readonly int: number | null;
  readonly text: string | null;
  readonly tensor: TensorRecord | null;
  readonly graph: GraphRecord | null;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly texts: readonly string[];
  /** The attribute of the function around it that stands here. */
  readonly reference: string | null;
  /** What it holds that is not read: sparse tensors, types, lists of graphs. */
  readonly unread: string | null;
}

export interface NodeRecord {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Which of the model's functions of that name it calls. */
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeRecord>;
}

export interface ValueRecord {
  readonly name: string;
  /** Number of the element type; 0 where it is not stated or no tensor. */
  readonly type: number;
  /** Null where the rank is not stated; sizes are null where they are open. */
  readonly shape: readonly (number | null)[] | null;
}

export interface GraphRecord {
  readonly name: string;
  readonly nodes: readonly NodeRecord[];
  readonly initializers: readonly TensorRecord[];
  readonly sparse: number;
  readonly inputs: readonly ValueRecord[];
  readonly outputs: readonly ValueRecord[];
}

export interface FunctionRecord {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeRecord[];
  readonly opsets: ReadonlyMap<string, number>;
  /** Defaults of its attributes. */
  readonly defaults: ReadonlyMap<string, AttributeRecord>;
}

export interface OnnxFile {
  /** What errors call it. */
  readonly name: string;
  readonly bytes: number;
  readonly irVersion: number;
  readonly producer: string;
  /** Version by domain; the standard one is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphRecord;
  readonly functions: readonly FunctionRecord[];
}
