/** What few explanations need: adaptive quadrature, and models that leave hidden positions out. Loaded for them. */
export { integrateAdaptively } from './auto-steps.ts';
export { joinOutcomes, joinRows, partsOf, withTarget } from './parts.ts';
