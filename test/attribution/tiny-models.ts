/**
 * Models of a few lines for tests: a `CallableModel` whose forward function calls named layers, so that hooks, shared layers,
 * skip connections and kwargs can be tried without a model file.
 */
import type { ApplyOptions, CallableModel, InputInfo, LayerInfo } from '../../src/graph/callable.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { didYouMean, failure } from '../../src/tensor/errors.ts';
import { type NestedArray, type Tensor, tensor } from '../../src/tensor/tensor.ts';

/** Runs `f` as a use of the layer `name`. */
export type CallLayer = (name: string, inputs: readonly Tensor[], f: (...inputs: Tensor[]) => Tensor) => Tensor;

export interface TinySpec {
  readonly inputs: readonly InputInfo[];
  readonly layers?: readonly (readonly [name: string, className: string])[];
  readonly dtype?: FloatDType;
  readonly forward: (
    call: CallLayer,
    inputs: readonly Tensor[],
    kwargs: Readonly<Record<string, Tensor>>,
  ) => Tensor | Tensor[];
}

export function tinyModel({ inputs, layers = [], dtype = 'float64', forward }: TinySpec): CallableModel {
  const infos: LayerInfo[] = layers.map(([name, className]) => ({ name, path: name, className }));
  const getLayer = (selector: string | number): LayerInfo => {
    const found = typeof selector === 'number' ? infos.at(selector) : infos.find(({ name }) => name === selector);
    if (found) return found;
    const names = infos.map(({ name }) => name);
    throw failure('layer', `there is no layer '${selector}'`, {}, didYouMean(String(selector), names));
  };
  const apply = (xs: readonly Tensor[], { kwargs = {}, onInputs, onOutputs }: ApplyOptions = {}): readonly Tensor[] => {
    const uses = new Map<string, number>();
    const call: CallLayer = (name, args, f) => {
      const [layer, index] = [getLayer(name), uses.get(name) ?? 0];
      uses.set(name, index + 1);
      const given = onInputs?.({ layer, index, inputs: args }) ?? args;
      const outputs = [f(...given)];
      return (onOutputs?.({ layer, index, inputs: given, outputs }) ?? outputs)[0]!;
    };
    const result = forward(call, xs, kwargs);
    return Array.isArray(result) ? result : [result];
  };
  return { name: 'tiny', inputs, layers: infos, dtype, apply, getLayer };
}

/** An input of floats `[any, ...shape]`. */
export function floatInput(name: string, ...shape: number[]): InputInfo {
  return { name, shape: [null, ...shape], dtype: 'float64' };
}

/** Constants in double: weights and inputs. */
export function f64(values: NestedArray): Tensor {
  return tensor(values, undefined, 'float64');
}
