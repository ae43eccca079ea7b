/**
 * What a method's file says: its name and settings, what it compares with, and how attributions come out of a problem. All else (targets,
 * layers, baselines, masks, batches, progress, warnings, JSON) is the frame's.
 */
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { BaselineSource } from './baselines/kinds.ts';
import type { Runner } from './endpoints.ts';
import type { NonFinite } from './explanation/diagnostics.ts';
import type { PathReport, Setting } from './explanation/explanation.ts';
import type { WarningValues } from './explanation/warnings.ts';
import type { KeptEnds } from './kept-ends.ts';
import type { Problem } from './problem.ts';
import type { ExplainOptions } from './types.ts';

/** What a method found for each score of a problem. */
export interface Attributed {
  /** Per variable (or per tensor of `shapes`), `samples` rows each, in double. */
  readonly attributions: readonly Float64Array[];
  /** Whether any gradient that was looked at was not 0, per sample; left out where that says nothing. */
  readonly moved?: Uint8Array;
  readonly nonFinite?: NonFinite | null;
}

/** What a method found. */
export interface Findings {
  readonly scores: readonly Attributed[];
  /** Shapes of the attributions, batch axis first, where they are not those of the variables. */
  readonly shapes?: readonly Shape[];
  /** What each of them belongs to, where that is not what the frame calls it. */
  readonly names?: readonly string[];
  /** Points at which the model was evaluated, per sample; 1 when left out. */
  readonly steps?: Int32Array;
  /** Whether a tolerance was met, per sample; fixed numbers of points do not judge. */
  readonly converged?: readonly boolean[] | null;
  readonly path?: PathReport;
}

export interface Method<O extends ExplainOptions = ExplainOptions> {
  /** The name of its class. */
  readonly name: string;
  /** Its own settings, as `meta.params` records them. */
  readonly params: { readonly [name: string]: Setting };
  /** `'none'`: it looks at the input alone. `'own'`: it compares with what it makes of the input, and takes no other. */
  readonly baselines: 'none' | 'used' | 'own';
  /** The baselines of the model's inputs where the user gives none; zeros when left out. */
  readonly ownBaselines?: (X: readonly Tensor[]) => readonly BaselineSource[];
  /**
   * Whether each sample's attributions must add up to the change of its score from baseline to input, and what the user can raise where they
   * do not; null where the method makes no such claim.
   */
  readonly completeness: Exclude<WarningValues['incomplete']['raise'], 'layer'> | null;
  /** What it needs of the model: gradients, or only values, so that inputs of integers are variables too. Gradients when left out. */
  readonly needs?: 'values';
  /** Arrays of baselines are a background to average over, all rows for every sample, as captum and shap have it; for other methods a row is a sample's. */
  readonly background?: true;
  /**
   * Positions that an attention mask hides may be left out of the problem: whatever the method computes for them is 0. 'alone': also
   * those that are hidden from a sample but not from its neighbours, which would have a say in what the method does with the others.
   */
  readonly prunes?: true | 'alone';
  /** Attributes to the tensors of the layer while the variables are those of `inputLayer` or of the model's inputs. */
  readonly observes?: true;
  /** What of both ends is to stay in the backend for `attribute` (`problem.kept`); null where that does not pay or cannot be. */
  readonly keep?: (runner: Runner) => Promise<KeptEnds | null>;
  attribute(problem: Problem, options: O): Promise<Findings>;
  /** What becomes of each score's attributions once they are averaged over the baselines, for methods that are not linear in them. */
  readonly conclude?: (scores: readonly (readonly Float64Array[])[], at: Concluding) => Promise<Concluded>;
}

/** The variables at the input, and their shapes. */
export type Concluding = Pick<Problem, 'to' | 'shapes' | 'samples' | 'pace'>;

export interface Concluded {
  /** Per score and tensor of `shapes`. */
  readonly scores: readonly (readonly Float64Array[])[];
  readonly shapes: readonly Shape[];
}

/** Findings from a list of attributions per score and variable, those of the first score first. */
export function perScore({ scores }: Problem, attributions: readonly Float64Array[]): Findings {
  const each = attributions.length / scores.length;
  return { scores: scores.map((_, i) => ({ attributions: attributions.slice(i * each, (i + 1) * each) })) };
}
