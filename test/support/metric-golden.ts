/**
 * What captum, Quantus, scipy and scikit-image say about explanations of the golden nets (test/golden/metrics, made by
 * test/golden/methods/make_metrics.py), and ours beside it. A record is a call of a metric: an explanation (`attributions`, `target`), what the
 * package drew at random (`arrays`), and the package's numbers in float64.
 */
import { gunzipSync, strFromU8 } from 'fflate';
import * as metrics from '../../src/attribution/metrics/index.ts';
import { pearson, ranks, spearman } from '../../src/attribution/metrics/shared/correlation.ts';
import { impute } from '../../src/attribution/metrics/shared/imputation.ts';
import { ssim } from '../../src/attribution/metrics/shared/ssim.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { concat, mul } from '../../src/ops/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { projectFile } from './golden.ts';
import {
  type Comparison,
  Comparisons,
  loadNet,
  type NetName,
  netSamples,
  type PackedArray,
  tokenNets,
  unpackArray,
} from './method-golden.ts';
import { gradientTimesInput } from './simple-explainers.ts';

export interface MetricRecord {
  readonly metric: string;
  readonly net: NetName;
  readonly options: { readonly [name: string]: number | string | boolean | readonly number[] };
  readonly target: readonly number[];
  readonly attributions: readonly PackedArray[];
  readonly arrays: { readonly [name: string]: PackedArray };
  /** One row per variant, or per stage. */
  readonly values: PackedArray;
  readonly variants?: readonly { readonly [name: string]: number | string | boolean }[];
  readonly layers?: readonly string[];
  /** The net takes pictures of one channel, from which its others are made. */
  readonly wrap?: 'one-channel';
  /** Where the package's definition is another by that much. */
  readonly tolerance?: number;
  readonly note?: string;
}

export interface MetricFile {
  readonly source: string;
  readonly version: string;
  readonly records: readonly MetricRecord[];
}

export const metricFiles = ['captum', 'quantus', 'similarity'] as const;

export function readMetricGolden(name: (typeof metricFiles)[number]): MetricFile {
  return JSON.parse(strFromU8(gunzipSync(projectFile(`test/golden/metrics/${name}.json.gz`)))) as MetricFile;
}

interface Case {
  readonly record: MetricRecord;
  readonly dtype: FloatDType;
  readonly model: CallableModel;
  readonly inputs: readonly Tensor[];
  readonly baselines: readonly Tensor[];
  readonly explanation: metrics.Explained;
  readonly options: { readonly [name: string]: unknown };
  array(name: string): Tensor;
}

/** Our numbers for a record, in the order of its `values`. */
export async function metricValues(record: MetricRecord, dtype: FloatDType): Promise<number[]> {
  const array = (name: string): Tensor => unpackArray(record.arrays[name]!, dtype);
  const numbers = (name: string): Float64Array => Float64Array.from(array(name).data);
  const lists = (): [Float64Array, Float64Array] => [numbers('a'), numbers('b')];
  if (record.metric === 'spearman') return [spearman(...lists())];
  if (record.metric === 'pearson') return [pearson(...lists())];
  if (record.metric === 'ranks') return [...ranks(numbers('a'))];
  if (record.metric === 'ssim') {
    const { shape } = record.arrays['a']!;
    return [ssim(...lists(), [shape[0]!, shape[1]!])];
  }
  if (record.metric === 'imputation') {
    const picture = numbers('x');
    impute(picture, record.arrays['x']!.shape as [number, number, number], Int32Array.from(array('gone').data));
    return [...picture];
  }
  const { inputs, baselines } = netSamples(record.net, dtype);
  const given: Case = {
    record,
    dtype,
    model: await loadNet(record.net, dtype),
    inputs,
    baselines,
    explanation: {
      attributions: record.attributions.map((t) => unpackArray(t, 'float64')),
      X: inputs,
      forwardKwargs: {},
      baselines,
      target: tensor(Int32Array.from(record.target)),
    },
    options: record.options,
    array,
  };
  return runners[record.metric]!(given);
}

/** Quantus and captum count what equals the baseline, too. */
const all = { features: 'all' } as const;

