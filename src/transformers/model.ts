/**
 * An encoder with a head, from files of transformers: `apply` for integrated gradients, `predict` for people. The input is
 * `input_ids [rows, positions]`; `attention_mask`, `token_type_ids` and `position_ids` are forward kwargs.
 * Invariant: results do not depend on positions that the mask hides, and such positions are left out where they can be.
 */

import type { Backend } from '../backends/backend.ts';
import type { ApplyOptions, CallableModel, InputInfo, ModelWeight, Pruned, WeightChange } from '../graph/callable.ts';
import { compile, type Plan } from '../graph/compile.ts';
import { PlanCache } from '../graph/plan-cache.ts';
import { reached } from '../graph/traverse.ts';
import { notEqual } from '../ops/binary.ts';
import { cast } from '../ops/unary.ts';
import { allocate, type FloatDType, type TypedArray } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkList, checkOptions } from '../tensor/options.ts';
import { type NestedArray, placeholder, Tensor, tensor } from '../tensor/tensor.ts';
import { familyOf, type TransformerConfig } from './config/config.ts';
import type { Json } from './config/fields.ts';
import type { Encoder } from './encoders/index.ts';
import type { TransformerFiles } from './files.ts';
import type { MadeHead, Task } from './heads/index.ts';
import { allLayers, Session, type TransformerLayer, watches } from './layers.ts';
import { checkFirst, checkMask, pruneMasked } from './mask.ts';
import type { WeightSource } from './weights/index.ts';

/** Token ids, alone or with the kwargs that a tokenizer gives beside them; `[rows, positions]` each. */
export type TokenInput =
  | Tensor
  | NestedArray
  | {
      readonly input_ids: Tensor | NestedArray;
      readonly attention_mask?: Tensor | NestedArray;
      readonly token_type_ids?: Tensor | NestedArray;
      readonly position_ids?: Tensor | NestedArray;
    };

type Kwargs = Readonly<Record<string, Tensor>>;
const known = ['attention_mask', 'token_type_ids', 'position_ids'];
/** What a tokenizer gives beside, for people. */
const shownOnly: ReadonlySet<string> = new Set(['tokens', 'offsets', 'sequences', 'wordIds', 'texts', 'notices']);

export interface ModelParts {
  readonly config: TransformerConfig;
  readonly encoder: Encoder;
  readonly head: MadeHead;
  /** The first part of the encoder's paths. */
  readonly base: string;
  readonly dtype: FloatDType;
  readonly backend: Backend | null;
  /** What errors call the model. */
  readonly name: string;
  /** The weights that encoder and head took, and where they lay. */
  readonly weights: WeightSource;
  /** What the model was read from, and its `config.json` as it should be saved. */
  readonly files: TransformerFiles;
  readonly json: Json;
  /** The parts with other weights. */
  readonly rebuild: (change: WeightChange) => Promise<ModelParts>;
}

const partsByModel = new WeakMap<TransformerModel, ModelParts>();

/** What a model is made of, for the rooms beside this one. */
export function partsOf(model: TransformerModel): ModelParts {
  return partsByModel.get(model)!;
}

/** An encoder with its head, as a function of ids and masks that explainers can look into. */
export class TransformerModel implements CallableModel {
  readonly name: string;
  readonly config: TransformerConfig;
  readonly dtype: FloatDType;
  readonly task: Task;
  /** One, but for question answering: `start` and `end`. */
  readonly outputs: readonly { readonly name: string }[];
  readonly inputs: readonly InputInfo[] = [{ name: 'input_ids', shape: [null, null], dtype: 'int32' }];
  /** As transformers' class lists them: the encoder, then the layers of the classifier. Those inside are their `layers`. */
  readonly layers: readonly TransformerLayer[];
  readonly scoreOnly: boolean;
  readonly #parts: ModelParts;
  readonly #plans = new PlanCache({}, 8);
  #weights: readonly ModelWeight[] | null = null;

  /** Use `loadTransformer`. */
  constructor(parts: ModelParts) {
    this.#parts = parts;
    partsByModel.set(this, parts);
    this.name = parts.name;
    this.config = parts.config;
    this.dtype = parts.dtype;
    this.task = parts.head.task;
    this.outputs = parts.head.outputs.map((name) => ({ name }));
    this.scoreOnly = parts.head.scoreOnly ?? false;
    this.layers = [parts.encoder.layer, ...parts.head.layers];
  }

