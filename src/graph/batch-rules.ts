/**
 * Where samples lie in an op's result, given where they lie in its inputs: the rules that ops name in `batch`. A rule looks at axes and
 * attributes, never at what a size happens to be. Samples keep apart as long as each element of a result is made of one sample's
 * elements and of what all samples share; a rule says in words what an op does where that ends.
 */
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BatchAxis, BatchRule, Placed } from './op.ts';

const same = (a: BatchAxis, b: BatchAxis): boolean => a.axis === b.axis && a.outer === b.outer && a.inner === b.inner;

/** One place for all inputs, given where each one's axes lie in the result; null where none holds samples. */
function together(
  node: Tensor,
  at: readonly Placed[],
  even: (x: Tensor, axis: number) => boolean,
  shift: (input: Tensor) => number,
): Placed | string {
  let found: BatchAxis | null = null;
  for (const [i, place] of at.entries()) {
    if (!place) continue;
    const here = { ...place, axis: place.axis + shift(node.inputs[i]!) };
    if (found && !same(found, here)) return 'brings samples of different axes together';
    found = here;
  }
  if (!found) return null;
  const { axis } = found;
  const uneven = node.inputs.some((x, i) => {
    const own = axis - shift(x);
    return !at[i] && own >= 0 && x.shape[own] !== 1 && !even(x, own);
  });
  return uneven ? 'gives each sample another constant' : found;
}

/** Ops whose inputs broadcast together, element by element. */
export const elementwise: BatchRule = (at, node, { even }) =>
  together(node, at, even, (x) => node.shape.length - x.rank);

/** Elementwise in all axes but those that `axes` names: what happens along them is one element's business only if no samples lie there. */
export const along =
  (axes: (attrs: never, rank: number) => readonly number[]): BatchRule =>
  (at, node, context) => {
    const place = elementwise(at, node, context);
    const mixed = axes(node.attrs as never, node.rank);
    return place && typeof place !== 'string' && mixed.includes(place.axis) ? 'works across samples' : place;
  };

/** The last axis is worked along. */
export const alongLast: BatchRule = along((_, rank) => [rank - 1]);

/** Reductions over `axes`, which stay as 1 or go. */
export const reduced =
  (read: (attrs: never) => { readonly axes: readonly number[]; readonly keepDims: boolean }): BatchRule =>
  ([place], node) => {
    if (!place) return null;
    const { axes, keepDims } = read(node.attrs as never);
    if (axes.includes(place.axis)) return 'reduces over the samples';
    return { ...place, axis: keepDims ? place.axis : place.axis - axes.filter((axis) => axis < place.axis).length };
  };

/** The same elements in the same order under another shape: an axis must hold whole samples, `outer` times, each `inner` long. */
export const reshaped: BatchRule = ([place], { inputs: [x], shape }, { rows }) => {
  if (!place) return null;
  const before = sizeOf(x!.shape.slice(0, place.axis)) * place.outer;
  const after = sizeOf(x!.shape.slice(place.axis + 1)) * place.inner;
  let lead = 1;
  for (const [axis, dim] of shape.entries()) {
    const outer = before / lead;
    const inner = after / sizeOf(shape.slice(axis + 1));
    if (Number.isInteger(outer) && Number.isInteger(inner) && dim === outer * rows * inner)
      return { axis, outer, inner };
    lead *= dim;
  }
  return 'tears the axis of the samples apart';
};

/** The rule of transposes: the batch axis goes where the permutation puts it. */
export const transposed: BatchRule = ([place], node) =>
  place ? { ...place, axis: (node.attrs as { perm: readonly number[] }).perm.indexOf(place.axis) } : null;

/** Parts of the samples' axis stay whole blocks of all samples, or nothing is cut there. */
export const sliced: BatchRule = ([place], { attrs, inputs: [x], shape }, { rows }) => {
  if (!place) return null;
  const { begin, step } = attrs as { begin: readonly number[]; step: readonly number[] };
  const { axis, inner } = place;
  if (shape[axis] === x!.shape[axis]) return place;
  const outer = shape[axis]! / (rows * inner);
  const whole = step[axis] === 1 && Number.isInteger(begin[axis]! / (rows * inner)) && Number.isInteger(outer);
  return whole && outer > 0 ? { axis, outer, inner } : 'takes some samples and leaves others';
};

