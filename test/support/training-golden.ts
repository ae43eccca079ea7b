/**
 * Golden values of transformers' classes in training mode (test/golden/transformers/make_training.py), and the deterministic dropout that
 * both sides have: the k-th draw of a step gives `uniform(k, i)` for its entry i.
 */
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { TrainingContext } from '../../src/graph/callable.ts';
import { compile } from '../../src/graph/compile.ts';
import { grad } from '../../src/graph/grad.ts';
import { add, greaterEqual, mul } from '../../src/ops/binary.ts';
import { sum } from '../../src/ops/reduce.ts';
import { cast } from '../../src/ops/unary.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTransformer, type TransformerModel } from '../../src/transformers/index.ts';
import { torchName } from '../../src/transformers/weights/names.ts';
import { projectFile } from './golden.ts';
import { writeSafetensors } from './safetensors.ts';
import { arraysOf, type GoldenCase, made } from './transformer-golden.ts';

type Values = { readonly shape: readonly number[]; readonly data: readonly number[] };

/** What a case is called: a second one of a family and head has other settings. */
export const titleOf = (found: TrainingCase, all: readonly TrainingCase[]): string => {
  const alike = (other: TrainingCase): boolean =>
    other.head === found.head && other.config['model_type'] === found.config['model_type'];
  const nth = all.slice(0, all.indexOf(found)).filter(alike).length;
  return `${found.config['model_type']}, ${found.head}${nth > 0 ? `, ${nth + 1}` : ''}`;
};

export interface TrainingCase extends Pick<GoldenCase, 'config' | 'tensors' | 'outputs' | 'head'> {
  readonly prefix: string;
  /** How many times something is dropped. */
  readonly calls: number;
  readonly inputs: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly outputs: Readonly<Record<string, Values>>;
  /** By PyTorch's name: the gradient's product with `made('gradient NAME')`, and the sum of its absolute values. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
}

export function trainingCases(): readonly TrainingCase[] {
  const bytes = projectFile('test/golden/transformers/training.json.gz');
  return (JSON.parse(gunzipSync(bytes).toString()) as { cases: TrainingCase[] }).cases;
}

/** A context whose draws are those of make_training.py. */
export class Drawn implements TrainingContext {
  calls = 0;

  uniform(shape: readonly number[]): Tensor {
    const start = this.calls++ * 40503 + 12345;
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float64Array.from({ length: size }, (_, i) => {
      let h = Math.imul(i, 2654435761) + start;
      for (const [shift, factor] of [
        [16, 0x45d9f3b],
        [15, 0x2c1b3c6d],
      ] as const)
        h = Math.imul(h ^ (h >>> shift), factor);
      return ((h ^ (h >>> 16)) >>> 8) / 2 ** 24;
    });
    return tensor(values, shape);
  }

  dropout(x: Tensor, rate: number): Tensor {
    return mul(x, mul(cast(greaterEqual(this.uniform(x.shape), rate), x.dtype), 1 / (1 - rate)));
  }

  normal(): Tensor {
    throw new Error('no encoder draws normal numbers');
  }

  update(): void {
    throw new Error('no encoder keeps statistics');
  }

  loss(): void {
    throw new Error('no encoder adds to the loss');
  }

  assign(): void {
    throw new Error('nothing is assigned in a transformer');
  }

  assigned(weight: Tensor): Tensor {
    return weight;
  }

  current(weight: Tensor): Tensor {
    return weight;
  }

  layer(): never {
    throw new Error("no encoder is made of Keras's layers");
  }
}

/** The model of a case. */
export const openTraining = (found: TrainingCase): Promise<TransformerModel> =>
  loadTransformer(
    { config: found.config, weights: writeSafetensors(arraysOf(found, found.prefix)) },
    { output: 'logits', dtype: 'float64' },
  );

/** Outputs and the loss of make_training.py, in training. */
function step(model: TransformerModel, found: TrainingCase, training: Drawn) {
  const { input_ids: ids, ...others } = found.inputs as Record<string, number[][]>;
  const kwargs = Object.fromEntries(
    Object.entries(others).map(([name, rows]) => [name, tensor(rows, undefined, 'int32')]),
  );
  const outputs = model.apply([tensor(ids!, undefined, 'int32')], { training, kwargs });
  const mask = others['attention_mask']!.flat();
  const losses = Object.keys(found.outputs).map((name, i): Tensor => {
    const y = outputs[i]!;
    const by = Float64Array.from(made(`loss ${name}`, y.shape));
    const per = by.length / mask.length;
    const perPosition = y.shape.length > 1 && y.shape[0]! * y.shape[1]! === mask.length;
    const seen = by.map((v, j) => (perPosition && mask[Math.floor(j / per)] === 0 ? 0 : v));
    return sum(mul(y, tensor(seen, y.shape)));
  });
  return { outputs, mask, loss: losses.reduce((a, b) => add(a, b)) };
}

/** PyTorch's layout of a gradient that came in ours. */
function stored(data: Float64Array, shape: readonly number[], turned: boolean): Float64Array {
  if (!turned) return data;
  const [rows, columns] = shape as [number, number];
  return data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** @throws through uvu where outputs, the number of draws or a weight's gradient differ */
export async function compareTraining(found: TrainingCase): Promise<void> {
  const model = await openTraining(found);
  const weights = model.weights.filter(({ trainable }) => trainable);
  const drawn = new Drawn();
  const { outputs, mask, loss } = step(model, found, drawn);
  assert.is(drawn.calls, found.calls);
  const tensors = weights.map(({ tensor: t }) => t);
  const plan = compile([...outputs, ...grad(loss, tensors)], tensors);
  const results = await plan.run(tensors.map(({ data }) => data));
  plan.dispose();
  // ModernBERT's attention takes its softmax in float32 here.
  const close = found.config['model_type'] === 'modernbert' ? 1e-5 : 1e-6;
  Object.entries(found.outputs).forEach(([name, { data, shape }], k) => {
    assert.equal(outputs[k]!.shape, shape);
    const per = data.length / mask.length;
    const perPosition = shape.length > 1 && shape[0]! * shape[1]! === mask.length;
    const off = data.reduce((most, v, j) => {
      const hidden = perPosition && mask[Math.floor(j / per)] === 0;
      return hidden ? most : Math.max(most, Math.abs(v - results[k]![j]!));
    }, 0);
    assert.ok(off < close, `${name} is off by ${off}`);
  });
  const namesOf = new Map(weights.map((one) => [one.tensor, torchName(one.layer, one.name)]));
  assert.equal(tensors.map((t) => namesOf.get(t)).sort(), Object.keys(found.gradients).sort());
  weights.forEach(({ layer, name, tensor: t }, k) => {
    const own = namesOf.get(t)!;
    const [product, size] = found.gradients[own]!;
    const bare = own.startsWith(`${found.prefix}.`) ? own.slice(found.prefix.length + 1) : own;
    const gradient = stored(results[outputs.length + k] as Float64Array, t.shape, name === 'kernel');
    const by = made(`gradient ${bare}`, found.tensors[own]!);
    const [got, all] = [gradient.reduce((s, v, j) => s + v * by[j]!, 0), gradient.reduce((s, v) => s + Math.abs(v), 0)];
    const off = Math.max(Math.abs(got - product), Math.abs(all - size)) / (size + 1e-9);
    assert.ok(Math.abs(all - size) < 1e-9 || off < 20 * close, `${layer}/${name}: off by ${off} of ${size}`);
  });
}
