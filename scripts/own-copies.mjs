/**
 * An esbuild plugin that gives public names copies of the files behind them, where code loaded on demand needs these files too. A bundler
 * that sorts whole files to chunks (esbuild) otherwise attaches them to every application that imports anything: it follows what index.js
 * names, used or not. A copy that nobody imports is left out instead. Whoever imports such a name and loads a model that needs the
 * file fetches it twice; that is rare, and nothing tells the two apart: ops are known by name, the rest are functions of their arguments.
 */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files that list public names; no other code imports the names below from them. */
const lists = ['src/index.ts', 'src/ops/index.ts', 'src/quadrature/index.ts'];

/** What is public, and beside that only needed on demand; fflate, which these import, too. test/bench/size.test.ts tells when one of them comes at once. */
export const copied = [
  'kernels/reference/attention.ts',
  'kernels/reference/recurrent-cells.ts',
  'kernels/reference/recurrent.ts',
  'src/backends/reference/attention.ts',
  'src/backends/reference/recurrent.ts',
  'src/backends/wasm/attention.generated.ts',
  'src/backends/wasm/bind/attention.ts',
  'src/backends/wasm/bind/recurrent.ts',
  'src/backends/wasm/recurrent.generated.ts',
  'src/guard/crc32.ts',
  'src/guard/zip.ts',
  'src/inputs/npy.ts',
  'src/model/verify/reference.ts',
  'src/ops/attention-sizes.ts',
  'src/ops/attention.ts',
  'src/ops/einsum.ts',
  'src/ops/recurrent-activations.ts',
  'src/ops/recurrent.ts',
  'src/ops/rnn.ts',
  'src/quadrature/adaptive-intervals.ts',
  'src/quadrature/adaptive.ts',
  'src/quadrature/gauss-kronrod.ts',
];

/** Entries of the build that keep copies apart from src/index.ts. */
export const copyEntries = {
  'chunks/attention': 'copy:src/ops/attention.ts',
  'chunks/rnn': 'copy:src/ops/rnn.ts',
  'chunks/zip': 'copy:src/guard/zip.ts',
};

const namespace = 'copy';

/** @type {import('esbuild').Plugin} */
export const ownCopies = {
  name: 'own-copies',
  setup(build) {
    const pathOf = (file) => relative(root, file).replaceAll('\\', '/');
    build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer, resolveDir, namespace: from }) => {
      const file = pathOf(resolve(resolveDir, path));
      const own = from === namespace || lists.includes(pathOf(importer));
      return own && copied.includes(file) ? { path: file, namespace, sideEffects: false } : undefined;
    });
    build.onResolve({ filter: /^copy:/ }, ({ path }) => ({ path: path.slice('copy:'.length), namespace }));
    build.onResolve({ filter: /^fflate$/, namespace }, async ({ path, resolveDir }) => {
      const found = await build.resolve(path, { kind: 'import-statement', resolveDir });
      return { path: pathOf(found.path), namespace, sideEffects: false };
    });
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: readFileSync(resolve(root, path), 'utf8'),
      loader: path.endsWith('.ts') ? 'ts' : 'js',
      resolveDir: dirname(resolve(root, path)),
    }));
  },
};
