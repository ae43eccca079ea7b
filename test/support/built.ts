/** The package as it is built, for tests that start its command line often: built once per process, beside the repository's node_modules. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string | null = null;

/** The folder with `cli.js` and the entry points; it goes when the process ends. */
export function built(): string {
  if (folder === null) {
    const made = mkdtempSync(`${root}dist-docs-`);
    folder = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    execFileSync(process.execPath, ['scripts/build.mjs', '--quick', '--out', made], { cwd: root, stdio: 'pipe' });
  }
  return folder;
}
