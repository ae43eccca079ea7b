/**
 * A transformer that says something of every position (a label per token, the word behind a mask) looked at in one position of each text: then it
 * gives a row of scores per text, as classifiers do. Where all texts have the same position it is cut out of the output; else `focus`, an argument
 * beside the ids that is 1 there and 0 elsewhere, picks it.
 */
import type { ApplyOptions, LayerInfo, WeightChange } from '../graph/callable.ts';
import { mul } from '../ops/binary.ts';
import { expandDims, reshape } from '../ops/movement.ts';
import { sum } from '../ops/reduce.ts';
import { slice } from '../ops/slicing.ts';
import { cast } from '../ops/unary.ts';
import { allocate } from '../tensor/dtype.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Transformer, TransformerInput } from './model.ts';

export class FocusedTransformer implements Transformer {
  readonly name: string;
  readonly config: Transformer['config'];
  readonly dtype: Transformer['dtype'];
  readonly inputs: Transformer['inputs'];
  readonly layers: Transformer['layers'];
  readonly tokenizer: Transformer['tokenizer'];
  readonly task: Transformer['task'];
  readonly labels: readonly string[];
  readonly outputs: Transformer['outputs'];
  readonly #model: Transformer;
  readonly #position: number | null;

  /** @param position of all texts; null where each brings its own as `focus` */
  constructor(model: Transformer, position: number | null) {
    this.#model = model;
    this.#position = position;
    ({ name: this.name, config: this.config, dtype: this.dtype, inputs: this.inputs } = model);
    ({ layers: this.layers, tokenizer: this.tokenizer, task: this.task, labels: this.labels } = model);
    this.outputs = model.outputs;
  }

  /** @returns `[rows, scores]` */
  apply(inputs: readonly Tensor[], options: ApplyOptions = {}): readonly Tensor[] {
    const { focus, ...kwargs } = options.kwargs ?? {};
    const [all] = this.#model.apply(inputs, { ...options, kwargs }) as [Tensor];
    const [rows, , scores] = all.shape as [number, number, number];
    if (this.#position !== null)
      return [reshape(slice(all, { 1: [this.#position, this.#position + 1] }), [rows, scores])];
    return [sum(mul(all, expandDims(cast(focus!, all.dtype), -1)), { axes: 1 })];
  }

  async checkInputs(inputs: readonly Tensor[]): Promise<void> {
    await this.#model.checkInputs?.(inputs);
  }

  async predictAll({ focus, ...x }: TransformerInput, options: { batchSize?: number } = {}): Promise<Tensor[]> {
    const [all] = (await this.#model.predictAll(x, options)) as [Tensor];
    const [rows, positions, scores] = all.shape as [number, number, number];
    const data = allocate(all.dtype, rows * scores);
    for (let row = 0; row < rows; row++) {
      const at = this.#position ?? focus!.data.indexOf(1, row * positions) - row * positions;
      const from = (row * positions + at) * scores;
      data.set(all.data.subarray(from, from + scores), row * scores);
    }
    return [tensor(data, [rows, scores])];
  }

  getLayer(selector: string | number): LayerInfo {
    return this.#model.getLayer(selector);
  }

  async withWeights(change: WeightChange): Promise<FocusedTransformer> {
    const changed = (await this.#model.withWeights!(change)) as Transformer;
    return new FocusedTransformer(Object.assign(changed, { tokenizer: this.tokenizer }), this.#position);
  }
}
