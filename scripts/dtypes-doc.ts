/**
 * Writes docs/dtypes.md: what each op makes of each dtype. `node --import tsx scripts/dtypes-doc.ts`. The cells are asked of the ops
 * themselves; test/faults/dtypes.test.ts runs every cell on the backends.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { binders } from '../src/backends/gpu/binders.ts';
import type { Op } from '../src/graph/op.ts';
import * as o from '../src/ops/index.ts';
import type { DType } from '../src/tensor/dtype.ts';
import { PathgradError } from '../src/tensor/errors.ts';
import type { Shape } from '../src/tensor/shape.ts';
import { arange, ones, placeholder, Tensor } from '../src/tensor/tensor.ts';

/** Gives an operand of the cell's dtype: `[2, 3]` where no shape is said. */
export type Make = (shape?: Shape) => Tensor;
type Row = (x: Make) => Tensor;
type Pair = (a: o.Operand, b: o.Operand) => Tensor;

/** A function of one tensor, called with its options left out. */
const plain = (table: { readonly [name: string]: (x: Tensor) => Tensor }): [string, Row][] =>
  Object.entries(table).map(([name, f]) => [name, (x) => f(x())]);

/** An op on the operands of its first example, those without a dtype of their own being the cell's. */
const primitive = (op: Op): [string, Row] => [
  op.name,
  (x) => {
    const { inputs, attrs } = op.examples[0]!;
    const given = inputs.map((input) =>
      'dtype' in input ? (input.dtype === 'bool' ? ones(input.shape, 'bool') : index(input.shape)) : x(input),
    );
    return new Tensor(op, given, attrs, op.shape(given, attrs), null);
  },
];
const index = (shape: Shape): Tensor => o.broadcastTo(arange(1, 'int32'), shape);

// biome-ignore format: a list of names
const {
  exp, expm1, log, log1p, sqrt, rsqrt, reciprocal, sin, cos, tan, atan, tanh, erf, sigmoid, softplus, abs, square, sign,
  floor, ceil, round, neg, relu, relu6, leakyRelu, elu, selu, celu, gelu, silu, mish, exponential, softsign, hardSigmoid,
  hardSigmoid2, hardSilu, hardTanh, logSigmoid, hardShrink, softShrink, tanhShrink, squareplus, sparseSigmoid, sparsePlus,
  softmax, logSoftmax, sum, prod, max, min, mean, variance, logSumExp, argmax, argmin, linear, logicalNot, stopGradient, add,
  sub, mul, div, pow, maximum, minimum, equal, notEqual, less, lessEqual, greater, greaterEqual, logicalAnd, logicalOr,
} = o;

// biome-ignore format: one function a line
/** Functions of one tensor. */
export const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ...plain({ exp, expm1, log, log1p, sqrt, rsqrt, reciprocal, sin, cos, tan, atan, tanh, erf, sigmoid, softplus }),
  ...plain({ abs, neg, sign, square, floor, ceil, round, relu }),
  ['relu, threshold 0.5', (x) => o.relu(x(), { threshold: 0.5, negativeSlope: 0.1 })],
  ['clip(x, -1, 2)', (x) => o.clip(x(), -1, 2)],
  ['clip(x, 0, Infinity)', (x) => o.clip(x(), 0, Infinity)],
  ['clip(x, -0.5, 1.5)', (x) => o.clip(x(), -0.5, 1.5)],
  ...plain({ leakyRelu, elu, selu, celu, gelu: (x) => gelu(x), silu, mish, exponential, softsign, hardSigmoid, hardSigmoid2 }),
  ['gelu, approximate', (x) => gelu(x(), { approximate: true })],
  ...plain({ hardSilu, logSigmoid, softShrink, tanhShrink, squareplus, sparseSigmoid, sparsePlus }),
  ...plain({ relu6, hardTanh, hardShrink, linear }),
  ['glu', (x) => o.glu(x([2, 4]))],
  ...plain({ softmax: (x) => softmax(x), logSoftmax: (x) => logSoftmax(x) }),
  ['softmax, axis 0', (x) => softmax(x(), 0)],
  ...plain({ mean: (x) => mean(x), variance: (x) => variance(x), logSumExp: (x) => logSumExp(x) }),
  ...plain({ sum: (x) => sum(x), prod: (x) => prod(x), max: (x) => max(x), min: (x) => min(x) }),
  ['sum, axis 0', (x) => sum(x(), { axes: 0 })],
  ...plain({ argmax: (x) => argmax(x), argmin: (x) => argmin(x) }),
  ['layerNorm', (x) => o.layerNorm(x(), { gamma: x([3]), beta: x([3]) })],
  ['layerNorm, axes 0 and 1', (x) => o.layerNorm(x([2, 3, 2]), { axes: [0, 1] })],
  ['groupNorm', (x) => o.groupNorm(x([1, 2, 4]), 2)],
  ['unitNorm', (x) => o.unitNorm(x())],
  ['batchNorm', (x) => o.batchNorm(x(), { mean: x([3]), variance: o.square(x([3])), gamma: x([3]) })],
  ...plain({ logicalNot, stopGradient }),
  ['reshape', (x) => o.reshape(x(), [6])],
  ['transpose', (x) => o.transpose(x())],
  ['broadcastTo', (x) => o.broadcastTo(x(), [2, 2, 3])],
  ['slice', (x) => o.slice(x(), { 1: [1, 3] })],
  ['reverse', (x) => o.reverse(x(), [1])],
  ['concat', (x) => o.concat([x(), x()])],
  ['tile, repeat', (x) => o.repeat(o.tile(x(), [1, 2]), 2, 0)],
  ['pad with 0', (x) => o.pad(x(), [[0, 1], [1, 0]])],
  ['pad with 7', (x) => o.pad(x(), [[0, 1], [1, 0]], 7)],
  ['pad with -Infinity', (x) => o.pad(x(), [[0, 1], [1, 0]], -Infinity)],
  ['gather', (x) => o.gather(x(), index([4]))],
  ['embedding', (x) => o.embedding(ones([9, 2]), o.abs(x()))],
  ['oneHot', (x) => o.oneHot(x(), 4)],
  ["cast(x, 'int32')", (x) => o.cast(x(), 'int32')],
  ["cast(x, 'bool')", (x) => o.cast(x(), 'bool')],
  ["cast(x, 'float32')", (x) => o.cast(x(), 'float32')],
  ['matmul', (x) => o.matmul(x(), x(), { transposeB: true })],
  ['dense', (x) => o.dense(x(), x([3, 2]), x([2]))],
  ['einsum', (x) => o.einsum('ij,kj->ik', x(), x())],
  ['conv1d', (x) => o.conv1d(x([1, 4, 2]), x([2, 2, 1]))],
  ['convTranspose', (x) => o.convTranspose(x([1, 4, 2]), x([2, 1, 2]))],
  ['maxPool', (x) => o.maxPool(x([1, 4, 2]))],
  ['avgPool', (x) => o.avgPool(x([1, 4, 2]))],
  ['lstm', (x) => o.lstm(x([1, 2, 4]), x([1, 4]))],
  ['gru', (x) => o.gru(x([1, 2, 3]), x([1, 3]), x([3]))],
  ['simpleRnn', (x) => o.simpleRnn(x([1, 2, 1]), x([1, 1]))],
  ...Object.values<Op>(o.ops)
    .filter(({ name }) => name in binders && /Grad|^lerp|^conv$|Argmax|^standardize|^scatter|^gruReset/.test(name))
    .map(primitive),
]);