  /** Names of the classes, in the order of the output. */
  get labels(): readonly string[] {
    return this.config.labels;
  }

  /**
   * The weights by the paths of their layers, an array that two layers share once. Their tensors are nodes of every graph that `apply` makes
   * from here on, so that a plan may be cut at them (`compile(outputs, [ids, ...tensors])`). Not `trainable` are those that no
   * output depends on: a pooler that the head does not read.
   */
  get weights(): readonly ModelWeight[] {
    if (this.#weights) return this.#weights;
    const { taken } = this.#parts.weights;
    // From here on nothing is computed ahead from weights that may change.
    this.#weights = [];
    const used = reached(this.apply([placeholder([1, Math.min(2, this.config.positions)], 'int32')]));
    this.#weights = taken.map((weight) => ({ ...weight, trainable: used.has(weight.tensor) }));
    return this.#weights;
  }

  /**
   * The graph on `input_ids [rows, positions]`: the outputs of the head, `[rows, labels]` of a classifier (see `Task`). With `training`
   * it drops what transformers' classes drop in training, as often as `config.json` says.
   * @throws PathgradError for more positions than the model has embeddings for, and for unknown kwargs
   */
  apply(inputs: readonly Tensor[], options: ApplyOptions = {}): readonly Tensor[] {
    checkList(this.name, inputs, 'apply takes a list of tensors: [encoded.input_ids]');
    const [given, ...rest] = inputs;
    if (!given || rest.length > 0) throw failure(this.name, 'takes input_ids alone', { given: inputs.length });
    const ids = cast(given, 'int32');
    const kwargs = this.#checked(options.kwargs ?? {}, ids);
    const ints = (name: string): Tensor | null => (kwargs[name] ? cast(kwargs[name], 'int32') : null);
    const mask = kwargs['attention_mask'];
    const visible = mask ? cast(notEqual(mask, 0), this.dtype) : null;
    const { encoder, head } = this.#parts;
    const readers = [encoder.layer, ...(encoder.pooler ? [encoder.pooler.layer] : []), ...head.layers];
    const firstAlone = head.firstAlone === true && !watches(options, readers);
    const session = new Session(visible, options, this.#weights === null, firstAlone);
    const tokens = { positions: ints('position_ids'), segments: ints('token_type_ids') };
    const states = session.hooked(encoder.layer, ids, (x) => encoder.encode({ ids: x, ...tokens }, session));
    return head.apply(states, visible, session);
  }

  /** @throws for masks that make no sense; see `checkMask` */
  prune(inputs: readonly Tensor[], kwargs: Kwargs): Pruned | null {
    const ids = inputs[0]!;
    this.#checked(kwargs, ids);
    const { segments, positionRows } = this.config;
    if (kwargs['attention_mask']) {
      checkMask(this.name, kwargs['attention_mask'], ids);
      if (this.#parts.head.readsFirst && familyOf(this.config).positions.ownMask)
        checkFirst(this.name, kwargs['attention_mask']);
    }
    if (kwargs['token_type_ids']) checkRange(this.name, 'token_type_ids', kwargs['token_type_ids'], segments);
    if (kwargs['position_ids']) checkRange(this.name, 'position_ids', kwargs['position_ids'], positionRows);
    return this.#parts.head.ignoresHidden
      ? pruneMasked(ids, kwargs, familyOf(this.config).positions, this.config.padId)
      : null;
  }

  /** Throws for an id that the vocabulary lacks. */
  async checkInputs(inputs: readonly Tensor[]): Promise<void> {
    checkRange(this.name, 'input_ids', inputs[0]!, this.config.vocabulary);
  }

  /**
   * The output for texts as token ids, hidden positions left out where it has no place for them.
   * @param x ids, or what the tokenizer gave
   * @param options `batchSize` texts at a time, 32 by default
   * @returns `[rows, labels]` of a classifier; see `Task` for the others
   * @throws PathgradError for a model of several outputs: `predictAll` gives them
   */
  async predict(x: TokenInput, options: { batchSize?: number } = {}): Promise<Tensor> {
    if (this.outputs.length > 1) {
      const names = this.outputs.map(({ name }) => name);
      throw failure(this.name, 'the model has several outputs', { outputs: names }, 'predictAll gives them in a list');
    }
    return (await this.predictAll(x, options))[0]!;
  }

  /** `predict` with the outputs in a list: start and end of an answer are two. */
  async predictAll(x: TokenInput, options: { batchSize?: number } = {}): Promise<Tensor[]> {
    checkOptions<{ batchSize?: number }>('predict', options, { batchSize: 1 });
    const { batchSize = 32 } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw failure('predict', 'batchSize must be an integer from 1 up', { got: batchSize });
    }
    const { ids, kwargs } = this.#read(x);
    await this.checkInputs([ids]);
    const rows = ids.shape[0]!;
    const parts: { data: TypedArray; shape: readonly number[] }[][] = [];
    for (let from = 0; from < rows; from += batchSize) {
      const part = (t: Tensor): Tensor => rowsOf(t, from, Math.min(from + batchSize, rows));
      const some = Object.fromEntries(Object.entries(kwargs).map(([name, t]) => [name, part(t)]));
      const pruned = this.prune([part(ids)], some) ?? { inputs: [part(ids)], kwargs: some };
      parts.push(await this.#run(pruned.inputs[0]!, pruned.kwargs));
    }
    return this.outputs.map((_, i) => {
      const own = parts.map((part) => part[i]!);
      const data = allocate(
        this.dtype,
        own.reduce((sum, part) => sum + part.data.length, 0),
      );
      let at = 0;
      for (const part of own) {
        data.set(part.data, at);
        at += part.data.length;
      }
      return tensor(data, [rows, ...own[0]!.shape.slice(1)]);
    });
  }

  /**
   * A layer by index in `layers`, name or path: `distilbert/embeddings`, `distilbert/transformer/layer.0`. `layer_._0` and dots
   * between names mean the same.
   * @throws with the nearest paths
   */
  getLayer(selector: string | number): TransformerLayer {
    if (typeof selector === 'number') {
      const layer = Number.isInteger(selector) ? this.layers.at(selector) : undefined;
      if (layer) return layer;
      throw failure(this.name, `there is no layer ${selector}`, { layers: this.layers.length }, 'they count from 0');
    }
    if (typeof selector !== 'string')
      throw failure(this.name, 'a layer is chosen by its number, name or path', { got: selector });
    const wanted = normalized(selector);
    const all = allLayers(this.layers);
    const found = all.find(({ path }) => path === wanted);
    if (found) return found;
    const named = all.filter(({ path }) => path.endsWith(`/${wanted}`));
    if (named.length === 1) return named[0]!;
    if (named.length > 1) {
      const hint = `give the path: ${named
        .slice(0, 4)
        .map(({ path }) => path)
        .join(' or ')}`;
      throw failure(this.name, `${named.length} layers are called '${selector}'`, {}, hint);
    }
    throw failure(
      this.name,
      `there is no layer '${selector}'`,
      {},
      didYouMean(
        wanted,
        all.map(({ path }) => path),
      ),
    );
  }

  /**
   * A model that is the same but for its weights, those of a head that was given as arrays among them; this one stays as it is.
   * @param change asked once per weight: other numbers, as many as it has, or null to keep it
   * @throws PathgradError for numbers that are too few, too many or not finite
   */
  async withWeights(change: WeightChange): Promise<TransformerModel> {
    if (typeof change !== 'function')
      throw failure(
        'withWeights',
        'needs a function of each weight',
        { got: change },
        '({ layer, name, tensor }) => values or null',
      );
    return new TransformerModel(await this.#parts.rebuild(change));
  }

  /** Frees compiled plans; they are made anew when needed. */
  dispose(): void {
    this.#plans.dispose();
  }

  async #run(ids: Tensor, kwargs: Kwargs): Promise<{ data: TypedArray; shape: readonly number[] }[]> {
    const named = Object.entries(kwargs);
    const feeds = [ids, ...named.map(([, t]) => t)];
    const key = [ids.shape, ...named.map(([name, { dtype }]) => [name, dtype])].join(';');
    const make = (): Plan => {
      const inputs = feeds.map(({ shape, dtype }) => placeholder(shape, dtype));
      const given = Object.fromEntries(named.map(([name], i) => [name, inputs[i + 1]!]));
      const { backend } = this.#parts;
      return compile(this.apply([inputs[0]!], { kwargs: given }), inputs, backend ? { backend } : {});
    };
    return this.#plans.use(key, make, async (plan) => {
      const results = await plan.run(feeds.map((t) => t.data));
      return results.map((data, i) => ({ data, shape: plan.outputs[i]!.shape }));
    });
  }

  #read(x: TokenInput): { ids: Tensor; kwargs: Kwargs } {
    if (typeof x !== 'object' || x === null) {
      const hint =
        typeof x === 'string'
          ? 'the tokenizer makes ids of texts: tokenizer.encode(text)'
          : 'ids, or what the tokenizer gave';
      throw failure(this.name, 'takes token ids', { got: x === null ? 'null' : typeof x }, hint);
    }
    const single = x instanceof Tensor || Array.isArray(x);
    const record = (single ? { input_ids: x } : x) as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(record).find(
      (name) => name !== 'input_ids' && !known.includes(name) && !shownOnly.has(name),
    );
    if (unknown !== undefined)
      throw failure(
        this.name,
        `the model takes no argument '${unknown}'`,
        {},
        didYouMean(unknown, ['input_ids', ...known]),
      );
    const wanted = ['input_ids', ...known].filter((name) => record[name] !== undefined);
    const tensors = wanted.map((name) => [name, integers(this.name, name, record[name])] as const);
    const { input_ids: ids, ...kwargs } = Object.fromEntries(tensors);
    if (!ids) throw failure(this.name, 'input_ids are missing', { given: Object.keys(record) });
    const empty = ids.rank !== 2 || ids.size === 0;
    if (empty) throw failure(this.name, 'input_ids must be [texts, positions], at least one each', { got: ids.shape });
    // What a tokenizer gives beside the ids need not be what this model takes.
    if (this.config.segments === 0) delete kwargs['token_type_ids'];
    return { ids, kwargs };
  }

