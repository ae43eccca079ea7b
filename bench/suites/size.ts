/**
 * What a page has to fetch: bundles of pathgrad and of small uses of it, minified by esbuild, then gzip -9 and brotli 11;
 * WebAssembly that is part of the bundle counts. Each bundle is loaded and must export what it should. Peers are bundled the
 * same way, with what their documents say to import for gradients on WebAssembly.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { gpujs } from '../../scripts/gpujs.mjs';
import type { CaseResult } from '../harness.ts';
import { peersFolder } from '../peers/peer.ts';
import { OURS } from '../report.ts';
import { pageResults } from './size-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Bundle {
  readonly name: string;
  readonly contender: string;
  readonly code: string;
  readonly folder: string;
  /** Exports that must be there; null where loading it in Node is not possible. */
  readonly exports: readonly string[] | null;
  /** Files fetched beside the bundle. */
  readonly beside?: readonly string[];
}

const own = (name: string, code: string, exports: readonly string[]): Bundle => ({
  name,
  contender: OURS,
  code,
  folder: root,
  exports,
});

const bundles: readonly Bundle[] = [
  own('everything but GPU, pictures and command line', `export * from './src/index.ts'`, [
    'IntegratedGradients',
    'loadModel',
  ]),
  own(
    'integrated gradients of a Keras model',
    `export { IntegratedGradients } from './src/attribution/index.ts'; export { loadModel } from './src/keras/load.ts'`,
    ['IntegratedGradients', 'loadModel'],
  ),
  own(
    'integrated gradients of a function',
    `export { IntegratedGradients, matmul, relu, tensor } from './src/index.ts'`,
    ['IntegratedGradients', 'matmul', 'relu', 'tensor'],
  ),
  own(
    'tensors, gradients, matmul and relu',
    `export { compile, grad, matmul, placeholder, relu, tensor } from './src/index.ts'`,
    ['compile', 'grad', 'matmul', 'placeholder', 'relu', 'tensor'],
  ),
  own('pictures and reports', `export * from './src/visualize/index.ts'`, []),
  own('the gpu backend, GPU.js with it', `export * from './src/gpu.ts'`, ['gpuBackend']),
];

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
  const wanted = bundles.filter(({ code }) => !code.includes('visualize') || hasPictures());
  return [...(await Promise.all([...wanted, ...peerBundles()].map(measure))), ...(await pageResults())];
}

const hasPictures = (): boolean =>
  existsSync(`${root}/src/visualize`) && readdirSync(`${root}/src/visualize`).includes('index.ts');

async function measure({ name, contender, code, folder, exports, beside = [] }: Bundle): Promise<CaseResult> {
  const result = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: exports ? 'neutral' : 'browser',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', 'browser'],
    external: ['node:*'],
    plugins: [gpujs],
    target: ['es2022'],
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]!.contents;
  const lacking = exports ? await missingExports(text, exports) : [];
  const parts = [text, ...beside.map((file) => readFileSync(file))];
  const total = (size: (part: Uint8Array) => number): number => parts.reduce((sum, part) => sum + size(part), 0);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const none = {
    medianMs: null,
    madMs: null,
    p95Ms: null,
    samples: 0,
    timesMs: [],
    gflops: null,
    gbps: null,
    firstMs: null,
    maxRelError: null,
  };
  return {
    suite: 'size',
    case: name,
    contender,
    backend: beside.length > 0 ? 'bundle and .wasm' : 'bundle',
    threads: 0,
    ...none,
    verified: exports !== null && lacking.length === 0,
    cannot: lacking.length > 0 ? `WRONG BUNDLE: lacks ${lacking.join(', ')}` : null,
    bytes: {
      minified: total((part) => part.length),
      gzip: total((part) => gzipSync(part, { level: 9 }).length),
      brotli: total((part) => brotliCompressSync(part, { params }).length),
    },
  };
}

/** Loads the bundle as a browser would: from its text alone. */
async function missingExports(text: Uint8Array, names: readonly string[]): Promise<string[]> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  const module = (await import(url)) as Record<string, unknown>;
  return names.filter((name) => !(name in module));
}
