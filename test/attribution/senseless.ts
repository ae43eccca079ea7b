/**
 * What makes no sense, in the place of every option: the answer is a PathgradError or a result of finite numbers, never another error and
 * never NaN. The names of the options come from the refusal of one that there is not, so that no list here can be behind.
 */

import type { CallableModel, ModelWeight } from '../../src/graph/callable.ts';
import { relu } from '../../src/ops/activations.ts';
import { conv2d } from '../../src/ops/conv.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { sum } from '../../src/ops/reduce.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { f64, floatInput, tinyModel } from './tiny-models.ts';

const plain: readonly unknown[] = [
  null,
  1,
  'x',
  [],
  {},
  Number.NaN,
  () => null,
  -1,
  0.5,
  true,
  Number.POSITIVE_INFINITY,
  1e12,
];

/** Each by itself, and in a list, in a record and out of a function, where an option may look further. */
const senseless: readonly unknown[] = [
  undefined,
  ...plain,
  ...[null, 1, 'x', Number.NaN].flatMap((value) => [[value], { a: value }, () => value]),
  [undefined],
  () => undefined,
];

/** Where an option has parts: what makes no sense, in the place of each. */
const parts: Readonly<Record<string, (value: unknown) => readonly unknown[]>> = {
  features: (v) => [
    { mask: v },
    { groups: v },
    { axes: v },
    { axes: [v] },
    { mask: [[v, 0, 0, 0]] },
    ...[v, [v], { x: v }, { x: [v] }].map((a) => ({ groups: { a } })),
  ],
  baselines: (v) => [
    { kind: 'constant', value: v },
    ...['distribution', 'low', 'high', 'count', 'seed'].map((name) => ({ kind: 'noise', [name]: v })),
    ...['low', 'high'].map((name) => ({ kind: 'max', [name]: v })),
    ...['id', 'keep'].map((name) => ({ kind: 'pad', [name]: v })),
    { kind: 'dataset', data: v },
    { kind: 'drawn', draw: v },
    { kind: v },
    { kind: 'noise', distribution: 'gaussian', mean: v },
    { kind: 'noise', distribution: 'gaussian', std: v },
    { kind: 'drawn', draw: () => v },
    { kind: 'drawn', draw: () => others, count: v },
    { kind: 'dataset', data: others, count: v },
    { kind: 'dataset', data: others, seed: v, count: 1 },
    { space: 'layer', value: v },
    { data: v, shape: [1, 4] },
    { data: new Float64Array(4), shape: v },
    { x: v },
  ],
  target: (v) => [{ classes: v }, { classes: [v] }, { top: v }, [v, v]],
  forwardKwargs: (v) => [{ mask: v }],
  stdevs: (v) => [{ ofRange: v }],
  noise: (v) => [{ data: v, shape: [1] }],
  layer: (v) => [{ layer: v, call: 0 }, { layer: 'h', call: v }, { path: v }],
  neuronLayer: (v) => [{ layer: 'h', call: v }],
  permutations: (v) => [[[v, v, v, v]]],
  coalitions: (v) => [
    [{ members: v, weight: 1 }],
    [{ members: [v], weight: 1 }],
    [{ members: [0], weight: v }],
    [{ members: [0], weight: 1 }, v],
  ],
  groups: (v) => [{ patch: v }, { patch: [v, 1] }, [[v, 0, 1, 2]]],
  perturb: (v) => [
    (x: Float64Array) => {
      x[0] = v as number;
    },
  ],
  weights: (v) => [({ tensor: { size } }: { tensor: Tensor }) => Array.from({ length: size }, () => v)],
};

/** Options that are read in one place for all methods and metrics: one of them is asked everything, the others a few values. */
const shared = new Set([
  ...['layer', 'targetFn', 'internalBatchSize', 'output', 'relTol', 'backend', 'dtype'],
  ...['forwardKwargs', 'baselines', 'target', 'attributeToLayerInputs', 'onProgress', 'signal', 'features'],
  ...['explain', 'groups', 'input'],
]);
const asked = new Set<string>();

/** What is thrown at an option: the values, and where it has parts, each in the place of a part. */
export function thrownAt(option: string): readonly unknown[] {
  if (asked.has(option)) return [undefined, null, 'x', {}, Number.NaN];
  if (shared.has(option)) asked.add(option);
  return [...senseless, ...plain.concat(undefined).flatMap((value) => parts[option]?.(value) ?? [])];
}

