/**
 * Compiles kernels/wasm (AssemblyScript) to the modules of the wasm backend: the core (index.ts), and a module of its own for each family
 * that most applications do without. Of each there is a plain and a relaxed SIMD build; the first and what the second changes in it are
 * written, packed (lzma.mjs), as base64, into a file in src/backends/wasm. What a third, wide build (`WIDE` in kernels/wasm/width.ts) changes
 * in the relaxed one is a file of its own for all modules. Does nothing while all files are newer than every source.
 *
 *   node scripts/build-wasm.mjs [--force]
 *
 * PATHGRAD_KERNELS=unoptimized leaves out the optimizer, which takes three quarters of the time: for a test that compiles kernels
 * that it changed.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { packLzma } from './lzma.mjs';
import { dataRanges } from './wasm-data.mjs';
import { makePatch } from './wasm-patch.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = `${root}kernels/wasm/`;
/**
 * What is built: an entry in kernels/wasm (whose exports are the kernels), and the file that its module is written to. All modules share one
 * memory: the constants of each lie in a place of its own below the heap (src/backends/wasm/heap.ts).
 */
const modules = ['index', 'training', 'recurrent', 'winograd', 'kinks', 'attention', 'sliding'].map((name, i) => ({
  entry: `${name}.ts`,
  target: `${root}src/backends/wasm/${name === 'index' ? 'modules' : name}.generated.ts`,
  constants: 1024 + 512 * i,
}));
const constantBytes = 512;
const wideTarget = `${root}src/backends/wasm/wide.generated.ts`;

const newest = Math.max(
  ...readdirSync(`${root}scripts`)
    .filter((file) => /wasm|lzma/.test(file) && file.endsWith('.mjs') && file !== 'build-web.mjs')
    .map((file) => statSync(`${root}scripts/${file}`).mtimeMs),
  ...readdirSync(sources, { recursive: true }).map((file) => statSync(sources + file).mtimeMs),
);
const isNew = ({ target }) => existsSync(target) && statSync(target).mtimeMs > newest;
const upToDate = () => !process.argv.includes('--force') && [...modules, { target: wideTarget }].every(isNew);
if (isMainThread && upToDate()) process.exit(0);

/** AssemblyScript from node_modules, or from a folder named by NODE_PATH. */
async function loadCompiler() {
  const require = createRequire(import.meta.url);
  const paths = [root, ...(process.env.NODE_PATH ?? '').split(':').filter(Boolean)];
  const manifest = require.resolve('assemblyscript/package.json', { paths });
  return import(new URL('dist/asc.js', pathToFileURL(manifest)).href);
}
const asc = await loadCompiler();
const optimized = process.env.PATHGRAD_KERNELS !== 'unoptimized';

const relaxedFeatures = 'simd,threads,bulk-memory,relaxed-simd';
const builds = { plain: 'simd,threads,bulk-memory', relaxed: relaxedFeatures, wide: relaxedFeatures };

/** A source file, as the build `simd` reads it. */
function source(name, simd) {
  if (!existsSync(sources + name)) return null;
  const text = readFileSync(sources + name, 'utf8');
  return name === 'width.ts' ? text.replace('WIDE: bool = false', `WIDE: bool = ${simd === 'wide'}`) : text;
}

async function build({ entry, constants }, simd) {
  const files = new Map();
  const options = [
    '--runtime',
    'stub',
    optimized ? '-O3' : '-O0',
    '--noAssert',
    '--disableWarning',
    '112',
    '--importMemory',
    '--sharedMemory',
  ];
  const memory = ['--initialMemory', '1', '--maximumMemory', '65536', '--memoryBase', `${constants}`];
  const { error, stderr } = await asc.main([entry, ...options, ...memory, '--enable', builds[simd], '-o', 'out.wasm'], {
    readFile: (name) => source(name, simd),
    writeFile: (name, contents) => files.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`kernels/wasm does not compile:\n${stderr.toString()}`);
  const binary = files.get('out.wasm');
  for (const [from, to] of dataRanges(binary)) {
    if (from >= constants && to <= constants + constantBytes) continue;
    throw new Error(
      `kernels/wasm/${entry}: constants at ${from} to ${to}, not within ${constantBytes} bytes of ${constants}`,
    );
  }
  return binary;
}

/** The builds of one kind, in a thread of their own: all take a third of the time on three cores. */
function buildApart(simd) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: simd });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function buildAll(simd) {
  const made = [];
  for (const module of modules) made.push(await build(module, simd));
  return made;
}

/** What the wide builds change in the relaxed ones. */
function writeWide(relaxed, wide) {
  const lines = modules.map(({ entry }, i) => {
    const patch = makePatch(relaxed[i], wide[i]);
    const text = Buffer.from(packLzma(patch)).toString('base64');
    return `  ${entry.replace('.ts', '')}: { bytes: ${patch.length}, text: '${text}' },`;
  });
  writeFileSync(
    wideTarget,
    `/** Generated by scripts/build-wasm.mjs: patches from each relaxed module to the one with wide tiles; LZMA, in base64. */
export const patches: Readonly<Record<string, { readonly bytes: number; readonly text: string }>> = {
${lines.join('\n')}
};
`,
  );
  return `wide: ${lines.join('').length} characters`;
}

async function write() {
  const started = performance.now();
  const [plain, relaxed, wide] = await Promise.all([buildApart('plain'), buildAll('relaxed'), buildApart('wide')]);
  const sizes = modules.map(({ entry, target }, i) => {
    const both = Buffer.concat([plain[i], makePatch(plain[i], relaxed[i])]);
    const packed = packLzma(both);
    writeFileSync(
      target,
      `/** Generated by scripts/build-wasm.mjs from kernels/wasm/${entry}: the plain module, then the patch to the relaxed one; LZMA, in base64. */
import type { PackedModule } from './module/module.ts';

export const packed: PackedModule = {
  name: '${entry.replace('.ts', '')}',
  plainBytes: ${plain[i].length},
  bothBytes: ${both.length},
  text: '${Buffer.from(packed).toString('base64')}',
};
`,
    );
    return `${entry} ${plain[i].length} bytes, ${packed.length} packed`;
  });
  sizes.push(writeWide(relaxed, wide));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`kernels/wasm: ${sizes.join('; ')}; in ${seconds} s${optimized ? '' : ', NOT optimized'}`);
}

if (isMainThread) await write();
else parentPort.postMessage(await buildAll(workerData));
