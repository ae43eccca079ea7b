/**
 * What training computes in one pass where public ops would take several: dropout, and the gradient of an extreme. Their kernels come with
 * them (`kernels`), so that nothing else carries them.
 */
import { dropoutKernel, extremeGradKernel } from '../backends/reference/random.ts';
import { wasmDropout, wasmExtremeGrad } from '../backends/wasm/bind/random.ts';
import { defineOp, type Op, type OpFunction, type Placed, withOp } from '../graph/op.ts';
import { failure } from '../tensor/errors.ts';
import { checkWhole } from '../tensor/options.ts';
import { reduceShape, sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { div, equal, greater, maximum, mul, where } from './binary.ts';
import { reshape } from './movement.ts';
import { floatOf } from './promote.ts';
import { checkSeed } from './random.ts';
import { sum } from './reduce.ts';
import { cast } from './unary.ts';

/** An element is zero with probability `dropped / 2^16`, else `scale` times itself. */
type DropoutAttrs = { readonly stream: number; readonly dropped: number; readonly scale: number };

const dropoutOp: OpFunction<DropoutAttrs> = defineOp<DropoutAttrs>({
  name: 'dropout',
  shape: ([x]) => ({ shape: x!.shape, dtype: floatOf('dropout', x!) }),
  // The same elements are dropped from the gradient: the mask is drawn again rather than kept.
  vjp: (g, _, [, seed], attrs) => [() => dropoutOp([g, seed!], attrs), null],
  batch: ([x, seed]) => (x || seed ? 'drops other elements of each sample' : null),
  linear: [0],
  zeros: 'makes',
  flops: ([x]) => 6 * sizeOf(x!.shape),
  kernels: { reference: dropoutKernel, wasm: wasmDropout },
  examples: [
    {
      inputs: [[3, 11], { shape: [2], dtype: 'int32', range: [-1000, 1000] }],
      attrs: { stream: 0, dropped: 26_214, scale: 1 / 0.6 },
    },
    { inputs: [[70], { shape: [2], dtype: 'int32' }], attrs: { stream: 5, dropped: 32_768, scale: 2 } },
    {
      inputs: [[256, 98, 250], { shape: [2], dtype: 'int32', range: [0, 1000] }],
      attrs: { stream: 1, dropped: 26_214, scale: 1 / 0.6 },
      size: 'real',
    },
  ],
});

/**
 * `x` with elements made zero at random, each with probability `rate` (to 2^-17), and the others divided by `1 - rate`: the same elements for the
 * same seed and stream, on every backend.
 * @param seed int32 `[2]`, as for `randomUniform`, whose numbers are others
 * @throws PathgradError for a rate that is not from 0 up to, but not, 1
 */
export const dropout: ((x: Tensor, seed: Tensor, options: { rate: number; stream: number }) => Tensor) & { op: Op } =
  withOp((x: Tensor, seed: Tensor, { rate, stream }: { rate: number; stream: number }) => {
    checkSeed('dropout', seed);
    checkWhole('dropout', 'stream', stream, 0);
    if (!(rate >= 0 && rate < 1)) throw failure('dropout', 'rate is a share from 0 up to 1, and not 1', { rate });
    if (x.dtype !== 'float32' && x.dtype !== 'float64') throw failure('dropout', 'x holds floats', { got: x.dtype });
    return dropoutOp([x, seed], { stream, dropped: Math.round(rate * 2 ** 16), scale: 1 / (1 - rate) });
  }, dropoutOp);

type ExtremeGradAttrs = {
  /** Neighbours, rising. */
  readonly axes: readonly number[];
  /** Whether only an extreme above 0 passes its gradient, as with a relu in front. */
  readonly positive: boolean;
  readonly scale: number;
};

/** What share of the gradient each element gets, in public ops. */
function shares(x: Tensor, y: Tensor, { axes, positive, scale }: ExtremeGradAttrs): Tensor {
  const wide = reshape(y, reduceShape(x.shape, axes, true));
  const hit = cast(equal(x, wide), x.dtype);
  const share = mul(div(hit, maximum(sum(hit, { axes, keepDims: true }), 1)), scale);
  return positive ? where(greater(wide, 0), share, 0) : share;
}

/**
 * The gradient `g` of `y`, the maximum or minimum of `x` over neighbouring axes (which are gone from `y` and `g`), times `scale`: elements that
 * equal it get it in equal shares (TensorFlow's rule for ties), all others 0. No gradient of its own goes to `x` and `y`.
 */
export const extremeGrad: OpFunction<ExtremeGradAttrs> = defineOp<ExtremeGradAttrs>({
  name: 'extremeGrad',
  shape: ([x, y, g], { axes }) => {
    const expected = reduceShape(x!.shape, axes, false);
    const neighbours = axes.length > 0 && axes.every((axis, i) => axis === axes[0]! + i);
    if (!neighbours) throw failure('extremeGrad', 'the axes are neighbours, rising', { axes });
    if (!sameShape(y!.shape, expected) || !sameShape(g!.shape, expected))
      throw failure('extremeGrad', 'extreme and gradient have what is left', { y: y!.shape, g: g!.shape, expected });
    return { shape: x!.shape, dtype: floatOf('extremeGrad', x!, y!, g!) };
  },
  vjp: (gg, _, [x, y], attrs) => [null, null, () => sum(mul(gg, shares(x!, y!, attrs)), { axes: attrs.axes })],
  batch: ([x, y, g], { attrs }) => {
    const { axes } = attrs as unknown as ExtremeGradAttrs;
    const wide = (place: Placed | undefined): Placed =>
      place ? { ...place, axis: place.axis < axes[0]! ? place.axis : place.axis + axes.length } : null;
    const places = [x, wide(y), wide(g)].filter((place) => place !== null && place !== undefined);
    if (places.some(({ axis }) => axes.includes(axis))) return 'reduces over the samples';
    if (new Set(places.map((place) => JSON.stringify(place))).size > 1)
      return 'brings samples of different axes together';
    return places.length === 0 ? null : places.length < 3 ? 'gives each sample another constant' : places[0]!;
  },
  linear: [2],
  zeros: 'most',
  rectify: (attrs) => ({ ...attrs, positive: true }),
  summed: ([, y, g], { axes, positive, scale }, over) => {
    if (!axes.every((axis) => over.includes(axis))) return null;
    const passed = mul(positive ? where(greater(y!, 0), g!, 0) : g!, scale);
    const rest = over.filter((axis) => !axes.includes(axis));
    return sum(passed, { axes: rest.map((axis) => (axis < axes[0]! ? axis : axis - axes.length)) });
  },
  flops: ([x]) => 2 * sizeOf(x!.shape),
  kernels: { reference: extremeGradKernel, wasm: wasmExtremeGrad },
  examples: [
    {
      inputs: [
        [2, 5, 3],
        [2, 3],
        [2, 3],
      ],
      attrs: { axes: [1], positive: false, scale: 1 },
    },
    { inputs: [[2, 3, 4], [2], [2]], attrs: { axes: [1, 2], positive: true, scale: 2 } },
    {
      inputs: [
        [4, 3, 21],
        [3, 21],
        [3, 21],
      ],
      attrs: { axes: [0], positive: true, scale: 1.5 },
    },
    {
      inputs: [
        [256, 98, 250],
        [256, 250],
        [256, 250],
      ],
      attrs: { axes: [1], positive: true, scale: 1 },
      size: 'real',
    },
  ],
});
