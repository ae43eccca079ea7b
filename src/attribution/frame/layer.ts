/**
 * Layer integrated gradients without touching the model: hooks read a layer's tensors while the model is applied, or put
 * placeholders in their place. A hook lives for one `apply`, so an error cannot leave anything behind.
 */
import type { CallableModel, LayerCall, LayerInfo } from '../../graph/callable.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sameShape } from '../../tensor/shape.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import type { Forward, Hooks } from './forward.ts';
import type { LayerSelector } from './types.ts';

export interface LayerChoice {
  readonly layer: LayerInfo;
  /** Which call of a layer that is used several times; null is the last. */
  readonly call: number | null;
  /** What `meta.params.layer` says: the index among the top-level layers, or the path. */
  readonly label: number | string;
}

/** Which tensors of the layer are attributed. */
export type LayerSide = 'inputs' | 'outputs';

/** Finds the layer when the explainer is made, so that a wrong name fails there with the nearest names. */
export function chooseLayer<M>(forward: Forward, model: M, selector: LayerSelector<M> | null): LayerChoice | null {
  if (selector === null) return null;
  if (!forward.model) {
    throw failure(
      'layer',
      'a plain function has no layers',
      { selector: String(selector) },
      'explain its inputs instead',
    );
  }
  if (typeof selector === 'function') {
    return { ...find(forward.model, selector(model)), call: null, label: 'callable' };
  }
  if (typeof selector !== 'object' || selector === null || !('call' in selector))
    return { ...find(forward.model, selector), call: null };
  const { call } = selector;
  if (!Number.isInteger(call) || call < 0) {
    throw failure('layer', 'call counts the uses of the layer from 0', { call }, 'leave it out for the last use');
  }
  return { ...find(forward.model, selector.layer), call };
}

function find(model: CallableModel, wanted: number | string | LayerInfo): Pick<LayerChoice, 'layer' | 'label'> {
  if (typeof wanted !== 'number' && typeof wanted !== 'string' && typeof wanted?.path !== 'string') {
    const hint = 'give an index, a name, a path, an entry of model.layers or a function of the model';
    throw failure('layer', 'is not a layer selector', { got: typeof wanted }, hint);
  }
  const layer = model.getLayer(typeof wanted === 'object' ? wanted.path : wanted);
  const index = model.layers.findIndex((top) => top.path === layer.path);
  return { layer, label: index >= 0 ? index : layer.path };
}

export interface Capture {
  readonly hooks: Hooks;
  /** The tensors of the chosen call, once the model is applied, and how often the layer was called. */
  result(): { tensors: readonly Tensor[]; calls: number };
}

export function captureLayer(choice: LayerChoice, side: LayerSide): Capture {
  let tensors: readonly Tensor[] | null = null;
  let calls = 0;
  const record = (call: Pick<LayerCall, 'layer' | 'index'>, found: readonly Tensor[]): null => {
    if (call.layer.path !== choice.layer.path) return null;
    calls = Math.max(calls, call.index + 1);
    if (choice.call === null || choice.call === call.index) tensors = found;
    return null;
  };
  const hooks: Hooks =
    side === 'inputs'
      ? { watched: [choice.layer.path], onInputs: (call) => record(call, call.inputs) }
      : { watched: [choice.layer.path], onOutputs: (call) => record(call, call.outputs) };
  const result = (): { tensors: readonly Tensor[]; calls: number } => {
    if (calls === 0) throw failure(`layer '${choice.layer.path}'`, 'is not used when the model is applied');
    if (tensors === null) {
      throw failure(`layer '${choice.layer.path}'`, `has no call ${choice.call}`, { calls }, 'calls count from 0');
    }
    return { tensors, calls };
  };
  return { hooks, result };
}

/**
 * Puts fresh placeholders of the same shapes in the place of the layer's float tensors: at the chosen call, or at every
 * call (as alibi does). The placeholders exist once the model is applied.
 */
export function substituteLayer(
  choice: LayerChoice,
  side: LayerSide,
  calls: number,
  everyCall: boolean,
): { hooks: Hooks; placeholders(): readonly Tensor[] } {
  let placed: readonly Tensor[] | null = null;
  const replace = (call: Pick<LayerCall, 'layer' | 'index'>, found: readonly Tensor[]): readonly Tensor[] | null => {
    if (call.layer.path !== choice.layer.path) return null;
    if (!everyCall && call.index !== (choice.call ?? calls - 1)) return null;
    placed ??= found.map((t) => (isFloat(t.dtype) ? placeholder(t.shape, t.dtype) : t));
    const misfit = placed.findIndex((t, i) => !found[i] || !sameShape(t.shape, found[i].shape));
    if (misfit >= 0) {
      const details = { one: placed[misfit]!.shape, another: found[misfit]?.shape ?? [] };
      throw failure(
        `layer '${choice.layer.path}'`,
        'its calls differ in shape, so one value cannot replace them all',
        details,
      );
    }
    return placed;
  };
  const hooks: Hooks =
    side === 'inputs'
      ? { watched: [choice.layer.path], onInputs: (call) => replace(call, call.inputs) }
      : { watched: [choice.layer.path], onOutputs: (call) => replace(call, call.outputs) };
  return { hooks, placeholders: () => placed!.filter((t) => isFloat(t.dtype)) };
}

/** Hooks of two: what the first puts in a place is what the second sees. The second only looks. */
export function bothHooks(first: Hooks, second: Hooks): Hooks {
  const wanted = [first, second]
    .filter(({ onInputs, onOutputs }) => onInputs || onOutputs)
    .map((hooks) => hooks.watched);
  return {
    ...(wanted.every((paths) => paths !== undefined) && { watched: wanted.flat() }),
    onInputs: (call) => {
      const replaced = first.onInputs?.(call) ?? null;
      second.onInputs?.(replaced ? { ...call, inputs: replaced } : call);
      return replaced;
    },
    onOutputs: (call) => {
      const replaced = first.onOutputs?.(call) ?? null;
      second.onOutputs?.(replaced ? { ...call, outputs: replaced } : call);
      return replaced;
    },
  };
}
