/**
 * The golden nets of test/golden/methods and what other packages say about them. nets.py and make_nets.py there say what the nets are; a
 * golden file `SOURCE-TOPIC.json.gz` holds records of one package, each a call of a pathgrad class on one net with the numbers that the
 * package gave in float64. Random numbers that the package drew are in a record's `arrays`, so that ours can be fed the same.
 */
import { readdirSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import * as attribution from '../../src/attribution/methods/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import type { Model } from '../../src/model/model.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { projectFile } from './golden.ts';

export const netNames = ['mlp', 'cnn', 'residual', 'text', 'lstm', 'table2', 'depthwise', 'gru'] as const;
export type NetName = (typeof netNames)[number];
/** Nets that take token ids, at whose `embedding` they are explained. */
export const tokenNets: ReadonlySet<NetName> = new Set(['text', 'lstm', 'gru']);

/** `data` in row-major order; 'float' is float64 numbers. */
export interface PackedArray {
  readonly shape: readonly number[];
  readonly dtype: 'float' | 'int32';
  readonly data: readonly number[];
}

interface NetEntry {
  readonly inputs: readonly PackedArray[];
  readonly baselines: readonly PackedArray[];
  readonly background: readonly PackedArray[];
  readonly targets: readonly number[];
  readonly predictions: PackedArray;
}

/** A net's samples: one tensor per input, batch axis first. */
export interface NetSamples {
  readonly inputs: readonly Tensor[];
  /** One row per sample. Of token nets: padding everywhere. */
  readonly baselines: readonly Tensor[];
  /** Rows to draw baselines from. */
  readonly background: readonly Tensor[];
  readonly targets: readonly number[];
  /** In float64. */
  readonly predictions: Tensor;
}

/**
 * A value inside `options` or `explain` that stands for an array: of the record (`array`), or of the net's samples (`net`, one tensor
 * where the net has one input, else a list; with `$input` the tensor of that input).
 */
export type Placeholder =
  | { readonly $array: string }
  | { readonly $net: 'inputs' | 'baselines' | 'background'; readonly $input?: number };

export interface GoldenRecord {
  readonly net: NetName;
  /** The class of pathgrad that computes the same. */
  readonly method: string;
  /** What its constructor takes; a `layer` among them is the net's layer. */
  readonly options: { readonly [name: string]: unknown };
  /** Of a method around another one (NoiseTunnel): the method within, which takes the model. */
  readonly inner?: { readonly method: string; readonly options: { readonly [name: string]: unknown } };
  /** What `explain` takes besides the target. */
  readonly explain?: { readonly [name: string]: unknown };
  /** A class per sample. */
  readonly target: readonly number[];
  /** Which samples of the net; all when left out. */
  readonly rows?: readonly number[];
  readonly arrays?: { readonly [name: string]: PackedArray };
  /** One per input, or per tensor of the layer; channels last. */
  readonly attributions: readonly PackedArray[];
  /** How far the package's own float32 is from its float64, as a share of the largest. */
  readonly float32Error?: number;
  /** What the record is about, where method and options do not say it. */
  readonly note?: string;
}

export interface GoldenFile {
  readonly source: string;
  readonly version: string;
  /** The package computes in float32 only, so that ours in float64 can come no closer than that. */
  readonly single?: true;
  readonly records: readonly GoldenRecord[];
}

const folder = 'test/golden/methods';
let nets: { readonly [name in NetName]: NetEntry } | null = null;

/** The net as pathgrad loads it. */
export function loadNet(name: NetName, dtype: FloatDType): Promise<Model> {
  return loadModel(projectFile(`${folder}/${name}.keras`), { dtype });
}

/** @param rows which samples; all by default */
export function netSamples(name: NetName, dtype: FloatDType, rows?: readonly number[]): NetSamples {
  nets ??= JSON.parse(strFromU8(projectFile(`${folder}/nets.json`))) as { [name in NetName]: NetEntry };
  const entry = nets[name];
  const picked = rows ?? entry.targets.map((_, i) => i);
  const some = (list: readonly PackedArray[]): Tensor[] => list.map((t) => unpackArray(t, dtype, picked));
  return {
    inputs: some(entry.inputs),
    baselines: some(entry.baselines),
    background: entry.background.map((t) => unpackArray(t, dtype)),
    targets: picked.map((row) => entry.targets[row]!),
    predictions: unpackArray(entry.predictions, 'float64', picked),
  };
}

/** @param rows which entries of axis 0; all by default */
export function unpackArray({ shape, dtype, data }: PackedArray, as: FloatDType, rows?: readonly number[]): Tensor {
  const width = data.length / shape[0]!;
  const values = rows ? rows.flatMap((row) => data.slice(row * width, (row + 1) * width)) : [...data];
  return tensor(values, [rows?.length ?? shape[0]!, ...shape.slice(1)], dtype === 'float' ? as : 'int32');
}

/** The golden files by name, without their ending. */
export function goldenFiles(): string[] {
  const names = readdirSync(new URL(`../../${folder}`, import.meta.url));
  return names.flatMap((name) => (name.endsWith('.json.gz') ? [name.slice(0, -'.json.gz'.length)] : [])).sort();
}

export function readMethodGolden(name: string): GoldenFile {
  return JSON.parse(strFromU8(gunzipSync(projectFile(`${folder}/${name}.json.gz`)))) as GoldenFile;
}

interface Explainer {
  explain(X: readonly Tensor[], options: object): Promise<{ readonly attributions: readonly Tensor[] }>;
  dispose?(): void;
}
type ExplainerClass = new (of: Model | Explainer, options: object) => Explainer;

function methodNamed(name: string): ExplainerClass {
  const method = (attribution as unknown as Record<string, ExplainerClass | undefined>)[name];
  if (!method) throw new Error(`src/attribution has no ${name}`);
  return method;
}

/** `of` and `with` in the options of a record: another method inside, and what its constructor takes. */
function withInner({ of, with: inner, ...options }: { readonly [name: string]: unknown }): object {
  if (typeof of !== 'string') return options;
  return { ...options, make: (model: Model) => new (methodNamed(of))(model, inner as object) };
}

const loaded = new Map<string, Promise<Model>>();

/** The net, loaded once: explainers leave a model as it is. */
function sharedNet(name: NetName, dtype: FloatDType): Promise<Model> {
  const key = `${name} ${dtype}`;
  const model = loaded.get(key) ?? loadNet(name, dtype);
  loaded.set(key, model);
  return model;
}

/** Runs the method of a record on its net. */
export async function explainRecord(record: GoldenRecord, dtype: FloatDType): Promise<readonly Tensor[]> {
  const samples = netSamples(record.net, dtype, record.rows);
  const given = (options: object): { readonly [name: string]: unknown } =>
    filled({ ...options }, record, samples, dtype);
  const { inner } = record;
  const model = await sharedNet(record.net, dtype);
  const of = inner ? new (methodNamed(inner.method))(model, given(inner.options)) : model;
  const explainer = new (methodNamed(record.method))(of, withInner(given(record.options)));
  const options = filled(record.explain ?? {}, record, samples, dtype);
  const { attributions } = await explainer.explain(samples.inputs, { ...options, target: record.target });
  explainer.dispose?.();
  return attributions;
}

/** `value` with its placeholders replaced. */
function filled<T>(value: T, record: GoldenRecord, samples: NetSamples, dtype: FloatDType): T {
  if (Array.isArray(value)) return value.map((item) => filled(item, record, samples, dtype)) as T;
  if (typeof value !== 'object' || value === null) return value;
  if ('$array' in value) return unpackArray(record.arrays![value.$array as string]!, dtype) as T;
  if ('$net' in value) {
    const list = samples[value.$net as 'inputs' | 'baselines' | 'background'];
    if ('$input' in value) return list[value.$input as number] as T;
    return (list.length === 1 ? list[0] : list) as T;
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, record, samples, dtype)])) as T;
}

