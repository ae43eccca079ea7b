/**
 * All methods: their classes, and the table from which the command line, the page, `compare` and docs/methods.md list them. A new method is
 * its file, its export and row here, and a test.
 */
import type { Tensor } from '../../tensor/tensor.ts';
import type { Explainable, Explainer } from '../frame/explainer.ts';
import type { LayerOptions } from '../frame/settings.ts';
import { BlurIG } from './blur-ig.ts';
import { Deconvolution } from './deconvolution.ts';
import { DeepLift } from './deep-lift.ts';
import { DeepLiftShap } from './deep-lift-shap.ts';
import { DiscretizedIG } from './discretized-ig.ts';
import { ExpectedGradients } from './expected-gradients.ts';
import { FeatureAblation } from './feature-ablation.ts';
import { GradCamPlusPlus } from './grad-cam-plus-plus.ts';
import { GradientShap } from './gradient-shap.ts';
import { GuidedBackprop } from './guided-backprop.ts';
import { GuidedGradCam } from './guided-grad-cam.ts';
import { GuidedIG } from './guided-ig.ts';
import { IDGI } from './idgi.ts';
import { InputXGradient } from './input-x-gradient.ts';
import { IntegratedHessians } from './integrated-hessians.ts';
import { InternalInfluence } from './internal-influence.ts';
import { KernelShap } from './kernel-shap.ts';
import { LayerConductance } from './layer-conductance.ts';
import { LayerGradCam } from './layer-grad-cam.ts';
import { Lime } from './lime.ts';
import { LRP } from './lrp.ts';
import { NoiseTunnel, type NoiseTunnelOptions } from './noise-tunnel.ts';
import { Occlusion } from './occlusion.ts';
import { Saliency } from './saliency.ts';
import { SequentialIG } from './sequential-ig.ts';
import { ShapleyValueSampling } from './shapley-value-sampling.ts';
import { usual } from './usual.ts';
import { XRAI } from './xrai.ts';

export type { ActivationMapOptions } from '../cam/activation-map.ts';
export type { Interpolation } from '../cam/resize.ts';
export type { GroupValue } from '../perturb/evaluate.ts';
export type { FeatureGroups, GroupMembers } from '../perturb/groups.ts';
export type { Deviations, NoiseOptions } from '../perturb/noise.ts';
export type { GroupedExplainOptions, GroupedOptions } from '../perturb/options.ts';
export type { Extents } from '../perturb/windows.ts';
export { type FelzenszwalbOptions, felzenszwalb } from '../pictures/felzenszwalb.ts';
export { BlurIG, type BlurIGOptions } from './blur-ig.ts';
export { Deconvolution } from './deconvolution.ts';
export { DeepLift, type DeepLiftOptions } from './deep-lift.ts';
export { DeepLiftShap } from './deep-lift-shap.ts';
export { DiscretizedIG, type DiscretizedIGOptions } from './discretized-ig.ts';
export { ExpectedGradients, type ExpectedGradientsOptions } from './expected-gradients.ts';
export { FeatureAblation, type FeatureAblationOptions } from './feature-ablation.ts';
export { GradCamPlusPlus, type GradCamPlusPlusOptions } from './grad-cam-plus-plus.ts';
export { GradientShap, type GradientShapOptions } from './gradient-shap.ts';
export { GuidedBackprop } from './guided-backprop.ts';
export { GuidedGradCam, type GuidedGradCamOptions } from './guided-grad-cam.ts';
export { GuidedIG, type GuidedIGOptions } from './guided-ig.ts';
export { IDGI, type IDGIOptions } from './idgi.ts';
export { InputXGradient } from './input-x-gradient.ts';
export { IntegratedGradients, type IntegratedGradientsOptions } from './integrated-gradients.ts';
export { IntegratedHessians, type IntegratedHessiansOptions } from './integrated-hessians.ts';
export { InternalInfluence, type InternalInfluenceOptions } from './internal-influence.ts';
export { KernelShap, type KernelShapOptions } from './kernel-shap.ts';
export { LayerConductance, type LayerConductanceOptions } from './layer-conductance.ts';
export { LayerGradCam, type LayerGradCamOptions } from './layer-grad-cam.ts';
export { Lime, type LimeOptions } from './lime.ts';
export { LRP, type LRPOptions } from './lrp.ts';
export {
  endingAt,
  NeuronAttribution,
  type NeuronAttributionOptions,
  type NeuronOptions,
} from './neuron-attribution.ts';
export { NoiseTunnel, type NoiseTunnelOptions, type NoiseTunnelType } from './noise-tunnel.ts';
export { Occlusion, type OcclusionOptions } from './occlusion.ts';
export { Saliency, type SaliencyOptions } from './saliency.ts';
export { SequentialIG, type SequentialIGOptions } from './sequential-ig.ts';
export { ShapleyValueSampling, type ShapleyValueSamplingOptions } from './shapley-value-sampling.ts';
export { XRAI, type XRAIOptions } from './xrai.ts';

