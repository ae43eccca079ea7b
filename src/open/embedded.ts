/**
 * A model of several inputs, of which some are ids (categories, tokens): ids have no gradient, so their place is taken by what the layer makes of them
 * that reads them (the vectors of an Embedding, the ones of a CategoryEncoding). Then all inputs are numbers, and one explanation is of all of them.
 * The ids go along as arguments beside the inputs, since masks are made from them. Invariant: fed with the vectors of its ids, it computes the model.
 */
import type { ApplyOptions, CallableModel, InputInfo, LayerCall, LayerInfo, WeightChange } from '../graph/callable.ts';
import { compile } from '../graph/compile.ts';
import type { Layer } from '../model/layer.ts';
import type { Model } from '../model/model.ts';
import { isFloat, type TypedArray } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../tensor/tensor.ts';

/** Rows whose vectors are computed at a time. */
const ROWS = 256;

/** Where the ids of an input are read. */
interface Reader {
  readonly input: number;
  readonly path: string;
  readonly index: number;
  /** Of the vectors, without the batch axis. */
  readonly shape: readonly number[];
}

export class EmbeddedModel implements CallableModel {
  readonly name: string;
  readonly dtype: Model['dtype'];
  readonly layers: Model['layers'];
  readonly outputs: Model['outputs'];
  readonly inputs: readonly InputInfo[];
  readonly #model: Model;
  readonly #readers: readonly Reader[];

  /** Use `embedded`. */
  constructor(model: Model, readers: readonly Reader[]) {
    this.#model = model;
    this.#readers = readers;
    ({ name: this.name, dtype: this.dtype, layers: this.layers, outputs: this.outputs } = model);
    this.inputs = model.inputs.map((info, i) => {
      const reader = readers.find(({ input }) => input === i);
      return reader ? { name: info.name, shape: [null, ...reader.shape], dtype: model.dtype } : info;
    });
  }

  apply(inputs: readonly Tensor[], options: ApplyOptions = {}): readonly Tensor[] {
    const { kwargs = {}, onInputs, onOutputs } = options;
    const rest = { ...kwargs };
    const fed = inputs.map((x, i) => {
      const name = idsOf(this.inputs[i]!.name);
      const ids = rest[name];
      delete rest[name];
      return this.#readers.some(({ input }) => input === i) ? ids! : x;
    });
    return this.#model.apply(fed, {
      kwargs: rest,
      ...(onInputs && { onInputs }),
      onOutputs: (call) => {
        const reader = this.#readers.find(({ path, index }) => path === call.layer.path && index === call.index);
        const ours = reader ? [inputs[reader.input]!] : null;
        return onOutputs?.(ours ? { ...call, outputs: ours } : call) ?? ours;
      },
    });
  }

  getLayer(selector: string | number): LayerInfo {
    return this.#model.getLayer(selector);
  }

  async withWeights(change: WeightChange): Promise<EmbeddedModel> {
    return new EmbeddedModel(await this.#model.withWeights(change), this.#readers);
  }
}

const idsOf = (input: string): string => `ids of ${input}`;

/** The model with vectors in the place of ids, the rows as it takes them, and the ids that go along; null where no input is read as ids. */
export async function embedded(
  model: Model,
  rows: readonly Tensor[],
): Promise<{ model: EmbeddedModel; rows: Tensor[]; kwargs: Record<string, Tensor> } | null> {
  const probes = rows.map(({ shape, dtype }) => placeholder([1, ...shape.slice(1)], dtype));
  const readers = readersOf(model, probes);
  if (readers.length === 0) return null;
  const made = [...rows];
  const kwargs: Record<string, Tensor> = {};
  const vectors = await vectorsOf(model, rows, readers);
  readers.forEach(({ input, shape }, i) => {
    made[input] = tensor(vectors[i]!, [rows[input]!.shape[0]!, ...shape], model.dtype);
    kwargs[idsOf(model.inputs[input]!.name)] = rows[input]!;
  });
  return { model: new EmbeddedModel(model, readers), rows: made, kwargs };
}

/** The one layer that makes numbers of each input of ids. An input that several read keeps its ids. */
function readersOf(model: Model, probes: readonly Tensor[]): Reader[] {
  const found: Reader[] = [];
  const onOutputs = ({ layer, index, inputs, outputs }: LayerCall): null => {
    const input = probes.findIndex((probe) => !isFloat(probe.dtype) && probe === inputs[0]);
    const [only] = outputs;
    const inner = (layer as Layer).layers.length === 0;
    if (input >= 0 && inner && outputs.length === 1 && isFloat(only!.dtype))
      found.push({ input, path: layer.path, index, shape: only!.shape.slice(1) });
    return null;
  };
  model.apply(probes, { onOutputs });
  return found.filter(({ input }) => found.filter((other) => other.input === input).length === 1);
}

async function vectorsOf(model: Model, rows: readonly Tensor[], readers: readonly Reader[]): Promise<TypedArray[]> {
  const total = rows[0]!.shape[0]!;
  const made = readers.map(({ shape }) => new Float64Array(total * sizeOf(shape)));
  for (let from = 0; from < total; from += ROWS) {
    const count = Math.min(ROWS, total - from);
    const inputs = rows.map(({ shape, dtype }) => placeholder([count, ...shape.slice(1)], dtype));
    const outputs = new Array<Tensor>(readers.length);
    const onOutputs = (call: LayerCall): null => {
      const at = readers.findIndex(({ path, index }) => path === call.layer.path && index === call.index);
      if (at >= 0) outputs[at] = call.outputs[0]!;
      return null;
    };
    model.apply(inputs, { onOutputs });
    const plan = compile(outputs, inputs);
    const part = rows.map(({ data, shape }) => {
      const width = sizeOf(shape.slice(1));
      return data.slice(from * width, (from + count) * width);
    });
    const values = await plan.run(part);
    plan.dispose();
    values.forEach((value, i) => {
      made[i]!.set(value, from * sizeOf(readers[i]!.shape));
    });
  }
  return made;
}

/** Means that Normalization layers subtract of the model's inputs: what the model takes for average. One per input, null where it has none. */
export function normalMeans(model: Model, rows: readonly Tensor[]): (Float64Array | null)[] {
  const probes = rows.map(({ shape, dtype }) => placeholder([1, ...shape.slice(1)], dtype));
  const means: (Float64Array | null)[] = probes.map(() => null);
  model.apply(probes, {
    onInputs: ({ layer, inputs }) => {
      const input = probes.indexOf(inputs[0]!);
      const mean = (layer as Layer).weights.find(({ name }) => name === 'mean')?.tensor;
      if (layer.className !== 'Normalization' || input < 0 || !mean) return null;
      const width = sizeOf(probes[input]!.shape.slice(1));
      if (width % mean.size === 0) {
        means[input] = Float64Array.from({ length: width }, (_, i) => mean.data[i % mean.size]!);
      }
      return null;
    },
  });
  return means;
}
