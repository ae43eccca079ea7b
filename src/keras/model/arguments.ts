/**
 * The arguments of a call in a model file: tensors in lists, dicts and keywords, as values of the graph being built.
 * Invariant: an argument that would change the result in a way that is not implemented is an error, never dropped.
 */
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { field, isBoolean, isRecord } from '../config/json.ts';
import type { CallValue, Json, TensorRef } from '../config/spec.ts';
import type { CallArguments, Mask } from '../layers/layer.ts';
import type { Operand } from '../operations/index.ts';
import type { ModelLayer } from './layer.ts';

export interface Value {
  readonly tensor: Tensor;
  readonly mask: Mask;
}

/** An argument of a call with its tensors filled in. */
export type Argument =
  | Value
  | { readonly constant: Json }
  | { readonly items: readonly Argument[] }
  | { readonly entries: ReadonlyMap<string, Argument> };

/** The argument with its tensors looked up. */
export function fillIn(value: CallValue, read: (ref: TensorRef) => Value): Argument {
  if (value.kind === 'tensor') return read(value.ref);
  if (value.kind === 'list') return { items: value.items.map((item) => fillIn(item, read)) };
  if (value.kind === 'dict') {
    return { entries: new Map([...value.entries].map(([key, item]) => [key, fillIn(item, read)])) };
  }
  return { constant: value.value };
}

/** A call with its tensors in one list, and what is left of its keyword arguments. */
export interface PlacedCall {
  readonly values: Value[];
  readonly args: CallArguments;
  readonly rest: ReadonlyMap<string, Argument>;
}

/** The tensors of the first argument, then those of the layer's other parameters, given by position or by name. */
export function placeArguments(
  layer: ModelLayer,
  args: readonly Argument[],
  kwargs: ReadonlyMap<string, Argument>,
): PlacedCall {
  const parameters = layer.run?.parameters ?? [];
  const rest = new Map(kwargs);
  const byName = args.length === 0 ? rest.get(layer.run?.first ?? '') : undefined;
  if (byName !== undefined) rest.delete(layer.run!.first!);
  const leading = byName === undefined ? args.slice(0, 1) : [byName];
  const values = inputsOf(layer, parameters.length > 0 ? leading : args);
  const tensors = new Map([['inputs', [...values.keys()]]]);
  const constants = new Map<string, Json>();
  args.slice(1).forEach((arg, i) => {
    const name = parameters[i];
    if (name !== undefined) rest.set(name, arg);
    else if (parameters.length > 0) throw failure(layer.subject, `the file calls it with ${args.length} arguments`, {});
  });
  for (const name of parameters) {
    const arg = rest.get(name);
    if (arg === undefined || name === 'mask' || name === 'training') continue;
    rest.delete(name);
    if ('constant' in arg) {
      // Parameters that take no tensor are switches, which people also write as 1 and 0.
      const value = isBoolean(arg.constant, true) || (isBoolean(arg.constant, false) ? false : arg.constant);
      if (value !== null) constants.set(name, value);
      continue;
    }
    const found = collectTensors(layer, arg);
    tensors.set(
      name,
      [...found.keys()].map((i) => values.length + i),
    );
    values.push(...found);
  }
  const mask = rest.get('mask');
  return { values, args: { tensors, constants, maskGiven: mask !== undefined && !('constant' in mask) }, rest };
}

/** The tensors of the first argument, flat; those of an inner model's dict in the order of its inputs. */
function inputsOf(layer: ModelLayer, args: readonly Argument[]): Value[] {
  const [first, ...rest] = args;
  if (first === undefined || rest.some((arg) => !('constant' in arg) || arg.constant !== null)) {
    const hint = 'layers are called with one argument: a tensor, a list or a dict of them';
    throw failure(layer.subject, `the file calls it with ${args.length} arguments`, {}, hint);
  }
  const found = collectTensors(layer, first);
  const odd = 'items' in first ? first.items.some((item) => !('tensor' in item)) : 'entries' in first;
  if (found.length === 0 || (odd && layer.run)) {
    const hint = layer.run?.many ? 'it takes a list of tensors' : 'it takes one tensor';
    throw failure(layer.subject, `the file calls it with ${found.length} tensors in a way it does not take`, {}, hint);
  }
  return found;
}

function collectTensors(layer: ModelLayer, arg: Argument): Value[] {
  if ('tensor' in arg) return [arg];
  if ('items' in arg) return arg.items.flatMap((item) => collectTensors(layer, item));
  if ('entries' in arg) {
    const names = layer.graph?.spec.inputNames ?? [...arg.entries.keys()];
    return names.flatMap((name) => (arg.entries.has(name) ? collectTensors(layer, arg.entries.get(name)!) : []));
  }
  throw failure(layer.subject, 'the file calls it with a constant as input', { value: arg.constant });
}

/** An argument of an operation as a plain value; `take` sees every tensor and may put another in its place. */
export function operandOf(arg: Argument, take: (tensor: Tensor) => Tensor): Operand {
  if ('tensor' in arg) return take(arg.tensor);
  if ('items' in arg) return arg.items.map((item) => operandOf(item, take));
  if ('entries' in arg) return Object.fromEntries([...arg.entries].map(([key, item]) => [key, operandOf(item, take)]));
  const constant = arg.constant;
  const array = isRecord(constant) && /^__(tensor|numpy)__$/.test(String(field(constant, 'class_name')));
  const config = array ? field(constant, 'config') : null;
  return isRecord(config) ? (field(config, 'value') as Operand) : (constant as Operand);
}

/** `training` and `mask` are understood; another argument would change the result in a way that is not implemented. */
export function checkKeywords(layer: ModelLayer, kwargs: ReadonlyMap<string, Argument>, trains = false): void {
  for (const [key, arg] of kwargs) {
    const value = 'constant' in arg ? arg.constant : undefined;
    if (value === null || (key === 'mask' && value === undefined)) continue;
    if (key === 'training' && (isBoolean(value, true) || isBoolean(value, false))) {
      // Keras 3 overrides the stored argument when it predicts; before it, a stored True stays True.
      if (trains || !value || layer.dialect.major === 3 || !(layer.run?.trainingMatters || layer.graph || layer.inner))
        continue;
      const hint = 'its results would be random, or depend on the batch';
      throw failure(layer.subject, 'the model calls it with training=True', {}, hint);
    }
    throw failure(layer.subject, `the model calls it with argument '${key}', which is not supported`);
  }
}
