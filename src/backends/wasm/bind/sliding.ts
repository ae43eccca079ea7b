/**
 * Depthwise convolutions with one filter a channel, in the plane or along a line, and their gradients to the input, on `kernels/wasm/sliding.ts`: an
 * accelerator (`take`) that models with such layers load. Sums are the core's, tap by tap, and so are the bits, but that what lies beside a picture counts as
 * zeros where the core leaves it out: kernels must be finite, and a sum that underflowed to -0 may become 0. The gradient of a relu or a silu in front is
 * taken in passing.
 */
import type { ConvAttrs } from '../../../ops/conv-primitives.ts';
import type { Core } from '../accelerators.ts';
import { packed as module } from '../sliding.generated.ts';
import type { Accelerator, BindContext, Operand, PlacedStep, StepSpec } from '../step.ts';
import type { Parts } from './conv.ts';

/** Rows of taps that the kernel's list takes, and bytes of the thread's memory for rows and sums. */
const [mostRows, mostBytes] = [31, 25 * 65536 - 4096];

const isBack = ({ op }: Pick<StepSpec, 'op'>): boolean => op === 'convGradInput';

function partsOf({ op, inputs: [x, w], out, attrs }: StepSpec, { parts }: Core): Parts {
  const [from, to] = isBack({ op }) ? [out, x!] : [x!, out];
  return parts(from.shape, w!.shape, to.shape, attrs as unknown as ConvAttrs);
}

/** With stride 1 the gradient is a convolution with the taps reversed. */
const isReversed = (step: Pick<StepSpec, 'op'>, { windows: { stride } }: Parts): boolean =>
  isBack(step) && stride.every((by) => by === 1);

/** Zeros before each axis of what windows slide over. */
function padsOf(step: Pick<StepSpec, 'op'>, p: Parts): readonly number[] {
  const { before, window, dilation } = p.windows;
  return isReversed(step, p) ? before.map((zeros, i) => (window[i]! - 1) * dilation[i]! - zeros) : before;
}

/** Bytes of rows and sums, not less than `sliding.ts` takes. */
function bytesOf(p: Parts): number {
  const { input, output, window, stride, dilation } = p.windows;
  const width = Math.max(input[2], output[2], 4);
  const columns = width * stride[2] + (window[2] - 1) * dilation[2] + 8;
  const rows = (window[1] - 1) * dilation[1] + 2;
  return (Math.ceil(p.inAll / 8) + 1) * 32 * (rows * columns + width + 8 * stride[2]);
}

/**
 * Gradients; and in wide vectors forward, too, but for narrow windows on long rows. Others are faster on the core's kernels, which bring no rows and sums to
 * and fro (measured: docs/architecture.md).
 */
function takes(step: PlacedStep, core: Core): boolean {
  const { inputs, out } = step;
  if (out.dtype !== 'float32' || [out, ...inputs].some(({ shape }) => shape.includes(0))) return false;
  const p = partsOf(step, core);
  const { input, output, window, dilation, before } = p.windows;
  const long = window[2] <= 3 && output[2] >= 16;
  if (!isBack(step) && (long || core.wasmBackend.simd() !== 'wide')) return false;
  const flat = input[0] === 1 && output[0] === 1 && window[0] === 1 && before[0] === 0;
  const single = p.groups > 1 && p.groups === p.inAll && p.inAll === p.outAll;
  if (!flat || !single || dilation[2] > 1 || window[1] > mostRows || bytesOf(p) > mostBytes) return false;
  if (padsOf(step, p).some((zeros) => zeros < 0)) return false;
  // Passing is by relu alone, and by what `tailOf` finds.
  if (step.epilogue?.activation && step.epilogue.activation !== 'relu') return false;
  const strided = isBack(step) && !isReversed(step, p);
  return !(strided && dilation.some((apart) => apart > 1)) && inputs[1]!.finite();
}

/** In which order the kernels read the taps: reversed, or those of a phase of the stride along a row together. */
function tapOrder(step: Pick<StepSpec, 'op'>, p: Parts): number[] {
  const { window, stride } = p.windows;
  const order = Array.from({ length: p.taps }, (_, i) => i);
  if (isReversed(step, p)) return order.reverse();
  if (!isBack(step)) return order;
  const [across, by] = [window[2], stride[2]];
  const phase = (tap: number): number => (tap % across) % by;
  const row = (tap: number): number => Math.floor(tap / across);
  return order.sort((a, b) => row(a) - row(b) || phase(a) - phase(b) || a - b);
}

const sizeOfAll = ({ shape }: Operand): number => shape.reduce((size, side) => size * side, 1);

/** What a chain computes, as text: `p` is the product, `x0` an operand of the result's shape, `s1` a number, relus are `clamp`s. */
function textOf({ chain, out }: StepSpec): string {
  const { links, operands } = chain!;
  const kind = (x: Operand): string => (sizeOfAll(x) === 1 ? 's' : sizeOfAll(x) === sizeOfAll(out) ? 'x' : '?');
  const texts = ['p'];
  for (const { op, attrs, args } of links) {
    const read = args.map((arg) => (arg < 0 ? texts[-1 - arg]! : `${kind(operands[arg]!)}${arg}`));
    const { min = 0, max = Infinity } = attrs as { min?: number; max?: number };
    const clamps = ['relu', 'clippedRelu', 'clip'].includes(op.name);
    // A sum is the same either way; the operand comes first.
    if (op.name === 'add' && read[0] === 'p') read.reverse();
    if (op.name === 'add' && /^where/.test(read[0]!)) read.reverse();
    texts.push(`${clamps ? `clamp ${min} ${max}` : op.name}(${read})`);
  }
  return texts.at(-1)!;
}

