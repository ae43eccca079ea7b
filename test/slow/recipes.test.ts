/** CONTRIBUTING.md as written: its blocks applied to a copy of the repository, its commands run there. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Copy, readRecipe } from '../support/recipe.ts';

const test = suite('docs: recipes of CONTRIBUTING.md');

const { page, blocks } = readRecipe('CONTRIBUTING.md');
const copy = new Copy();
test.after(() => copy.remove());

test('the blocks fit the repository', () => {
  assert.ok(blocks.length >= 8);
  for (const block of blocks) copy.apply(block);
});

test('the type checker is content', () => {
  copy.run('npm run -s typecheck');
});

test('the commands do what the page says', () => {
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, lines]) => lines!.trim().split('\n'));
  assert.is(commands.length, 3);
  for (const command of commands.slice(0, 2)) assert.match(copy.run(command), /Skipped: +0/);
  assert.match(copy.run(commands[2]!), /SIGN/);
});

test.run();
