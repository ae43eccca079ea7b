/** Integrated gradients: the explainer, its results, and helpers for baselines and attributions. */

export type { PlanCache, PlanGraph } from '../graph/plan-cache.ts';
export type { Completeness } from './completeness.ts';
export type { Diagnostics } from './diagnostics.ts';
export { baselineEntropy, type Entropy } from './entropy.ts';
export {
  type BaselineSpread,
  Explanation,
  type ExplanationData,
  type ExplanationExtra,
  type ExplanationMeta,
  type Meta,
  type Params,
  type PathReport,
} from './explanation.ts';
export type { Json } from './explanation-json.ts';
export type { TensorFunction } from './forward.ts';
export { IntegratedGradients } from './integrated-gradients.ts';
export type { OutputFunction, OutputSelector } from './output.ts';
export { type OutputKind, outputKind } from './output-kind.ts';
export { brutePass } from './passes/brute.ts';
export type { AttributionPass, Feed, PathPoints, PathProblem, PreparedPath } from './passes/pass.ts';
export type { PathGraph } from './path-graph.ts';
export type { IntegratedGradientsOptions } from './settings.ts';
export { sumOver, sumTokens } from './sum-over.ts';
export { predictedClass } from './target.ts';
export type {
  ArrayInput,
  Baseline,
  BaselineKind,
  Baselines,
  ExplainOptions,
  ForwardKwargs,
  LayerBaseline,
  LayerSelector,
  ModelInput,
  Progress,
  ShapedArray,
  Target,
  TargetFunction,
  TargetValue,
} from './types.ts';
export { version } from './version.ts';
export { describeWarning, type Phrases, type Warning, type WarningCode, type WarningValues } from './warnings.ts';
