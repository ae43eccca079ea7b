/** Products of matrices, softmaxes. Source: Operators.md of ONNX 1.22. */
import { add, equal, greaterEqual, mul } from '../../ops/binary.ts';
import { einsum } from '../../ops/einsum.ts';
import { matmul } from '../../ops/matmul.ts';
import { expandDims, reshape, transpose } from '../../ops/movement.ts';
import { counted } from '../../ops/promote.ts';
import { argmax } from '../../ops/reduce.ts';
import { slice } from '../../ops/slicing.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { abs, cast } from '../../ops/unary.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { normalizeAxis, sizeOf } from '../../tensor/shape.ts';
import { arange, type Tensor } from '../../tensor/tensor.ts';
import type { Operator, OperatorCall } from '../operator.ts';
import { estimateIn, guarded, guardedBy, stoppedWhere } from './numbers/guarded.ts';
import { wholeProduct, wrapped } from './numbers/integers.ts';
import { all, at, fail, integer, maybe, number, subjectOf, text, typeOf } from './support.ts';

interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** NumPy's product: vectors are a row in front and a column behind. */
export function product(a: Tensor, b: Tensor, options: Transposes = {}): Tensor {
  const left = a.rank === 1 ? expandDims(a, 0) : a;
  const right = b.rank === 1 ? expandDims(b, 1) : b;
  const y = oneProduct(left, right, options);
  const shape = y.shape.filter((_, i) => !(a.rank === 1 && i === y.rank - 2) && !(b.rank === 1 && i === y.rank - 1));
  return reshape(y, shape);
}

/** The product of integers, exact to the last of 32 bits; one too big for that is computed in floats, and then no sum may leave 24 bits. */
function integerProduct(call: OperatorCall, a: Tensor, b: Tensor, options: Transposes): Tensor {
  const dtype = estimateIn(a, b);
  const inFloats = (f = (x: Tensor): Tensor => x): Tensor => product(f(cast(a, dtype)), f(cast(b, dtype)), options);
  const [left, right] = [options.transposeA ? turned(a) : a, options.transposeB ? turned(b) : b];
  const exact = wholeProduct(counted(left), counted(right));
  if (exact) return guarded(call, exact, () => inFloats());
  const problem = `sums products of integers beyond 2^${dtype === 'float64' ? 31 : 24}, where its size allows no more`;
  const most = dtype === 'float64' ? 2 ** 31 : 2 ** 24;
  return wrapped(
    stoppedWhere(call, cast(inFloats(), 'int32'), greaterEqual(inFloats(abs), most), problem),
    typeOf(call, 0),
  );
}

const turned = (x: Tensor): Tensor => transpose(x, [1, 0]);

/** Many rows by one matrix are one product. */
function oneProduct(a: Tensor, b: Tensor, options: Transposes): Tensor {
  if (b.rank !== 2 || a.rank < 3 || options.transposeA) return matmul(a, b, options);
  const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!]);
  const y = matmul(rows, b, options);
  return reshape(y, [...a.shape.slice(0, -1), y.shape[1]!]);
}

/** `alpha A B + beta C`, each read transposed on request. */
export function gemm(call: OperatorCall): Tensor {
  const [a, b, c] = [at(call, 0), at(call, 1), maybe(call, 2)];
  const [alpha, beta] = [number(call, 'alpha', 1), number(call, 'beta', 1)];
  const options = { transposeA: integer(call, 'transA', 0) !== 0, transposeB: integer(call, 'transB', 0) !== 0 };
  const whole = !isFloat(a.dtype) && !isFloat(b.dtype);
  const y = whole ? integerProduct(call, a, b, options) : product(a, b, options);
  if (whole) return wholeGemm(call, y, c, alpha, beta);
  const scaled = alpha === 1 ? y : mul(y, alpha);
  if (!c || beta === 0) return scaled;
  return add(scaled, beta === 1 ? c : mul(c, beta));
}

/** Of integers, whose factors must be whole as well. */
function wholeGemm(call: OperatorCall, y: Tensor, c: Tensor | null, alpha: number, beta: number): Tensor {
  if (!Number.isInteger(alpha) || !Number.isInteger(beta)) {
    throw fail(call, 'a fraction of a product of integers is not supported', { alpha, beta });
  }
  const times = (x: Tensor, by: number): Tensor => (by === 1 ? x : guardedBy(call, (v) => mul(v, by), [x]));
  return c && beta !== 0 ? guardedBy(call, add, [times(y, alpha), times(c, beta)]) : times(y, alpha);
}

