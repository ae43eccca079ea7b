/** The call of a custom layer: its inputs, arguments, weights and inner layers as its TypeScript sees them. */
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Json } from '../config/spec.ts';
import type { LayerRun, Mask } from '../layers/layer.ts';
import type { Argument, Value } from '../model/arguments.ts';
import type { ModelLayer } from '../model/layer.ts';
import type { StoredArray } from '../weights/store.ts';
import type { CallArgument, CustomContext, CustomLayer, SubCall } from './custom.ts';

type Extras = CustomContext['args'];
type CallLayer = (
  layer: ModelLayer,
  args: readonly Argument[],
  kwargs: ReadonlyMap<string, Argument>,
) => readonly Value[];

/** The run of a custom layer as far as weights go; its call is `callCustom`. */
export function customRun(layer: ModelLayer, definition: CustomLayer): LayerRun {
  return {
    many: true,
    anyDType: true,
    weights: (inputs, stored) => definition.weights?.(inputs, layer.config) ?? asStored(stored),
    call: () => {
      throw failure(layer.subject, 'a custom layer is called by callCustom');
    },
  };
}

/** Every weight of the file under its name there, with the inner object in front (`att/query_dense/kernel`). */
function asStored(stored: readonly StoredArray[]): { name: string; shape: readonly number[] }[] {
  const used = new Map<string, number>();
  return stored
    .filter(
      (array) => !/seed_generator/.test(`${array.part}/${array.name}`) && sizeOf(array.shape) === array.data.length,
    )
    .map(({ name, part, shape }, i) => {
      const full = [part, name ?? String(i)].filter((text) => text !== '').join('/');
      const count = used.get(full) ?? 0;
      used.set(full, count + 1);
      return { name: count === 0 ? full : `${full}_${count}`, shape };
    });
}

/** Tensors of the first argument, and everything else as plain values by name or position. */
export function customArguments(
  layer: ModelLayer,
  args: readonly Argument[],
  kwargs: ReadonlyMap<string, Argument>,
): { values: Value[]; extras: Extras } {
  const values = args.length > 0 ? tensorsIn(args[0]!) : [];
  if (values.length === 0) throw failure(layer.subject, 'the file calls it without a tensor as first argument');
  const extras: Record<string, Tensor | readonly Tensor[] | Json> = {};
  args.slice(1).forEach((arg, i) => {
    extras[String(i + 1)] = plain(arg);
  });
  for (const [name, arg] of kwargs) extras[name] = plain(arg);
  return { values, extras };
}

function tensorsIn(arg: Argument): Value[] {
  if ('tensor' in arg) return [arg];
  if ('items' in arg) return arg.items.flatMap(tensorsIn);
  return 'entries' in arg ? [...arg.entries.values()].flatMap(tensorsIn) : [];
}

function plain(arg: Argument): Tensor | readonly Tensor[] | Json {
  if ('constant' in arg) return arg.constant;
  if ('tensor' in arg) return arg.tensor;
  const tensors = tensorsIn(arg).map((value) => value.tensor);
  if (tensors.length > 0) return tensors;
  return 'items' in arg ? arg.items.map((item) => plain(item) as Json) : null;
}

/** Makes the layer's graph on `values`. */
export function callCustom(
  layer: ModelLayer,
  definition: CustomLayer,
  values: readonly Value[],
  extras: Extras,
  callLayer: CallLayer,
): readonly Value[] {
  const inputs = values.map((value) => value.tensor);
  const masks = new WeakMap<Tensor, Tensor>();
  for (const { tensor, mask } of values) if (mask) masks.set(tensor, mask);
  const context: CustomContext = {
    config: layer.config,
    weights: layer.weightsFor(inputs.map((x) => x.shape)),
    layers: Object.fromEntries([...layer.parts].map(([key, part]) => [key, subCall(part, masks, callLayer)])),
    masks: values.map((value) => value.mask),
    args: extras,
  };
  const result = definition.forward(inputs, context);
  const outputs = result instanceof Tensor ? [result] : result;
  if (!Array.isArray(outputs) || !outputs.every((y) => y instanceof Tensor)) {
    throw failure(layer.subject, 'its TypeScript must return a tensor or a list of tensors', { got: typeof result });
  }
  const passed: Mask = definition.mask === 'pass' ? (values[0]?.mask ?? null) : null;
  return outputs.map((tensor: Tensor) => ({ tensor, mask: passed }));
}

/** An inner layer as a function; masks travel with the tensors, as they do in Keras. */
function subCall(part: ModelLayer, masks: WeakMap<Tensor, Tensor>, callLayer: CallLayer): SubCall {
  const value = (tensor: Tensor): Value => ({ tensor, mask: masks.get(tensor) ?? null });
  const all = (...args: readonly CallArgument[]): readonly Tensor[] => {
    const last = args.at(-1);
    const named = last !== undefined && !(last instanceof Tensor) && !Array.isArray(last);
    const positional = (named ? args.slice(0, -1) : args).map((arg): Argument => {
      return arg instanceof Tensor ? value(arg) : { items: (arg as readonly Tensor[]).map(value) };
    });
    const kwargs = Object.entries(named ? last : {}).map(([key, arg]): [string, Argument] => {
      return [key, arg instanceof Tensor ? value(arg) : { constant: arg as Json }];
    });
    const results = callLayer(part, positional, new Map(kwargs));
    for (const { tensor, mask } of results) if (mask) masks.set(tensor, mask);
    return results.map((result) => result.tensor);
  };
  return Object.assign((...args: readonly CallArgument[]) => all(...args)[0]!, { all });
}
