/**
 * Golden values of transformers' PyTorch encoders (test/golden/transformers/make_encoders.py) and their comparison with ours. Weights are
 * not stored: both sides make them from the names of the arrays by one generator, in steps that every float type of a file holds exactly.
 */
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { sum } from '../../src/ops/reduce.ts';
import { slice } from '../../src/ops/slicing.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { type Encoding, type LoadedTransformer, loadTransformer } from '../../src/transformers/index.ts';
import { projectFile } from './golden.ts';
import { type ToWrite, writeSafetensors } from './safetensors.ts';

export type HeadName = 'base' | 'single' | 'multi' | 'regression' | 'token' | 'question' | 'masked';
type Values = { readonly shape: readonly number[]; readonly data: readonly number[] };

export interface GoldenCase {
  readonly head: HeadName;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, Values>>;
  /** The index, behind the row's, of the score that is explained: in the first of the outputs. */
  readonly target: readonly number[];
  /** Of that score, summed over rows, at the output of the embeddings; then captum's integrated gradients there. */
  readonly gradient: Values;
  readonly attributions: Values;
}

export interface GoldenEncoder {
  readonly family: string;
  /** The attribute that holds the encoder, in models with a head. */
  readonly prefix: string;
  readonly method: 'gausslegendre';
  readonly steps: number;
  readonly inputs: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly baseline: readonly (readonly number[])[];
  readonly cases: readonly GoldenCase[];
}

export function goldenEncoder(name: string): GoldenEncoder {
  const bytes = projectFile(`test/golden/transformers/encoders/${name}.json.gz`);
  return JSON.parse(gunzipSync(bytes).toString()) as GoldenEncoder;
}

/** `made` of make_encoders.py: FNV-1a of the name seeds a linear congruential generator, whose top 8 bits become the value. */
export function made(name: string, shape: readonly number[]): Float32Array {
  let state = 2166136261;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 16777619);
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const table = name.includes('embeddings') ? 128 : 256;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const value = (state >>> 24) - 128;
    if (shape.length > 1) values[i] = value / table;
    else values[i] = name.endsWith('weight') ? 1 + Math.floor(value / 2) / 128 : value / 512;
  }
  return values;
}

export type StoredAs = 'F32' | 'F16' | 'BF16';