export const shown = (value: unknown): string =>
  typeof value === 'function'
    ? value.length > 0
      ? 'a function'
      : `() => ${shown(value())}`
    : Array.isArray(value)
      ? `[${value.map(shown).join()}]`
      : typeof value === 'object' && value !== null
        ? `{${Object.entries(value).map(([name, one]) => `${name}: ${shown(one)}`)}}`
        : typeof value === 'string'
          ? `'${value}'`
          : String(value);

/** The names of all options, as the refusal of an unknown one lists them. */
export async function optionNames(refused: () => unknown): Promise<string[]> {
  try {
    await refused();
  } catch (error) {
    const names = /hint: known: (.*)$/.exec((error as Error).message)?.[1]?.split(', ');
    if (names && !names.includes('…')) return names;
  }
  throw new Error('no list of known options');
}

export const unknownName = 'q_w_e_r_t_z_u_i_o_p_q_w_e_r_t_z_u_i_o_p';

/** What is wrong with the answer to `work`; null where it is refused by name or has finite numbers only. */
export async function wrongAnswer(work: () => unknown): Promise<string | null> {
  let found: unknown;
  try {
    found = await work();
  } catch (error) {
    if (error instanceof PathgradError) return null;
    return `${(error as Error)?.name}: ${(error as Error)?.message}`;
  }
  const odd = numbersOf(found).find((value) => !Number.isFinite(value));
  return odd === undefined ? null : `gives ${odd}`;
}

function numbersOf(found: unknown): number[] {
  if (Array.isArray(found)) return found.flatMap(numbersOf);
  const { attributions = [], values = [] } = found as { attributions?: readonly Tensor[]; values?: Float64Array };
  return [...attributions.flatMap(({ data }) => Array.from(data)), ...values];
}

const W = [
  [1.5, -2],
  [-0.7, 3],
  [0.2, 0.5],
  [2, 0.1],
];

/** A table of four features, three words of two dimensions, and a picture of 4 by 4 pixels, each to two classes. */
export function mlp(changed: ReadonlyMap<string, ArrayLike<number>> = new Map()): CallableModel {
  const kernel = (name: string, rows: readonly (readonly number[])[]): Tensor => {
    const values = changed.get(name);
    const shape = [rows.length, rows[0]!.length];
    return tensor(Float64Array.from(values ?? rows.flat()), shape, 'float64');
  };
  const first = kernel('h', W);
  const second = kernel('out', [
    [1, 2],
    [3, -4],
  ]);
  const model = tinyModel({
    inputs: [floatInput('x', 4)],
    layers: [
      ['h', 'Dense'],
      ['out', 'Dense'],
    ],
    forward: (call, [x]) => call('out', [call('h', [x!], (v) => relu(matmul(v, first)))], (v) => matmul(v, second)),
  });
  return {
    ...model,
    withWeights: async (change) => {
      const weights = Object.entries({ h: first, out: second }).map(
        ([layer, t]): ModelWeight => ({ layer, name: 'kernel', tensor: t, trainable: true }),
      );
      const all = new Map(changed);
      for (const weight of weights) {
        const values = change(weight);
        if (values) all.set(weight.layer, values);
      }
      return mlp(all);
    },
  };
}

export const table = f64([
  [1, 2, 3, -1],
  [0.5, -2, 7, 0.3],
]);

const others = f64([
  [0, 1, 0, 2],
  [1, 0, 3, 1],
]);

export const words = [
  [0, 0],
  [1, 0.5],
  [0.2, 1],
  [1, 1],
];
export const text = f64([
  [words[1]!, words[2]!, words[3]!],
  [words[3]!, words[1]!, words[1]!],
]);
export const textModel = tinyModel({
  inputs: [floatInput('x', 3, 2)],
  forward: (_, [x]) => matmul(relu(sum(x!, { axes: [1] })), f64([W[0]!, W[1]!])),
});

export const picture = tensor(
  new Float64Array(2 * 4 * 4).map((_, i) => (i * 7) % 11),
  [2, 4, 4, 1],
);
const patch = tensor(Float64Array.of(1, -0.5, 0.3, 0.8, -1, 0.5, 0.25, 1), [2, 2, 1, 2]);
export const pictureModel = tinyModel({
  inputs: [floatInput('x', 4, 4, 1)],
  layers: [['conv', 'Conv2D']],
  forward: (call, [x]) =>
    sum(
      call('conv', [x!], (v) => relu(conv2d(v, patch))),
      { axes: [1, 2] },
    ),
});
