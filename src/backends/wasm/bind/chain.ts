/** Chains of elementwise ops as tables for `kernels/wasm/elementwise/chain.ts`: one call, or what follows a product in its own call. */
import type { Link, Links } from '../../../graph/chain.ts';
import { broadcastStrides, type Shape, sizeOf, stridesOf } from '../../../tensor/shape.ts';
import { collapse } from '../layout.ts';
import type { BindContext, Operand } from '../step.ts';

/** In the order of the kernel's codes. */
const codes = [
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater', 'greaterEqual', 'less', 'lessEqual', 'where'],
  ...['logicalAnd', 'geluGrad', 'neg', 'exp', 'tanh', 'sigmoid', 'relu', 'clip', 'sqrt', 'rsqrt', 'square', 'abs'],
  ...['softplus', 'gelu', 'silu', 'siluGrad', 'reluGrad'],
];
/** Ops with the kernel of another one. */
const same: Readonly<Record<string, string>> = { clippedRelu: 'clip' };
const codeOf = (op: string): number => codes.indexOf(same[op] ?? op);
/** What only shows elements of its input, stretched or a part of it, is no call of its own. */
const views = ['broadcastTo', 'slice'];
/** Whether it takes single elements for all. */
const stepping = (name: string): boolean => codeOf(name) <= codes.indexOf('where');
const makesMasks = /^(greater|less)|^logicalAnd$/;

/** Which steps may be links: what has a kernel, on floats and masks alone. */
export const links: Links = ({ op: { name } }, inputs, output) => {
  if (codeOf(name) < 0 && !views.includes(name)) return false;
  const masks = name === 'logicalAnd' ? inputs.length : Number(name === 'where');
  return (
    inputs.every(({ dtype }, i) => dtype === (i < masks ? 'bool' : 'float32')) &&
    output.dtype === (makesMasks.test(name) ? 'bool' : 'float32')
  );
};

/** Elements of a block. */
export const block = 512;

const bits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

/**
 * The table of a step's chain, for `chain` and as the activation of what `finishRows` finishes.
 * @param act what is done to the product before, by code
 */
export function chainTable(ctx: BindContext, act = 0): number {
  const { follows, operands: read } = ctx.chain!;
  const bound = follows && act === 0 ? boundOf(ctx.chain!.links) : 0;
  const list = ctx.chain!.links.slice(bound === 0 ? 0 : 1);
  const { shape } = ctx.out;
  const whole: View[] = [...(follows ? [ctx.out] : []), ...read].map((x) => viewOf(x, shape));
  // Addresses are numbered: operands and views of them, then what links compute.
  const count = whole.length + list.filter(({ op }) => views.includes(op.name)).length;
  const computed: number[] = follows ? (bound === 0 ? [0] : [0, 0]) : [];
  const computing: Made[] = [];
  for (const link of list) {
    const places = link.args.map((arg) => (arg < 0 ? computed[-1 - arg]! : arg + Number(follows)));
    const isView = views.includes(link.op.name);
    computed.push(isView ? whole.length : count + computing.length);
    if (isView) whole.push(viewOf(whole[places[0]!]!.x, shape, link));
    else computing.push({ name: link.op.name, link, places });
  }
  const made = condense(computing, count, (i) => sizeOf(whole[i]?.x.shape ?? [0]) === 1);
  const used = new Set([...(follows ? [0] : []), ...made.flatMap(({ places }) => places)]);
  /** Kernels of one operand read as many elements as they write. */
  const reads = (i: number): boolean =>
    made.every(({ name, places }) => stepping(name) || !places.slice(0, 2).includes(i));
  const isScalar = (i: number): boolean =>
    reads(i) && whole[i]!.strides.every((s, axis) => s === 0 || shape[axis] === 1);
  const isDense = (i: number): boolean => whole[i]!.dense;
  const rowed = whole.map((_, i) => i).filter((i) => used.has(i) && !isScalar(i) && !isDense(i));
  const { dims, strides: steps } = collapse(shape, [
    shape.map((_, axis) => sizeOf(shape.slice(axis + 1))),
    ...rowed.map((i) => whole[i]!.strides),
  ]);
  const free = Array.from({ length: 32 }, (_, i) => 31 - i);
  const slots = new Map<number, number>();
  const stepOf = (i: number): number => (isScalar(i) ? 0 : sizeOfType(whole[i]!.x));
  const operandWords = whole.flatMap(({ x, shift }, i) => {
    if (!used.has(i)) return [0, 0, 0, 0, 0];
    const at = rowed.indexOf(i);
    if (at < 0) return [x.at() + shift, sizeOfType(x), stepOf(i), 0, 0];
    const walk = steps[at + 1]!;
    slots.set(i, free.pop()!);
    const layout = ctx.table([...dims.slice(0, -1), ...walk.slice(0, -1), 0]);
    return [x.at() + shift, sizeOfType(x), walk.at(-1) ?? 0, layout, slots.get(i)!];
  });
  const lastUse = new Map<number, number>();
  made.forEach(({ places }, i) => {
    for (const p of places) lastUse.set(p, i);
  });
  const linkWords = made.flatMap(({ name, link, places }, i) => {
    const to = free.pop()!;
    slots.set(whole.length + i, to);
    for (const p of new Set(places)) {
      const slot = slots.get(p);
      if (slot !== undefined && lastUse.get(p) === i) free.push(slot);
    }
    const { min = 0, max = 0 } = link.attrs as { min?: number; max?: number };
    const [a, b = 0, c = 0] = places as [number, number?, number?];
    const at = (p: number): number => (p < whole.length ? stepOf(p) : sizeOfType(made[p - whole.length]!.link));
    return [codeOf(name), to, a, b, c, at(a), at(b), at(c), bits(min), bits(max)];
  });
  const width = dims.at(-1) ?? 1;
  const head = [
    bound === 0 ? act : bits(bound),
    ctx.out.at(),
    width,
    Math.max(0, dims.length - 1),
    whole.length,
    made.length,
  ];
  return ctx.table([...head, ...operandWords, ...linkWords]);
}

