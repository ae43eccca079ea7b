/** docs/writing-a-kernel.md counts its own files right (U11); test/slow/writing-a-kernel.test.ts runs it. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('docs/writing-a-kernel.md');

test('U11: says how many files are new and how many are changed', () => {
  const text = readFileSync(new URL('../../docs/writing-a-kernel.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```ts (\S+)( \(new file\))?$/gm)].filter(([, path]) => path!.includes('/'));
  const paths = (isNew: boolean): number =>
    new Set(blocks.filter(([, , made]) => (made !== undefined) === isNew).map(([, path]) => path)).size;
  const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  assert.ok(
    text.replace(/\s+/g, ' ').includes(`${words[paths(true)]} new files and ${words[paths(false)]} changed ones`),
    `${paths(true)} new, ${paths(false)} changed`,
  );
});

test.run();
