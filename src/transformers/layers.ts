/**
 * The layers of a transformer as callers see them: a tree of names, and hooks around every call. A part is a layer with what it
 * computes; parts call each other through `Session.call`, so that a hook may look at or replace the tensors of any of them.
 */
import type { ApplyOptions, LayerInfo, TrainingContext } from '../graph/callable.ts';
import { add, mul, sub } from '../ops/binary.ts';
import { gather } from '../ops/indexing.ts';
import { dense as fullyConnected } from '../ops/matmul.ts';
import { expandDims } from '../ops/movement.ts';
import { layerNorm } from '../ops/normalization.ts';
import { slice } from '../ops/slicing.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { WeightSource } from './weights/source.ts';

/** A layer of a transformer: an embedding, a block, or a part of one. */
export class TransformerLayer implements LayerInfo {
  readonly name: string;
  readonly path: string;
  readonly className: string;
  /** The layers inside. */
  readonly layers: readonly TransformerLayer[];
  /** Of an Embedding its table, `[words, dim]`, as Keras's layers have their weights; else none. */
  readonly weights: readonly { readonly tensor: Tensor }[];

  constructor(
    path: string,
    className: string,
    layers: readonly TransformerLayer[] = [],
    weights: readonly { readonly tensor: Tensor }[] = [],
  ) {
    this.weights = weights;
    this.name = path.slice(path.lastIndexOf('/') + 1);
    this.path = path;
    this.className = className;
    this.layers = layers;
  }
}

export interface Part {
  readonly layer: TransformerLayer;
  readonly run: (x: Tensor, session: Session) => Tensor;
}

/** Subtracted from the scores of hidden positions: their exponentials are exactly 0. */
const hidden = 1e30;

/** Whether hooks look at one of these layers. */
export function watches({ onInputs, onOutputs, watched }: ApplyOptions, layers: readonly TransformerLayer[]): boolean {
  if (!onInputs && !onOutputs) return false;
  return !watched || layers.some(({ path }) => watched.includes(path));
}

/** One application of a model. */
export class Session {
  /** Added to attention scores `[rows, 1, 1, positions]`: 0, or hugely negative where the mask hides a position. */
  readonly maskBias: Tensor | null;
  /** 1 where a position is visible, else 0, `[rows, positions]`; null where all are. */
  readonly visible: Tensor | null;
  /** Whether the weights are what they are: what follows from them alone may be computed once for all graphs. */
  readonly fixed: boolean;
  /** Null when the model is used rather than trained. */
  readonly training: TrainingContext | null;
  readonly #hooks: ApplyOptions;
  readonly #calls = new Map<string, number>();
  readonly #firstAlone: boolean;
  /** Whether the block at work computes the first position alone. */
  #narrow = false;

  /** @param firstAlone whether the head reads the first position of what the encoder gives, and nobody looks at the rest */
  constructor(visible: Tensor | null, hooks: ApplyOptions, fixed = true, firstAlone = false) {
    this.visible = visible;
    this.maskBias = visible ? mul(sub(expandDims(expandDims(visible, 1), 1), 1), hidden) : null;
    this.training = hooks.training ?? null;
    this.fixed = fixed && !hooks.training;
    this.#hooks = hooks;
    this.#firstAlone = firstAlone && !this.training;
  }

  /**
   * The last block of `stack`: where nobody sees what it does at other positions, it computes the first one alone, from the keys and values of
   * all. Five sixths of a block are saved.
   */
  last(stack: TransformerLayer, block: Part, x: Tensor): Tensor {
    this.#narrow = this.#firstAlone && !watches(this.#hooks, [stack, ...allLayers([block.layer])]);
    const y = this.call(block, x);
    this.#narrow = false;
    return y;
  }

  /** The positions of `x` that the block at work computes. */
  own(x: Tensor): Tensor {
    return this.#narrow && x.shape[1]! > 1 ? slice(x, { 1: [0, 1] }) : x;
  }

  /** In training, zeros with probability `rate`, and the rest larger by as much as is lost; else `x`. */
  drop(x: Tensor, rate: number): Tensor {
    if (!this.training || rate === 0) return x;
    if (rate === 1) return mul(x, 0);
    return this.training.dropout(x, rate);
  }

  call(part: Part, x: Tensor): Tensor {
    return this.hooked(part.layer, x, (given) => part.run(given, this));
  }

  /** `f` on `x`, after the caller of `apply` has seen and perhaps replaced it; likewise its result. */
  hooked(layer: TransformerLayer, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
    const { onInputs, onOutputs } = this.#hooks;
    if (!watches(this.#hooks, [layer])) return f(x);
    const index = this.#calls.get(layer.path) ?? 0;
    this.#calls.set(layer.path, index + 1);
    const given = replaced(layer, x, onInputs?.({ layer, index, inputs: [x] }) ?? null);
    const y = f(given);
    return replaced(layer, y, onOutputs?.({ layer, index, inputs: [given], outputs: [y] }) ?? null);
  }
}

function replaced(layer: TransformerLayer, x: Tensor, tensors: readonly Tensor[] | null): Tensor {
  if (tensors === null) return x;
  const [y] = tensors;
  if (tensors.length === 1 && sameShape(y!.shape, x.shape)) return y!;
  const details = { expected: x.shape, got: tensors.map((t) => t.shape) };
  throw failure(`layer '${layer.path}'`, 'a hook returned tensors of other shapes', details);
}

/** The vectors of words, by their ids: a layer of its own, before positions are added and all is normalized. */
export function wordPart(weights: WeightSource, path: string, shape: readonly [number, number], why: string): Part {
  const table = weights.take(`${path}/weight`, shape, `vocab_size and ${why}`);
  return {
    layer: new TransformerLayer(path, 'Embedding', [], [{ tensor: table }]),
    run: (ids) => gather(table, ids),
  };
}

/** `x @ kernel + bias` along the last axis, then `activation`; without a bias unless `biased`. */
export function densePart(
  weights: WeightSource,
  path: string,
  [inputs, outputs]: readonly [number, number],
  why: string,
  activation: (x: Tensor) => Tensor = (x) => x,
  biased = true,
): Part {
  const kernel = weights.take(`${path}/kernel`, [inputs, outputs], why);
  const bias = biased ? weights.take(`${path}/bias`, [outputs], why) : null;
  return { layer: new TransformerLayer(path, 'Dense'), run: (x) => activation(fullyConnected(x, kernel, bias)) };
}

/** Layer normalization; without `beta` unless `shifted`. */
export function normPart(
  weights: WeightSource,
  path: string,
  width: number,
  epsilon: number,
  why: string,
  shifted = true,
): Part {
  const gamma = weights.take(`${path}/gamma`, [width], why);
  const beta = shifted ? weights.take(`${path}/beta`, [width], why) : null;
  return {
    layer: new TransformerLayer(path, 'LayerNormalization'),
    run: (x) => layerNorm(x, { gamma, beta, epsilon }),
  };
}

/** Parts one after another. */
export function chain(parts: readonly Part[]): Part['run'] {
  return (x, session) => parts.reduce((value, part) => session.call(part, value), x);
}

/** `norm(f(x) + x)`, the residual step of a transformer. */
export function residual(f: Part['run'], norm: Part): Part['run'] {
  return (x, session) => session.call(norm, add(f(x, session), session.own(x)));
}

/** All layers, those inside others after the one that holds them. */
export function allLayers(layers: readonly TransformerLayer[]): TransformerLayer[] {
  return layers.flatMap((layer) => [layer, ...allLayers(layer.layers)]);
}
