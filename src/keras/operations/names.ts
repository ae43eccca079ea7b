/**
 * The names that TensorFlow gives the operations of this folder: Python functions (`TFOpLambda`, without `tf.` and `math.`, `nn.`, … in
 * front) and node types of graphs (`TensorFlowOpLayer`). Only names that are not the snake case of Keras's class are listed.
 */

/** Python functions of `tf`. */
export const functionNames: Readonly<Record<string, string>> = {
  truediv: 'divide',
  true_divide: 'divide',
  floordiv: 'floor_divide',
  floormod: 'mod',
  pow: 'power',
  neg: 'negative',
  abs: 'absolute',
  eq: 'equal',
  ne: 'not_equal',
  lt: 'less',
  le: 'less_equal',
  gt: 'greater',
  ge: 'greater_equal',
  atan: 'arctan',
  sub: 'subtract',
  mul: 'multiply',
  reduce_sum: 'sum',
  reduce_mean: 'mean',
  reduce_max: 'max',
  reduce_min: 'min',
  reduce_prod: 'prod',
  reduce_any: 'any',
  reduce_all: 'all',
  reduce_logsumexp: 'logsumexp',
  reduce_variance: 'var',
  reduce_std: 'std',
  argmax: 'argmax_tf',
  argmin: 'argmin_tf',
  clip_by_value: 'clip',
  concat: 'concatenate',
  swish: 'silu',
  where_v2: 'where',
  getitem: 'get_item',
  reverse: 'flip',
  batch_matmul: 'matmul',
  leaky_relu: 'leaky_relu',
  gelu: 'gelu_tf',
  split: 'split_sizes',
  crelu: 'crelu',
};

/** Node types of TensorFlow graphs. */
export const nodeNames: Readonly<Record<string, string>> = {
  Add: 'add',
  AddV2: 'add',
  AddN: 'add_n',
  Sub: 'subtract',
  Mul: 'multiply',
  Div: 'divide',
  RealDiv: 'divide',
  DivNoNan: 'divide_no_nan',
  FloorDiv: 'floor_divide',
  FloorMod: 'mod',
  Pow: 'power',
  Neg: 'negative',
  Abs: 'absolute',
  Sum: 'sum',
  Mean: 'mean',
  Max: 'max',
  Min: 'min',
  Prod: 'prod',
  Any: 'any',
  All: 'all',
  ArgMax: 'argmax_tf',
  ArgMin: 'argmin_tf',
  MatMul: 'matmul',
  BatchMatMul: 'matmul',
  BatchMatMulV2: 'matmul',
  SelectV2: 'where',
  Select: 'where',
  Inv: 'reciprocal',
  ClipByValue: 'clip',
  GatherV2: 'gather',
  Pack: 'stack',
  Unpack: 'unstack',
  ReverseV2: 'flip',
  Fill: 'fill',
  PadV2: 'pad',
  BiasAdd: 'bias_add',
  SpaceToDepth: 'space_to_depth',
  DepthToSpace: 'depth_to_space',
  LogSoftmax: 'log_softmax',
  Tile: 'tile',
  Atan: 'arctan',
  ConcatV2: 'concatenate',
  StopGradient: 'stop_gradient',
};

/** `TrueDivide` to `true_divide`, as Keras itself names operations. */
export function snake(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
