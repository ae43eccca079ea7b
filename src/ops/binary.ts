/**
 * Elementwise ops of two inputs, with NumPy broadcasting: arithmetic, maximum and minimum, comparisons, `where`.
 * A number given for a tensor becomes a constant of the other operand's dtype; promote.ts says where that is not so.
 */
import { elementwise } from '../graph/batch-rules.ts';
import { defineOp, type Example, type Op, type OpFunction, type Thunk, withOp } from '../graph/op.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { broadcastShapes, sizeOf } from '../tensor/shape.ts';
import { full, Tensor } from '../tensor/tensor.ts';
import { counted, meeting, widest } from './promote.ts';
import { sumTo } from './reduce.ts';
import { abs, cast, exp, log } from './unary.ts';

/** A tensor, or a number that takes its dtype. */
export type Operand = Tensor | number;
type None = Record<never, never>;

/** A function of two operands; its `op` is the definition. */
export interface BinaryFunction {
  (a: Operand, b: Operand): Tensor;
  readonly op: Op;
}

const binaryExamples: readonly Example<None>[] = [
  {
    inputs: [
      [2, 3],
      [2, 3],
    ],
    attrs: {},
  },
  { inputs: [[2, 3, 4], [4]], attrs: {} },
  {
    inputs: [
      [3, 1, 2],
      [1, 4, 1],
    ],
    attrs: {},
  },
  { inputs: [[], [5]], attrs: {} },
  { inputs: [[100, 98, 250], [250]], attrs: {}, size: 'real' },
];

const positiveExamples = binaryExamples.map((example) => ({ ...example, domain: [0.3, 2] as const }));

/** Both operands as tensors of one dtype, which is `least` or wider. */
function operands(name: string, a: Operand, b: Operand, least: DType = 'bool'): [Tensor, Tensor] {
  for (const v of [a, b]) {
    if (typeof v !== 'number' && !(v instanceof Tensor)) {
      throw failure(name, 'an operand is a tensor or a number', { got: typeof v });
    }
  }
  const like = a instanceof Tensor ? a : b instanceof Tensor ? b : null;
  const [x, y] = [a, b].map((v) => (v instanceof Tensor ? v : full([], v, meeting(like?.dtype ?? 'float32', v)))) as [
    Tensor,
    Tensor,
  ];
  if (x.dtype !== y.dtype && isFloat(x.dtype) && isFloat(y.dtype)) {
    throw failure(
      name,
      'operands differ in dtype',
      { left: x.dtype, right: y.dtype },
      'cast(tensor, dtype) converts one',
    );
  }
  const dtype = widest(x.dtype, y.dtype, least);
  return [cast(x, dtype), cast(y, dtype)];
}

interface BinaryDefinition {
  readonly name: string;
  readonly linear: 'joint' | readonly number[];
  readonly examples?: readonly Example<None>[];
  readonly flops?: number;
  readonly result?: 'bool';
  /** What narrower operands are computed in: int32 for arithmetic, float32 where quotients or powers come out. */
  readonly least?: DType;
  readonly zeros?: 'keeps' | 'shares';
  readonly epilogue?: 'bias';
  /** The gradients before un-broadcasting. */
  readonly vjp: 'none' | ((g: Tensor, y: Tensor, a: Tensor, b: Tensor) => readonly [Thunk, Thunk]);
}

// @__NO_SIDE_EFFECTS__
function binary(definition: BinaryDefinition): BinaryFunction {
  const { name, vjp } = definition;
  const make = defineOp<None>({
    name,
    shape: ([a, b]) => ({
      shape: broadcastShapes(name, a!.shape, b!.shape),
      dtype: definition.result ?? a!.dtype,
    }),
    vjp:
      vjp === 'none'
        ? 'none'
        : (g, y, [a, b]) => {
            const [da, db] = vjp(g, y, a!, b!);
            return [() => sumTo(da(), a!.shape), () => sumTo(db(), b!.shape)];
          },
    batch: elementwise,
    linear: definition.linear,
    ...(definition.zeros && { zeros: definition.zeros }),
    ...(definition.epilogue && { epilogue: definition.epilogue }),
    flops: (_, out) => (definition.flops ?? 1) * sizeOf(out.shape),
    examples: definition.examples ?? binaryExamples,
  });
  return withOp((a: Operand, b: Operand) => make(operands(name, a, b, definition.least), {}), make);
}

// biome-ignore format: aligned, the table is the calculus
/** `a + b`, by broadcasting. */
export const add: BinaryFunction = binary({ name: 'add', linear: 'joint', least: 'int32', zeros: 'shares', epilogue: 'bias', vjp: (g) => [() => g, () => g] });
/** `a - b`, by broadcasting. */
export const sub: BinaryFunction = binary({
  name: 'sub',
  linear: 'joint',
  least: 'int32',
  vjp: (g) => [() => g, () => neg(g)],
});
/** `a * b`, by broadcasting. */
export const mul: BinaryFunction = binary({
  name: 'mul',
  least: 'int32',
  linear: [0, 1],
  zeros: 'keeps',
  vjp: (g, _, a, b) => [() => mul(g, b), () => mul(g, a)],
});
/** `a / b`, by broadcasting. */
export const div: BinaryFunction = binary({
  name: 'div',
  least: 'float32',
  linear: [0],
  examples: positiveExamples,
  vjp: (g, y, _, b) => [() => div(g, b), () => neg(div(mul(g, y), b))],
});

/** `a ** b`. The gradient to `b` counts where `a > 0`; at `b = 0` the gradient to `a` is 0 even for `a = 0`. */
export const pow: BinaryFunction = binary({
  name: 'pow',
  least: 'float32',
  linear: [],
  flops: 20,
  examples: positiveExamples,
  vjp: (g, y, a, b) => [
    () => where(equal(b, 0), 0, mul(g, mul(b, pow(a, where(equal(b, 0), 1, sub(b, 1)))))),
    () => where(greater(a, 0), mul(mul(g, y), log(where(greater(a, 0), a, 1))), 0),
  ],
});

