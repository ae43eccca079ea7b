/** What captum, shap and the derivation of Grad-CAM++ say about the golden nets, against the methods of sampling, perturbation and activation maps. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowed, differenceOf, explainRecord, readMethodGolden } from '../../support/method-golden.ts';

const test = suite('golden values of sampling methods');

for (const file of ['captum-sampling', 'shap-sampling', 'closed-sampling']) {
  const { source, records } = readMethodGolden(file);
  const methods = [...new Set(records.map(({ method }) => method))];
  for (const method of methods) {
    const own = records.filter((record) => record.method === method);
    test(`${method} has the numbers of ${source} (${own.length} records)`, async () => {
      assert.ok(new Set(own.map(({ net }) => net)).size >= 3, 'on three nets');
      for (const record of own) {
        for (const dtype of ['float64', 'float32'] as const) {
          const off = differenceOf(await explainRecord(record, dtype), record.attributions);
          const which = `${record.inner?.method ?? ''} ${record.net} ${dtype} ${JSON.stringify(record.options)}`;
          assert.ok(off <= allowed[dtype], `${which}: off by ${off}`);
        }
      }
    });
  }
}

test.run();
