/**
 * All metrics in one table, from which the command line's `compare` and docs/metrics.md list them. A new metric is its file, its export and
 * row here, and a test.
 */
import type { CallableModel } from '../../graph/callable.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ExplainOptions, ModelInput } from '../frame/types.ts';
import { completeness } from './completeness.ts';
import { comprehensiveness } from './comprehensiveness.ts';
import { deletion } from './deletion.ts';
import { faithfulnessCorrelation } from './faithfulness-correlation.ts';
import { infidelity } from './infidelity.ts';
import { insertion } from './insertion.ts';
import { type Explaining, maxSensitivity } from './max-sensitivity.ts';
import { type MprtOptions, mprt } from './mprt.ts';
import { road } from './road.ts';
import type { Explained } from './shared/judged.ts';
import type { MetricResult } from './shared/result.ts';
import type { ScoreOptions } from './shared/scorer.ts';
import { sparseness } from './sparseness.ts';
import { sufficiency } from './sufficiency.ts';

/** What a metric may need: an explanation of `X`, and how to make it again. */
export interface Judging {
  readonly model: CallableModel;
  readonly makeExplainer: (model: CallableModel) => Explaining & { dispose?(): void };
  readonly X: ModelInput;
  /** What `explain` was given, progress and signal aside. */
  readonly explain?: Omit<ExplainOptions, 'onProgress' | 'signal'>;
  readonly explanation: Explained;
  /** How the model is run. */
  readonly options?: ScoreOptions;
}

/** A row of the table of metrics: what the command line and the documents say of a metric, and how it is computed. */
export interface MetricRow {
  /** The name of its function. */
  readonly name: string;
  /** Its name for people. */
  readonly title: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** Which of two numbers is the better one. */
  readonly better: 'higher' | 'lower';
  /** Where they lie. */
  readonly range: string;
  /** What it asks for: the explanation alone, the model's scores, explanations of other inputs, or of models with other weights. */
  readonly needs: 'explanation' | 'scores' | 'explainer' | 'weights';
  /** Inputs that it takes. */
  readonly inputs: 'all' | 'floats' | 'pictures';
  /**
   * Attributions that it judges: any; `contributions` in units of the score, which slopes and parts of a logit are not; or those that must add up (`complete`).
   */
  readonly judges: 'any' | 'contributions' | 'complete';
  /** Where the metric comes from. */
  readonly source: string;
  /** The metric with its defaults. */
  readonly run: (judging: Judging) => Promise<MetricResult>;
}

/** Progress and signal, for metrics that explain again. */
const running = ({ onProgress, signal }: ScoreOptions = {}): Pick<ScoreOptions, 'onProgress' | 'signal'> => ({
  ...(onProgress ? { onProgress } : {}),
  ...(signal ? { signal } : {}),
});

/** The baseline of the inputs, where there is one: what equals it, such as padding, has nothing to say of the weights. */
function present({ X, baselines, attributions }: Explained): Pick<MprtOptions, 'baselines'> {
  const like = (t: Tensor | undefined, x: Tensor): boolean => x.shape.every((dim, axis) => t?.shape[axis] === dim);
  const own = X.every((x, i) => like(baselines[i], x) && baselines[i]!.rank === x.rank && like(attributions[i], x));
  return own && attributions.length === X.length ? { baselines } : {};
}