/** The larger of each pair; a tie gives its gradient to `a`, as TensorFlow does. */
export const maximum: BinaryFunction = binary({
  name: 'maximum',
  linear: [],
  vjp: (g, _, a, b) => [() => where(greaterEqual(a, b), g, 0), () => where(greaterEqual(a, b), 0, g)],
});
/** The smaller of each pair; a tie gives its gradient to `a`. */
export const minimum: BinaryFunction = binary({
  name: 'minimum',
  linear: [],
  vjp: (g, _, a, b) => [() => where(lessEqual(a, b), g, 0), () => where(lessEqual(a, b), 0, g)],
});

// @__NO_SIDE_EFFECTS__
const comparison = (name: string): BinaryFunction => binary({ name, linear: [], result: 'bool', vjp: 'none' });
/** Whether `a` equals `b`, as booleans; no gradient. */
export const equal: BinaryFunction = comparison('equal');
/** Whether `a` differs from `b`, as booleans; no gradient. */
export const notEqual: BinaryFunction = comparison('notEqual');
/** Whether `a < b`, as booleans; no gradient. */
export const less: BinaryFunction = comparison('less');
/** Whether `a <= b`, as booleans; no gradient. */
export const lessEqual: BinaryFunction = comparison('lessEqual');
/** Whether `a > b`, as booleans; no gradient. */
export const greater: BinaryFunction = comparison('greater');
/** Whether `a >= b`, as booleans; no gradient. */
export const greaterEqual: BinaryFunction = comparison('greaterEqual');

const boolExamples: readonly Example<None>[] = [
  {
    inputs: [
      { shape: [2, 3], dtype: 'bool' },
      { shape: [3], dtype: 'bool' },
    ],
    attrs: {},
  },
];
// @__NO_SIDE_EFFECTS__
const logical = (name: string): BinaryFunction =>
  binary({ name, linear: [], result: 'bool', vjp: 'none', examples: boolExamples });
/** Whether both are true, as booleans; no gradient. */
export const logicalAnd: BinaryFunction = logical('logicalAnd');
/** Whether one is true, as booleans; no gradient. */
export const logicalOr: BinaryFunction = logical('logicalOr');

const negate: OpFunction<None> = defineOp<None>({
  name: 'neg',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g) => [() => neg(g)],
  batch: elementwise,
  linear: 'joint',
  flops: (_, out) => sizeOf(out.shape),
  examples: [{ inputs: [[2, 3]], attrs: {} }],
});
/** `-x`. */
export const neg: ((x: Tensor) => Tensor) & { readonly op: Op } = withOp(
  (x: Tensor) => negate([counted(x)], {}),
  negate,
);

/** `where(x > 0, f(x, ...), 0)` as one step, where `f` can take the mask in. */
function rectified([mask, value, other]: readonly Tensor[], fed: ReadonlySet<Tensor>): Tensor | null {
  const { op, inputs, attrs } = value!;
  const isZero = (t: Tensor): boolean => !fed.has(t) && t.constant?.length === 1 && t.constant[0] === 0;
  if (fed.has(mask!) || fed.has(value!) || mask!.op !== greater.op || !op?.rectify || !isZero(other!)) return null;
  const [x, bound] = mask!.inputs;
  return x === inputs[0] && isZero(bound!) ? new Tensor(op, inputs, op.rectify(attrs), value!, null) : null;
}

const select: OpFunction<None> = defineOp<None>({
  name: 'where',
  rewrite: rectified,
  shape: ([c, a, b]) => ({
    shape: broadcastShapes('where', c!.shape, broadcastShapes('where', a!.shape, b!.shape)),
    dtype: a!.dtype,
  }),
  vjp: (g, _, [c, a, b]) => [null, () => sumTo(where(c!, g, 0), a!.shape), () => sumTo(where(c!, 0, g), b!.shape)],
  batch: elementwise,
  linear: 'joint',
  zeros: 'makes',
  flops: (_, out) => sizeOf(out.shape),
  examples: [
    { inputs: [{ shape: [2, 3], dtype: 'bool' }, [2, 3], [2, 3]], attrs: {} },
    { inputs: [{ shape: [2, 1], dtype: 'bool' }, [3], []], attrs: {} },
  ],
});

/** `a` where `condition` (bool) holds, else `b`; all three broadcast. No gradient reaches the side not chosen. */
export const where: ((condition: Tensor, a: Operand, b: Operand) => Tensor) & { readonly op: Op } = withOp(
  (condition: Tensor, a: Operand, b: Operand) => {
    if (condition.dtype !== 'bool') throw failure('where', 'the condition must be bool', { got: condition.dtype });
    return select([condition, ...operands('where', a, b)], {});
  },
  select,
);

/** `log(exp(a) + exp(b))` without overflow. */
export function logAddExp(a: Tensor, b: Tensor): Tensor {
  const top = shiftFor(maximum(a, b));
  return shiftedLog(add(exp(sub(a, top)), exp(sub(b, top))), top);
}

/** What exponents are shifted by so that none overflows; nothing where their largest is infinite. */
export function shiftFor(most: Tensor): Tensor {
  return where(equal(abs(most), Infinity), 0, most);
}

/** `log(total) + shift`; of a sum of nothing -Infinity, with gradient 0. */
export function shiftedLog(total: Tensor, shift: Tensor): Tensor {
  const none = equal(total, 0);
  return where(none, -Infinity, add(log(where(none, 1, total)), shift));
}
