/**
 * A transformer as something to train: ids and what goes with them are its inputs, `attention_mask` ones and `token_type_ids` zeros where
 * they are not given. Invariant: nothing of `pathgrad/transformers` is bundled with training; only its types are used.
 */
import type { Fed, Feedable } from '../model/inputs.ts';
import { readOne } from '../model/inputs.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { Tensor, tensor } from '../tensor/tensor.ts';
import type { TransformerModel } from '../transformers/model.ts';
import type { Trainable } from './trainable.ts';

/** What a tokenizer gives for people to read. */
const shownOnly: readonly string[] = ['tokens', 'offsets', 'sequences', 'wordIds', 'texts', 'notices'];

export function ofTransformer(model: TransformerModel): Trainable {
  const { name, dtype } = model;
  const extra = model.config.segments > 0 ? ['attention_mask', 'token_type_ids'] : ['attention_mask'];
  const names = ['input_ids', ...extra];
  const inputs = names.map((one) => ({ name: one, shape: [null, null], dtype: 'int32' as const }));
  const kwargsOf = (rest: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(rest.map((value, i) => [extra[i]!, value]));
  return {
    ...{ name, inputs, dtype, model: null },
    outputNames: model.outputs.map((output) => output.name),
    weights: model.weights.map(({ layer, name: weight, tensor: held, trainable }) => ({
      ...{ path: `${layer}/${weight}`, tensor: held, trainable, regularizer: null, constraint: null },
    })),
    change: 'model.withWeights(trainer.change) is the model with what was learnt',
    apply([ids, ...rest], training, hooks = {}) {
      const outputs = model.apply([ids!], { ...hooks, kwargs: kwargsOf(rest), ...(training && { training }) });
      return { outputs, masks: outputs.map(() => null) };
    },
    read: (x) => readTokens(name, inputs, x, model.config.segments > 0),
    async checkInputs([ids, ...rest]) {
      await model.checkInputs([ids!]);
      // Looks at masks and segments, too; what it would leave out stays, since all rows of a step have one length.
      model.prune([ids!], kwargsOf(rest));
    },
  };
}

function readTokens(name: string, inputs: Trainable['inputs'], x: Feedable, segments: boolean): readonly Fed[] {
  const alone = x instanceof Tensor || Array.isArray(x) || (typeof x === 'object' && x !== null && 'data' in x);
  if (!alone && (typeof x !== 'object' || x === null)) {
    const hint = 'the tokenizer makes ids of texts: await tokenizer.encode(texts)';
    throw failure(name, 'takes token ids', { got: typeof x }, hint);
  }
  const record = (alone ? { input_ids: x } : x) as Readonly<Record<string, unknown>>;
  const names = inputs.map((one) => one.name);
  // Tokenizers give segments that not every model takes.
  const passed = [...names, ...shownOnly, ...(segments ? [] : ['token_type_ids'])];
  const unknown = Object.keys(record).find((key) => !passed.includes(key));
  if (unknown !== undefined)
    throw failure(name, `takes no input '${unknown}' in training`, {}, didYouMean(unknown, names));
  if (record['input_ids'] === undefined) throw failure(name, 'input_ids are missing', { given: Object.keys(record) });
  const read = (one: string): Fed =>
    readOne(name, { name: one, shape: [null, null], dtype: 'int32' }, record[one] as Tensor, true);
  const ids = read('input_ids');
  return names.map((one) => {
    if (one === 'input_ids') return ids;
    if (record[one] === undefined)
      return { data: new Int32Array(ids.data.length).fill(one === 'attention_mask' ? 1 : 0), shape: ids.shape };
    const fed = read(one);
    if (fed.shape.join() !== ids.shape.join())
      throw failure(name, `${one} needs the shape of the ids`, { [one]: fed.shape, ids: ids.shape });
    return fed;
  });
}

/** Fed arrays as tensors. */
export const tensorsOf = (fed: readonly Fed[]): Tensor[] => fed.map(({ data, shape }) => tensor(data, shape));
