/** Code that a test runs in a process of its own, and the sources that it imports: from what run.ts transpiled, else through tsx. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = process.env['PATHGRAD_TRANSPILED'];
const root = new URL('../..', import.meta.url);

/** Where the JavaScript of a source lies in what run.ts transpiled; the source is named from the root: `test/api.test.ts`. */
export function transpiledPath(folder: string, source: string): string {
  return join(folder, source.replace(/ts$/, 'mjs'));
}

/** A source, named from the root, as a literal to import: `'src/index.ts'`. */
export function source(path: string): string {
  return JSON.stringify((folder ? pathToFileURL(transpiledPath(folder, path)) : new URL(path, root)).href);
}

/** What node is told to run `code`, a module that imports `source`s, with these arguments, and where. */
export function child(code: string, ...args: string[]): { args: string[]; cwd: string } {
  const loader = folder ? [] : ['--import', 'tsx'];
  return { args: [...loader, '--input-type=module', '-e', code, ...args], cwd: fileURLToPath(root) };
}
