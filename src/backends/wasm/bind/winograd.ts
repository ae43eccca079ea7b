/**
 * 3x3 convolutions of stride 1 with constant weights, and their gradients to the input, on `kernels/wasm/winograd.ts`: an accelerator
 * (`take`) that a model with such layers loads. The kernel is transformed once for all plans. Depthwise ones have a kernel here with the core's bits.
 *
 * Invariant: errors stay near those of the core's product (F(2x2, 3x3) adds and halves, and multiplies by nothing else). Infinite inputs
 * give NaN in the outputs of their tiles, not in their windows' alone. Equal windows may differ in the last bits where they lie an odd number of
 * positions apart, as along a diagonal line: nothing that compares positions may come behind.
 */
import type { Program, Step } from '../../../graph/program.ts';
import type { ConvAttrs } from '../../../ops/conv-primitives.ts';
import type { Core } from '../accelerators.ts';
import type { Accelerator, BindContext, Operand, PlacedStep, StepSpec } from '../step.ts';
import { packed as module } from '../winograd.generated.ts';
import type { Parts } from './conv.ts';

/** Multiplications of a tile, and of its outputs without the transform. */
const [ours, theirs] = [16, 36];
/** Input channels that are taken at a time, tiles and output channels of a unit at most: the scratch memory holds their values and sums. */
const [mostDepth, mostTiles, mostWidth] = [512, 24, 512];
/** So many units are wanted, so that threads find work. */
const enoughUnits = 8;
/** Fewer tiles are not worth it; and with a kernel of so many elements, fewer tiles of a picture: transformed it costs as much as it saves (measured). */
const [fewestTiles, largeKernel] = [6, 2 ** 18];

/** A convolution of `input` `[batch, h, w, inner]` to `[batch, h, w, filters]`, in either direction. */
interface Problem {
  readonly batch: number;
  readonly input: readonly [h: number, w: number];
  readonly output: readonly [h: number, w: number];
  readonly before: readonly [h: number, w: number];
  readonly inner: number;
  readonly filters: number;
}

const isBack = ({ op }: Pick<StepSpec, 'op'>): boolean => op === 'convGradInput';

function partsOf({ op, inputs: [x, w], out, attrs }: StepSpec, { parts }: Core): Parts {
  const [from, to] = isBack({ op }) ? [out, x!] : [x!, out];
  return parts(from.shape, w!.shape, to.shape, attrs as unknown as ConvAttrs);
}

function problemOf(step: StepSpec, core: Core): Problem {
  const p = partsOf(step, core);
  const plane = ([, h, w]: readonly [number, number, number]): [number, number] => [h, w];
  const { input, output, before } = p.windows;
  const [top, left] = plane(before);
  // The gradient is the convolution of the gradient with the kernel turned round.
  return isBack(step)
    ? {
        batch: p.batch,
        input: plane(output),
        output: plane(input),
        before: [2 - top, 2 - left],
        inner: p.outAll,
        filters: p.inAll,
      }
    : {
        batch: p.batch,
        input: plane(input),
        output: plane(output),
        before: [top, left],
        inner: p.inAll,
        filters: p.outAll,
      };
}

const tilesOf = ({ output: [h, w] }: Problem): readonly [number, number] => [Math.ceil(h / 2), Math.ceil(w / 2)];

/** Whether it takes the largest of several positions: a maximum over places (not over the channels alone), a max pool. */
function compares({ op, attrs, inputs }: Step, { values }: Program): boolean {
  if (op.name === 'max' || op.name === 'min') {
    const { shape } = values[inputs[0]!]!.spec;
    return shape.length > 2 && (attrs['axes'] as readonly number[]).some((axis) => axis > 0 && axis < shape.length - 1);
  }
  const window = /axPool/.test(op.name) ? ((attrs['window'] as readonly number[] | undefined) ?? []) : [];
  return window.some((side) => side > 1);
}

const left = new WeakMap<Program, ReadonlySet<Step>>();

/**
 * The steps whose results go into such a maximum, by whatever way: ties must stay ties there. And those that read what the gradient of a pool left, an
 * element of a window at most, whose zeros the core leaves out.
 */
function leftAlone(program: Program): ReadonlySet<Step> {
  const known = left.get(program);
  if (known) return known;
  const found = new Set<Step>();
  left.set(program, found);
  const { steps, values } = program;
  // Values that share bytes share their place.
  const placeOf = (value: number): number => {
    const { home } = values[value]!;
    return home.kind === 'arena' ? home.offset : -1;
  };
  // From back to front: which places of the arena hold what goes into one.
  const wanted = new Set<number>();
  for (const step of [...steps].reverse()) {
    const own = wanted.delete(placeOf(step.output));
    if (own) found.add(step);
    // In what an op is linear it compares nothing: the gradient that a pool hands on.
    const { linear } = step.op;
    step.inputs.forEach((value, i) => {
      const handsOn = linear !== 'joint' && linear.includes(i);
      if (own || (compares(step, program) && !handsOn)) wanted.add(placeOf(value));
    });
    wanted.delete(-1);
  }
  const rare = new Set<number>();
  for (const step of steps) {
    const { op, inputs, output } = step;
    const reads = inputs.filter((value) => rare.has(placeOf(value))).length;
    if (reads > 0) found.add(step);
    const leaves = op.zeros === 'shares' ? reads === inputs.length : op.zeros && reads > 0;
    if (leaves || /axPoolGrad$/.test(op.name)) rare.add(placeOf(output));
    else rare.delete(placeOf(output));
    rare.delete(-1);
  }
  return found;
}

