/**
 * Random functional models made with the builder: all its layers, several inputs and outputs, branches that meet, layers and models that
 * are called twice, masks, states handed on; with random weights, and inputs for it. A seed is a model.
 */
import type { ModelLayer } from '../../../src/keras/model/layer.ts';
import type { Model } from '../../../src/model/model.ts';
import {
  input,
  type LayerFunction,
  layers as l,
  model,
  modelLayer,
  type SymbolicTensor,
} from '../../../src/training/index.ts';
import { Draw } from './draw.ts';
import { drawHead, type Feed, rows } from './heads.ts';
import { anywhere, byRank, product, type Sizes } from './layers.ts';

export interface RandomModel {
  readonly model: Model<ModelLayer>;
  readonly feeds: readonly Feed[];
  /** Names of the builder's functions that made its layers. */
  readonly used: ReadonlySet<string>;
}

/** Layers of several tensors, beside the tables of layers.ts and heads.ts. */
export const merges = ['add', 'subtract', 'multiply', 'average', 'maximum', 'minimum', 'concatenate', 'dot'] as const;
export const attentions = ['attention', 'additiveAttention', 'multiHeadAttention', 'groupQueryAttention'] as const;

interface Node {
  readonly tensor: SymbolicTensor;
  readonly shape: Sizes;
  readonly inputs: ReadonlySet<SymbolicTensor>;
}

class Generator {
  readonly #d: Draw;
  readonly #pool: Node[] = [];
  readonly #made: { layer: LayerFunction; from: Sizes; to: Sizes }[] = [];
  readonly feeds = new Map<SymbolicTensor, Feed>();
  readonly used = new Set<string>();
  readonly #nested: boolean;

  constructor(seed: number, nested = false) {
    this.#d = new Draw(seed);
    this.#nested = nested;
  }

  model(name: string, seed: number): Model<ModelLayer> {
    const d = this.#d;
    for (let i = d.pick([1, 1, 2, 3]); i > 0; i--) this.#input();
    for (let i = d.int(3, 9); i > 0; i--) this.#step();
    const outputs = [this.#pool.at(-1)!, ...(d.chance(0.4) ? [d.pick(this.#pool)] : [])].map((node) => this.#end(node));
    const inputs = [...this.feeds.keys()].filter((one) => outputs.some((node) => node.inputs.has(one)));
    for (const one of this.feeds.keys()) if (!inputs.includes(one)) this.feeds.delete(one);
    const tensors = [...new Set(outputs.map(({ tensor }) => tensor))];
    return model({
      inputs: inputs.length === 1 ? inputs[0]! : inputs,
      outputs: tensors.length === 1 ? tensors[0]! : tensors,
      name,
      seed,
    });
  }

  #add(name: string, tensor: SymbolicTensor, shape: Sizes, from: readonly Node[]): Node {
    this.used.add(name);
    const node = { tensor, shape, inputs: new Set(from.flatMap(({ inputs }) => [...inputs])) };
    this.#pool.push(node);
    return node;
  }