/** A call of the chain's table, by the kernel's name; `places` are numbers of addresses. */
interface Made {
  readonly name: string;
  readonly link: Link;
  readonly places: readonly number[];
}

/**
 * Relu's gradient, `x * sigmoid(x)` and its gradient `g s + (g x) (s (1 - s))` are a call each where nobody else reads what lies between. The
 * kernels take 0 and 1 from the operands. Bits are those of the operations.
 */
function condense(made: readonly Made[], first: number, isSingle: (i: number) => boolean): Made[] {
  const gone: number[] = [];
  const reads = made.flatMap(({ places }) => places);
  /** What the call `name` behind a place reads, if that has so many readers. */
  const readBy = (place: number, name: string, readers = 1): readonly number[] => {
    const call = made[place - first];
    return call?.name === name && reads.filter((p) => p === place).length === readers ? call.places : [];
  };
  const all = made.map((call): Made => {
    const [a, b, c] = call.places as [number, number, number];
    const one = (name: string, places: readonly number[], ...parts: number[]): Made => {
      gone.push(...parts);
      return { ...call, name, places };
    };
    if (call.name === 'mul' && readBy(b, 'sigmoid')[0] === a) return one('silu', [a], b);
    if (call.name === 'where') {
      const [x, bound] = readBy(a, 'greater');
      if (bound === c && isSingle(c)) return one('reluGrad', [b, x!, c], a);
    }
    if (call.name !== 'add') return call;
    const [g, s] = readBy(a, 'mul') as [number, number];
    const [gx, bend] = readBy(b, 'mul') as [number, number];
    const [h, x] = readBy(gx, 'mul');
    const [t, rest] = readBy(bend, 'mul') as [number, number];
    const [k, u] = readBy(rest, 'sub') as [number, number];
    if (g !== h || s !== t || s !== u || !isSingle(k) || readBy(s, 'sigmoid', 3)[0] !== x) return call;
    return one('siluGrad', [g, x!, k], a, b, gx, bend, rest, s);
  });
  const kept = made.map((_, i) => i).filter((i) => !gone.includes(first + i));
  const moved = (place: number): number => (place < first ? place : first + kept.indexOf(place - first));
  return kept.map((i) => ({ ...all[i]!, places: all[i]!.places.map(moved) }));
}

/** Where a chain's elements read an operand: steps in bytes along the axes of the result. */
interface View {
  readonly x: Operand;
  readonly shift: number;
  readonly strides: readonly number[];
  readonly dense: boolean;
}

function viewOf(x: Operand, shape: Shape, link?: Link): View {
  const size = sizeOfType(x);
  if (link?.op.name === 'slice') {
    const { begin, step } = link.attrs as { begin: readonly number[]; step: readonly number[] };
    const steps = stridesOf(x.shape).map((s) => s * size);
    const shift = begin.reduce((total, at, axis) => total + at * steps[axis]!, 0);
    return { x, shift, strides: steps.map((s, axis) => s * step[axis]!), dense: false };
  }
  // Who is only read as a part has no place of its own among the elements.
  const fits = x.shape.length <= shape.length && x.shape.every((n, i) => n === 1 || n === shape.at(i - x.shape.length));
  const strides = fits ? broadcastStrides(x.shape, shape).map((s) => s * size) : [];
  return { x, shift: 0, strides, dense: sizeOf(x.shape) === sizeOf(shape) };
}

/** The bound of a relu that comes first and whose input nobody else reads, else 0. */
function boundOf([first, ...rest]: readonly Link[]): number {
  const alone =
    first!.op.name === 'clippedRelu' && first!.args[0] === -1 && !rest.some(({ args }) => args.includes(-1));
  return alone ? (first!.attrs['max'] as number) : 0;
}

const sizeOfType = ({ dtype }: { readonly dtype: string }): number => (dtype === 'bool' ? 1 : 4);

/** A chain that is a step of its own. */
export function bindChain(ctx: BindContext): void {
  const count = sizeOf(ctx.out.shape);
  ctx.call('chain', [chainTable(ctx), count], Math.ceil(count / block), 16);
}
