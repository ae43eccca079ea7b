/** What makes no sense at every option of every metric: a PathgradError or finite numbers, never another error and never NaN. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InputXGradient, Saliency } from '../../../src/attribution/methods/index.ts';
import * as all from '../../../src/attribution/metrics/index.ts';
import { type MetricRow, metrics } from '../../../src/attribution/metrics/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
import { tensor } from '../../../src/tensor/tensor.ts';
import { rejects } from '../closed-forms.ts';
import {
  mlp,
  optionNames,
  picture,
  pictureModel,
  shown,
  table,
  thrownAt,
  unknownName,
  wrongAnswer,
} from '../senseless.ts';

const test = suite('metrics: senseless options');

type Options = Readonly<Record<string, unknown>>;

async function asking({ name, needs, inputs }: MetricRow): Promise<(options: Options) => Promise<unknown>> {
  const metric = new Map<string, unknown>(Object.entries(all)).get(name) as (...args: unknown[]) => Promise<unknown>;
  const [model, X] = inputs === 'pictures' ? [pictureModel, picture] : [mlp(), table];
  const explanation = await new InputXGradient(model).explain(X, { target: 0 });
  const explain = { target: 0 };
  if (needs === 'explanation') return (options) => metric(explanation, options);
  if (needs === 'scores') return (options) => metric(model, explanation, options);
  if (needs === 'explainer') return (options) => metric(new Saliency(model), X, { explain, ...options });
  return (options) => metric(model, (m: CallableModel) => new Saliency(m), X, { explain, ...options });
}

for (const row of metrics) {
  test(row.name, async () => {
    const ask = await asking(row);
    const found: string[] = [];
    for (const option of await optionNames(() => ask({ [unknownName]: 1 }))) {
      for (const value of thrownAt(option)) {
        const wrong = await wrongAnswer(() => ask({ [option]: value }));
        if (wrong !== null) found.push(`${option}: ${shown(value)}: ${wrong}`);
      }
    }
    assert.equal(found, []);
  });
}

test('attributions of NaN and infinity had finite numbers', async () => {
  const model = mlp();
  const explanation = await new InputXGradient(model).explain(table, { target: 0 });
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const data = Float64Array.from(explanation.attributions[0]!.data);
    data[6] = odd;
    const bad = { ...given(explanation), attributions: [tensor(data, [2, 4])] };
    const text = `explanation: its attributions have ${odd} at [1,2] (sample 1, shape [2,4])`;
    const { deletion, insertion, comprehensiveness, sufficiency } = all;
    const { faithfulnessCorrelation, infidelity, completeness, sparseness, maxSensitivity, mprt } = all;
    const scored = [
      deletion,
      insertion,
      comprehensiveness,
      sufficiency,
      faithfulnessCorrelation,
      infidelity,
      completeness,
    ];
    for (const metric of scored) await rejects(metric(model, bad), text);
    await rejects(sparseness(bad), text);
    const explaining = { explain: async () => bad };
    await rejects(maxSensitivity(explaining, table), text);
    await rejects(
      mprt(model, () => explaining, table),
      text,
    );
  }
  const shown = await new InputXGradient(pictureModel).explain(picture, { target: 0 });
  const black = tensor(new Float64Array(32).fill(Number.NaN), [2, 4, 4, 1]);
  await rejects(all.road(pictureModel, { ...given(shown), attributions: [black] }), 'have NaN at [0,0,0,0] (sample 0');
});

const given = ({ X, forwardKwargs, baselines, target }: all.Explained): Omit<all.Explained, 'attributions'> => ({
  ...{ X, forwardKwargs, baselines, target },
});

test('perturbations that change nothing made every explanation a perfect one', async () => {
  const model = mlp();
  const explanation = await new InputXGradient(model).explain(table, { target: 0 });
  const perturb = (): void => undefined;
  const [text, explain] = ['leaves a sample as it is, whatever the draw (sample 0)', { target: 0 }];
  await rejects(all.infidelity(model, explanation, { perturb }), `perturb: ${text}`);
  await rejects(all.infidelity(model, explanation, { noise: 1e-300 }), `noise: ${text}`);
  await rejects(all.maxSensitivity(new Saliency(model), table, { explain, perturb }), `perturb: ${text}`);
  await rejects(all.maxSensitivity(new Saliency(model), table, { explain, radius: 1e-300 }), `radius: ${text}`);
  const late = (x: Float64Array, { draw }: { draw: number }): void => {
    if (draw === 3) x[0]! += 1;
  };
  await all.infidelity(model, explanation, { perturb: late });
});

test('subsets that hold nothing, a feature twice, or always the same', async () => {
  const model = mlp();
  const explanation = await new InputXGradient(model).explain(table, { target: 0 });
  const ask = (subsets: () => number[]) => all.faithfulnessCorrelation(model, explanation, { subsets });
  await rejects(
    ask(() => []),
    'subsets: name no feature',
  );
  await rejects(
    ask(() => [0, 0]),
    'subsets: name a feature twice',
  );
  await rejects(
    ask(() => [0]),
    'subsets: are the same in every run: nothing varies (sample 0)',
  );
});

test('MPRT was given one explainer of another model for every copy', async () => {
  const other = new Saliency(mlp());
  await rejects(
    all.mprt(mlp(), () => other, table, { explain: { target: 0 } }),
    'mprt: the explainer is one of the same model as before and not of the copy',
  );
});

test.run();