/** Functions of two operands, either of which may be a number. */
export const pairs: ReadonlyMap<string, Pair> = new Map<string, Pair>([
  ...Object.entries<Pair>({ add, sub, mul, div, pow, maximum, minimum }),
  ...Object.entries<Pair>({ equal, notEqual, less, lessEqual, greater, greaterEqual, logicalAnd, logicalOr }),
  ['where', (a, b) => o.where(o.greater(ones([2, 1]), arange(3)), a, b)],
]);

export const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
/** What two operands are: dtypes, or the number that stands for one. */
export const meetings: readonly (readonly [DType, DType | number])[] = [
  ['int32', 'int32'],
  ['bool', 'bool'],
  ['int32', 'bool'],
  ['int32', 'float32'],
  ['bool', 'float32'],
  ['int32', 'float64'],
  ['float32', 'float64'],
  ['int32', 2],
  ['int32', 0.5],
  ['bool', 2],
  ['bool', 0.5],
];

/** The dtype of the result, or 'error': one that this library throws. */
export function outcome(f: () => Tensor): DType | 'error' {
  try {
    return f().dtype;
  } catch (error) {
    if (error instanceof PathgradError) return 'error';
    throw error;
  }
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line), ''];
}

/** The whole page. */
export function dtypesDoc(): string {
  const ofOne = [...rows].map(([name, f]) => [
    `\`${name}\``,
    ...dtypes.map((dtype) => outcome(() => f((shape = [2, 3]) => placeholder(shape, dtype)))),
  ]);
  const ofTwo = [...pairs].map(([name, f]) => [
    `\`${name}\``,
    ...meetings.map(([a, b]) =>
      outcome(() => f(placeholder([2, 3], a), typeof b === 'number' ? b : placeholder([2, 3], b))),
    ),
  ]);
  return [
    '# Dtypes',
    '',
    'Generated by `scripts/dtypes-doc.ts` from the ops; do not edit. Every cell is run on the backends `reference`, `wasm` and `gpu`, which agree.',
    'The rules stand in `src/ops/promote.ts`. They are those of NumPy with float32 where NumPy takes float64, as in JAX and PyTorch:',
    '',
    '- Functions whose results have fractions (`exp`, `softmax`, `mean`, `div`, normalizations) compute int32 and bool in float32.',
    '- int32 or bool meets a float tensor in the dtype of the float. NumPy takes float64 for int32 with float32. float32 with float64 is an error.',
    '- A number that is whole and fits 32 bits meets int32 and bool as int32; any other number makes them float32.',
    '- Arithmetic on booleans counts them as int32 (`sum` of a mask is how many are true; NumPy refuses `true - true` and takes `true + true` for',
    '  `true`). Comparisons, `maximum`, `minimum`, `max`, `min` and `where` leave booleans what they are.',
    '- `pow` of integers is float32, since an exponent may be negative (NumPy throws then).',
    "- Products over windows and matrices, pools and recurrent nets take floats only, and so do gradients; `cast(x, 'float32')` is the way to them.",
    '',
    'int32 overflows modulo 2^32 as in NumPy. The backend `gpu` computes integers in float32: beyond 2^24 they lose digits. `wasm` and `gpu` have no',
    'float64. No gradient flows to an int32 or bool tensor.',
    '',
    '## One tensor',
    '',
    ...table(['function', ...dtypes], ofOne),
    '## Two operands',
    '',
    ...table(['function', ...meetings.map(([a, b]) => `${a}, ${b}`)], ofTwo),
  ].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('../docs/dtypes.md', import.meta.url), dtypesDoc());
}
