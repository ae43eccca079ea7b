/** The call of a custom layer: its inputs, arguments, weights and inner layers as its TypeScript sees them. */
import type { TrainingContext } from '../../graph/callable.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Json } from '../config/spec.ts';
import type { LayerRun, Mask } from '../layers/layer.ts';
import type { Argument, Value } from '../model/arguments.ts';
import type { ModelLayer } from '../model/layer.ts';
import type { StoredArray } from '../weights/store.ts';
import type { CallArgument, CustomContext, CustomLayer, CustomWeight, SubCall } from './custom.ts';

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
    weights: (inputs, stored) =>
      definition.weights?.(inputs, layer.config) ?? asStored(stored, layer.className === 'SpectralNormalization'),
    call: () => {
      throw failure(layer.subject, 'a custom layer is called by callCustom');
    },
  };
}

/**
 * Every weight of the file under its name there, with the inner object in front (`att/query_dense/kernel`).
 * @param state whether none of them is trained
 */
function asStored(stored: readonly StoredArray[], state: boolean): readonly CustomWeight[] {
  const used = new Map<string, number>();
  return stored
    .filter(
      (array) => !/seed_generator/.test(`${array.part}/${array.name}`) && sizeOf(array.shape) === array.data.length,
    )
    .map(({ name, part, shape }, i) => {
      const full = [part, name ?? String(i)].filter((text) => text !== '').join('/');
      const count = used.get(full) ?? 0;
      used.set(full, count + 1);
      const fixed = state ? { trainable: false as const } : {};
      return { name: count === 0 ? full : `${full}_${count}`, shape, ...fixed };
    });
}

/** What runs custom layers, for those who load it on demand. */
export interface CustomCode {
  readonly customRun: typeof customRun;
  readonly customArguments: typeof customArguments;
  readonly callCustom: typeof callCustom;
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
  training: TrainingContext | null,
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
    training,
  };
  const forward = (): Tensor | readonly Tensor[] => definition.forward(inputs, context);
  const result =
    training?.layer({ layer, inputs, weights: context.weights, masks: context.masks }, forward) ?? forward();
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
