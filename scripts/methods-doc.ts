/**
 * Writes docs/methods.md: which method to choose, the tables of methods and metrics, and how far each is from other packages' numbers on
 * the golden nets. `node --import tsx scripts/methods-doc.ts`; test/slow/golden-methods.test.ts finds it stale.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { methods } from '../src/attribution/methods/index.ts';
import { metrics } from '../src/attribution/metrics/index.ts';
import { type Comparison, compareAll } from '../test/support/method-golden.ts';
import { compareMetrics } from '../test/support/metric-golden.ts';

const introduction = `# Attribution methods and metrics

Every method is a class with the same \`explain(X, options)\`, in \`pathgrad/methods\` (\`IntegratedGradients\` in \`pathgrad\`, too); metrics are
functions in \`pathgrad/metrics\`. On the command line: \`--explainer NAME\`, \`pathgrad methods\`, \`pathgrad compare\`. What other packages call
them: [phrasebook](phrasebook.md). A method of your own: [writing a method](writing-a-method.md).

## Which one

| you ask | take | because |
|---|---|---|
| how much did each feature move the score? | \`IntegratedGradients\` | the parts add up to the change from the baseline, and equal networks get equal answers (Sundararajan et al. 2017) |
| … and no baseline is the right one | \`ExpectedGradients\`, \`GradientShap\` | the baseline's choice is averaged over your data (Erion et al. 2021; Lundberg and Lee 2017) |
| … in one pass, through saturated units | \`DeepLift\`, \`DeepLiftShap\` | changes instead of slopes, which add up exactly; products (gates, attention, LSTMs) by shap's rule (Shrikumar et al. 2017; Lundberg and Lee 2017) |
| … of anything that only gives scores | \`ShapleyValueSampling\`, \`KernelShap\` | no gradients; costs hundreds of evaluations, so give feature groups (Štrumbelj and Kononenko 2014; Lundberg and Lee 2017) |
| what happens when this goes? | \`Occlusion\`, \`FeatureAblation\` | the question itself, one window or group at a time; misses what two features do together (Zeiler and Fergus 2014) |
| which words? | \`IntegratedGradients\` at the embedding; \`DiscretizedIG\` | the path of the latter stays near real words (Sanyal and Ren 2021) |
| what of the logit comes down to each pixel? | \`LRP\` with \`rule: 'epsilon-plus-flat'\` | robust sharing layer by layer, no baseline; CNNs and dense nets, not LSTMs or attention (Montavon et al. 2019) |
| where in the picture? | \`LayerGradCam\`, \`GradCamPlusPlus\` | coarse and class-specific; needs a convolution (Selvaraju et al. 2017) |
| which regions? | \`XRAI\` | sums over segments of the picture (Kapishnikov et al. 2019) |
| why is the heat map noisy? | \`GuidedIG\`, \`BlurIG\`, \`NoiseTunnel\` | other paths, or averages over noise (Kapishnikov et al. 2021; Xu et al. 2020; Smilkov et al. 2017) |
| which neurons? | \`LayerConductance\`, \`NeuronAttribution\` | the flow of integrated gradients through a layer; any method for one neuron (Dhamdhere et al. 2018) |
| which features together? | \`IntegratedHessians\` | a table of pairs that adds up to integrated gradients (Janizek et al. 2021) |
| how does the score react right here? | \`Saliency\`, \`InputXGradient\` | one gradient; slopes, not parts of the score (Simonyan et al. 2014) |

\`GuidedBackprop\`, \`Deconvolution\` and \`GuidedGradCam\` draw sharp pictures that hardly depend on the class or on the upper layers' weights (Adebayo et al.
2018; Nie et al. 2018; Sixt et al. 2020): good for seeing what a net looks at, not for why it decided. Whether to believe a method
on your model is a question for \`pathgrad compare\`: deletion and insertion tell whether the named features matter, MPRT whether the explanation depends on
what was learned, infidelity and max-sensitivity whether it holds nearby. No metric settles it alone (Tomsett et al. 2020).
`;

const sourceOf = (text: string): string => text.replaceAll('|', '\\|');

/** The decade that a difference stays below, so that rounding of another machine does not make the page stale. */
export function decade(difference: number): string {
  return difference === 0 ? '0' : `1e${Math.ceil(Math.log10(difference))}`;
}

function methodTable(): string {
  const rows = methods.map(({ name, says, sum, baselines, layer, source }) => {
    const needs = [baselines ? 'a baseline' : '', layer === true ? 'a layer' : layer ? 'a spatial layer' : ''];
    return `| \`${name}\` | ${says} | ${sum ? `\`${sum}\`` : 'no'} | ${needs.filter(Boolean).join(', ')} | ${sourceOf(source)} |`;
  });
  return ['| method | what its numbers say | adds up to | takes | source |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

function metricTable(): string {
  const rows = metrics.map(
    ({ name, says, better, range, source }) => `| \`${name}\` | ${says} | ${better} | ${range} | ${sourceOf(source)} |`,
  );
  return ['| metric | what it says | better | range | source |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** Rows of the table of agreement: method and source, then the nets, the number of records and the differences. */
export function agreementRows(comparisons: readonly Comparison[]): string[] {
  const groups = new Map<string, Comparison[]>();
  for (const one of comparisons) {
    const key = `\`${one.method}\` | ${one.source}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const worst = (list: readonly Comparison[], dtype: string): string => {
    const own = list.filter((one) => one.dtype === dtype);
    return own.length === 0 ? '' : decade(Math.max(...own.map(({ difference }) => difference)));
  };
  return [...groups]
    .map(([key, list]) => {
      const nets = [...new Set(list.map(({ net }) => net))].join(', ');
      const own = list.filter(({ dtype }) => dtype === list[0]!.dtype);
      const records = own.reduce((sum, one) => sum + one.records, 0);
      return `| ${key} | ${nets} | ${records} | ${worst(list, 'float64')} | ${worst(list, 'float32')} |`;
    })
    .sort();
}

function agreement(comparisons: readonly Comparison[]): string {
  const head = '| method | against | nets | records | float64 | float32 |';
  return [head, '|---|---|---|---|---|---|', ...agreementRows(comparisons)].join('\n');
}

export function methodsDoc(methodsFound: readonly Comparison[], metricsFound: readonly Comparison[]): string {
  return `${introduction}
## Methods

${methodTable()}

## Metrics

${metricTable()}

## Against other packages

The nets are those of \`test/golden/methods\` (a perceptron, convolutions with pools and batch normalization, a residual net, depthwise convolutions,
embeddings with a convolution, with an LSTM and with a GRU and attention, two inputs); the numbers are other packages', made by the scripts there with pinned versions. A difference is the largest of
all records as a share of the sample's largest attribution, rounded up to a power of ten. What a package draws at random is
recorded and fed to both. The allowed differences are 1e-10 in float64 and 1e-5 in float32; sources that compute in float32 allow no more than that in float64 either.

${agreement(methodsFound)}

Metrics, as a share of the largest value:

${agreement(metricsFound)}
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const page = new URL('../docs/methods.md', import.meta.url);
  writeFileSync(page, methodsDoc(await compareAll(), await compareMetrics()));
}
