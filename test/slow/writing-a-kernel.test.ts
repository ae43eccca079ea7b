/** docs/writing-a-kernel.md as written: its blocks applied to a copy of the repository, its commands run there. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Copy, readRecipe } from '../support/recipe.ts';

const test = suite('docs: writing a kernel');

const { page, blocks } = readRecipe('docs/writing-a-kernel.md');
const copy = new Copy();
test.after(() => copy.remove());

test('the blocks fit the repository', () => {
  assert.ok(blocks.length >= 10);
  for (const block of blocks) copy.apply(block);
});

test('the type checker is content', () => {
  copy.run('npm run -s typecheck');
});

test('checkGrads accepts the gradient', () => {
  assert.is(copy.run('node --import tsx check.ts').trim(), 'true');
});

const commands = /## 5\..*?^```\n(.*?)^```$/ms.exec(page)![1]!.trim().split('\n');

test('the commands check the op on every backend, list it and time it', () => {
  assert.is(commands.length, 3);
  assert.match(copy.run(commands[0]!), /^\d+ passed, 0 failed$/m);
  copy.run(commands[1]!);
  assert.match(copy.read('docs/backends.md'), /isru/);
  const printed = copy.run(commands[2]!);
  assert.match(printed, /isru 100x98x250 forward/);
  for (const backend of ['reference', 'wasm', 'gpu:webasm'])
    assert.match(printed, new RegExp(`pathgrad +${backend}.*error`));
});

test.run();
