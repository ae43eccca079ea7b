/**
 * Recognises a convolution, or a dense layer, that alone reads what a frontier node gives behind a relu, a max pool or both, and puts one op
 * (`lineConv`) in the place of points, relu, pool and product. Loaded where a model has such a place: the op brings kernels of its own.
 */
import { type ConvAttrs, conv } from '../../ops/conv-primitives.ts';
import { type LineConvAttrs, lineConv, unfitLines } from '../../ops/line-conv.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape } from '../../ops/movement.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { findLinePool, type LinePool } from './line-pool.ts';

/** With fewer steps, products of an output, filters, or products that read a point than these, step by step is faster. */
const least = { steps: 12, products: 32, filters: 8, uses: 16 };
/** Most bytes of the lists of kinks, some 60 for each channel of a window. */
const mostListed = 2 ** 26;

type Readers = ReadonlyMap<Tensor, Tensor[]>;

/** The only reader of a node that is no output, or null. */
function onlyReader(of: Tensor, output: Tensor, readers: Readers): Tensor | null {
  const all = readers.get(of) ?? [];
  return all.length === 1 && of !== output ? all[0]! : null;
}

/** A product in the terms of a convolution: shapes of a sample and of the kernel, and how it goes over the places. */
interface Product extends Omit<ConvAttrs, 'groups'> {
  readonly sample: Shape;
  readonly node: Tensor;
  readonly kernel: Shape;
}

/** The product that alone reads `x` (through a reshape), if its weights are constant, or null. */
function productOf(x: Tensor, output: Tensor, readers: Readers): Product | null {
  const next = onlyReader(x, output, readers);
  const flat = next?.op?.name === 'reshape';
  const node = flat ? onlyReader(next, output, readers) : next;
  const w = node?.inputs[1];
  if (!w?.source || node!.inputs[0] !== (flat ? next : x)) return null;
  const attrs = node!.attrs as unknown as ConvAttrs;
  if (node!.op!.name === conv.op.name)
    return flat || attrs.groups !== 1 ? null : { ...attrs, sample: x.shape.slice(1), node: node!, kernel: w.shape };
  const { transposeA, transposeB } = node!.attrs;
  const { shape } = node!.inputs[0]!;
  // A row of the product is a sample, whose places are one window.
  if (node!.op!.name !== matmul.op.name || transposeA || transposeB || w.rank !== 2) return null;
  if (shape.length !== 2 || shape[0] !== x.shape[0]) return null;
  const sample = x.rank === 2 ? [1, ...x.shape.slice(1)] : x.shape.slice(1);
  const space = sample.slice(0, -1);
  const [strides, pads] = [space.map(() => 1), space.map(() => [0, 0] as const)];
  return { strides, dilations: strides, pads, sample, node: node!, kernel: [...sample, w.shape[1]!] };
}

/**
 * The product behind frontier node `node`, which counts as what is picked and multiplied.
 * @param lines the shape of all lines
 * @param steps how many points of each are taken
 */
export function findLineConv(
  node: Tensor,
  output: Tensor,
  readers: Readers,
  lines: Shape,
  steps: number,
): LinePool | null {
  const found = findLinePool(node, output, readers);
  const next = onlyReader(node, output, readers);
  if (found ? found.attrs!.ties !== 'first' : next?.op?.name !== 'relu') return null;
  const product = productOf(found?.pooled ?? next!, output, readers);
  if (!product || node.dtype !== 'float32') return null;
  const { sample, kernel, strides, dilations, pads } = product;
  const one = sample.slice(0, -1).map(() => 1);
  const none = { relu: true, window: one, strides: one, pads: one.map(() => [0, 0] as const) };
  const { relu, window, ...pool } = found?.attrs ?? none;
  const attrs: LineConvAttrs = {
    relu,
    window,
    poolStrides: pool.strides,
    poolPads: pool.pads,
    strides,
    dilations,
    pads,
  };
  // Without a pool a sample's places are those of its lines.
  const shape = lines.length === sample.length + 1 ? lines : [lines[0]!, ...sample];
  const products = sizeOf(kernel.slice(0, -1));
  const [channels, filters] = kernel.slice(-2) as [number, number];
  if (steps < least.steps || products < least.products || filters < least.filters) return null;
  if ((products / channels) * filters < least.uses) return null;
  if (60 * lines[0]! * sizeOf(sample) > mostListed || unfitLines(shape, kernel, steps, attrs)) return null;
  const weights = product.node.inputs[1]!;
  const w = new Tensor(null, [], {}, { shape: kernel, dtype: weights.dtype }, weights.source);
  return {
    pooled: product.node,
    fuse: (start, delta, alpha) => {
      const [from, by] = [reshape(start, shape), reshape(delta, shape)];
      return reshape(lineConv([from, w, by, alpha], attrs), product.node.shape);
    },
  };
}
