/** The examples of a document: each `js` block is followed by a plain block with what it prints. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface DocExample {
  readonly code: string;
  readonly output: string;
}

export function examplesOf(page: string): readonly DocExample[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(/```js\n(.*?)```.*?```\n(.*?)```/gs)].map(([, code, output]) => ({
    code: code!,
    output: output!,
  }));
}

/** Runs each example in the repository's root, with this package built as `pathgrad`; gives what they print. */
export function runExamples(examples: readonly DocExample[]): { stdout: string; stderr: string }[] {
  const folder = mkdtempSync(`${root}dist-docs-`);
  try {
    execFileSync(process.execPath, ['scripts/build.mjs', '--quick', '--out', folder], { cwd: root });
    return examples.map(({ code }) => {
      const file = `${folder}/example.mjs`;
      const here = code.replaceAll(/'pathgrad(?:\/(\w+))?'/g, (_, entry?: string) => `'./${entry ?? 'index'}.js'`);
      writeFileSync(file, here);
      const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
      return { stdout, stderr };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
