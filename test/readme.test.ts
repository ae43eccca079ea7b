/** The README's JavaScript runs as written and prints what the README says it prints. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { examplesOf, runExamples } from './support/run-docs.ts';

const test = suite('README');
const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(`${root}/README.md`, 'utf8');

test('stays under 200 lines', () => {
  assert.ok(text.split('\n').length < 200);
});

test('its examples print what it says', () => {
  const examples = examplesOf('README.md');
  assert.is(examples.length, 3);
  for (const [i, { stdout, stderr }] of runExamples(examples).entries()) {
    assert.is(stderr, '');
    assert.is(stdout, examples[i]!.output);
  }
});

test('names only files that exist', () => {
  for (const [, link] of text.matchAll(/\]\((?!http)([^)]+)\)/g)) readFileSync(`${root}/${link}`);
});

test.run();
