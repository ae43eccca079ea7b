/** What makes no sense at every option of every metric: a PathgradError or finite numbers, never another error and never NaN. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InputXGradient, Saliency } from '../../../src/attribution/methods/index.ts';
import * as all from '../../../src/attribution/metrics/index.ts';
import { type MetricRow, metrics } from '../../../src/attribution/metrics/index.ts';
import type { CallableModel } from '../../../src/graph/callable.ts';
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

test.run();
