/**
 * Models that are written here: `input`, layers, `model` and `sequential`. A model is brought to the config that Keras would save, and the
 * importer builds it, so that what is written and what is loaded are one thing; the first weights come from the layers' initializers.
 */
import type { Backend } from '../../backends/backend.ts';
import { normaliseModel } from '../../keras/config/model.ts';
import type { Dialect, Json } from '../../keras/config/spec.ts';
import type { WeightRule } from '../../keras/layers/layer.ts';
import * as more from '../../keras/layers/more.ts';
import { rulesOf } from '../../keras/layers/registry.ts';
import { buildGraph, refuseProblems } from '../../keras/model/build.ts';
import { kerasDefinition } from '../../keras/model/definition.ts';
import type { ModelLayer } from '../../keras/model/layer.ts';
import { snakeCase } from '../../keras/weights/paths.ts';
import type { LayerWeights } from '../../keras/weights/store.ts';
import { allLayers } from '../../model/lookup.ts';
import { Model } from '../../model/model.ts';
import type { FloatDType } from '../../tensor/dtype.ts';
import { didYouMean, failure, PathgradError } from '../../tensor/errors.ts';
import { checkOptions, checkWhole } from '../../tensor/options.ts';
import type { Config } from '../settings.ts';
import type { ConfigValue } from '../types.ts';
import { serialized } from './fields.ts';
import { firstValues } from './first-weights.ts';
import { flatten, functionalConfig, orderLayers, type Structure } from './graph.ts';
import { functionOf, type LayerFunction, LayerNode, SymbolicTensor } from './symbolic.ts';

/** The Keras whose words and rules are used. */
const dialect: Dialect = { major: 3, version: '3.15.1', backend: 'tensorflow' };

/** What `input` takes. */
export interface InputOptions {
  /** Without the batch axis; null is any size. */
  readonly shape: readonly (number | null)[];
  readonly name?: string;
  /** `'float32'` by default; `'int32'` for ids, `'string'` for texts. */
  readonly dtype?: 'float32' | 'float64' | 'int32' | 'int64' | 'bool' | 'string';
}

const dtypes: readonly string[] = ['float32', 'float64', 'int32', 'int64', 'bool', 'string'];

/**
 * The symbolic input of a model: `input({ shape: [28, 28, 1] })`.
 * @throws PathgradError for sizes that are no whole numbers from 1 up
 */
export function input(options: InputOptions): SymbolicTensor {
  checkOptions<InputOptions>('input', options, { shape: 1, name: 1, dtype: 1 });
  const { shape, name, dtype = 'float32' } = options;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || (Number.isInteger(size) && size > 0)))
    throw failure('input', 'shape is a list of sizes without the batch axis, null for any', { got: shape });
  if (!dtypes.includes(dtype))
    throw failure('input', `there is no dtype '${dtype}'`, {}, didYouMean(String(dtype), [...dtypes]));
  const config = { batch_shape: [null, ...shape], dtype, sparse: false };
  return new SymbolicTensor(new LayerNode('InputLayer', { name }, () => config), 0, 0);
}

/** What models are made with beside their layers. */
export interface BuildOptions {
  /** `'functional'` or `'sequential'` by default. */
  readonly name?: string;
  /** The float type to compute in; float32. */
  readonly dtype?: FloatDType;
  /** Of the first weights; 0. */
  readonly seed?: number;
  /** Runs the model's plans; the plain TypeScript reference by default. */
  readonly backend?: Backend;
}

/** What `model` takes. */
export interface FunctionalOptions extends BuildOptions {
  /** What `input` gave: one, a list, or by name. */
  readonly inputs: Structure;
  readonly outputs: Structure;
}

/** The config and the first weights of a model that was written here. */
interface Written {
  readonly className: 'Functional' | 'Sequential';
  readonly config: Config;
  readonly outputs: number;
}
const writtenModels = new WeakMap<object, Written>();

/** The config that Keras would save of a model that was written here; null for another. */
export function configOf(model: Model): { class_name: string; config: Config } | null {
  const found = writtenModels.get(model);
  return found ? { class_name: found.className, config: found.config } : null;
}

/**
 * A model from its inputs to its outputs, with first weights from its layers' initializers.
 * @throws PathgradError naming the layer whose options or shapes do not fit, and an input that is not among `inputs`
 */
export function model(options: FunctionalOptions): Model<ModelLayer> {
  checkOptions<FunctionalOptions>('model', options, { inputs: 1, outputs: 1, name: 1, dtype: 1, seed: 1, backend: 1 });
  const { inputs, outputs, name = 'functional' } = options;
  const [from, to] = [tensorsOf('inputs', inputs), tensorsOf('outputs', outputs)];
  const ordered = orderLayers(`model '${name}'`, from, to);
  const nameOf = namesOf(name, ordered.layers);
  const config = functionalConfig(name, inputs, outputs, ordered, nameOf, ({ layer }) => {
    const known = layer.className === 'InputLayer' ? layer.write(nameOf)['batch_shape'] : [null];
    return known as (number | null)[];
  });
  return build({ className: 'Functional', config, outputs: to.length }, ordered.layers, nameOf, options);
}

