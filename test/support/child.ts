/** Code that a test runs in a process of its own, and the sources that it imports: from what run.ts transpiled, else through tsx. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transpiledPath } from './transpile.ts';

const folder = process.env['PATHGRAD_TRANSPILED'];
const root = new URL('../..', import.meta.url);

/** A source, named from the root, as a literal to import: `'src/index.ts'`. */
export function source(path: string): string {
  return JSON.stringify((folder ? pathToFileURL(transpiledPath(folder, path)) : new URL(path, root)).href);
}

/** What node is told to run `code`, a module that imports `source`s, with these arguments, and where. */
export function child(code: string, ...args: string[]): { args: string[]; cwd: string } {
  const loader = folder ? [] : ['--import', 'tsx'];
  return { args: [...loader, '--input-type=module', '-e', code, ...args], cwd: fileURLToPath(root) };
}
