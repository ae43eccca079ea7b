/**
 * All methods: their classes, and the table from which the command line, the page, `compare` and docs/methods.md list them. A new method is
 * its file, its export and row here, and a test.
 */
import type { Tensor } from '../../tensor/tensor.ts';
import type { Explainable, Explainer } from '../frame/explainer.ts';
import type { ExplainerOptions } from '../frame/settings.ts';
import { InputXGradient } from './input-x-gradient.ts';
import { IntegratedGradients } from './integrated-gradients.ts';
import { Saliency } from './saliency.ts';

export { InputXGradient } from './input-x-gradient.ts';
export { IntegratedGradients, type IntegratedGradientsOptions } from './integrated-gradients.ts';
export { Saliency, type SaliencyOptions } from './saliency.ts';

export interface MethodRow {
  /** The name of its class. */
  readonly name: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** What each sample's attributions add up to; null where they need not add up to anything. */
  readonly sum: string | null;
  /** Whether it compares with a baseline. */
  readonly baselines: boolean;
  /** What it needs instead of gradients at the inputs: values of the model alone, or a layer, which it chooses where none is named. */
  readonly needs?: 'values' | 'layer';
  /** Where the method comes from. */
  readonly source: string;
  /** The explainer with the options that all methods share, and otherwise the method's defaults. */
  readonly make: <M extends Explainable>(model: M, options?: ExplainerOptions<M>) => Explainer<M, Tensor | null>;
}

const change = 'f(x) - f(b)';

export const methods: readonly MethodRow[] = [
  {
    name: 'IntegratedGradients',
    says: 'how much each feature moved the score on the straight way from baseline to input',
    sum: change,
    baselines: true,
    source: 'Sundararajan, Taly, Yan 2017',
    make: (model, options) => new IntegratedGradients(model, options),
  },
  {
    name: 'Saliency',
    says: 'how steeply the score changes with each feature at the input (magnitude of the slope)',
    sum: null,
    baselines: false,
    source: 'Simonyan, Vedaldi, Zisserman 2014',
    make: (model, options) => new Saliency(model, options),
  },
  {
    name: 'InputXGradient',
    says: 'slope times value: a first-order guess at what is lost when a feature goes to 0',
    sum: null,
    baselines: false,
    source: 'Shrikumar et al. 2016',
    make: (model, options) => new InputXGradient(model, options),
  },
];