/** What `sequential` takes beside its layers. */
export interface SequentialOptions extends BuildOptions {
  /** Of one sample. Without it the model takes the shape of the first input that it is given. */
  readonly inputShape?: readonly (number | null)[];
  readonly inputDtype?: InputOptions['dtype'];
}

/**
 * Layers one after another.
 * @throws PathgradError as `model` does
 */
export function sequential(layers: readonly LayerFunction[], options: SequentialOptions = {}): Model<ModelLayer> {
  const names = { name: 1, dtype: 1, seed: 1, backend: 1, inputShape: 1, inputDtype: 1 } as const;
  checkOptions<SequentialOptions>('sequential', options, names);
  checkSequence(layers);
  const { name = 'sequential', inputShape, inputDtype } = options;
  const dtype = inputDtype === undefined ? {} : { dtype: inputDtype };
  const first = inputShape ? [input({ shape: inputShape, ...dtype }).layer] : [];
  const nodes = [...first, ...layers.map(({ node }) => node)];
  const nameOf = namesOf(name, nodes);
  const shape = inputShape ? { build_input_shape: [null, ...inputShape] } : {};
  const config = {
    name,
    trainable: true,
    dtype: 'float32',
    layers: nodes.map((node) => serialized(node, nameOf)),
    ...shape,
  };
  return build({ className: 'Sequential', config, outputs: 1 }, nodes, nameOf, options);
}

function checkSequence(layers: unknown): void {
  const example = 'sequential([layers.dense({ units: 3 })])';
  if (!Array.isArray(layers) || layers.length === 0)
    throw failure('sequential', 'takes a list of layers', { got: typeof layers }, example);
  const nodes = layers.map((layer: unknown, i) => {
    const node = (layer as Partial<LayerFunction> | null | undefined)?.node;
    if (node instanceof LayerNode) return node;
    const [what, hint] =
      layer instanceof SymbolicTensor
        ? ['a tensor', 'the first input is an option: sequential([...], { inputShape: [28, 28] })']
        : layer instanceof Model
          ? ['a model', 'modelLayer(model) makes a layer of it']
          : typeof layer === 'function'
            ? ['a function', `make a layer of it by its options: ${example}`]
            : [typeof layer, example];
    throw failure('sequential', `takes layers; number ${i} is ${what}`, {}, hint);
  });
  nodes.forEach((node, i) => {
    if (nodes.indexOf(node) !== i)
      throw failure(
        'sequential',
        `the same ${node.subject} stands at ${nodes.indexOf(node)} and ${i}`,
        {},
        'model() shares layers',
      );
    const results = node.results(new Map());
    if (results !== 1)
      throw failure(
        'sequential',
        `${node.subject} gives ${results} tensors, the next layer takes one`,
        {},
        'model() takes one of them: layer.all(x)',
      );
  });
}

/**
 * A model that was written here as a layer of another: with the weights that it has now.
 * @throws PathgradError for a model that was loaded from a file
 */
export function modelLayer(
  inner: Model<ModelLayer>,
  options: { readonly name?: string; readonly trainable?: boolean } = {},
): LayerFunction {
  checkOptions<{ name?: string; trainable?: boolean }>('modelLayer', options, { name: 1, trainable: 1 });
  const found = writtenModels.get(inner);
  if (!found) throw failure('modelLayer', 'takes a model that model() or sequential() made', { got: inner });
  const { name: _, trainable: __, ...own } = found.config;
  const config = options.trainable === false ? { ...own, layers: frozen(own['layers']) } : own;
  const given = { name: options.name ?? inner.name, trainable: options.trainable };
  const node = new LayerNode(found.className, given, () => config, { model: inner, results: () => found.outputs });
  return functionOf(node);
}

/** Keras freezes each layer inside, and of a Sequential reads no more than that. */
function frozen(layers: Config[string] | undefined): ConfigValue {
  return (layers as readonly { readonly config: Config }[]).map(({ config, ...entry }) => {
    const inner = config['layers'] ? { layers: frozen(config['layers']) } : {};
    const own = 'trainable' in config ? { trainable: false } : {};
    return { ...entry, config: { ...config, ...own, ...inner } };
  }) as unknown as ConfigValue;
}

function tensorsOf(what: string, structure: Structure): SymbolicTensor[] {
  const list = typeof structure === 'object' && structure !== null ? flatten(structure) : [];
  if (list.length > 0 && list.every((tensor) => tensor instanceof SymbolicTensor)) return list;
  throw failure('model', `${what} are what input() and layers give: one, a list, or by name`, { got: structure });
}

