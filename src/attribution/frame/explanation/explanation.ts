/**
 * What `explain` returns. `meta` and `data` have alibi's fields in alibi's order (TypeScript spelling); the rest goes
 * beyond it. Arrays are constant Tensors, whose dtype and shape survive `toJSON` and `fromJSON`.
 */
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Completeness } from './completeness.ts';
import type { Diagnostics } from './diagnostics.ts';
import { decodeExplanation, encodeExplanation, type Json } from './json.ts';
import type { Warning } from './warnings.ts';

/** A setting as `meta.params` records it. */
export type Setting = string | number | boolean | null | readonly Setting[];

/** The explainer's settings: those of all methods, and the method's own. A function is recorded by its name. */
export interface Params {
  readonly targetFn: string | null;
  readonly internalBatchSize: number;
  /** Index of the layer in `model.layers`, its path, `callable` for a selector function, or `unspecified`. */
  readonly layer: number | string;
  readonly [setting: string]: Setting;
}

/** How an explanation was made, as alibi's `meta` has it: the method, its parameters and the version of pathgrad. */
export interface Meta {
  readonly name: string;
  readonly type: readonly string[];
  readonly explanations: readonly string[];
  readonly params: Params;
  readonly version: string;
}

/** Which pass computed the gradients, and what it saved. */
export interface PathReport {
  readonly pass: string;
  /** What share of the floating-point operations of sending every point through the whole model it did not need. */
  readonly flopsRemoved: number;
  /** Where it takes gradients: op and shape without the batch, per tensor. */
  readonly frontier: readonly string[];
  /** What share of the positions was left out because the forward kwarg `attention_mask` hides them; their attributions are 0. */
  readonly positionsRemoved: number;
}

/** The explainer's meta, and how this explanation was computed. */
export interface ExplanationMeta extends Meta {
  /** Null for methods without a path. */
  readonly path: PathReport | null;
}

/**
 * Alibi's fields, in alibi's order. `Judged` is `Tensor` for methods whose attributions must add up to the change of the score, and null for
 * the others.
 */
export interface ExplanationData<Judged extends Tensor | null = Tensor> {
  /** One float64 tensor per input, or per tensor of the layer; `[N, ...]`. Always a list. */
  readonly attributions: readonly Tensor[];
  /** One tensor per input. */
  readonly X: readonly Tensor[];
  readonly forwardKwargs: { readonly [name: string]: Tensor };
  /**
   * None for methods that take no baseline. One tensor per input, as they were used: `[N, ...]`, or `[count, N or 1, ...]` when several were averaged; one per
   * tensor of the layer for baselines in layer space.
   */
  readonly baselines: readonly Tensor[];
  /** The model's output at X. */
  readonly predictions: Tensor;
  /** `sum(attributions) - (f(x) - f(b))` per sample, float64 `[N]`; f is the explained score at the model's inputs. */
  readonly deltas: Judged;
  /** int32 `[N]` or `[N, axes]`; null when none was given. */
  readonly target: Tensor | null;
}

/** How much attributions depend on the choice among several baselines. */
export interface BaselineSpread {
  readonly count: number;
  /** Standard deviation over the baselines, per attribution. */
  readonly std: readonly Tensor[];
  /** The explained score at each baseline, float64 `[count, N]`. */
  readonly scores: Tensor;
}

/** What an explanation says beside alibi's `data`: names, completeness, diagnostics, warnings, and what some methods add. */
export interface ExplanationExtra<Judged extends Tensor | null = Tensor> {
  /** What each entry of `attributions` belongs to. */
  readonly names: readonly string[];
  /** `delta / scoreChange` per sample, float64 `[N]`; see `Completeness.relative`. */
  readonly relativeDeltas: Judged;
  /** Per sample; empty for methods whose attributions need not add up. */
  readonly completeness: readonly Completeness[];
  /** The model's output at the baseline; the mean over several. Null for methods that take none. */
  readonly baselinePredictions: Tensor | Judged;
  /** Points at which the model was evaluated for each baseline (path points); the most that any sample needed under 'auto'. */
  readonly nSteps: number;
  readonly baselineSpread: BaselineSpread | null;
  /** What may mislead; `describeWarning` says it in words, with what to do about it. */
  readonly warnings: readonly Warning[];
  readonly diagnostics: Diagnostics;
}

/**
 * What every method gives for a batch: attributions (one tensor per input or layer tensor, `[N, ...]`), with what they were made
 * from and what was noticed. `meta` and `data` have alibi's names; `toJSON` and `fromJSON` keep every bit.
 */
export class Explanation<Judged extends Tensor | null = Tensor>
  implements ExplanationData<Judged>, ExplanationExtra<Judged>
{
  readonly meta: ExplanationMeta;
  readonly attributions: readonly Tensor[];
  readonly X: readonly Tensor[];
  readonly forwardKwargs: { readonly [name: string]: Tensor };
  readonly baselines: readonly Tensor[];
  readonly predictions: Tensor;
  readonly deltas: Judged;
  readonly target: Tensor | null;
  readonly names: readonly string[];
  readonly relativeDeltas: Judged;
  readonly completeness: readonly Completeness[];
  readonly baselinePredictions: Tensor | Judged;
  readonly nSteps: number;
  readonly baselineSpread: BaselineSpread | null;
  readonly warnings: readonly Warning[];
  readonly diagnostics: Diagnostics;

  constructor(meta: ExplanationMeta, data: ExplanationData<Judged>, extra: ExplanationExtra<Judged>) {
    this.meta = meta;
    this.attributions = data.attributions;
    this.X = data.X;
    this.forwardKwargs = data.forwardKwargs;
    this.baselines = data.baselines;
    this.predictions = data.predictions;
    this.deltas = data.deltas;
    this.target = data.target;
    this.names = extra.names;
    this.relativeDeltas = extra.relativeDeltas;
    this.completeness = extra.completeness;
    this.baselinePredictions = extra.baselinePredictions;
    this.nSteps = extra.nSteps;
    this.baselineSpread = extra.baselineSpread;
    this.warnings = extra.warnings;
    this.diagnostics = extra.diagnostics;
  }

  /** Alibi's `data`. */
  get data(): ExplanationData<Judged> {
    const { attributions, X, forwardKwargs, baselines, predictions, deltas, target } = this;
    return { attributions, X, forwardKwargs, baselines, predictions, deltas, target };
  }

  /** What is not in alibi's `data`. */
  get extra(): ExplanationExtra<Judged> {
    const { names, relativeDeltas, completeness, baselinePredictions, nSteps, baselineSpread, warnings, diagnostics } =
      this;
    return { names, relativeDeltas, completeness, baselinePredictions, nSteps, baselineSpread, warnings, diagnostics };
  }

  /** A plain object `{ format, meta, data, extra }` for `JSON.stringify`; the format is in explanation-json.ts. */
  toJSON(): Json {
    return encodeExplanation({ meta: this.meta, data: this.data, extra: this.extra });
  }

  /**
   * The explanation that `toJSON` wrote.
   * @param json its text, or the object parsed from it. Written by a method whose attributions need not add up, its `deltas` are null: say so
   * by `fromJSON<Tensor | null>`
   * @throws PathgradError for text that is no JSON, and for JSON that is no explanation: what is missing
   */
  static fromJSON<J extends Tensor | null = Tensor>(json: string | object): Explanation<J> {
    const { meta, data, extra } = decodeExplanation(json);
    return new Explanation(meta, data as ExplanationData<J>, extra as ExplanationExtra<J>);
  }
}
