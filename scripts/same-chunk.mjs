/**
 * An esbuild plugin that makes code loaded on demand import, for nothing but its place, all that was fetched before it. esbuild makes a
 * chunk of every set of modules that the same entries reach, and a module that is loaded on demand is an entry: without this, what a page
 * fetches at once is nine files for four such modules, each compressed by itself (3 kB gzip), with imports and exports between
 * them (3 kB). With it all four reach the same. The imports cost nothing where they are run: those modules are there, since
 * they are who asks. A bundler that sorts single modules drops them, as they bring nothing.
 */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What an application that explains a Keras model fetches at once, and what it may load later. */
const core = ['src/keras/load/load.ts', 'src/attribution/methods/integrated-gradients.ts'];
const later = [
  'src/attribution/path/auto-steps.ts',
  'src/hdf5/on-demand.ts',
  'src/keras/layers/more.ts',
  'src/keras/load/on-demand.ts',
];

/** The same of the page's engine. */
const engine = ['src/web/worker/index.ts'];
const engineLater = [
  ...later,
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
 * @param {readonly string[]} first
 * @param {readonly string[]} later
 * @returns {import('esbuild').Plugin}
 */
const together = (first, later) => ({
  name: 'same-chunk',
  setup(build) {
    const names = later.map((file) => file.split('/').at(-1).replace('.', '\\.'));
    build.onLoad({ filter: new RegExp(`[\\\\/](${[...new Set(names)].join('|')})$`) }, ({ path }) => {
      if (!later.includes(relative(root, path).replaceAll('\\', '/'))) return undefined;
      const imports = first.map((file) => {
        const from = relative(dirname(path), resolve(root, file)).replaceAll('\\', '/');
        return `import '${from.startsWith('.') ? from : `./${from}`}';\n`;
      });
      return { contents: `${readFileSync(path, 'utf8')}${imports.join('')}`, loader: 'ts' };
    });
  },
});

/** For the package. */
export const sameChunk = together(core, later);
/** For the page. */
export const sameChunkOfPage = together(engine, engineLater);