/** Names as Keras gives them: the class in snake case, numbered from the second on; what has a name keeps it. */
function namesOf(model: string, layers: readonly LayerNode[]): (layer: LayerNode) => string {
  const all: LayerNode[] = [];
  const collect = (layer: LayerNode): void => {
    for (const inner of layer.inner) collect(inner);
    if (!all.includes(layer)) all.push(layer);
  };
  for (const layer of layers) collect(layer);
  const taken = new Set<string>();
  for (const layer of layers) {
    if (layer.name === null) continue;
    if (taken.has(layer.name)) throw failure(`model '${model}'`, `two layers have the name '${layer.name}'`);
    taken.add(layer.name);
  }
  for (const layer of all.filter(({ name }) => name === null).sort((a, b) => a.id - b.id)) {
    const stem = snakeCase(layer.className);
    let name = stem;
    for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
    layer.name = name;
    taken.add(name);
  }
  return (layer) => layer.name!;
}

function build(
  written: Written,
  nodes: readonly LayerNode[],
  nameOf: (layer: LayerNode) => string,
  { dtype = 'float32', seed = 0, backend }: BuildOptions,
): Model<ModelLayer> {
  const file = `model '${written.config['name']}'`;
  checkWhole(file, 'seed', seed);
  if (dtype !== 'float32' && dtype !== 'float64') throw failure(file, 'dtype is float32 or float64', { got: dtype });
  const entry = { class_name: written.className, config: written.config } as unknown as Json;
  const spec = normaliseModel(entry, dialect, file);
  const rules = rulesOf(more);
  const filesOf = () => ({ vocabulary: null, frequencies: null });
  const { graph, problems } = buildGraph(spec, { rules, file, dtype, theanoKernels: 'as-stored', filesOf });
  refuseProblems(file, problems);
  const nested = new Map(
    nodes.filter((node) => node.model).map((node) => [nameOf(node), node.model as Model<ModelLayer>]),
  );
  for (const layer of allLayers(graph.layers)) {
    const values = firstOf(layer, nested, seed);
    layer.first = (given) => inPlace(layer.subject, given, values(given));
  }
  const host = rules.host?.splitHost(graph, file, dtype) ?? null;
  const origin = { spec, config: entry, trainingConfig: null };
  const definition = kerasDefinition(graph, { file, dtype, host, origin, ...(backend ? { backend } : {}) });
  const result = orOpenSizes(
    written.config,
    () => new Model(definition),
    (config) => build({ ...written, config }, nodes, nameOf, { dtype, seed }),
  );
  writtenModels.set(result, written);
  return result;
}

/**
 * A size that an input leaves open may be one that weights have: then each size can be built, and no two with the same weights.
 * @throws the error of `make`, which in that case would tell of sizes that were tried
 */
function orOpenSizes(
  config: Config,
  make: () => Model<ModelLayer>,
  closedTo: (config: Config) => unknown,
): Model<ModelLayer> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PathgradError) || !isOpen(config)) throw error;
    try {
      for (const size of [16, 24]) closedTo(closed(config, size));
    } catch {
      throw error;
    }
    const hint = 'give the sizes: input({ shape: [28, 28, 1] }); null is for axes that no weight depends on';
    throw failure(error.subject, 'has weights whose size an input leaves open', {}, hint);
  }
}

const isOpen = (config: Config): boolean => JSON.stringify(closed(config, 1)) !== JSON.stringify(config);

/** The config with a number for each open size. */
function closed<T extends ConfigValue>(value: T, size: number): T {
  if (Array.isArray(value)) return value.map((one) => closed(one, size)) as unknown as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Config).map(([key, own]) => {
    const [batch, ...rest] = Array.isArray(own) ? (own as (number | null)[]) : [];
    return [
      key,
      /^(batch|build_input)_shape$/.test(key) ? [batch, ...rest.map((dim) => dim ?? size)] : closed(own, size),
    ] as const;
  });
  return Object.fromEntries(entries) as unknown as T;
}

/** Where a layer's first weights come from: a model inside keeps its own, all else is drawn. */
function firstOf(
  layer: ModelLayer,
  nested: ReadonlyMap<string, Model<ModelLayer>>,
  seed: number,
): (rules: readonly WeightRule[]) => readonly ArrayLike<number>[] {
  const at = layer.path.indexOf('/');
  const inner = nested.get(layer.path.slice(0, at));
  if (at < 0 || !inner) return (rules) => firstValues(layer, rules, seed);
  const path = layer.path.slice(at + 1);
  const source = allLayers(inner.layers).find((one) => one.path === path);
  return (rules) => {
    const weights = source?.weights ?? [];
    return weights.length === rules.length ? weights.map(({ tensor }) => tensor.data) : firstValues(layer, rules, seed);
  };
}

/** Values as a file would hold them. */
function inPlace(source: string, rules: readonly WeightRule[], values: readonly ArrayLike<number>[]): LayerWeights {
  const arrays = rules.map(({ name, shape }, i) => {
    const data = Float64Array.from(values[i]!);
    return { path: `${source}/${name}`, name, part: '', shape, dtype: 'float64', data };
  });
  return { source, arrays };
}
