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
import { type NestedArray, placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { type Encoding, type LoadedTransformer, loadTransformer } from '../../src/transformers/index.ts';
import { projectFile } from '../golden/golden.ts';
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
function made(name: string, shape: readonly number[]): Float32Array {
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
export function arraysOf({ tensors }: GoldenCase, prefix: string, as: StoredAs = 'F32'): Record<string, ToWrite> {
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
  readonly gradient: number;
  readonly attributions: number;
}

export async function compareCase(
  golden: GoldenEncoder,
  found: GoldenCase,
  dtype: FloatDType = 'float64',
): Promise<Differences> {
  const model = await openCase(golden, found, dtype);
  const { input_ids: ids, ...kwargs } = golden.inputs as { input_ids: NestedArray } & Record<string, NestedArray>;
  const inputs = tensor(ids, undefined, 'int32');
  const given = Object.fromEntries(Object.entries(kwargs).map(([name, v]) => [name, tensor(v, undefined, 'int32')]));
  const layer = `${golden.prefix}/embeddings`;
  const index = found.head === 'question' ? [...found.target, 0] : found.target;
  let at: Tensor | null = null;
  const [y] = model.apply([inputs], {
    kwargs: given,
    onOutputs: ({ layer: { path }, outputs }) => {
      if (path !== layer) return null;
      // A leaf in the place of what the layer gave, so that the gradient ends here.
      at = placeholder(outputs[0]!.shape, outputs[0]!.dtype);
      states = outputs[0]!;
      return [at];
    },
  });
  assert.ok(at && states, `${layer} is no layer of the model`);
  const score = sum(slice(y!, Object.fromEntries(index.map((i, axis) => [axis + 1, [i, i + 1]]))));
  const [embedded] = await compile([states!], []).run([]);
  const plan = compile([y!, grad(score, [at!])[0]!], [at!]);
  const [output, gradient] = await plan.run([embedded!]);
  const mask = (golden.inputs['attention_mask'] ?? []).flat();
  const outputs = outputDifference(found, { data: output!, shape: y!.shape }, mask);
  const ig = new IntegratedGradients(model, { layer, nSteps: golden.steps, method: golden.method });
  const explanation = await ig.explain(ids, {
    forwardKwargs: kwargs,
    baselines: golden.baseline as NestedArray,
    ...(found.head === 'regression' ? {} : { target: mask.length ? golden.baseline.map(() => [...index]) : [] }),
  });
  ig.dispose();
  return {
    outputs,
    gradient: relative(gradient!, found.gradient.data),
    attributions: relative(explanation.attributions[0]!.data, found.attributions.data),
  };
}
let states: Tensor | null = null;

function relative(got: ArrayLike<number>, wanted: readonly number[]): number {
  assert.is(got.length, wanted.length);
  const top = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  assert.ok(top > 0, 'golden values are not all zero');
  return wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0) / top;
}