  #input(): void {
    const d = this.#d;
    const sizes = (n: number): number[] => [...Array.from({ length: n }, () => d.int(3, 5)), d.int(2, 4)];
    if (d.chance(0.35)) {
      const { tensor, shape, feed, made, used } = drawHead(d);
      for (const name of used) this.used.add(name);
      this.feeds.set(tensor, feed);
      this.#pool.push({ tensor: made, shape, inputs: new Set([tensor]) });
      return;
    }
    const shape = sizes(d.pick([0, 1, 1, 1, 2, 2, 3, 4]));
    // One step is all zero, for layers that mask.
    const data = Float32Array.from({ length: rows * product(shape) }, (_, i) =>
      shape.length === 2 && i < shape[1]! ? 0 : 2 * d.next() - 1,
    );
    const tensor = input({ shape });
    this.feeds.set(tensor, { data, shape: [rows, ...shape] });
    this.#pool.push({ tensor, shape, inputs: new Set([tensor]) });
  }

  #step(): void {
    const d = this.#d;
    const from = d.chance(0.6) ? this.#pool.at(-1)! : d.pick(this.#pool);
    const twice = this.#made.filter((one) => equal(one.from, from.shape));
    if (twice.length > 0 && d.chance(0.25)) {
      const { layer, to } = d.pick(twice);
      this.#add('shared', layer(from.tensor), to, [from]);
    } else if (d.chance(0.3) && this.#meet(from)) return;
    else if (from.shape.length === 2 && d.chance(0.15)) this.#attend(from);
    else if (!this.#nested && from.shape.length < 3 && d.chance(0.1)) this.#model(from);
    else if (from.shape.length === 2 && d.chance(0.08)) this.#states(from);
    else this.#layer(from);
  }

  #layer(from: Node): void {
    const d = this.#d;
    const table = d.chance(0.45) ? anywhere : byRank[from.shape.length]!;
    const name = d.pick(Object.keys(table));
    const found = table[name]!(d, from.shape);
    if (!found || product(found[1]) > 600) return;
    const [layer, to] = found;
    this.#made.push({ layer, from: from.shape, to });
    this.#add(name, layer(from.tensor), to, [from]);
  }

  /** Two tensors of one shape as one. */
  #meet(from: Node): boolean {
    const d = this.#d;
    const others = this.#pool.filter((node) => node !== from && equal(node.shape, from.shape));
    if (others.length === 0 || from.shape.length > 4) return false;
    const other = d.pick(others);
    const kind = d.pick(merges.filter((name) => name !== 'dot' || from.shape.length < 3));
    const both = [from.tensor, other.tensor];
    const c = from.shape.at(-1)!;
    if (kind === 'dot') {
      const rank = from.shape.length;
      const layer = l.dot({ axes: rank === 1 ? 1 : [2, 2], normalize: d.chance(0.4) });
      this.#add(kind, layer(both), rank === 1 ? [1] : [from.shape[0]!, from.shape[0]!], [from, other]);
    } else if (kind === 'concatenate')
      this.#add(
        kind,
        l.concatenate({ name: `beside_${this.#pool.length}` })(both),
        [...from.shape.slice(0, -1), 2 * c],
        [from, other],
      );
    else this.#add(kind, l[kind]()(both), from.shape, [from, other]);
    return true;
  }

  #attend(from: Node): void {
    const d = this.#d;
    const other = d.pick(this.#pool.filter(({ shape }) => shape.length === 2));
    const alike = equal(other.shape, from.shape) ? other : from;
    const kind = d.pick(attentions);
    const { tensor: x, shape } = from;
    if (kind === 'attention')
      this.#add(
        kind,
        l.attention({ useScale: d.chance(0.5), scoreMode: d.pick(['dot', 'concat']) })([x, alike.tensor]),
        shape,
        [from, alike],
      );
    else if (kind === 'additiveAttention')
      this.#add(kind, l.additiveAttention({ useScale: d.chance(0.5) })([x, alike.tensor]), shape, [from, alike]);
    else if (kind === 'multiHeadAttention') {
      const layer = l.multiHeadAttention({
        numHeads: d.int(1, 2),
        keyDim: d.int(2, 3),
        valueDim: d.pick([null, 2]),
        ...d.kernel(),
      });
      this.#add(kind, layer(x, { value: other.tensor, ...(d.chance(0.2) ? { useCausalMask: true } : {}) }), shape, [
        from,
        other,
      ]);
    } else {
      const layer = l.groupQueryAttention({
        headDim: 2,
        numQueryHeads: 2,
        numKeyValueHeads: d.int(1, 2),
        ...d.kernel(),
      });
      this.#add(kind, layer(x, { value: alike.tensor }), shape, [from, alike]);
    }
  }

  /** The states of one layer begin another. */
  #states(from: Node): void {
    const units = this.#d.int(2, 3);
    const [, ...states] = l.lstm({ units, returnState: true }).all(from.tensor);
    this.#add(
      'lstm',
      l.lstm({ units, returnSequences: true })(from.tensor, { initialState: states }),
      [from.shape[0]!, units],
      [from],
    );
  }

  /** A model as a layer: of one input of the shape of `from`, called once or twice. */
  #model(from: Node): void {
    const d = this.#d;
    const inner = new Generator(d.int(0, 2 ** 30), true);
    const x = input({ shape: from.shape });
    inner.#pool.push({ tensor: x, shape: from.shape, inputs: new Set() });
    for (let i = d.int(1, 4); i > 0; i--) inner.#step();
    const end = inner.#pool.at(-1)!;
    if (end.tensor === x) return;
    for (const name of inner.used) this.used.add(name);
    const layer = modelLayer(
      model({ inputs: x, outputs: end.tensor, name: `inner_${this.#made.length}`, seed: d.int(0, 99) }),
    );
    this.#made.push({ layer, from: from.shape, to: end.shape });
    this.#add('modelLayer', layer(from.tensor), end.shape, [from]);
  }

  /** Outputs are small, and always made by a layer. */
  #end(node: Node): Node {
    if (!this.feeds.has(node.tensor)) return node;
    const flat =
      node.shape.length > 1 ? this.#add('flatten', l.flatten()(node.tensor), [product(node.shape)], [node]) : node;
    return this.#add('dense', l.dense({ units: 3 })(flat.tensor), [3], [flat]);
  }
}

const equal = (a: Sizes, b: Sizes): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

export async function randomModel(seed: number): Promise<RandomModel> {
  const generator = new Generator(seed);
  const made = generator.model(`random_${seed}`, seed);
  const d = new Draw(seed + 1);
  // First weights are zeros and ones in many places, which any mistake in their order leaves as they are.
  const changed = await made.withWeights(({ tensor, name }) => {
    if (name === 'count') return null;
    const positive = /variance|stddev/.test(name);
    return Float32Array.from({ length: tensor.size }, () => (positive ? 0.5 + d.next() : 0.8 * (2 * d.next() - 1)));
  });
  return { model: changed, feeds: [...generator.feeds.values()], used: generator.used };
}
