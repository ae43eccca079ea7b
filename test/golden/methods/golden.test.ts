/** Every record of every golden file: pathgrad's method gives the package's numbers, in both float types. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowed, differenceOf, explainRecord, goldenFiles, readMethodGolden } from '../../support/method-golden.ts';

const test = suite('attribution methods against other packages');

for (const name of goldenFiles()) {
  const { source, version, records, single } = readMethodGolden(name);
  for (const [i, record] of records.entries()) {
    const { net, method, options, attributions, note } = record;
    for (const dtype of ['float64', 'float32'] as const) {
      test(`${method} of ${net} ${JSON.stringify(options)} in ${dtype}: ${source} ${version}, ${name} ${i} ${note ?? ''}`, async () => {
        const difference = differenceOf(await explainRecord(record, dtype), attributions);
        assert.ok(
          difference <= allowed[single ? 'float32' : dtype],
          `differs by ${difference} of the largest attribution`,
        );
      });
    }
  }
}

test.run();