/** The arrays of a case as a file holds them. */
export function arraysOf(
  { tensors }: Pick<GoldenCase, 'tensors'>,
  prefix: string,
  as: StoredAs = 'F32',
): Record<string, ToWrite> {
  const entries = Object.entries(tensors).map(([name, shape]) => {
    const values = made(name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name, shape);
    return [name, { shape, dtype: as, data: as === 'F32' ? values : halves(values, as) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Two bytes a value. The values are such that nothing is lost. */
function halves(values: Float32Array, as: 'F16' | 'BF16'): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const half = (b: number): number => {
    if ((b & 0x7fffffff) === 0) return b >>> 16;
    return ((b >>> 16) & 0x8000) | ((((b >>> 23) & 0xff) - 112) << 10) | ((b >>> 13) & 0x3ff);
  };
  return new Uint8Array(Uint16Array.from(bits, as === 'BF16' ? (b) => b >>> 16 : half).buffer);
}

/** The model of a case; the last hidden states in place of a head where it has none. */
export function openCase(
  { prefix }: GoldenEncoder,
  golden: GoldenCase,
  dtype: FloatDType = 'float64',
  as: StoredAs = 'F32',
): Promise<LoadedTransformer> {
  const files = { config: golden.config, weights: writeSafetensors(arraysOf(golden, prefix, as)) };
  const head = { head: ({ hidden }: Encoding): Tensor => hidden };
  return loadTransformer(files, { output: 'logits', dtype, ...(golden.head === 'base' ? head : {}) });
}

/** Largest differences from the golden values: outputs absolutely, gradient and attributions by the largest of them. */
export interface Differences {
  readonly outputs: number;
  /** The largest of the golden outputs. */
  readonly largest: number;
  readonly gradient: number;
  readonly attributions: number;
}

/** @throws through uvu where a shape differs */
export async function compareCase(
  golden: GoldenEncoder,
  found: GoldenCase,
  dtype: FloatDType = 'float64',
): Promise<Differences> {
  const model = await openCase(golden, found, dtype);
  const layer = `${golden.prefix}/embeddings`;
  const { input_ids: ids, ...kwargs } = golden.inputs as Record<string, number[][]>;
  const mask = (kwargs['attention_mask'] as number[][]).flat();
  const at = applied(model, layer, ids as number[][], kwargs);
  const score = sum(slice(at.outputs[0]!, Object.fromEntries(found.target.map((i, axis) => [axis + 1, [i, i + 1]]))));
  const [embedded] = await compile([at.states], []).run([]);
  const plan = compile([...at.outputs, grad(score, [at.leaf])[0]!], [at.leaf]);
  const results = await plan.run([embedded!]);
  const wanted = Object.values(found.outputs);
  // The golden values of an encoder without a head end with its pooler's, which a head of one's own may ask for.
  const off = at.outputs.map((y, i) => absolute({ data: results[i]!, shape: y.shape }, wanted[i]!, mask));
  const ig = new IntegratedGradients(model, { layer, nSteps: golden.steps, method: golden.method, output: 0 });
  const { attributions } = await ig.explain(ids as number[][], {
    forwardKwargs: kwargs,
    baselines: golden.baseline as number[][],
    ...(found.head === 'regression' ? {} : { target: targetOf(found, ids!.length) }),
  });
  ig.dispose();
  model.dispose();
  return {
    outputs: Math.max(...off),
    largest: Math.max(...wanted.flatMap(({ data }) => data.map(Math.abs))),
    gradient: relative(results.at(-1)!, found.gradient.data),
    attributions: relative(attributions[0]!.data, found.attributions.data),
  };
}

function targetOf({ target }: GoldenCase, rows: number): number[] | number[][] {
  return Array.from({ length: rows }, () => (target.length === 1 ? target[0]! : [...target])) as number[] | number[][];
}

/** The model's outputs as functions of a leaf that stands where `layer` gave `states`. */
function applied(
  model: LoadedTransformer,
  layer: string,
  ids: number[][],
  kwargs: Record<string, number[][]>,
): { outputs: readonly Tensor[]; states: Tensor; leaf: Tensor } {
  const ints = (rows: number[][]): Tensor => tensor(rows, undefined, 'int32');
  const seen: Tensor[] = [];
  const outputs = model.apply([ints(ids)], {
    kwargs: Object.fromEntries(Object.entries(kwargs).map(([name, rows]) => [name, ints(rows)])),
    onOutputs: ({ layer: { path }, outputs: [states] }) => {
      if (path !== layer) return null;
      const leaf = placeholder(states!.shape, states!.dtype);
      seen.push(states!, leaf);
      return [leaf];
    },
  });
  const [states, leaf] = seen;
  assert.ok(states && leaf, `the model has a layer ${layer}`);
  return { outputs, states: states!, leaf: leaf! };
}

/** The largest difference, hidden positions aside. */
function absolute(got: { data: ArrayLike<number>; shape: readonly number[] }, wanted: Values, mask: number[]): number {
  assert.equal(got.shape, wanted.shape);
  const perPosition = wanted.data.length / mask.length;
  const byPosition = wanted.shape.length > 1 && wanted.shape[0]! * wanted.shape[1]! === mask.length;
  return wanted.data.reduce((most, v, i) => {
    const hidden = byPosition && mask[Math.floor(i / perPosition)] === 0;
    return hidden ? most : Math.max(most, Math.abs(v - got.data[i]!));
  }, 0);
}

function relative(got: ArrayLike<number>, wanted: readonly number[]): number {
  assert.is(got.length, wanted.length);
  const top = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  assert.ok(top > 0, 'golden values are not all zero');
  return wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0) / top;
}

/** Families of the golden values that are not implemented. */
export const notYet: readonly string[] = [];
