/**
 * What can make an explanation misleading: a code and the values that go with it, and in one table English words for each. Surfaces
 * with words of their own (flags, controls of a page) give a table of those that differ.
 */

/** The values of each warning. */
export interface WarningValues {
  /** An attributed input that the output does not depend on differentiably. */
  readonly 'input-disconnected': { readonly name: string };
  /** An input of integers, which stays at X on the path. */
  readonly 'input-held': { readonly name: string };
  readonly 'prediction-not-finite': Record<never, never>;
  /** Several outputs that end in a product: logits, or a regression. */
  readonly 'outputs-are-scores': Record<never, never>;
  /** One probability per sample, and no target. */
  readonly 'no-target': Record<never, never>;
  /** A target function got one score per sample. */
  readonly 'target-of-one-score': Record<never, never>;
  /** `fraction` of the largest entropy, in the least neutral sample. */
  readonly 'baseline-not-neutral': { readonly fraction: number };
  readonly 'baseline-equals-input': { readonly samples: readonly number[] };
  /** How far f(b) is from the start of the layer's path. */
  readonly 'layer-bypassed': { readonly gap: number };
  readonly 'gradient-not-finite': { readonly sample: number; readonly step: number; readonly alpha: number };
  readonly 'baseline-score-not-finite': { readonly samples: readonly number[] };
  readonly 'attribution-not-finite': { readonly samples: readonly number[] };
  /** The score changes, but every gradient on the path is 0. */
  readonly 'gradient-zero': { readonly samples: readonly number[] };
  /** Attributions miss up to `share` of the change of the score; `raise`: the option that brings them closer ('auto': nSteps, which can be 'auto'), or 'none'. */
  readonly incomplete: {
    readonly samples: readonly number[];
    readonly share: number;
    readonly limit: number;
    readonly raise: 'auto' | 'nSteps' | 'softplus' | 'maxSteps' | 'draws' | 'layer' | 'none';
  };
}

/** The kinds of warnings. */
export type WarningCode = keyof WarningValues;

/** Something about an explanation that its reader should know: a code, and the numbers behind it. `describeWarning` puts it into words. */
export type Warning = {
  readonly [C in WarningCode]: { readonly code: C; readonly values: WarningValues[C] };
}[WarningCode];

/** What a surface says for each warning. */
export type Phrases = { readonly [C in WarningCode]: (values: WarningValues[C]) => string };

/** What brings attributions closer to the change of the score. */
const remedies = {
  auto: "raise nSteps or use nSteps: 'auto'",
  nSteps: 'raise nSteps',
  softplus: 'raise softplus, which stands for relu, and nSteps with it',
  maxSteps: 'raise maxSteps or relTol',
  draws: 'more draws come closer',
  layer: 'part of the prediction bypasses the layer: choose one that all of it passes',
  none: 'the method promises the sum but this model breaks it: compare with IntegratedGradients',
} as const;

/** The library's words. */
const phrases: Phrases = {
  'input-disconnected': ({ name }) =>
    `'${name}' gets zeros: the output does not depend on it differentiably; leave it out if that is not expected`,
  'input-held': ({ name }) =>
    `'${name}' holds integers and stays at X on the path: explain the layer that embeds it to attribute to it`,
  'prediction-not-finite': () => 'a prediction is not finite: check the weights and the scale of the inputs',
  'outputs-are-scores': () =>
    'the outputs are scores, no probabilities: if they are logits, output: (y) => softmax(y) explains probabilities',
  'no-target': () =>
    'no target for a probability: target 1 explains p, target 0 explains 1 - p; the score itself is explained',
  'target-of-one-score': () =>
    'the target function saw one score per sample: make sure that it returns the labels 0 and 1, not an argmax',
  'baseline-not-neutral': ({ fraction }) =>
    `the model is not neutral at the baseline (entropy ${(100 * fraction).toFixed(0)} % of the maximum): compare with another baseline before you trust the signs`,
  'baseline-equals-input': (values) =>
    `${samples(values)} equal to the baseline: all attributions are 0; choose another baseline`,
  'layer-bypassed': ({ gap }) =>
    `part of the prediction bypasses the layer: its attributions add up to the change from f with the layer at its baseline, which differs from f(b) by up to ${gap.toPrecision(3)}; explain the inputs to cover all of it`,
  'gradient-not-finite': ({ sample, step, alpha }) =>
    `the gradient is not finite at step ${step} (alpha ${alpha}) of sample ${sample}: use gausslegendre, whose points avoid the ends, or move the baseline`,
  'gradient-zero': (values) =>
    `the score changes but its gradient is 0 on the whole path (${samples(values)}): the model is flat there (steps, rounding, saturation), and gradients cannot explain it; explain logits or an earlier layer`,
  'baseline-score-not-finite': (values) =>
    `the score at the baseline is not finite (${samples(values)}): choose another baseline`,
  'attribution-not-finite': (values) =>
    `attributions are not finite (${samples(values)}): check the weights and the scale of the inputs`,
  incomplete: ({ share, limit, raise, ...values }) =>
    `attributions miss the change of the score by up to ${percent(share)} (${samples(values)}; limit ${percent(limit)}): ${remedies[raise]}`,
};

/**
 * A warning in words: what was seen, and what to do.
 * @param own words in the place of the library's
 */
export function describeWarning({ code, values }: Warning, own: Partial<Phrases> = {}): string {
  return (own[code] ?? phrases[code])(values as never);
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}

function samples({ samples: list }: { readonly samples: readonly number[] }): string {
  const shown = list.slice(0, 8).join(', ');
  return `sample${list.length > 1 ? 's' : ''} ${shown}${list.length > 8 ? ` and ${list.length - 8} more` : ''}`;
}
