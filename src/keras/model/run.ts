/**
 * The graph of a model: makes each call of each layer in dependency order, with masks beside the values and hooks around the calls.
 * Invariant: a call is made once per application of its model; nothing is computed here, ops only build nodes.
 */
import type { ApplyOptions, TrainingContext } from '../../graph/callable.ts';
import { cast } from '../../ops/unary.ts';
import { type FloatDType, isFloat } from '../../tensor/dtype.ts';
import { failure, PathgradError, retold } from '../../tensor/errors.ts';
import { sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { isBoolean } from '../config/json.ts';
import type { TensorRef } from '../config/spec.ts';
import type { CustomContext } from '../custom/custom.ts';
import { type CallArguments, keras3Before } from '../layers/layer.ts';
import { timeDistributed } from '../layers/wrappers.ts';
import type { Operation } from '../operations/index.ts';
import { type Argument, checkKeywords, fillIn, operandOf, placeArguments, type Value } from './arguments.ts';
import type { LayerTree, ModelLayer } from './layer.ts';

/** One application of a model. */
export interface Session {
  readonly hooks: ApplyOptions;
  readonly dtype: FloatDType;
  /** The training step that layers are applied in; null for inference. */
  readonly training: TrainingContext | null;
  /** How often each layer was called so far. */
  readonly counts: Map<ModelLayer, number>;
  /** Tensors whose masks a layer has taken off. */
  readonly bare: Set<Tensor>;
  /** What hooks put in the place of a tensor, and that tensor. */
  readonly origins: Map<Tensor, Tensor>;
}

/** The outputs of `graph` on one value per input. */
export function runGraph(graph: LayerTree, inputs: readonly Value[], session: Session): Value[] {
  const results = new Map<string, readonly Value[]>();
  const keyOf = (layer: string, node: number): string => `${node}:${layer}`;
  graph.spec.inputs.forEach((ref, i) => {
    const layer = graph.byName.get(ref.layer)!;
    results.set(
      keyOf(ref.layer, ref.node),
      hooked(layer, [inputs[i]!], session, (values) => [...values]),
    );
  });
  const read = (ref: TensorRef): Value => {
    const value = results.get(keyOf(ref.layer, ref.node))?.[ref.tensor];
    if (value) return session.bare.has(value.tensor) ? { tensor: value.tensor, mask: null } : value;
    const hint = 'the file refers to an output that the layer does not have';
    throw failure(graph.spec.name, `nothing computes output ${ref.tensor} of layer '${ref.layer}'`, {}, hint);
  };
  for (const { layer: name, node } of graph.spec.callOrder) {
    const layer = graph.byName.get(name)!;
    const call = layer.spec.calls[node]!;
    const kwargs = new Map([...call.kwargs].map(([key, value]) => [key, fillIn(value, read)]));
    results.set(
      keyOf(name, node),
      callLayer(
        layer,
        call.args.map((value) => fillIn(value, read)),
        kwargs,
        session,
      ),
    );
  }
  return graph.spec.outputs.map(read);
}

function callLayer(
  layer: ModelLayer,
  args: readonly Argument[],
  kwargs: ReadonlyMap<string, Argument>,
  outer: Session,
): readonly Value[] {
  const stored = kwargs.get('training');
  // A call that the file makes with `training=False` stays so in Keras 1 and 2, with all that is inside; Keras 3 puts the step's own in its place.
  const fixed = layer.dialect.major < 3 && stored && 'constant' in stored && isBoolean(stored.constant, false);
  const session = fixed ? { ...outer, training: null } : outer;
  if (layer.operation) return callOperation(layer, layer.operation, args, kwargs, session);
  if (layer.custom) {
    const { values, extras } = layer.customCode!.customArguments(layer, args, kwargs);
    return hooked(layer, values, session, (list) => computeCustom(layer, list, session, extras));
  }
  const { values, args: placed, rest } = placeArguments(layer, args, kwargs);
  checkKeywords(layer, rest, outer.training !== null);
  const mask = rest.get('mask');
  const masks = mask && 'items' in mask ? mask.items : [mask];
  // Before 3.11, what a call says of the mask is not what the layer hands on.
  const before = keras3Before(layer.dialect, 11) ? { carried: values.map((value) => value.mask) } : {};
  masks.forEach((m, i) => {
    if (!m || !('tensor' in m) || !values[i]) return;
    values[i] = { tensor: values[i].tensor, mask: cast(m.tensor, 'bool') };
    if (layer.graph) session.bare.delete(values[i].tensor);
  });
  const results = hooked(
    layer,
    values,
    session,
    (list) => compute(layer, list, session, { ...placed, ...before }),
    placed,
  );
  for (const { tensor } of layer.run?.dropsMasks ? values : []) {
    for (let t: Tensor | undefined = tensor; t; t = session.origins.get(t)) session.bare.add(t);
  }
  return results;
}

function computeCustom(
  layer: ModelLayer,
  values: readonly Value[],
  session: Session,
  extras: CustomContext['args'] = {},
): readonly Value[] {
  const call = (part: ModelLayer, args: readonly Argument[], kwargs: ReadonlyMap<string, Argument>): readonly Value[] =>
    callLayer(part, args, kwargs, session);
  return named(layer, () => layer.customCode!.callCustom(layer, layer.custom!, values, extras, call, session.training));
}

/** An operation has no weights and no masks; its tensors stand among numbers and in lists. */
function callOperation(
  layer: ModelLayer,
  operation: Operation,
  args: readonly Argument[],
  kwargs: ReadonlyMap<string, Argument>,
  session: Session,
): readonly Value[] {
  const tensors: Tensor[] = [];
  const collect = (tensor: Tensor): Tensor => {
    tensors.push(tensor);
    return tensor;
  };
  for (const arg of [...args, ...kwargs.values()]) operandOf(arg, collect);
  const values = tensors.map((tensor) => ({ tensor, mask: null }));
  return hooked(layer, values, session, (given) => {
    let next = 0;
    const take = (): Tensor => given[next++]!.tensor;
    const positional = args.map((arg) => operandOf(arg, take));
    const keywords = Object.fromEntries([...kwargs].map(([key, arg]) => [key, operandOf(arg, take)]));
    const outputs = named(layer, () => operation(positional, keywords));
    return (outputs instanceof Tensor ? [outputs] : outputs).map((tensor) => ({ tensor, mask: null }));
  });
}

/** Calls a layer on values: what TimeDistributed does with the layer it wraps. */
function compute(
  layer: ModelLayer,
  values: readonly Value[],
  session: Session,
  args: CallArguments = plainCall(values),
): readonly Value[] {
  const { run, graph, inner } = layer;
  if (values.length === 0 && !graph) throw failure(layer.subject, 'the file calls it with 0 arguments');
  if (layer.custom) return computeCustom(layer, values, session);
  if (graph) {
    if (values.length !== graph.spec.inputs.length) {
      const details = { inputs: graph.spec.inputNames, given: values.length };
      throw failure(layer.subject, 'the inner model is called with another number of inputs', details);
    }
    return runGraph(graph, values, session);
  }
  if (inner) {
    const call = (list: readonly Value[]): readonly Value[] =>
      hooked(inner, list, session, (given) => compute(inner, given, session));
    return (
      session.training?.wrapper?.(layer, values, call) ??
      timeDistributed(layer.subject, values, layer.dialect.major, call)
    );
  }
  if (!run) throw failure(layer.subject, 'the layer cannot be run', {}, 'inspectModel says why');
  if (!run.many && args.tensors.get('inputs')!.length !== 1) {
    throw failure(layer.subject, `exactly one input is needed, the file gives ${values.length}`);
  }
  const masks = values.map((value) => value.mask);
  const given = values.map((value) => value.tensor);
  const tensors = run.anyDType ? given : given.map((x) => (isFloat(x.dtype) ? x : cast(x, session.dtype)));
  const rank = tensors[0]!.rank;
  if (run.rank !== undefined && rank !== run.rank) {
    throw failure(layer.subject, `the input needs ${run.rank} axes, it has ${rank}`, { input: tensors[0]!.shape });
  }
  const stored = layer.weightsFor(
    tensors.map((x) => x.shape),
    args,
  );
  const { training } = session;
  const weights = training
    ? Object.fromEntries(Object.entries(stored).map(([name, weight]) => [name, training.assigned(weight)]))
    : stored;
  return named(layer, () => {
    const call = (more?: object) => run.call(tensors, weights, masks, { ...args, ...more });
    const outputs = training?.layer({ layer, inputs: tensors, weights, masks, args }, call) ?? call();
    // Before 3.4, a layer that is called with a list hands no mask on.
    const none = run.many && keras3Before(layer.dialect, 4);
    const found = run.mask?.(tensors, none ? masks.map(() => null) : (args.carried ?? masks), args) ?? null;
    const list = found instanceof Tensor || found === null ? [found] : found;
    return (outputs instanceof Tensor ? [outputs] : outputs).map((tensor, i) => ({ tensor, mask: list[i] ?? null }));
  });
}

/** All tensors belong to the first parameter. */
function plainCall(values: readonly Value[]): CallArguments {
  return { tensors: new Map([['inputs', [...values.keys()]]]), constants: new Map() };
}

/** An op knows its operands, but not for which layer it works: its errors get the layer's name in front. */
function named<T>(layer: ModelLayer, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof PathgradError) || error.subject === layer.subject) throw error;
    throw retold(error, layer.subject);
  }
}

