/** Every record of every golden file: pathgrad's method gives the package's numbers, in both float types, and docs/methods.md says how nearly. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { methods } from '../../src/attribution/methods/index.ts';
import { checkAgreement } from '../support/agreement.ts';
import {
  allowed,
  Comparisons,
  differenceOf,
  explainRecord,
  type GoldenFile,
  type GoldenRecord,
  goldenFiles,
  readMethodGolden,
} from '../support/method-golden.ts';

const test = suite('attribution methods against other packages');
const found = new Comparisons();
const netsOf = new Map<string, Set<string>>();

async function compare(file: GoldenFile, record: GoldenRecord): Promise<void> {
  const { net, method, options, note = '', inner, attributions } = record;
  for (const dtype of ['float64', 'float32'] as const) {
    const difference = differenceOf(await explainRecord(record, dtype), attributions);
    const most = file.single ? allowed.float32 : allowed[dtype];
    const which = `${method} ${inner?.method ?? ''} of ${net} in ${dtype} ${JSON.stringify(options)} ${note}`;
    assert.ok(difference <= most, `${which}: ${difference} of the largest attribution`);
    found.add({ method, source: `${file.source} ${file.version}`, net, dtype, difference });
  }
}

for (const name of goldenFiles()) {
  const file = readMethodGolden(name);
  for (const method of new Set(file.records.map((record) => record.method))) {
    const own = file.records.filter((record) => record.method === method);
    const nets = own.map(({ net }) => net);
    netsOf.set(method, new Set([...(netsOf.get(method) ?? []), ...nets]));
    test(`${method} has the numbers of ${file.source} ${file.version} (${name}, ${own.length} records)`, async () => {
      for (const record of own) await compare(file, record);
    });
  }
}

/** Compared by the closed forms and sums of their own tests alone: no package has them. */
const elsewhere: Readonly<Record<string, string>> = {
  IDGI: 'test/attribution: the telescoping sum',
  Lime: 'test/attribution/methods/lime.test.ts: the definition',
  IntegratedGradients: 'test/attribution/golden.test.ts: alibi',
};

test('every method of the table is compared on three nets at least', () => {
  const few = methods
    .map(({ name }) => name)
    .filter((name) => (netsOf.get(name)?.size ?? 0) < 3 && !Object.hasOwn(elsewhere, name));
  assert.equal(few, []);
});

test('docs/methods.md says how nearly', () => {
  const names = new Set(found.list.map(({ method }) => method));
  checkAgreement(found.list, (row) => names.has(/^\| `(\w+)`/.exec(row)?.[1] ?? ''));
});

test.run();