/** Before opset 13 all axes from `axis` on are one, and the default is 1 instead of the last. */
function alongAxis(f: (x: Tensor, axis: number) => Tensor): Operator {
  return (call) => {
    const x = at(call, 0);
    const old = call.opset < 13;
    const axis = integer(call, 'axis', old ? 1 : -1);
    if (!old) return [f(x, axis)];
    const from = axis === x.rank ? axis : normalizeAxis(subjectOf(call), axis, x.rank);
    const rows = sizeOf(x.shape.slice(0, from));
    return [reshape(f(reshape(x, [rows, sizeOf(x.shape.slice(from))]), 1), x.shape)];
  };
}

/** 1 at the first largest element, 0 elsewhere. No gradient. */
function hardmax(x: Tensor, axis: number): Tensor {
  const place = normalizeAxis('Hardmax', axis, x.rank);
  const size = x.shape[place]!;
  const levels = reshape(arange(size, 'int32'), [size, ...new Array<number>(x.rank - 1 - place).fill(1)]);
  return cast(equal(expandDims(argmax(x, place), place), levels), x.dtype);
}

/** A label twice in one operand is its diagonal, taken before. */
function summed(call: OperatorCall): Tensor {
  const equation = text(call, 'equation', '').replace(/\s+/g, '');
  const [left = '', right] = equation.split('->');
  const xs = all(call);
  const terms = left.split(',');
  if (terms.length !== xs.length) throw fail(call, `'${equation}' has ${terms.length} operands, ${xs.length} given`);
  const plain = terms.map((term, i) => withoutTwice(call, term, xs[i]!));
  const implied = right ?? output(terms);
  const of = `${plain.map(({ term }) => term).join(',')}->${implied}`;
  const operands = plain.map(({ x }) => x);
  if (operands.some(({ dtype }) => isFloat(dtype))) return einsum(of, ...operands);
  const dtype = estimateIn(...operands);
  const inFloats = (f = (x: Tensor): Tensor => x): Tensor => einsum(of, ...operands.map((x) => f(cast(x, dtype))));
  const problem = 'sums products of integers beyond 2^24';
  return stoppedWhere(call, cast(inFloats(), 'int32'), greaterEqual(inFloats(abs), 2 ** 24), problem);
}

/** What a result without `->` has: the axes without names, then the labels that occur once, sorted. */
function output(terms: readonly string[]): string {
  const letters = terms.join('').replaceAll('.', '');
  const once = [...letters].filter((label) => letters.indexOf(label) === letters.lastIndexOf(label)).sort();
  return `${terms.some((term) => term.includes('.')) ? '...' : ''}${once.join('')}`;
}

function withoutTwice(call: OperatorCall, term: string, given: Tensor): { term: string; x: Tensor } {
  const [before = '', after] = term.split('...');
  const letters = [...before, ...(after ?? '')];
  const hidden = given.rank - letters.length;
  if (hidden < 0 || (after === undefined && hidden > 0)) {
    throw fail(call, `'${term}' does not fit an operand with ${given.rank} axes`);
  }
  let labels: (string | null)[] = [...before, ...new Array<null>(hidden).fill(null), ...(after ?? '')];
  let x = given;
  for (;;) {
    const second = labels.findIndex((label, i) => label !== null && labels.indexOf(label) < i);
    if (second < 0) break;
    const first = labels.indexOf(labels[second]!);
    const size = x.shape[first]!;
    if (size !== x.shape[second]!)
      throw fail(call, `label '${labels[second]}' of '${term}' has two sizes`, { shape: x.shape });
    const rest = [...x.shape.keys()].filter((i) => i !== first && i !== second);
    const lines = reshape(transpose(x, [...rest, first, second]), [...rest.map((i) => x.shape[i]!), size * size]);
    // The diagonal is every (size + 1)-th element.
    x = slice(lines, { [rest.length]: [0, size * size, size + 1] });
    labels = [...rest.map((i) => labels[i]!), labels[first]!];
  }
  if (x === given) return { term, x };
  const from = labels.indexOf(null);
  const names = labels.filter((label) => label !== null);
  const text =
    hidden > 0 || after !== undefined
      ? [...names.slice(0, Math.max(0, from)), '...', ...names.slice(Math.max(0, from))]
      : names;
  return { term: text.join(''), x };
}

export const products: Readonly<Record<string, Operator>> = {
  MatMul: (call) => {
    const [a, b] = [at(call, 0), at(call, 1)];
    return [isFloat(a.dtype) || isFloat(b.dtype) ? product(a, b) : integerProduct(call, a, b, {})];
  },
  Gemm: (call) => [gemm(call)],
  Einsum: (call) => [summed(call)],
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
};
