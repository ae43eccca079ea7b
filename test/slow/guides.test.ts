/** The guides' examples print what the guides say. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { examplesOf, runExamples } from '../support/run-docs.ts';

const test = suite('docs: guides');

test('their examples print what they say', () => {
  const examples = [
    'docs/guides/embedding.md',
    'docs/guides/research.md',
    'docs/writing-models.md',
    'docs/training.md',
  ].flatMap(examplesOf);
  assert.is(examples.length, 6);
  for (const [i, { stdout, stderr }] of runExamples(examples).entries()) {
    assert.is(stderr, '');
    assert.is(stdout, examples[i]!.output);
  }
});

test.run();
