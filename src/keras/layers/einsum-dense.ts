/** EinsumDense: a kernel applied by an einsum equation, with a bias along named axes. */
import { add } from '../../ops/binary.ts';
import { einsum } from '../../ops/einsum.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Json } from '../config/spec.ts';
import { activationOf } from './activation-functions.ts';
import { defineLayer, type LayerClass, passMask, type WeightRule } from './layer.ts';
import type { Options } from './options.ts';

/** The three forms that Keras accepts: no dots, dots in front, dots behind. */
interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  readonly dots: 'none' | 'left' | 'right';
}

function read(o: Options): Equation {
  const text = o.raw('equation');
  const match = /^(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?$/.exec(
    typeof text === 'string' ? text.replace(/\s+/g, '') : '',
  );
  const same = match && Boolean(match[1]) === Boolean(match[5]) && Boolean(match[3]) === Boolean(match[7]);
  if (!match || !same || (match[1] && match[3]))
    throw o.wrong('equation', text, 'X,Y->Z, ...X,Y->...Z or X...,Y->Z...');
  const dots = match[1] ? 'left' : match[3] ? 'right' : 'none';
  return { input: match[2]!, kernel: match[4]!, output: match[6]!, dots };
}

function sizesOfOutput(o: Options): readonly (number | null)[] {
  const value = o.raw('output_shape');
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value ?? null];
  const fits = list.every((size) => size === null || (typeof size === 'number' && Number.isInteger(size) && size > 0));
  if (!fits) throw o.wrong('output_shape', value, 'sizes from 1 up, or null');
  return list as readonly (number | null)[];
}

export const einsumDense: LayerClass = defineLayer({
  classes: ['EinsumDense'],
  create: (o) => {
    const equation = read(o);
    const partial = sizesOfOutput(o);
    const axes = o.raw('bias_axes');
    if (axes !== undefined && typeof axes !== 'string') throw o.wrong('bias_axes', axes, 'labels of the result');
    const activation = activationOf(o);
    o.ignore('gptq_unpacked_column_size', 'quantization_config');
    const { input, kernel, output, dots } = equation;
    const text = { none: '', left: '', right: '' };
    text[dots] = '...';
    const full = `${text.left}${input}${text.right},${kernel}->${text.left}${output}${text.right}`;
    return {
      weights: ([x]) => rules(o, equation, x!, partial, typeof axes === 'string' ? axes : null),
      call: ([x], w) => {
        const y = einsum(full, x!, w['kernel']!);
        const bias = w['bias'];
        return activation(bias ? add(y, bias) : y);
      },
      mask: passMask,
    };
  },
});

/** Shapes as Keras works them out: what the result has comes from `output_shape`, the rest from the input. */
function rules(
  o: Options,
  { input, kernel, output, dots }: Equation,
  x: Shape,
  partial: readonly (number | null)[],
  biasAxes: string | null,
): WeightRule[] {
  const hidden = x.length - input.length;
  const skipped = dots === 'left' ? hidden : 0;
  const sizes = new Map([...input].map((label, i) => [label, x[i + skipped]!]));
  // The first axis of the result is the batch, and axes behind left dots follow it: the rest is what is stated.
  [...output].forEach((label, i) => {
    const at = skipped > 0 ? i : i - 1;
    const stated = partial[at] ?? null;
    if (stated !== null) sizes.set(label, stated);
  });
  const sizeOf = (label: string): number => {
    const size = sizes.get(label);
    if (size === undefined) throw o.wrong('output_shape', partial as Json, `a size for '${label}'`);
    return size;
  };
  const weights: WeightRule[] = [{ name: 'kernel', shape: [...kernel].map(sizeOf) }];
  if (biasAxes === null) return weights;
  const stranger = [...biasAxes].find((label) => !output.includes(label));
  if (stranger !== undefined) throw o.wrong('bias_axes', biasAxes, 'labels of the result');
  const first = Math.min(...[...biasAxes].map((label) => output.indexOf(label)));
  const shape = [...output.slice(first)].map((label) => (biasAxes.includes(label) ? sizeOf(label) : 1));
  const behind = dots === 'right' ? new Array<number>(hidden).fill(1) : [];
  return [...weights, { name: 'bias', shape: [...shape, ...behind] }];
}
