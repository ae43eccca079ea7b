/**
 * What a page has to fetch: bundles of pathgrad and of small uses of it, minified by esbuild, then gzip -9 and brotli 11, file by file;
 * the kernels are part of the bundle. Uses of `loadModel` are bundled twice: cut where code is loaded on demand, of which what is fetched at once is
 * measured, and in one file with all of it. What is bundled is what `npm run build` publishes, as an application would do it.
 * Each bundle is loaded and must export what it should. Peers are bundled the same way, with what their documents say to import for
 * gradients on WebAssembly.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type OutputFile } from 'esbuild';
import { ownCopies } from '../../scripts/own-copies.mjs';
import { sameChunk } from '../../scripts/same-chunk.mjs';
import type { CaseResult } from '../harness.ts';
import { peersFolder } from '../peers/peer.ts';
import { OURS } from '../report.ts';
import { pageResults } from './size-page.ts';
import { sizeResult } from './size-result.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Bundle {
  readonly name: string;
  readonly contender: string;
  readonly code: string;
  readonly folder: string;
  /** Exports that must be there; null where loading it in Node is not possible. */
  readonly exports: readonly string[] | null;
  /** Cut in files; what is fetched at once is measured. */
  readonly split?: boolean;
  /** Files fetched beside the bundle. */
  readonly beside?: readonly string[];
}

/** The name that `bundleParts` gives to what is loaded when a model needs it. */
export const ON_DEMAND = 'loaded on demand';

/** What the issue of the bundle's size speaks of: everything to explain a Keras model on the default backend. */
const KERAS_USE = '{ IntegratedGradients, loadModel }';

function ownBundles(dist: string): Bundle[] {
  const own = (name: string, code: string, exports: readonly string[]): Bundle => ({
    name,
    contender: OURS,
    code,
    folder: dist,
    exports,
  });
  const all = "export * from './index.js'";
  const some = (names: string): string => `export ${names} from './index.js'`;
  const uses = ['IntegratedGradients', 'loadModel'];
  const list: Bundle[] = [
    own('everything but GPU, pictures and command line, in one file', all, uses),
    { ...own('integrated gradients of a Keras model', some(KERAS_USE), uses), split: true },
    own('integrated gradients of a Keras model, in one file', some(KERAS_USE), uses),
    own('integrated gradients of a function', some('{ IntegratedGradients, matmul, relu, tensor }'), [
      'IntegratedGradients',
      'matmul',
      'relu',
      'tensor',
    ]),
    own('tensors, gradients, matmul and relu', some('{ compile, grad, matmul, placeholder, relu, tensor }'), [
      'compile',
      'grad',
      'matmul',
      'placeholder',
      'relu',
      'tensor',
    ]),
  ];
  list.push(own('the gpu backend, GPU.js with it', "export * from './gpu.js'", ['gpuBackend']));
  return hasPictures() ? [...list, own('pictures and reports', "export * from './visualize.js'", [])] : list;
}

function peerBundles(): Bundle[] {
  const folder = peersFolder;
  const modules = `${folder}node_modules`;
  const tf = '@tensorflow/tfjs-core';
  const wasm = '@tensorflow/tfjs-backend-wasm';
  const simd = `${modules}/${wasm}/dist/tfjs-backend-wasm-simd.wasm`;
  const tfCode = `export * from '${tf}'; import '${tf}/dist/register_all_gradients'; import '${wasm}'`;
  const list: Bundle[] = [];
  if (existsSync(`${modules}/${tf}`)) {
    list.push({ name: 'peers', contender: 'tfjs-wasm', code: tfCode, folder, exports: null, beside: [simd] });
  }
  if (existsSync(`${modules}/@jax-js/jax`)) {
    list.push({ name: 'peers', contender: 'jax-js', code: `export * from '@jax-js/jax'`, folder, exports: null });
  }
  return list;
}

