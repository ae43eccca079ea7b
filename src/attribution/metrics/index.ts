/** Metrics of explanations: numbers that tell a good one from a bad one, one file each. */

export { type CompletenessOptions, type CompletenessResult, completeness } from './completeness.ts';
export { comprehensiveness } from './comprehensiveness.ts';
export { deletion } from './deletion.ts';
export { type FaithfulnessCorrelationOptions, faithfulnessCorrelation } from './faithfulness-correlation.ts';
export { type InfidelityOptions, infidelity } from './infidelity.ts';
export { insertion } from './insertion.ts';
export { type Explaining, type MaxSensitivityOptions, maxSensitivity } from './max-sensitivity.ts';
export { type MprtOptions, type MprtResult, type MprtStage, mprt } from './mprt.ts';
export { type RoadOptions, type RoadResult, road } from './road.ts';
export type { Similarity } from './shared/compared.ts';
export type { Counting } from './shared/counted.ts';
export type { Curve, CurveOptions, CurveResult } from './shared/curve.ts';
export type { ErasureOptions, ErasureResult } from './shared/erasure.ts';
export type { Groups } from './shared/features.ts';
export type { Explained } from './shared/judged.ts';
export type { MetricResult } from './shared/result.ts';
export type { ScoreOptions } from './shared/scorer.ts';
export type { SubjectOptions } from './shared/subject.ts';
export { type SparsenessOptions, sparseness } from './sparseness.ts';
export { sufficiency } from './sufficiency.ts';
export { type Judging, type MetricRow, metrics } from './table.ts';
