/**
 * What deletion and MPRT say on the four example models of gradient methods, and of attributions that have nothing to do with the model: a
 * constant, and random numbers drawn once. Prints a table for all of the examples' own inputs: `node --import tsx FILE`.
 */
import { predictedClass } from '../../../src/attribution/index.ts';
import { InputXGradient, IntegratedGradients, Saliency } from '../../../src/attribution/methods/index.ts';
import { deletion, type Explaining, mprt } from '../../../src/attribution/metrics/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
import { type ExampleModel, exampleModels } from '../../support/example-inputs.ts';
import { unrelated } from '../../support/simple-explainers.ts';

type Make = (model: CallableModel) => Explaining;

/** Methods of this package, then what knows nothing of the model. */
function makers({ layer, model }: ExampleModel, nSteps: number): { readonly [name: string]: Make } {
  const gradients: { readonly [name: string]: Make } = {
    IntegratedGradients: (model) => new IntegratedGradients(model, { layer, nSteps }),
    InputXGradient: (model) => new InputXGradient(model, { layer }),
    Saliency: (model) => new Saliency(model, { layer }),
  };
  const like = gradients['Saliency']!(model);
  const [constant, random] = [unrelated(like, 'constant'), unrelated(like, 'random')];
  return { ...gradients, constant: () => constant, random: () => random };
}

const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

export interface Figures {
  /** Mean area under the deletion curve, of probabilities. */
  readonly deletion: number;
  /** Mean similarity over samples and stages. */
  readonly mprt: number;
  /** The same with all weights random. */
  readonly last: number;
}

/** @param layers the stages of MPRT; all when left out */
export async function figuresOf(
  example: ExampleModel,
  nSteps: number,
  layers?: readonly string[],
): Promise<{ readonly [method: string]: Figures }> {
  const { model, X, baselines, forwardKwargs } = example;
  const found: { [method: string]: Figures } = {};
  for (const [method, make] of Object.entries(makers(example, nSteps))) {
    const explain = {
      target: predictedClass,
      ...(forwardKwargs ? { forwardKwargs } : {}),
      ...(method === 'IntegratedGradients' ? { baselines } : {}),
    };
    const explanation = { forwardKwargs: {}, baselines: [], ...(await make(model).explain(X, explain)) };
    const area = (await deletion(model, explanation, { baselines })).values;
    const random = await mprt(model, make, X, { explain, baselines, ...(layers ? { layers } : {}) });
    found[method] = { deletion: mean(area), mprt: mean(random.values), last: mean(random.stages.at(-1)!.values) };
  }
  return found;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const example of await exampleModels(10)) {
    console.log(`\n${example.name}, ${example.X.shape[0]} samples`);
    console.table(await figuresOf(example, 50));
  }
}
