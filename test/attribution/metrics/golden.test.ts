/** Metrics against captum, Quantus, scipy and scikit-image on the golden nets: 1e-10 in float64, 1e-5 in float32. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowed } from '../../support/method-golden.ts';
import { metricDifference, metricFiles, metricValues, readMetricGolden } from '../../support/metric-golden.ts';

const test = suite('golden: metrics');

for (const file of metricFiles) {
  const { source, records } = readMetricGolden(file);
  for (const metric of new Set(records.map((record) => record.metric))) {
    test(`${metric} is what ${source} has`, async () => {
      const worst = { float64: 0, float32: 0 };
      for (const record of records.filter((one) => one.metric === metric)) {
        for (const dtype of ['float64', 'float32'] as const) {
          const difference = metricDifference(await metricValues(record, dtype), record);
          const { net, options } = record;
          const most = record.tolerance ?? allowed[dtype];
          assert.ok(difference <= most, `${net} ${JSON.stringify(options)} in ${dtype}: ${difference}`);
          if (record.tolerance === undefined) worst[dtype] = Math.max(worst[dtype], difference);
        }
      }
      console.log(
        `note: ${metric}: ${worst.float64.toExponential(1)} in float64, ${worst.float32.toExponential(1)} in float32`,
      );
    });
  }
}

test.run();