  #checked(kwargs: Kwargs, ids: Tensor): Kwargs {
    const { segments, positions } = this.config;
    for (const [name, value] of Object.entries(kwargs)) {
      if (!known.includes(name) || (name === 'token_type_ids' && segments === 0)) {
        const names = segments === 0 ? known.filter((key) => key !== 'token_type_ids') : known;
        throw failure(this.name, `the model takes no argument '${name}'`, {}, `it takes ${names.join(', ')}`);
      }
      if (value.shape.join() !== ids.shape.join()) {
        throw failure(this.name, `${name} needs the shape of the ids`, { [name]: value.shape, ids: ids.shape });
      }
    }
    if (ids.rank === 2 && (ids.shape[1]! <= positions || kwargs['position_ids'])) return kwargs;
    const hint = 'the tokenizer truncates longer texts';
    throw failure(this.name, 'the text is longer than the position table', { ids: ids.shape, positions }, hint);
  }
}

/** `distilbert.transformer.layer.0` and `bert/encoder/layer_._3` as paths. */
function normalized(selector: string): string {
  const named = selector.replace(/layer_\._(\d+)/g, 'layer.$1');
  if (named.includes('/')) return named;
  return named.replaceAll('.', '/').replace(/(^|\/)(layers?)\/(\d+)/g, '$1$2.$3');
}

function integers(subject: string, name: string, value: unknown): Tensor {
  const found = value instanceof Tensor ? value : tensor(value as NestedArray, undefined, 'float64');
  const bad = found.data.findIndex((v) => !Number.isInteger(v));
  if (bad >= 0) throw failure(subject, `${name} must hold integers`, { got: found.data[bad], at: bad });
  return found.dtype === 'int32' ? found : tensor(Int32Array.from(found.data), found.shape);
}

function checkRange(subject: string, name: string, { data, shape }: Tensor, size: number): void {
  const at = data.findIndex((value) => value < 0 || value >= size);
  if (at < 0) return;
  const details = { row: Math.floor(at / shape[1]!), position: at % shape[1]!, allowed: `0 to ${size - 1}` };
  const hint = name === 'input_ids' ? 'use the tokenizer that was saved with the model' : undefined;
  throw failure(subject, `${name} has ${data[at]}, which the model's table lacks`, details, hint);
}

function rowsOf(t: Tensor, from: number, to: number): Tensor {
  const width = t.size / t.shape[0]!;
  return tensor(t.data.subarray(from * width, to * width), [to - from, ...t.shape.slice(1)], t.dtype);
}