/** A row of the table of methods: what the command line, the page and the documents say of a method, and how it is made. */
export interface MethodRow {
  /** The name of its class. */
  readonly name: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** What each sample's attributions add up to; null where they need not add up to anything. */
  readonly sum: string | null;
  /** Whether it compares with a baseline. */
  readonly baselines: boolean;
  /** Whether it makes its own of the input where none is asked for. */
  readonly ownBaselines?: true;
  /**
   * Whether it needs a layer: it attributes to the layer's tensors, the inputs move. `chosen`: it takes one itself where none is named;
   * `looked-at`: so it does, and attributes to what moves.
   */
  readonly layer?: true | 'chosen' | 'looked-at';
  /** Whether it asks for values of the model alone and for no gradient, so that inputs of integers move, too. */
  readonly values?: true;
  /** Whether a number is no part of the score: a slope, or the weight of a place. Metrics of contributions do not judge it. */
  readonly slopes?: true;
  /** Whether numbers are parts of the logit where the score is a probability. Metrics of contributions to the score do not judge them. */
  readonly logits?: true;
  /** Whether it draws random numbers: it takes `nSamples`, the number of draws, and `seed`. Of one seed come the same numbers. */
  readonly draws?: true;
  /** Whether it is for pictures: it takes `grey`, which says that inputs without an axis of channels are some. */
  readonly pictures?: true;
  /** Whether its paths go by way of other words' vectors: it takes those of an Embedding, and `specialTokens`, which no path goes through. */
  readonly words?: true;
  /** Whether it has a number for every pair of features: a table per sample, whose rows are the features. */
  readonly pairs?: true;
  /** Where the method comes from. */
  readonly source: string;
  /** The explainer with the options that all methods share and, beside them, its own; its defaults for what is left out. */
  readonly make: <M extends Explainable>(model: M, options?: LayerOptions<M>) => Explainer<M, Tensor | null>;
}

const change = 'f(x) - f(b)';
const meanChange = 'f(x) - the mean of f(b), up to the error of sampling';

/** The options of the tunnel go to it, all others to the saliency inside. */
function smoothGrad<M extends Explainable>(model: M, options: LayerOptions<M> & NoiseTunnelOptions = {}) {
  const tunnel = ['type', 'nSamples', 'stdevs', 'seed', 'noise'];
  const part = (own: boolean) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => tunnel.includes(name) === own));
  return new NoiseTunnel(new Saliency<M>(model, part(false)), part(true));
}

