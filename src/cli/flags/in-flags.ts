/**
 * What the library says of options, in the words of the command line. Invariant: an error about an option that came from a flag is one in how
 * the command was typed: it names the flag and ends with code 2; and no hint speaks of what only callers of the library can do.
 */
import { methods } from '../../attribution/methods/index.ts';
import { failure, PathgradError, problemOf } from '../../tensor/errors.ts';
import { exists } from '../files.ts';
import { type Arguments, usage } from './flags.ts';
import { ownFlagsByOption } from './own-flags.ts';

/** Options of explainers, and the flags that say them. */
const flags: Readonly<Record<string, string>> = {
  ...ownFlagsByOption,
  method: 'method',
  compat: 'compat',
  layer: 'layer',
  attributeToLayerInputs: 'layer-inputs',
  baseline: 'baseline',
  baselines: 'baseline',
  target: 'target',
  output: 'output',
  internalBatchSize: 'batch',
};

/** Names that are no words of English: wherever one stands, the option is meant. */
const unmistakable = ['nSteps', 'nSamples', 'stdevs', 'internalBatchSize', 'attributeToLayerInputs'];

/** What the command line has no flag for, or says in another way; in this order. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/;? ?(say )?grey: true if [^;]*\[N, H, W\](; )?/g, ''],
  [/put features into groups: features: .*$/g, 'explain a layer with fewer features: --layer NAME'],
  [/ or alpha\b|, or put features into groups/g, ''],
  [/interpolation: null gives .*$/g, 'choose a layer that has as many axes as the input'],
  [/Saliency with abs: false/g, 'Saliency'],
  [/give the words' vectors, .* as the option words, or an Embedding as layer/g, 'name an Embedding: --layer NAME'],
  [/; 'gausslegendre' takes their square/g, ''],
  [/leave pairs out, or attribute/g, 'attribute'],
  [/, or pairs: 'words', which .*$/g, ''],
  [/the method within with layer: 'NAME', or without NoiseTunnel/g, '--layer NAME, or choose another method'],
  [/nSteps 'auto' adds/g, '--steps auto of IntegratedGradients adds'],
  [/leave the method out/g, 'leave --method out'],
  [/inputLayer must come before it/g, 'choose a layer behind the one that moves'],
  [/use 'zeros', 'constant', 'pad' or 'dataset'/g, 'zeros, pad, a number or a .npy file will do'],
  [/rows to average over are .*$/g, 'the file holds one row, or one for each input'],
  [/set the option (\w+) of the explainer/g, 'set the option $1'],
  [/\b(layer|inputLayer): '([^']+)'/g, '--layer $2'],
  [/: \{ layer \}/g, ': --layer NAME'],
];

/** The text with flags in the place of options. */
function said(text: string): string {
  const told = phrases.reduce((all, [from, to]) => all.replace(from, to), text);
  return told
    .replace(/\b(leave|option) (\w+)/g, (same, word: string, name: string) => {
      const flag = flags[name];
      if (flag === undefined) return same;
      return word === 'leave' ? `leave --${flag}` : `--${flag}`;
    })
    .replace(new RegExp(`(?<!--)\\b(${unmistakable.join('|')})\\b`, 'g'), (name) => `--${flags[name]}`)
    .trim();
}

/**
 * The option that an error may be about and what it says of it, the likeliest first: its subject, the subject's last word (`Occlusion window`), what
 * the problem of a method begins with (`KernelShap: nSamples must be …`, `LayerGradCam: the layer 'hidden' has …`), what its hint says to change.
 */
function optionsOf(error: PathgradError): { readonly option: string; readonly problem: string }[] {
  const { subject, hint = '' } = error;
  const [whole, problem] = [error.message.split('\nhint: ')[0]!, problemOf(error)];
  const [first = '', rest = ''] = subject.split(/ (.*)/);
  const ofMethod = methods.some(({ name }) => name === first);
  const starts = ofMethod ? /^(?:an? |the |unknown )?(\w+)/.exec(problem) : null;
  const begins = starts?.[1] ?? '';
  const changed = [...hint.matchAll(/\b(?:leave|option|raise|as) (\w+)/g)].map(([, option]) => ({
    option: option!,
    problem: whole,
  }));
  return [
    { option: first, problem: rest ? `${rest}: ${problem}` : problem },
    { option: subject.slice(subject.lastIndexOf(' ') + 1), problem },
    // `nSamples must be` becomes `must be`; `the window is larger` stays as it reads.
    { option: begins, problem: problem.startsWith(`${begins} `) ? problem.slice(begins.length + 1) : problem },
    ...changed,
  ];
}

/** The error as the command line says it; others than the library's stay as they are. */
export function inFlags(error: unknown, args: Arguments): unknown {
  if (!(error instanceof PathgradError) || error.subject.startsWith('--')) return error;
  const hint = error.hint === undefined ? undefined : said(error.hint);
  for (const { option, problem } of optionsOf(error)) {
    const flag = Object.hasOwn(flags, option) ? flags[option]! : null;
    if (flag === null || !args.has(flag)) continue;
    const file = flag === 'baseline' && exists(args.text(flag)!) ? args.text(flag)! : null;
    // What a file holds was not typed.
    if (file !== null) return failure(file, `as a baseline ${said(problem)}`, {}, hint || undefined, error);
    return usage(`--${flag}`, said(problem), hint || undefined);
  }
  const problem = problemOf(error);
  if (said(problem) === problem && hint === error.hint) return error;
  return failure(error.subject, said(problem), {}, hint || undefined, error);
}

/** What `work` gives; what it throws about options is said in flags. */
export function withFlags<T>(args: Arguments, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inFlags(error, args);
  }
}