/** One result per bundle. Peers only where they are installed. */
export async function sizeResults(): Promise<CaseResult[]> {
  const dist = mkdtempSync(`${tmpdir()}/pathgrad-size-`);
  try {
    const { status, stderr } = spawnSync(process.execPath, [`${root}/scripts/build.mjs`, '--quick', '--out', dist]);
    if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
    copyFileSync(`${root}/package.json`, `${dist}/package.json`);
    const results = await Promise.all([...ownBundles(dist), ...peerBundles()].map(measure));
    const pages = await pageResults();
    const parts = await bundleParts();
    const own = results.map((result) => (result.case.endsWith('Keras model') ? { ...result, parts } : result));
    return [...own, ...pages];
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
}

/**
 * Minified bytes by folder of the source, of what is fetched at once to explain a Keras model; the packed kernels are a part of their
 * own, and so is what is loaded on demand.
 */
export async function bundleParts(): Promise<Record<string, number>> {
  const { files, later } = await bundleFiles();
  const parts: Record<string, number> = { [ON_DEMAND]: later };
  for (const [path, bytes] of Object.entries(files)) {
    const name = path.includes('modules.generated') ? 'packed kernels' : path.split('/').slice(0, 2).join('/');
    parts[name] = (parts[name] ?? 0) + bytes;
  }
  return Object.fromEntries(Object.entries(parts).sort(([, a], [, b]) => b - a));
}

/**
 * Minified bytes by file of the source, of what is fetched at once to explain a Keras model, and of all that is loaded on demand; how many
 * files are fetched at once, and their bytes as gzip sends them.
 */
export async function bundleFiles(): Promise<{
  readonly files: Record<string, number>;
  readonly later: number;
  readonly fetched: number;
  readonly gzip: number;
}> {
  const code = `export ${KERAS_USE} from './src/index.ts'`;
  const { metafile, outputFiles } = await build({
    ...options(code, root, 'neutral'),
    splitting: true,
    plugins: [ownCopies, sameChunk],
  });
  const first = fetchedAtOnce(metafile);
  const files: Record<string, number> = {};
  let later = 0;
  for (const [file, { bytes, inputs }] of Object.entries(metafile.outputs)) {
    if (!first.includes(file)) later += bytes;
    for (const [path, { bytesInOutput }] of first.includes(file) ? Object.entries(inputs) : []) {
      if (bytesInOutput > 0) files[path] = (files[path] ?? 0) + bytesInOutput;
    }
  }
  const names = first.map((file) => basename(file));
  const sent = outputFiles.filter(({ path }) => names.includes(basename(path)));
  const gzip = sent.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  return { files, later, fetched: sent.length, gzip };
}

/** The entry and what it imports, not what it may import later. */
function fetchedAtOnce({ outputs }: Metafile): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file) || !outputs[file]) return;
    found.add(file);
    for (const { kind, path } of outputs[file].imports) if (kind === 'import-statement') visit(path);
  };
  for (const [file, { entryPoint }] of Object.entries(outputs)) if (entryPoint === '<stdin>') visit(file);
  return [...found];
}

const options = (
  code: string,
  folder: string,
  platform: 'neutral' | 'browser',
): BuildOptions & { write: false; metafile: true } => ({
  absWorkingDir: folder,
  stdin: { contents: code, resolveDir: folder, loader: 'ts' },
  bundle: true,
  outdir: `${folder}/bundled`,
  minify: true,
  format: 'esm',
  platform,
  mainFields: ['module', 'main'],
  conditions: ['import', 'module', 'browser'],
  external: ['node:*'],
  target: ['es2022'],
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'silent',
});

const hasPictures = (): boolean =>
  existsSync(`${root}/src/visualize`) && readdirSync(`${root}/src/visualize`).includes('index.ts');

async function measure({ name, contender, code, folder, exports, split, beside = [] }: Bundle): Promise<CaseResult> {
  const platform = exports ? 'neutral' : 'browser';
  const { outputFiles, metafile } = await build({ ...options(code, folder, platform), splitting: split ?? false });
  const lacking = exports ? await missingExports(outputFiles, exports) : [];
  const first = fetchedAtOnce(metafile).map((file) => basename(file));
  const fetched = outputFiles.filter((file) => first.includes(basename(file.path))).map((file) => file.contents);
  const backend = beside.length > 0 ? 'bundle and .wasm' : 'bundle';
  return sizeResult(name, [...fetched, ...beside.map((file) => readFileSync(file))], {
    contender,
    backend,
    verified: exports !== null && lacking.length === 0,
    cannot: lacking.length > 0 ? `WRONG BUNDLE: lacks ${lacking.join(', ')}` : null,
  });
}

/** Loads the bundle from its files alone. */
async function missingExports(files: readonly OutputFile[], names: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-bundle-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const { path, contents } of files) writeFileSync(join(folder, basename(path)), contents);
    const module = (await import(pathToFileURL(join(folder, 'stdin.js')).href)) as Record<string, unknown>;
    return names.filter((name) => !(name in module));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
