/** The row of the method that is used unless another is asked for: a file of its own, so that the page has it without all others. */
import type { MethodRow } from './index.ts';
import { IntegratedGradients } from './integrated-gradients.ts';

export const usual: MethodRow = {
  name: 'IntegratedGradients',
  says: 'how much each feature moved the score on the straight way from baseline to input',
  sum: 'f(x) - f(b)',
  baselines: true,
  source: 'Sundararajan, Taly, Yan 2017',
  make: (model, options) => new IntegratedGradients(model, options),
};