/** The largest difference as a share of the sample's largest attribution, over samples: of a sample that is all 0 the difference itself. */
export function differenceOf(found: readonly Tensor[], wanted: readonly PackedArray[]): number {
  if (found.length !== wanted.length || found.some((t, i) => t.shape.join() !== wanted[i]!.shape.join())) {
    throw new Error(
      `shapes ${found.map((t) => t.shape).join(' | ')}, wanted ${wanted.map((t) => t.shape).join(' | ')}`,
    );
  }
  let worst = 0;
  for (let sample = 0; sample < wanted[0]!.shape[0]!; sample++) {
    let [largest, off] = [0, 0];
    wanted.forEach(({ data, shape }, t) => {
      const width = data.length / shape[0]!;
      for (let i = sample * width; i < (sample + 1) * width; i++) {
        largest = Math.max(largest, Math.abs(data[i]!));
        const difference = Math.abs(found[t]!.data[i]! - data[i]!);
        off = difference <= off ? off : difference; // a NaN counts as the worst
      }
    });
    const share = largest > 0 ? off / largest : off;
    worst = share <= worst ? worst : share;
  }
  return worst;
}

export interface Comparison {
  readonly method: string;
  readonly source: string;
  /** Null for what needs no net. */
  readonly net: NetName | null;
  readonly dtype: FloatDType;
  /** The largest of all records. */
  readonly difference: number;
  readonly records: number;
}

/** Differences allowed, as a share of the largest attribution. */
export const allowed: { readonly [dtype in FloatDType]: number } = { float32: 1e-5, float64: 1e-10 };

/** Differences of records, the largest of each method, source, net and float type. */
export class Comparisons {
  private readonly found = new Map<string, Comparison>();

  add(one: Omit<Comparison, 'records'>): void {
    const key = [one.method, one.source, one.net, one.dtype].join();
    const before = this.found.get(key);
    const difference = Math.max(one.difference, before?.difference ?? 0);
    this.found.set(key, { ...one, difference, records: (before?.records ?? 0) + 1 });
  }

  get list(): Comparison[] {
    return [...this.found.values()];
  }
}

/** Every record of every golden file, in both float types: what docs/methods.md is made of. */
export async function compareAll(): Promise<Comparison[]> {
  const found = new Comparisons();
  for (const name of goldenFiles()) {
    const { source, version, records } = readMethodGolden(name);
    for (const record of records) {
      for (const dtype of ['float64', 'float32'] as const) {
        const difference = differenceOf(await explainRecord(record, dtype), record.attributions);
        found.add({ method: record.method, source: `${source} ${version}`, net: record.net, dtype, difference });
      }
    }
  }
  return found.list;
}
