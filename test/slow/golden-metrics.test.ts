/** Metrics against captum, Quantus, scipy and scikit-image on the golden nets: 1e-10 in float64, 1e-5 in float32. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkAgreement } from '../support/agreement.ts';
import { allowed, Comparisons } from '../support/method-golden.ts';
import { metricDifference, metricFiles, metricValues, readMetricGolden } from '../support/metric-golden.ts';

const test = suite('golden: metrics');
const found = new Comparisons();

for (const file of metricFiles) {
  const { source, version, records } = readMetricGolden(file);
  for (const metric of new Set(records.map((record) => record.metric))) {
    test(`${metric} is what ${source} has`, async () => {
      for (const record of records.filter((one) => one.metric === metric)) {
        for (const dtype of ['float64', 'float32'] as const) {
          const difference = metricDifference(await metricValues(record, dtype), record);
          const { net, options } = record;
          const most = record.tolerance ?? allowed[dtype];
          assert.ok(difference <= most, `${net} ${JSON.stringify(options)} in ${dtype}: ${difference}`);
          if (record.tolerance !== undefined) continue;
          found.add({ method: metric, source: `${source} ${version}`, net: net ?? null, dtype, difference });
        }
      }
    });
  }
}

test('every metric that asks a net is compared on three at least', () => {
  const netsOf = new Map<string, Set<string>>();
  for (const { method, net } of found.list) if (net) netsOf.set(method, (netsOf.get(method) ?? new Set()).add(net));
  const asked = [...netsOf].map(([metric, { size }]) => ({ metric, size }));
  assert.ok(asked.length >= 9);
  assert.equal(
    asked.filter(({ size }) => size < 3),
    [],
  );
});

test('docs/methods.md says how nearly', () => {
  const names = new Set(found.list.map(({ method }) => method));
  checkAgreement(found.list, (row) => names.has(/^\| `(\w+)`/.exec(row)?.[1] ?? ''));
});

test.run();