/** The rule of ops that pad: the batch axis stays where no padding is put on it. */
export const padded: BatchRule = ([place], { inputs: [x], shape }) =>
  place && shape[place.axis] !== x!.shape[place.axis] ? 'puts others among the samples' : (place ?? null);

/** Along the samples' axis whole blocks of all samples follow each other. */
export const joined: BatchRule = (at, node, { even }) => {
  const { axis } = node.attrs as { axis: number };
  const first = at.find((place) => place !== null);
  if (!first || first.axis !== axis) return together(node, at, even, () => 0);
  if (at.some((place) => place === null)) return 'puts others among the samples';
  if (at.some((place) => place!.axis !== axis || place!.inner !== first.inner))
    return 'brings samples of different axes together';
  return { ...first, outer: at.reduce((total, place) => total + place!.outer, 0) };
};

/** `x` at `index` along an axis. */
export const gathered: BatchRule = ([x, index], { attrs, inputs }) => {
  const { axis } = attrs as { axis: number };
  if (x && index) return 'picks by an index of each sample among the samples';
  if (index) return { ...index, axis: axis + index.axis };
  if (!x || x.axis < axis) return x ?? null;
  return x.axis === axis ? 'picks among the samples' : { ...x, axis: x.axis + inputs[1]!.rank - 1 };
};

/** The transpose of `gathered`. */
export const scattered: BatchRule = ([x, index], { attrs, inputs }) => {
  const { axis } = attrs as { axis: number };
  const rank = inputs[1]!.rank;
  if (index || (x && x.axis >= axis && x.axis < axis + rank)) return 'adds samples up';
  return x && x.axis >= axis + rank ? { ...x, axis: x.axis - rank + 1 } : (x ?? null);
};

/** Products over the last two axes; the axes before them broadcast. */
export const multiplied: BatchRule = (at, node, { even }) => {
  const { transposeA, transposeB } = node.attrs as { transposeA: boolean; transposeB: boolean };
  const rank = node.rank;
  const flips = [transposeA, transposeB];
  const moved = at.map((place, i): Placed | string => {
    if (!place) return null;
    const fromEnd = node.inputs[i]!.rank - place.axis;
    if (fromEnd > 2) return place;
    // The rows of the first and the columns of the second stay; the others are summed over.
    const stays = (fromEnd === 2) !== flips[i] ? i === 0 : i === 1;
    return stays ? { ...place, axis: node.inputs[i]!.rank - (i === 0 ? 2 : 1) } : 'sums over the samples';
  });
  const summed = moved.find((place) => typeof place === 'string');
  if (summed) return summed;
  // Of what holds no samples only the leading axes meet them.
  const leading = (x: Tensor, axis: number): boolean => axis >= x.rank - 2 || even(x, axis);
  return together(node, moved as Placed[], leading, (x) => rank - x.rank);
};

/**
 * Samples lie in front of some inputs, `data` names them by index, and nowhere in the others (kernels): convolutions, pools and
 * recurrent nets.
 */
export const inFront =
  (data: (index: number, count: number) => boolean): BatchRule =>
  (at, node, { even }) => {
    const first = at.find((place) => place !== null);
    if (!first) return null;
    const astray = at.some((place, i) => place && (!data(i, at.length) || place.axis !== 0 || !same(place, first)));
    if (astray) return 'works across samples';
    const uneven = node.inputs.some((x, i) => !at[i] && data(i, at.length) && x.shape[0] !== 1 && !even(x, 0));
    return uneven ? 'gives each sample another constant' : first;
  };

/** Ops that bring samples together whatever the axis. */
export const mixes =
  (what: string): BatchRule =>
  (at) =>
    at.some((place) => place !== null) ? what : null;