/** `f` on the values, after the caller of `apply` has seen and perhaps replaced them; likewise its results. */
function hooked(
  layer: ModelLayer,
  values: readonly Value[],
  session: Session,
  f: (values: readonly Value[]) => readonly Value[],
  args?: CallArguments,
): readonly Value[] {
  const { onInputs, onOutputs } = session.hooks;
  const index = session.counts.get(layer) ?? 0;
  session.counts.set(layer, index + 1);
  const seen = values.map((value) => value.tensor);
  const given = replaced(layer, values, onInputs?.({ layer, index, inputs: seen }) ?? null, 'input');
  for (const [i, { tensor }] of given.entries()) if (tensor !== seen[i]) session.origins.set(tensor, seen[i]!);
  const results = f(given);
  const [inputs, outputs] = [given, results].map((list) => list.map((value) => value.tensor)) as [Tensor[], Tensor[]];
  return replaced(layer, results, onOutputs?.({ layer, index, inputs, outputs, args }) ?? null, 'output');
}

function replaced(
  layer: ModelLayer,
  values: readonly Value[],
  tensors: readonly Tensor[] | null,
  what: string,
): readonly Value[] {
  if (tensors === null) return values;
  const fits = tensors.length === values.length && tensors.every((t, i) => sameShape(t.shape, values[i]!.tensor.shape));
  if (!fits) {
    const details = { expected: values.map((value) => value.tensor.shape), got: tensors.map((t) => t.shape) };
    throw failure(layer.subject, `a hook returned ${what}s of other shapes`, details);
  }
  return values.map(({ mask }, i) => ({ tensor: tensors[i]!, mask }));
}
