/**
 * An esbuild plugin that makes code loaded on demand import, for nothing but its place, all that was fetched before it. esbuild makes a
 * chunk of every set of modules that the same entries reach, and a module that is loaded on demand is an entry: without this, what a page
 * fetches at once is nine files for four such modules, each compressed by itself (3 kB gzip), with imports and exports between
 * them (3 kB). With it all four reach the same. The imports cost nothing where they are run: those modules are there, since
 * they are who asks. A bundler that sorts single modules drops them, as they bring nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What an application that explains a Keras model fetches at once, and what it may load later. */
const core = ['src/keras/load/load.ts', 'src/attribution/methods/integrated-gradients.ts'];
const coreLater = [
  'src/attribution/path/auto-steps.ts',
  'src/attribution/path/frontier-points.ts',
  'src/attribution/path/kept-frontier.ts',
  'src/attribution/path/line-conv.ts',
  'src/backends/wasm/attention/take.ts',
  'src/backends/wasm/module/wide.ts',
  'src/hdf5/on-demand.ts',
  'src/keras/layers/more.ts',
  'src/keras/load/on-demand.ts',
];

/** The page's engine. */
const engine = ['src/web/worker/index.ts'];
const engineLater = [
  ...coreLater,
  'src/gpu.ts',
  'src/inputs/jpeg-js.ts',
  'src/inputs/jpeg.ts',
  'src/inputs/parquet/parquet.ts',
  'src/model/verify/verify.ts',
  'src/onnx/index.ts',
  'src/transformers/index.ts',
  'src/transformers/sentence/head.ts',
  'src/transformers/sentence/modules.ts',
  'src/web/worker/extras.ts',
  'src/web/worker/model/transformer.ts',
  'src/web/worker/pictures.ts',
  'src/web/worker/sample/rows.ts',
  'src/web/worker/tables.ts',
  'src/web/worker/tuning/tuning.ts',
];

/**
 * One more module imports the packed kernels alone, which so get a file of their own: gzip has trouble with text that cannot be compressed among
 * code, and both are 1.9 kB smaller apart.
 */
const kernels = ['src/backends/wasm/modules.generated.ts'];
const kernelsLater = ['src/backends/wasm/bind/winograd.ts', 'src/backends/wasm/bind/sliding.ts'];

/**
 * @param {readonly (readonly [first: readonly string[], later: readonly string[]])[]} sets
 * @returns {import('esbuild').Plugin}
 */
const together = (sets) => ({
  name: 'same-chunk',
  setup(build) {
    for (const file of sets.flat(2))
      if (!existsSync(resolve(root, file))) throw new Error(`same-chunk: no file ${file}`);
    const imports = new Map(sets.flatMap(([first, later]) => later.map((file) => [resolve(root, file), first])));
    build.onLoad({ filter: /\.ts$/ }, ({ path, namespace }) => {
      const first = namespace === 'file' ? imports.get(path) : undefined;
      if (!first) return undefined;
      const added = first.map((file) => {
        const from = relative(dirname(path), resolve(root, file)).replaceAll('\\', '/');
        return `import '${from.startsWith('.') ? from : `./${from}`}';\n`;
      });
      return { contents: `${readFileSync(path, 'utf8')}${added.join('')}`, loader: 'ts' };
    });
  },
});

/** For the package. */
export const sameChunk = together([
  [core, coreLater],
  [kernels, kernelsLater],
]);
/** For the page. */
export const sameChunkOfPage = together([
  [engine, engineLater],
  [kernels, kernelsLater],
]);