/** The methods, in the order in which they are offered. A new one is a file, a row here and a test. */
export const methods: readonly MethodRow[] = [
  usual,
  {
    name: 'GuidedIG',
    says: 'how much each feature moved the score on a way that first moves what the score hardly reacts to',
    sum: change,
    baselines: true,
    source: 'Kapishnikov et al. 2021',
    make: (model, options) => new GuidedIG(model, options),
  },
  {
    name: 'IDGI',
    says: 'the change of the score from baseline to input, shared out step by step by squared slopes',
    sum: change,
    baselines: true,
    source: 'Yang, Wang, Bilgic 2023',
    make: (model, options) => new IDGI(model, options),
  },
  {
    name: 'BlurIG',
    says: 'how much each pixel moved the score while the picture came into focus',
    sum: 'f(x) - f(x blurred)',
    baselines: false,
    pictures: true,
    source: 'Xu, Venugopalan, Sundararajan 2020',
    make: (model, options) => new BlurIG(model, options),
  },
  {
    name: 'XRAI',
    says: 'how much each region of the picture moved the score, per pixel of the region',
    sum: null,
    baselines: true,
    ownBaselines: true,
    pictures: true,
    source: 'Kapishnikov et al. 2019',
    make: (model, options) => new XRAI(model, options),
  },
  {
    name: 'DiscretizedIG',
    says: 'how much each word moved the score on a way through the embeddings of other words',
    sum: change,
    baselines: true,
    words: true,
    source: 'Sanyal, Ren 2021',
    make: (model, options) => new DiscretizedIG(model, options),
  },
  {
    name: 'SequentialIG',
    says: 'how much each word moved the score while all others stayed as they are',
    sum: null,
    baselines: true,
    source: 'Enguehard 2023',
    make: (model, options) => new SequentialIG(model, options),
  },
  {
    name: 'IntegratedHessians',
    says: 'how much each pair of features moved the score together, beyond what either did alone',
    sum: change,
    baselines: true,
    pairs: true,
    source: 'Janizek, Sturmfels, Lee 2021',
    make: (model, options) => new IntegratedHessians(model, { pairs: 'words', ...options }),
  },
  {
    name: 'Saliency',
    says: 'how steeply the score changes with each feature at the input (magnitude of the slope)',
    sum: null,
    baselines: false,
    slopes: true,
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
  {
    name: 'DeepLift',
    says: 'how much each feature moved the score from its value at the baseline, by a chain rule of changes',
    sum: change,
    baselines: true,
    source: 'Shrikumar, Greenside, Kundaje 2017',
    make: (model, options) => new DeepLift(model, options),
  },
  {
    name: 'DeepLiftShap',
    says: 'DeepLift averaged over the rows of a background: about the Shapley values of the features',
    sum: 'f(x) - mean f(b)',
    baselines: true,
    source: 'Lundberg and Lee 2017',
    make: (model, options) => new DeepLiftShap(model, options),
  },
  {
    name: 'GuidedBackprop',
    says: 'slopes of the score where each relu passes back what is positive and only where it was on',
    sum: null,
    baselines: false,
    slopes: true,
    source: 'Springenberg et al. 2015',
    make: (model, options) => new GuidedBackprop(model, options),
  },
  {
    name: 'Deconvolution',
    says: 'slopes of the score where each relu passes back what is positive, on or off',
    sum: null,
    baselines: false,
    slopes: true,
    source: 'Zeiler and Fergus 2014',
    make: (model, options) => new Deconvolution(model, options),
  },
  {
    name: 'LRP',
    says: 'the logit shared out from layer to layer, among inputs in proportion to what they put in',
    sum: null,
    baselines: false,
    logits: true,
    source: 'Bach et al. 2015; Montavon et al. 2019',
    make: (model, options) => new LRP(model, options),
  },
  {
    name: 'LayerConductance',
    says: 'how much of integrated gradients flows through each neuron of a layer',
    sum: change,
    baselines: true,
    layer: true,
    source: 'Dhamdhere, Sundararajan, Yan 2018',
    make: (model, options) => new LayerConductance(model, options ?? {}),
  },
  {
    name: 'InternalInfluence',
    says: 'the mean slope of the score at each neuron of a layer while the inputs go from baseline to input',
    sum: null,
    baselines: true,
    layer: true,
    slopes: true,
    source: 'Leino et al. 2018',
    make: (model, options) => new InternalInfluence(model, options ?? {}),
  },
  {
    name: 'NoiseTunnel',
    says: 'saliency averaged over noise around the input (SmoothGrad): slopes that do not hang on one point',
    sum: null,
    baselines: false,
    slopes: true,
    draws: true,
    source: 'Smilkov et al. 2017',
    make: (model, options) => smoothGrad(model, options),
  },
  {
    name: 'GradientShap',
    says: 'what each feature moved the score on straight ways from a background to the input, on the average',
    sum: meanChange,
    baselines: true,
    draws: true,
    source: 'Lundberg, Lee 2017',
    make: (model, options) => new GradientShap(model, options),
  },
  {
    name: 'ExpectedGradients',
    says: 'integrated gradients averaged over the baselines of a background',
    sum: meanChange,
    baselines: true,
    draws: true,
    source: 'Erion et al. 2021',
    make: (model, options) => new ExpectedGradients(model, options),
  },
  {
    name: 'Occlusion',
    says: "the feature's share of the fall of the score when a window over it is put to the baseline",
    sum: null,
    baselines: true,
    values: true,
    source: 'Zeiler, Fergus 2014',
    make: (model, options) => new Occlusion(model, options),
  },
  {
    name: 'FeatureAblation',
    says: 'how far the score falls when the feature alone is put to the baseline',
    sum: null,
    baselines: true,
    values: true,
    source: 'Zeiler, Fergus 2014',
    make: (model, options) => new FeatureAblation(model, options),
  },
  {
    name: 'ShapleyValueSampling',
    says: 'what each feature adds to the score when features join in a random order, on the average',
    sum: change,
    baselines: true,
    values: true,
    draws: true,
    source: 'Strumbelj, Kononenko 2010',
    make: (model, options) => new ShapleyValueSampling(model, options),
  },
  {
    name: 'KernelShap',
    says: 'Shapley values fitted to the scores of sets of features at the input, the others at the baseline',
    sum: change,
    baselines: true,
    values: true,
    draws: true,
    source: 'Lundberg, Lee 2017',
    make: (model, options) => new KernelShap(model, options),
  },
  {
    name: 'Lime',
    says: 'slopes of a linear model that is fitted to the scores of sets of features near the input',
    sum: null,
    baselines: true,
    values: true,
    draws: true,
    source: 'Ribeiro, Singh, Guestrin 2016',
    make: (model, options) => new Lime(model, options),
  },
  {
    name: 'LayerGradCam',
    says: 'where in the picture (or text) a layer saw what speaks for the target; one value per place',
    sum: null,
    baselines: false,
    layer: 'chosen',
    slopes: true,
    source: 'Selvaraju et al. 2017',
    make: (model, options) => new LayerGradCam(model, options),
  },
  {
    name: 'GradCamPlusPlus',
    says: 'as LayerGradCam, with weights that give several occurrences of the target their share',
    sum: null,
    baselines: false,
    layer: 'chosen',
    slopes: true,
    source: 'Chattopadhyay et al. 2018',
    make: (model, options) => new GradCamPlusPlus(model, options),
  },
  {
    name: 'GuidedGradCam',
    says: 'fine detail of guided backpropagation where Grad-CAM sees the target',
    sum: null,
    baselines: false,
    layer: 'looked-at',
    slopes: true,
    source: 'Selvaraju et al. 2017',
    make: (model, options) => new GuidedGradCam(model, options),
  },
];
