/** The README's JavaScript runs as written and prints what the README says it prints. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('README');
const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(`${root}/README.md`, 'utf8');

test('stays under 200 lines', () => {
  assert.ok(text.split('\n').length < 200);
});

test('its examples print what it says', () => {
  // Each js block is followed by a plain block with its output. `pathgrad` is this package, built beside dist.
  const blocks = [...text.matchAll(/```js\n(.*?)```.*?```\n(.*?)```/gs)];
  assert.is(blocks.length, 3);
  const folder = mkdtempSync(`${root}/dist-readme-`);
  try {
    execFileSync(process.execPath, ['scripts/build.mjs', '--quick', '--out', folder], { cwd: root });
    for (const [, code, output] of blocks) {
      const file = `${folder}/example.mjs`;
      writeFileSync(
        file,
        code!
          .replaceAll("'pathgrad'", "'./index.js'")
          .replaceAll("'pathgrad/inputs'", "'./inputs.js'")
          .replaceAll("'pathgrad/transformers'", "'./transformers.js'"),
      );
      const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
      assert.is(stderr, '');
      assert.is(stdout, output);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('names only files that exist', () => {
  for (const [, link] of text.matchAll(/\]\((?!http)([^)]+)\)/g)) readFileSync(`${root}/${link}`);
});

test.run();
