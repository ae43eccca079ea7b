/** Names that the phrasebook and docs/methods.md use exist: classes, functions, and options of the constructors and of `explain`. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as classes from '../../src/attribution/methods/index.ts';
import { methods } from '../../src/attribution/methods/index.ts';
import * as metrics from '../../src/attribution/metrics/index.ts';

type AnyClass = new (model: unknown, options: object) => unknown;
const byName = new Map(Object.entries(classes) as [string, AnyClass][]);
const test = suite('docs/phrasebook.md');
const page = readFileSync(new URL('../../docs/phrasebook.md', import.meta.url), 'utf8');
/** What stands in the right column of each row. */
const ours = page
  .split('\n')
  .filter((row) => row.startsWith('|') && !row.startsWith('|---'))
  .map((row) => row.split(/(?<!\\)\|/)[2]!);

test('classes that are made exist', () => {
  const made = ours.flatMap((text) => [...text.matchAll(/new (\w+)\(/g)].map((match) => match[1]!));
  assert.ok(new Set(made).size > 15);
  assert.equal(
    made.filter((name) => !(name in classes)),
    [],
  );
});

test('every method and metric has its place', () => {
  const own = ['GuidedIG', 'BlurIG', 'XRAI', 'DiscretizedIG', 'SequentialIG', 'LRP'];
  for (const name of own) assert.match(page, new RegExp(name));
  const nowhere = new Set(['IDGI', 'IntegratedHessians']); // no package has them
  const missing = methods.map(({ name }) => name).filter((name) => !page.includes(name) && !nowhere.has(name));
  assert.equal(missing, []);
  const called = ours.flatMap((text) => [...text.matchAll(/await (\w+)\(/g)].map((match) => match[1]!));
  assert.equal(
    called.filter((name) => !(name in metrics)),
    [],
  );
});

test('what is made with options can be made', () => {
  const model = (x: never): never => x;
  for (const text of ours) {
    for (const [, name, options] of text.matchAll(/new (\w+)\(model, (\{[^{}]*\})\)/g)) {
      if (/layer:|neuronLayer|anchors, neighbors|layer,/.test(options!)) continue; // a function has no layers
      const make = byName.get(name!)!;
      const given = new Function(`return (${options})`)() as object;
      assert.not.throws(() => new make(model, given), `${name} ${options}`);
    }
  }
});

test.run();