/** Whether a step is such a convolution, and one where it pays (measured: docs/architecture.md). */
function takes(step: PlacedStep, core: Core): boolean {
  const { inputs, out, attrs } = step;
  const [x, w] = inputs as [Operand, Operand];
  const { strides, dilations, groups } = attrs as unknown as ConvAttrs;
  const plain = groups === 1 && [...strides, ...dilations].every((size) => size === 1);
  if (!plain || w.shape.length !== 4 || w.shape[0] !== 3 || w.shape[1] !== 3 || !w.constant) return false;
  if (out.dtype !== 'float32' || [out, ...inputs].some(({ shape }) => shape.includes(0))) return false;
  const problem = problemOf(step, core);
  const { output, inner, filters, batch } = problem;
  const [down, across] = tilesOf(problem);
  const saved = (theirs * output[0] * output[1]) / 4 / (ours * down * across);
  // Of a large kernel each picture must have them: its prediction alone reads the panels, and 16/9 of the weights would be held beside them.
  const work = (9 * inner * filters < largeKernel ? batch : 1) * down * across;
  // Behind a relu half of the elements are zeros, which the core leaves out; of a gradient that comes from a relu more are.
  const dense = x.sparse < (isBack(step) ? 1 : 2);
  const pays = dense && saved >= 1.25 && inner >= 16 && filters >= 16 && work >= fewestTiles;
  return pays && !leftAlone(step.program).has(step.step);
}

function bind(ctx: BindContext, core: Core): void {
  const { finishOf, panelColumns, panelRows } = core;
  const [x, w] = ctx.inputs as [Operand, Operand];
  const problem = problemOf(ctx, core);
  const { batch, input, output, before, inner, filters } = problem;
  const [down, across] = tilesOf(problem);
  const tiles = batch * down * across;
  const blocks = Math.ceil(tiles / mostTiles);
  const block = Math.ceil(tiles / blocks / panelRows) * panelRows;
  const panels = Math.ceil(filters / panelColumns);
  const fewest = Math.ceil(filters / mostWidth);
  const wanted = Math.max(fewest, Math.min(Math.ceil(enoughUnits / blocks), Math.ceil(panels / 8)));
  const width = Math.ceil(panels / wanted) * panelColumns;
  const strips = Math.ceil(filters / width);
  const depth = Math.ceil(inner / Math.ceil(inner / mostDepth) / 4) * 4;
  const layer = ctx.table([
    ...[...input, ...output, ...before],
    ...[inner, filters, down, across, tiles],
    ...[block, width, strips, depth],
  ]);
  const finish = finishOf(ctx);
  const [whole, line] = [9 * inner * filters * 4, inner * filters * 4];
  // From tap to tap, inner index and column; the kernel is stored as [3, 3, in, out].
  const steps = isBack(ctx) ? [-3 * line, -line, 4, inner * 4] : [3 * line, line, filters * 4, 4];
  const first = isBack(ctx) ? whole - line : 0;
  const kernel = ctx.relaid(
    w,
    `winograd ${ctx.op}`,
    16 * panels * inner * panelColumns * 4,
    'winogradKernel',
    (from) => [from + first, inner, filters, ...steps],
    panels,
  );
  const units = Math.ceil(tiles / block) * strips;
  const flops = 2 * 16 * block * width * inner;
  const grain = Math.max(1, Math.ceil(500_000 / flops));
  ctx.call('winograd', [ctx.out.at(), x.at(), kernel, layer, finish.bias, finish.activation], units, grain);
}

/**
 * Whether it is a depthwise convolution whose windows of three taps along a row overlap: `kernels/wasm/windows/slide-three.ts`. Gradients, and short rows in
 * wide vectors, are those of `sliding.ts`, which is faster there.
 */
function slides({ inputs: [x, w], out, attrs }: PlacedStep, { parts, wasmBackend }: Core): boolean {
  if (out.dtype !== 'float32' || [out, x!, w!].some(({ shape }) => shape.includes(0))) return false;
  const p = parts(x!.shape, w!.shape, out.shape, attrs as unknown as ConvAttrs);
  const { window, stride, dilation } = p.windows;
  const { groups, inAll, outAll } = p;
  const straight = window[2] === 3 && dilation[2] === 1 && stride[2] === 1;
  const first = wasmBackend.simd() !== 'wide' || p.windows.output[2] >= 16;
  return groups > 1 && groups === inAll && inAll === outAll && straight && first;
}

let accelerators: readonly Accelerator[] | null = null;

/** From now on plans use these kernels. */
export function take(core: Core): void {
  accelerators ??= [
    { module, bind: (ctx) => bind(ctx, core), takes: (step) => takes(step, core) },
    // The core's binder calls the module's kernel, which has the name of the core's.
    { module, bind: core.conv, takes: (step) => slides(step, core) },
  ];
  const [winograd, three] = accelerators as [Accelerator, Accelerator];
  core.accelerate('conv', winograd);
  core.accelerate('conv', three);
  core.accelerate('convGradInput', winograd);
}