const runners: { readonly [metric: string]: (given: Case) => Promise<number[]> } = {
  infidelity: async ({ model, explanation, options, record, array }) => {
    const values: number[] = [];
    for (const variant of record.variants!) {
      const perturb = moved(array, record);
      const found = await metrics.infidelity(model, explanation, { ...options, ...variant, perturb, ...all });
      values.push(...found.values);
    }
    return values;
  },
  maxSensitivity: async ({ model, inputs, baselines, options, record, array }) => {
    const values: number[] = [];
    for (const variant of record.variants!) {
      const explain = { target: record.target };
      const found = await metrics.maxSensitivity(
        gradientTimesInput(model, null, baselines),
        inputs,
        // The record's own perturbations.
        { explain, ...options, ...variant, perturb: moved(array, record) },
      );
      values.push(...found.values);
    }
    return values;
  },
  completeness: async ({ model, explanation }) => [...(await metrics.completeness(model, explanation)).deltas],
  faithfulnessCorrelation: async ({ model, explanation, options, array }) => {
    const subsets = array('subsets');
    const [, runs, size] = subsets.shape as [number, number, number];
    const at = (sample: number, run: number): ArrayLike<number> =>
      subsets.data.subarray((sample * runs + run) * size, (sample * runs + run + 1) * size);
    return [...(await metrics.faithfulnessCorrelation(model, explanation, { ...options, subsets: at, ...all })).values];
  },
  deletion: async ({ model, explanation, options, record }) => {
    const { curve, values } = await metrics.deletion(model, explanation, { ...options, ...all });
    const points = curve.shares.length;
    // Quantus has no point before the first features go, and its area (numpy's trapezoids) no width of 1.
    const scores = [...curve.scores].filter((_, i) => i % points !== 0);
    const area = (row: number): number => {
      const own = curve.scores.subarray(row * points, (row + 1) * points);
      return own.reduce(
        (sum, y, i) => sum + (i > 0 ? ((y + own[i - 1]!) / 2) * (curve.shares[i]! - curve.shares[i - 1]!) : 0),
        0,
      );
    };
    if (record.target.some((_, row) => Math.abs(values[row]! - area(row)) > 1e-12)) throw new Error('not the area');
    return scores;
  },
  sparseness: async ({ explanation }) => [...(await metrics.sparseness(explanation, all)).values],
  mprt: async ({ model, inputs, options, record }) => {
    const embedding = tokenNets.has(record.net) ? 'embedding' : null;
    const [explain, quantus] = [{ target: record.target }, { ignoreSharedZeros: false }];
    const make = (one: CallableModel): metrics.Explaining => gradientTimesInput(one, embedding);
    const { stages } = await metrics.mprt(model, make, inputs, {
      explain,
      ...options,
      ...quantus,
      weights: standIns(record.net),
    });
    return record.layers!.flatMap((layer) => [...stages.find((stage) => stage.layer === layer)!.values]);
  },
  road: async ({ model, explanation, options, array, inputs, record }) => {
    const channels = inputs[0]!.shape.at(-1)!;
    const f = (x: Tensor): Tensor => {
      const parts = [x, mul(x, -0.5), mul(x, 0.25)].slice(0, channels);
      return model.apply([concat(parts, -1)])[0]!;
    };
    if (record.wrap !== 'one-channel') throw new Error('a record of ROAD has one channel');
    const { kept } = await metrics.road(f, { ...explanation, X: [array('x')] }, options);
    return [...kept];
  },
};

/** What the package perturbed to, as a function that writes it. */
function moved(
  array: (name: string) => Tensor,
  { arrays }: MetricRecord,
): (x: Float64Array, at: { sample: number; draw: number; input: number }) => void {
  const lists = Object.keys(arrays).map((_, i) => array(`moved${i}`));
  return (x, { sample, draw, input }) => {
    const t = lists[input]!;
    const at = (sample * t.shape[1]! + draw) * x.length;
    x.set(t.data.subarray(at, at + x.length));
  };
}

const layersOf: { readonly [net: string]: readonly string[] } = {
  mlp: ['dense1', 'dense2', 'logits'],
  cnn: ['conv1', 'norm1', 'conv2', 'logits'],
  residual: ['conv1', 'norm1', 'conv2', 'norm2', 'conv3', 'logits'],
  text: ['embedding', 'conv', 'logits'],
  lstm: ['embedding', 'lstm', 'logits'],
  depthwise: ['conv1', 'depthwise2', 'norm2', 'conv3', 'logits'],
  gru: ['embedding', 'gru', 'logits'],
};
const weightsOf: { readonly [layer: string]: readonly string[] } = {
  norm: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  other: ['kernel', 'bias', 'recurrent_kernel', 'embeddings'],
};

/** `stand_in` of make_metrics.py: numbers in the place of random ones, exact in float32. */
function standIns(net: NetName): NonNullable<metrics.MprtOptions['weights']> {
  return ({ layer, name, tensor: { size } }) => {
    const norm = layer.startsWith('norm');
    const at = layersOf[net]!.indexOf(layer);
    const order = norm
      ? weightsOf['norm']!
      : layer === 'lstm' || layer === 'gru'
        ? ['kernel', 'recurrent_kernel', 'bias']
        : name === 'embeddings'
          ? ['embeddings']
          : ['kernel', 'bias'];
    const weight = order.indexOf(name);
    if (at < 0 || weight < 0) throw new Error(`no stand-in for ${layer}/${name}`);
    return Float64Array.from({ length: size }, (_, i) => {
      const value = (((i * i * 7 + i * 37 + at * 11 + weight * 23) % 97) - 48) / 64;
      if (!norm || weight === 1 || weight === 2) return value;
      return weight === 0 ? 1 + value / 2 : 1 + value;
    });
  };
}

/** The largest difference as a share of the record's largest value. */
export function metricDifference(found: readonly number[], { values }: MetricRecord): number {
  if (found.length !== values.data.length) throw new Error(`${found.length} values, wanted ${values.data.length}`);
  let [largest, off] = [0, 0];
  values.data.forEach((wanted, i) => {
    largest = Math.max(largest, Math.abs(wanted));
    const difference = Math.abs(found[i]! - wanted);
    off = difference <= off ? off : difference; // a NaN counts as the worst
  });
  return largest > 0 ? off / largest : off;
}

/** Every record in both float types: what docs/metrics.md is made of. Records whose definition differs are left out. */
export async function compareMetrics(): Promise<Comparison[]> {
  const found = new Comparisons();
  for (const file of metricFiles) {
    const { source, version, records } = readMetricGolden(file);
    for (const record of records) {
      if (record.tolerance !== undefined) continue;
      for (const dtype of ['float64', 'float32'] as const) {
        const difference = metricDifference(await metricValues(record, dtype), record);
        found.add({
          method: record.metric,
          source: `${source} ${version}`,
          net: record.net ?? null,
          dtype,
          difference,
        });
      }
    }
  }
  return found.list;
}
