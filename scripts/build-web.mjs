/**
 * Builds the page of src/web into dist/web: index.html, page.css, page.js, worker.js, chunks that are loaded when they are
 * needed, and examples/. Plain files: any static host will do.
 *
 *   node scripts/build-web.mjs [--out FOLDER] [--metafile FILE]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundling } from './bundling.mjs';
import { sameChunk, sameChunkOfPage } from './same-chunk.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const exampleFiles = [
  ...['imdb-cnn.h5', 'imdb-vocab.txt', 'sentences.txt', 'agnews-bilstm.h5', 'agnews-vocab.txt', 'headlines.txt'],
  ...['mnist-cnn.h5', 'digits', 'wine-mlp.keras', 'wine.csv'],
  ...['tf_model.h5', 'config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) => `imdb-distilbert/${name}`),
];

/**
 * @param {string} out
 * @returns the esbuild metafile
 */
export async function buildWeb(out) {
  // Only what an earlier build made is removed, so that a wrong --out cannot cost a folder.
  for (const made of ['index.html', 'page.css', 'page.js', 'worker.js', 'chunks', 'examples']) {
    rmSync(`${out}/${made}`, { recursive: true, force: true });
  }
  const kernels = spawnSync(process.execPath, [`${root}/scripts/build-wasm.mjs`], { stdio: 'inherit' });
  if (kernels.status !== 0) throw new Error('the kernels could not be built');
  mkdirSync(`${out}/examples`, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'src/web/page.ts', out: 'page' },
      { in: 'src/web/style/page.css', out: 'page' },
      { in: 'src/web/worker/index.ts', out: 'worker' },
    ],
    ...bundling,
    plugins: bundling.plugins.map((plugin) => (plugin === sameChunk ? sameChunkOfPage : plugin)),
    outdir: out,
    splitting: true,
    minify: true,
    chunkNames: 'chunks/[name]-[hash]',
    target: ['es2022'],
    legalComments: 'none', // NOTICE, which is copied, has them
    metafile: true,
    logLevel: 'warning',
  });
  cpSync(`${root}/src/web/index.html`, `${out}/index.html`);
  for (const file of ['NOTICE', 'LICENSE']) cpSync(`${root}/${file}`, `${out}/${file}`);
  for (const file of exampleFiles) cpSync(`${root}/examples/${file}`, `${out}/examples/${file}`, { recursive: true });
  return metafile;
}

/** Bytes of files as gzip sends them. */
export function gzipBytes(paths) {
  return paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
}

/**
 * What a visitor fetches: the page before any sign of use, what the engine adds, and what a GPU or a transformer adds to that.
 * @param {string} out where the page was built
 * @param {import('esbuild').Metafile} metafile
 * @returns paths of files
 */
export function fetchedFiles(out, metafile) {
  const outputs = Object.entries(metafile.outputs);
  const find = (end) => outputs.find(([path]) => path.endsWith(end))[0];
  const visit = (path, seen) => {
    if (seen.has(path)) return seen;
    seen.add(path);
    for (const item of metafile.outputs[path].imports) if (item.kind !== 'dynamic-import') visit(item.path, seen);
    return seen;
  };
  const page = visit(find('page.js'), new Set());
  const engine = visit(find('worker.js'), new Set(page));
  const chunk = (entry) => visit(outputs.find(([, { entryPoint }]) => entryPoint === entry)[0], new Set(engine));
  const [gpu, transformer] = [chunk('src/gpu.ts'), chunk('src/web/worker/model/transformer.ts')];
  const [tables, pictures] = ['tables', 'pictures'].map((name) => chunk(`src/web/worker/${name}.ts`));
  const added = (files, before) => [...files].filter((path) => !before.has(path)).map((path) => resolve(root, path));
  return {
    page: [`${out}/index.html`, `${out}/page.css`, ...added(page, new Set())],
    engine: added(engine, page),
    gpu: added(gpu, engine),
    transformer: added(transformer, engine),
    tables: added(tables, engine),
    pictures: added(pictures, engine),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, metafile: { type: 'string' } } });
  const out = resolve(values.out ?? `${root}/dist/web`);
  const started = performance.now();
  const metafile = await buildWeb(out);
  if (values.metafile) writeFileSync(values.metafile, JSON.stringify(metafile));
  const { page, engine, gpu, transformer } = fetchedFiles(out, metafile);
  const kB = (paths) => `${(gzipBytes(paths) / 1000).toFixed(0)} kB`;
  console.log(
    `gzip: page ${kB(page)}; engine, at the first sign of use, ${kB(engine)}; when chosen: GPU.js ${kB(gpu)}, transformers ${kB(transformer)}`,
  );
  console.log(`built ${out} in ${Math.round(performance.now() - started)} ms`);
}
