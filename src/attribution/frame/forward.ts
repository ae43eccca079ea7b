/**
 * One shape for everything that can be explained: a `CallableModel` or a plain function on graph tensors. A Forward maps
 * input placeholders to the one output tensor `[rows, ...]` whose entries are explained, and never changes the model.
 */
import type { ApplyOptions, CallableModel, InputInfo } from '../../graph/callable.ts';
import { type FloatDType, isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type OutputSelector, outputIndex } from './output.ts';

/** A function of the inputs in order; the forward kwargs come last, as a record, when some are given. */
export type TensorFunction = (...args: never[]) => Tensor;

export interface Forward {
  readonly name: string;
  /** Null for plain functions: shapes and dtypes then come from the data. */
  readonly inputs: readonly InputInfo[] | null;
  readonly model: CallableModel | null;
  /** The float type that nested arrays are read as. */
  readonly dtype: FloatDType;
  /** The graph from inputs (all with `rows` rows) to the explained output. */
  apply(inputs: readonly Tensor[], rows: number, kwargs: Readonly<Record<string, Tensor>>, hooks?: Hooks): Tensor;
}

export type Hooks = Pick<ApplyOptions, 'onInputs' | 'onOutputs' | 'watched'>;

export function isCallableModel(model: unknown): model is CallableModel {
  if (typeof model !== 'object' || model === null) return false;
  const { apply, getLayer, inputs, layers } = model as Partial<CallableModel>;
  return (
    typeof apply === 'function' && typeof getLayer === 'function' && Array.isArray(inputs) && Array.isArray(layers)
  );
}

/** @param dtype for plain functions, the float type of nested arrays; a model brings its own */
export function toForward(
  model: CallableModel | TensorFunction,
  output: OutputSelector | undefined,
  dtype: FloatDType,
): Forward {
  if (isCallableModel(model)) {
    const names = model.outputs?.map((info) => info.name) ?? null;
    if (names && output !== undefined && typeof output !== 'function') {
      outputIndex('output', output, names, names.length);
    }
    return {
      name: model.name,
      inputs: model.inputs,
      model,
      dtype: model.dtype,
      apply: (inputs, rows, kwargs, hooks) => {
        const outputs = model.apply(inputs, { ...hooks, ...(Object.keys(kwargs).length > 0 && { kwargs }) });
        return explained(model.name, outputs, output, names, rows);
      },
    };
  }
  if (typeof model !== 'function') {
    const hint = 'give a model of loadModel, another CallableModel, or a function on graph tensors';
    throw failure('model', 'is not something that can be applied', { got: typeof model }, hint);
  }
  const call = model as (...args: unknown[]) => unknown;
  const name = call.name || 'function';
  return {
    name,
    inputs: null,
    model: null,
    dtype,
    apply: (inputs, rows, kwargs) => {
      const result = Object.keys(kwargs).length > 0 ? call(...inputs, kwargs) : call(...inputs);
      return explained(name, Array.isArray(result) ? result : [result], output, null, rows);
    },
  };
}

function explained(
  name: string,
  outputs: readonly unknown[],
  selector: OutputSelector | undefined,
  names: readonly string[] | null,
  rows: number,
): Tensor {
  const tensors = outputs.filter((item) => item instanceof Tensor);
  if (tensors.length !== outputs.length || tensors.length === 0) {
    throw failure(name, 'must return tensors', { got: outputs.map((item) => typeof item) });
  }
  if (selector === undefined && tensors.length > 1) {
    // Labels beside scores are integers, which have no gradients.
    const first = Math.max(
      0,
      tensors.findIndex(({ dtype }) => isFloat(dtype)),
    );
    const hint = `choose one with the option output, e.g. output: ${names ? `'${names[first]}'` : first}`;
    throw failure(name, `has ${tensors.length} outputs`, { shapes: tensors.map((t) => t.shape) }, hint);
  }
  const y =
    typeof selector === 'function'
      ? selector(...tensors)
      : tensors[selector === undefined ? 0 : outputIndex('output', selector, names, tensors.length)];
  if (!(y instanceof Tensor)) throw failure('output', 'the option output must return a tensor', { got: typeof y });
  if (!isFloat(y.dtype)) throw failure(name, 'only a float output has gradients to explain', { output: y.toString() });
  if (y.shape[0] !== rows) {
    const hint = 'the first axis is the batch: sum or reduce over the other axes only';
    throw failure(name, 'the output must have one row per sample', { rows, output: y.shape }, hint);
  }
  return y;
}
