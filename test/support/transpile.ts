/**
 * The TypeScript of the repository as JavaScript in a temporary folder, made once for all test files: a process that goes through tsx
 * spends one to two seconds on finding and loading some hundred sources, one that loads this JavaScript a third of a second.
 *
 * Invariant: a file that runs from there sees what it sees under tsx. Each source is a module of its own, `import.meta.url` is the
 * source's (files beside it are found, and a path made from it leads to the source), packages are those of the repository, and stack
 * traces name lines of the sources (with `--enable-source-maps`). Only an `import()` of a path that is computed finds no source here.
 */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin, stop } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What tests import; kernels/wasm is AssemblyScript. */
const folders = ['src', 'kernels/reference', 'kernels/gpu', 'test', 'bench', 'scripts', 'examples/training'];

/** Imports of sources lead to their JavaScript, those of other files to the files, and those of packages stay. */
const eachApart: Plugin = {
  name: 'each source is a module of its own',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      if (kind === 'entry-point') return;
      const to = path.endsWith('.ts') ? path.replace(/ts$/, 'mjs') : pathToFileURL(resolve(resolveDir, path)).href;
      return { path: to, external: true };
    });
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      // Before the first line, so that lines keep their numbers; `define` puts the name where import.meta.url is.
      return {
        contents: source.includes('import.meta.url') ? `const sourceUrl = ${url};${source}` : source,
        loader: 'ts',
      };
    });
  },
};

export interface Transpiled {
  readonly folder: string;
  remove(): void;
}

export async function transpile(): Promise<Transpiled> {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const sources = folders.flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.includes('node_modules'))
      .map((file) => join(root, name, file)),
  );
  try {
    await build({
      absWorkingDir: root,
      entryPoints: sources,
      outdir: folder,
      outbase: root,
      outExtension: { '.js': '.mjs' },
      ...{ bundle: true, packages: 'external', treeShaking: false, format: 'esm', platform: 'node' },
      target: `node${process.versions.node}`,
      define: { 'import.meta.url': 'sourceUrl' },
      ...{ sourcemap: 'linked', sourcesContent: false },
      plugins: [eachApart],
    });
    const packages = createRequire(import.meta.url)
      .resolve('uvu')
      .replace(/uvu[\\/]dist[\\/].*$/, '');
    symlinkSync(packages, join(folder, 'node_modules'), 'junction');
  } catch (error) {
    remove();
    throw error;
  } finally {
    await stop();
  }
  return { folder, remove };
}
