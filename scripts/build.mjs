/**
 * Builds dist/: index.js (the engine, Keras models, attribution), a file per other entry point and cli.js, ES modules that need nothing
 * installed; code they share lies in dist/chunks. `--quick` leaves out the type declarations (dist/types, made by tsc).
 *
 *   node scripts/build.mjs [--quick] [--once] [--out FOLDER] [--metafile FILE]
 *
 * `--once` does nothing where a build is already: `prepare`, which npm runs on a clone that it installs from, and on `npm ci`.
 * The metafile lists what went in; test/build.test.ts compares it with NOTICE.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { bundling } from './bundling.mjs';
import { copyEntries } from './own-copies.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The entry points of the package, and the command line. */
const entries = {
  index: 'src/index.ts',
  methods: 'src/attribution/methods/index.ts',
  metrics: 'src/attribution/metrics/index.ts',
  inputs: 'src/inputs/index.ts',
  onnx: 'src/onnx/index.ts',
  transformers: 'src/transformers/index.ts',
  training: 'src/training/index.ts',
  jobs: 'src/jobs/index.ts',
  visualize: 'src/visualize/index.ts',
  gpu: 'src/gpu.ts',
  cli: 'src/cli/index.ts',
  // What a thread of a job begins with.
  'job-thread': 'src/jobs/run/thread.ts',
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    once: { type: 'boolean' },
    out: { type: 'string' },
    metafile: { type: 'string' },
  },
});
const out = resolve(values.out ?? `${root}/dist`);
if (values.once && existsSync(`${out}/index.js`) && existsSync(`${out}/types`)) process.exit(0);
const started = performance.now();

// Only what an earlier build made is removed, so that a wrong --out cannot cost a folder.
for (const made of [...Object.keys(entries).map((name) => `${name}.js`), 'chunks', 'types']) {
  rmSync(`${out}/${made}`, { recursive: true, force: true });
}

const kernels = spawnSync(process.execPath, [`${root}/scripts/build-wasm.mjs`], { stdio: 'inherit' });
if (kernels.status !== 0) process.exit(1);

const result = await build({
  absWorkingDir: root,
  // No entries of the package: they keep the loader, and copies of what is public (own-copies.mjs), in files of their own, which bundles without
  // them leave out whole. Within index.js statements would stay that may have an effect: loops that fill tables, reads of properties.
  entryPoints: { ...entries, 'chunks/load': 'src/keras/load/load.ts', ...copyEntries },
  ...bundling,
  outdir: out,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  target: ['es2022'],
  legalComments: 'eof',
  metafile: true,
  logLevel: 'warning',
});
kernelsFirst(result.metafile);
chmodSync(`${out}/cli.js`, 0o755);
if (values.metafile) writeFileSync(values.metafile, JSON.stringify(result.metafile));

if (!values.quick) {
  const options = ['--project', `${root}/scripts/tsconfig.types.json`, '--outDir', `${out}/types`];
  const tsc = spawnSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  if (tsc.status !== 0 || !existsSync(`${out}/types/src/index.d.ts`)) {
    console.error('build: the type declarations could not be made');
    process.exit(1);
  }
}

const sizes = Object.keys(entries).map((name) => {
  const entry = Object.entries(result.metafile.outputs).find(
    ([path]) => path.endsWith(`${name}.js`) && !path.includes('chunks/'),
  );
  return `${name}.js ${Math.round(totalBytes(result.metafile, entry?.[0] ?? '') / 1024)} kB`;
});
console.log(`built ${sizes.join(', ')} in ${Math.round(performance.now() - started)} ms`);

/**
 * The packed kernels are what an entry point imports first, as src/index.ts does and says why: bundlers that make one file keep the order of imports, and
 * esbuild gives those of chunks an order of its own.
 */
function kernelsFirst({ outputs }) {
  const [chunk] = Object.entries(outputs).find(([, { inputs }]) => 'src/backends/wasm/modules.generated.ts' in inputs);
  for (const [path, { entryPoint, imports }] of Object.entries(outputs)) {
    const isEntry = entryPoint && entryPoint !== entries.cli && Object.values(entries).includes(entryPoint);
    if (!isEntry || !imports.some((item) => item.path === chunk && item.kind === 'import-statement')) continue;
    const file = resolve(root, path);
    const from = relative(dirname(file), resolve(root, chunk)).replaceAll('\\', '/');
    writeFileSync(file, `import "./${from}";\n${readFileSync(file, 'utf8')}`);
  }
}

/** Bytes of an output and of every chunk it imports. */
function totalBytes({ outputs }, path, seen = new Set()) {
  if (seen.has(path) || !outputs[path]) return 0;
  seen.add(path);
  return outputs[path].imports.reduce(
    (sum, item) => sum + totalBytes({ outputs }, item.path, seen),
    outputs[path].bytes,
  );
}