/** The metrics, in the order in which they are offered. */
export const metrics: readonly MetricRow[] = [
  {
    name: 'deletion',
    title: 'deletion',
    says: 'mean score while features go, the most relevant first: low where the score falls early',
    better: 'lower',
    range: 'that of the score',
    needs: 'scores',
    inputs: 'all',
    judges: 'any',
    source: 'Petsiuk, Das, Saenko 2018; Bach et al. 2015',
    run: ({ model, explanation, options }) => deletion(model, explanation, options),
  },
  {
    name: 'insertion',
    title: 'insertion',
    says: 'mean score while features come, the most relevant first: high where the score rises early',
    better: 'higher',
    range: 'that of the score',
    needs: 'scores',
    inputs: 'all',
    judges: 'any',
    source: 'Petsiuk, Das, Saenko 2018',
    run: ({ model, explanation, options }) => insertion(model, explanation, options),
  },
  {
    name: 'comprehensiveness',
    title: 'comprehensiveness',
    says: 'what the score loses without the features that were named: high where they were needed',
    better: 'higher',
    range: 'a difference of scores',
    needs: 'scores',
    inputs: 'all',
    judges: 'any',
    source: 'DeYoung et al. 2020 (ERASER)',
    run: ({ model, explanation, options }) => comprehensiveness(model, explanation, options),
  },
  {
    name: 'sufficiency',
    title: 'sufficiency',
    says: 'what the score loses when only the features that were named are left: low where they are enough',
    better: 'lower',
    range: 'a difference of scores',
    needs: 'scores',
    inputs: 'all',
    judges: 'any',
    source: 'DeYoung et al. 2020 (ERASER)',
    run: ({ model, explanation, options }) => sufficiency(model, explanation, options),
  },
  {
    name: 'faithfulnessCorrelation',
    title: 'faithfulness correlation',
    says: 'whether the attributions of removed features add up to what removing them does',
    better: 'higher',
    range: '-1 to 1',
    needs: 'scores',
    inputs: 'all',
    judges: 'any',
    source: 'Bhatt, Weller, Moura 2020',
    run: ({ model, explanation, options }) => faithfulnessCorrelation(model, explanation, options),
  },
  {
    name: 'infidelity',
    title: 'infidelity',
    says: 'squared error in telling what replacing random features does to the score',
    better: 'lower',
    range: '0 and up',
    needs: 'scores',
    inputs: 'all',
    judges: 'contributions',
    source: 'Yeh et al. 2019',
    run: ({ model, explanation, options }) => infidelity(model, explanation, options),
  },
  {
    name: 'completeness',
    title: 'completeness',
    says: 'how far the attributions are from adding up to the change of the score',
    better: 'lower',
    range: '0 and up',
    needs: 'scores',
    inputs: 'all',
    judges: 'complete',
    source: 'Sundararajan, Taly, Yan 2017',
    run: ({ model, explanation, options }) => completeness(model, explanation, options),
  },
  {
    name: 'road',
    title: 'ROAD',
    says: 'how often the class is kept while pixels are painted over, the most relevant first',
    better: 'lower',
    range: '0 to 1',
    needs: 'scores',
    inputs: 'pictures',
    judges: 'any',
    source: 'Rong et al. 2022',
    run: ({ model, explanation, options }) => road(model, explanation, options),
  },
  {
    name: 'maxSensitivity',
    title: 'max sensitivity',
    says: 'the largest relative change of the explanation near the input',
    better: 'lower',
    range: '0 and up',
    needs: 'explainer',
    inputs: 'floats',
    judges: 'any',
    source: 'Yeh et al. 2019',
    run: async ({ model, makeExplainer, X, explain = {}, options }) => {
      const explainer = makeExplainer(model);
      try {
        return await maxSensitivity(explainer, X, { explain, ...running(options) });
      } finally {
        explainer.dispose?.();
      }
    },
  },
  {
    name: 'mprt',
    title: 'MPRT',
    says: 'how similar the explanation stays while the weights become random: low where it depends on what was learned',
    better: 'lower',
    range: '-1 to 1',
    needs: 'weights',
    inputs: 'all',
    judges: 'any',
    source: 'Adebayo et al. 2018',
    run: ({ model, makeExplainer, X, explain = {}, explanation, options }) =>
      mprt(model, makeExplainer, X, { explain, ...present(explanation), ...running(options) }),
  },
  {
    name: 'sparseness',
    title: 'sparseness',
    says: 'whether few features hold most of the attribution (Gini index): easier to read, not more right',
    better: 'higher',
    range: '0 to 1',
    needs: 'explanation',
    inputs: 'all',
    judges: 'any',
    source: 'Hurley, Rickard 2009; Chalasani et al. 2020',
    run: ({ explanation }) => sparseness(explanation),
  },
];
