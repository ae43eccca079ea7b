/** Elementwise ops as calls of `kernels/wasm/elementwise/{unary,elementwise,exact}.ts`. */
import { broadcastStrides, sizeOf } from '../../../tensor/shape.ts';
import { collapse, splitRows } from '../layout.ts';
import { type BindContext, type Binder, grainFor, lacksType, type Operand, typeCode } from '../step.ts';

/** Elements per unit of the kernels that walk dense arrays; also the width of a dense row. */
const unit = 1024;
const units = (count: number): number => Math.ceil(count / unit);

/** Codes of `exactUnary`; 0 is a cast. */
const exactUnary: Readonly<Record<string, number>> = {
  neg: 1,
  square: 2,
  abs: 3,
  sign: 4,
  relu: 5,
  logicalNot: 6,
  clip: 7,
  floor: 0,
  ceil: 0,
  round: 0,
};

function callExactUnary(ctx: BindContext, code: number, low = 0, high = 0): void {
  const [x] = ctx.inputs as [Operand];
  const types = [typeCode(ctx.op, ctx.out), typeCode(ctx.op, x)];
  const count = sizeOf(x.shape);
  ctx.call('exactUnary', [ctx.out.at(), x.at(), count, code, ...types, low, high], units(count), 16);
}

export const unary: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const count = sizeOf(x.shape);
  if (x.dtype === 'float32' && ctx.out.dtype === 'float32') {
    ctx.call(ctx.op, [ctx.out.at(), x.at(), count], units(count), 16);
    return;
  }
  const code = exactUnary[ctx.op];
  if (code === undefined) throw lacksType(ctx.op, x.dtype);
  callExactUnary(ctx, code);
};

export const cast: Binder = (ctx) => callExactUnary(ctx, 0);

export const clip: Binder = (ctx) => {
  const [x] = ctx.inputs as [Operand];
  const { min = 0, max } = ctx.attrs as { min?: number; max: number };
  const count = sizeOf(x.shape);
  if (x.dtype !== 'float32') callExactUnary(ctx, 7, min, max);
  else ctx.call('clip', [ctx.out.at(), x.at(), count, min, max], units(count), 16);
};

/** The operands' walk: elements, row width, a step per operand, rank and table of the other axes; and the rows. */
function walk(ctx: BindContext, sizes: readonly number[]): { args: number[]; rows: number; width: number } {
  const { shape } = ctx.out;
  const strides = ctx.inputs.map((input, i) => broadcastStrides(input.shape, shape).map((s) => s * sizes[i]!));
  const split = splitRows(collapse(shape, strides));
  const count = sizeOf(shape);
  if (split.rank === 0) {
    return { args: [count, unit, ...split.steps, 0, 0], rows: units(count), width: unit };
  }
  const args = [count, split.width, ...split.steps, split.rank, ctx.table(split.table)];
  return { args, rows: count === 0 ? 0 : split.rows, width: split.width };
}

const sizeOfType = (operand: Operand): number => (operand.dtype === 'bool' ? 1 : 4);

function callWalk(ctx: BindContext, fn: string, extra: readonly number[] = []): void {
  const { args, rows, width } = walk(ctx, ctx.inputs.map(sizeOfType));
  ctx.call(fn, [ctx.out.at(), ...ctx.inputs.map((x) => x.at()), ...args, ...extra], rows, grainFor(width));
}

const exactCodes = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum'];
const comparisons = ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual', 'logicalAnd', 'logicalOr'];

function callExact(ctx: BindContext): void {
  const code = [...exactCodes, ...comparisons].indexOf(ctx.op);
  const [a] = ctx.inputs as [Operand];
  if (code < 0) throw lacksType(ctx.op, a.dtype);
  callWalk(ctx, 'exactBinary', [code, typeCode(ctx.op, ctx.out), typeCode(ctx.op, a)]);
}

export const binary: Binder = (ctx) => {
  if (ctx.out.dtype === 'float32') callWalk(ctx, ctx.op);
  else callExact(ctx);
};

export const comparison: Binder = (ctx) => {
  const { dtype } = ctx.inputs[0]!;
  if (dtype === 'bool') return callExact(ctx);
  // What is greater is less the other way round.
  const turned = ctx.op.startsWith('greater');
  const fn = ctx.op.replace('greater', 'less') + (dtype === 'int32' ? 'Int' : '');
  callWalk(turned ? { ...ctx, inputs: [...ctx.inputs].reverse() } : ctx, fn);
};

export const logical: Binder = callExact;

export const where: Binder = (ctx) => callWalk(ctx, ctx.out.dtype === 'bool' ? 'whereBytes' : 'where');

export const lerp: Binder = (ctx) => {
  const [start, delta, alpha] = ctx.inputs as [Operand, Operand, Operand];
  if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
  const count = sizeOf(start.shape);
  const args = [ctx.out.at(), start.at(), delta.at(), alpha.at(), count];
  ctx.call('lerp', args, units(count) * alpha.shape[0]!, 16);
};