/** What a mask compares or a sigmoid is of: an operand, a clamped one, or one that a number was added to and then clamped. */
const argument = /(?:greater|sigmoid)\((?<y>clamp (?<least>\S+) (?<most>[^(]+)\((?:x\d+|add\(x\d+,s\d+\))\)|x\d+)/;
/** The gradient of a relu of y, and what is added before or after it; of a silu; of `y / 6` times x. */
const slopes = [
  /^(?:add\((?<after>x\d+),)?where\((?:greater\(y,(?<low>s\d+)\)|logicalAnd\(greater\(y,(?<from>s\d+)\),less\(y,(?<high>s\d+)\)\)),(?:p|add\((?<before>x\d+),p\)),(?<other>s\d+)\)+$/,
  /^add\(mul\(p,sigmoid\(y\)\),mul\(mul\(p,y\),mul\(sigmoid\(y\),sub\((?<other>s\d+),sigmoid\(y\)\)\)\)\)$/,
  /^add\(mul\(p,mul\(y,(?<sixth>s\d+)\)\),where\(logicalAnd\(greater\(y,(?<low>s\d+)\),less\(y,(?<high>s\d+)\)\),mul\(mul\(p,(?<same>x\d+)\),\k<sixth>\),(?<other>s\d+)\)\)$/,
];
const bits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

/** The table of a chain that the kernel takes in passing, or 0. */
function tailOf(ctx: BindContext): number {
  const { chain, epilogue, out } = ctx;
  if (!chain?.follows || epilogue?.bias || epilogue?.activation) return 0;
  const text = textOf(ctx);
  const alone = /^add\((x\d+),p\)$/.exec(text)?.[1];
  if (alone)
    return ctx.table([3, out.at(), chain.operands[Number(alone.slice(1))]!.at(), ...new Array<number>(9).fill(0)]);
  const { y, least = '-Infinity', most = 'Infinity' } = argument.exec(text)?.groups ?? {};
  if (!y) return 0;
  const [[x], [third] = []] = [/x\d+/.exec(y)!, /s\d+/.exec(y) ?? []];
  const plain = text.replaceAll(y, 'y');
  const kind = slopes.findIndex((slope) => slope.test(plain));
  const found = slopes[kind]?.exec(plain)?.groups;
  const { after, before, low, from, high, other, sixth, same } = found ?? {};
  // A number is added to x where it is hard, and nothing is clamped where it is a silu; one sum is taken in, not two.
  const fits = [!third && !(before && after), y === x, third && same === x][kind];
  if (!fits) return 0;
  const at = (name: string | undefined): number => (name ? chain.operands[Number(name.slice(1))]!.at() : 0);
  return ctx.table([
    ...[kind, out.at(), at(x), at(before), at(after), at(low ?? from) || at(other), at(high), at(other)],
    ...[at(third), at(sixth), bits(Number(least)), bits(Number(most))],
  ]);
}

function bind(ctx: BindContext, core: Core): void {
  const [x, w] = ctx.inputs as [Operand, Operand];
  const p = partsOf(ctx, core);
  const { input, output, window, stride, dilation } = p.windows;
  const [back, reversed] = [isBack(ctx), isReversed(ctx, p)];
  const order = ctx.table(tapOrder(ctx, p));
  const groups = Math.ceil(p.inAll / 8);
  const taps = ctx.relaid(
    w,
    `sliding ${reversed ? 'back' : back ? `by ${stride[2]}` : ''}`,
    groups * p.taps * 32,
    'slidingTaps',
    (from) => [from, p.inAll, p.taps, order],
    groups,
  );
  const [from, to] = reversed ? [output, input] : [input, output];
  const geometry = ctx.table([
    ...[p.inAll, 1],
    ...[...from, ...to, ...window, ...stride, ...padsOf(ctx, p), ...dilation],
  ]);
  const tail = tailOf(ctx);
  const { bias, activation } = core.finishOf(tail ? { ...ctx, chain: undefined } : ctx);
  const rows = p.batch * (back ? input : output)[1];
  const each = ((back ? p.places : p.positions) * p.batch * p.inAll * p.taps) / rows;
  // A chunk begins with bringing as many rows as a window has.
  const grain = Math.max(2 * window[1], Math.ceil(16384 / each));
  const fn = back && !reversed ? 'slidingBack' : 'sliding';
  ctx.call(fn, [ctx.out.at(), x.at(), taps, geometry, bias, activation, tail], rows, grain);
  const { links = [] } = ctx.chain ?? {};
  // A bound of a relu, which comes first, is taken in passing; the core's kernel computes other chains.
  if (tail || links.length === 0 || (links.length === 1 && links[0]!.op.name === 'clippedRelu')) return;
  const count = sizeOfAll(ctx.out);
  ctx.call('chain', [activation, count], Math.ceil(count / 512), 16);
}

let accelerator: Accelerator | null = null;

/** From now on plans use these kernels. */
export function take(core: Core): void {
  accelerator ??= { module, bind: (ctx) => bind(ctx, core), takes: (step) => takes(step, core) };
  core.accelerate('conv', accelerator);
  core.accelerate('convGradInput', accelerator);
}
