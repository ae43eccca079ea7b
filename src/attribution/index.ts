/** Integrated gradients: the explainer, its results, and helpers for baselines and attributions. */

export type { PlanCache, PlanGraph } from '../graph/plan-cache.ts';
export type { Completeness } from './frame/explanation/completeness.ts';
export type { Diagnostics } from './frame/explanation/diagnostics.ts';
export { baselineEntropy, type Entropy } from './frame/explanation/entropy.ts';
export {
  type BaselineSpread,
  Explanation,
  type ExplanationData,
  type ExplanationExtra,
  type ExplanationMeta,
  type Meta,
  type Params,
  type PathReport,
} from './frame/explanation/explanation.ts';
export type { Json } from './frame/explanation/json.ts';
export {
  describeWarning,
  type Phrases,
  type Warning,
  type WarningCode,
  type WarningValues,
} from './frame/explanation/warnings.ts';
export type { TensorFunction } from './frame/forward.ts';
export type { PathGraph } from './frame/graphs.ts';
export type { OutputFunction, OutputSelector } from './frame/output.ts';
export { type OutputKind, outputKind } from './frame/output-kind.ts';
export type { Feed, Problem, Score } from './frame/problem.ts';
export { sumOver, sumTokens } from './frame/sum-over.ts';
export { predictedClass } from './frame/target.ts';
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
} from './frame/types.ts';
export { version } from './frame/version.ts';
export { IntegratedGradients, type IntegratedGradientsOptions } from './methods/integrated-gradients.ts';
export { brutePass } from './path/brute.ts';
export type { AttributionPass, PathPoints, PathProblem, PreparedPath } from './path/pass.ts';
