/**
 * What `npm run build` makes: it needs nothing installed beside it, names in NOTICE everybody whose code it holds, and runs
 * under a Content-Security-Policy that forbids code made from strings.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, temporaryFolder } from './support/cli.ts';

const test = suite('build');
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = temporaryFolder();
const dist = folder.path('dist');

function node(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder.path('.'), encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

/** All but the entry of the gpu backend: GPU.js makes code from strings in its CPU mode, as documented. */
const scripts = (): string[] =>
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && file !== 'gpu.js')
    .map((file) => readFileSync(`${dist}/${file}`, 'utf8'));

test('builds a file per entry point and an executable cli.js', () => {
  mkdirSync(dist);
  const { status, err } = node(
    `${root}/scripts/build.mjs`,
    '--quick',
    '--out',
    dist,
    '--metafile',
    folder.path('meta.json'),
  );
  assert.is(status, 0, err);
  const { exports } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { exports: Record<string, unknown> };
  const files = JSON.stringify(exports).match(/(?<=dist\/)[a-z]+\.js/g) ?? [];
  assert.ok(files.length >= 9, String(files));
  for (const file of [...files, 'cli.js']) assert.ok(existsSync(`${dist}/${file}`), file);
  assert.ok(statSync(`${dist}/cli.js`).mode & 0o100, 'cli.js is executable');
  assert.match(readFileSync(`${dist}/cli.js`, 'utf8'), /^#!\/usr\/bin\/env node\n/);
});

test('NOTICE holds the licence of every package that went in, and of what these contain', () => {
  const { inputs } = JSON.parse(readFileSync(folder.path('meta.json'), 'utf8')) as { inputs: Record<string, object> };
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  assert.ok(packages.has('fflate') && packages.has('fast-png'), [...packages].join());
  const words = (text: string): string => text.replace(/\s+/g, ' ').trim();
  const notice = words(readFileSync(`${root}/NOTICE`, 'utf8'));
  for (const name of packages) {
    assert.ok(notice.includes(`(npm package ${name})`), `${name} is not in NOTICE`);
    const licence = readdirSync(`${root}/node_modules/${name}`).find((file) => /^licen[cs]e/i.test(file));
    assert.ok(licence, `${name} has no licence file`);
    const text = words(readFileSync(`${root}/node_modules/${name}/${licence}`, 'utf8'));
    assert.ok(notice.includes(text), `the licence of ${name} in NOTICE is not that of the package`);
  }
});

test('no code is made from strings, and nothing but Node itself is imported', () => {
  const all = scripts().join('\n');
  assert.not.match(all, /\beval\s*\(/);
  assert.not.match(all, /\bnew\s+Function\b|[^.\w]Function\s*\(\s*["'`]/);
  const imported = [...all.matchAll(/(?:^|[;}\n])\s*(?:import|export)\b[^;'"]*?\bfrom\s*["']([^"']+)["']/g)].map(
    ([, name]) => name!,
  );
  const dynamic = [...all.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map(([, name]) => name!);
  // Optional packages of jobs, which are imported when one needs them.
  const optional = ['@aws-sdk/client-s3', 'bullmq', 'hyparquet-writer', 'ioredis'];
  for (const name of imported) assert.match(name, /^(\.|node:)/);
  for (const name of dynamic) assert.ok(optional.includes(name) || /^(\.|node:)/.test(name), name);
});

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly scripts: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name, ...target }],
);

test('U1: no entry point imports a module of Node, at once or later, so that bundlers for browsers find nothing to resolve', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(`${dist}/${file}`, 'utf8');
    const names = [
      ...text.matchAll(/^\s*(?:import|export)\b[^;'"]*?(?:\bfrom\s*)?["']([^"']+)["'];/gm),
      ...text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g),
    ].map(([, name]) => name!);
    for (const name of names) {
      assert.match(name, /^\./, `${file} imports ${name}`);
      visit(new URL(name, `file:///${file}`).pathname.slice(1));
    }
  };
  assert.is(entries.length, 10);
  // Jobs are of Node alone.
  const both = entries.filter(({ name }) => name !== './jobs');
  for (const { default: file } of both) visit(file.replace('./dist/', ''));
  assert.ok(seen.size > 20, 'the chunks were followed');
});

test('U2, U11: what package.json names is built, and older resolutions of TypeScript find the same types', () => {
  for (const { default: file, types } of entries) {
    assert.ok(existsSync(`${dist}/${file.replace('./dist/', '')}`), file);
    assert.ok(existsSync(`${root}/${types.replace('./dist/types/', '').replace('.d.ts', '.ts')}`), types);
  }
  const [index, ...others] = entries;
  assert.equal([manifest.main, manifest.types], [index!.default, index!.types]);
  assert.equal(
    manifest.typesVersions['*'],
    Object.fromEntries(others.map(({ name, types }) => [name.slice(2), [types]])),
  );
  assert.is(manifest.scripts['prepack'], 'npm run build');
});

test('issue 15: what jobs need is in no other entry, nor installed with the package', () => {
  const optional = ['@aws-sdk/client-s3', 'bullmq', 'hyparquet-writer', 'ioredis'];
  const own = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
    readonly dependencies?: object;
    readonly optionalDependencies?: object;
    readonly peerDependencies: Readonly<Record<string, string>>;
    readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  };
  assert.equal([own.dependencies, own.optionalDependencies], [undefined, undefined]);
  assert.equal(Object.keys(own.peerDependencies).sort(), optional);
  for (const name of optional) assert.ok(own.peerDependenciesMeta[name]?.optional, name);
  const { inputs, outputs } = JSON.parse(readFileSync(folder.path('meta.json'), 'utf8')) as Metafile;
  const bundled = Object.keys(inputs).filter((path) =>
    /node_modules\/(@aws-sdk|@smithy|bullmq|hyparquet|ioredis)/.test(path),
  );
  assert.equal(bundled, []);
  // From everything but jobs and the command line, over what is imported at once and later.
  const ofJobs = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string, entry: string): void => {
    if (seen.has(`${entry} ${path}`) || !outputs[path]) return;
    seen.add(`${entry} ${path}`);
    for (const [input, { bytesInOutput }] of Object.entries(outputs[path].inputs))
      if (/(^|\/)src\/(jobs|cli\/job)\//.test(input) && bytesInOutput > 0) ofJobs.add(`${entry}: ${input}`);
    for (const { path: next } of outputs[path].imports) {
      if (optional.includes(next)) ofJobs.add(`${entry}: ${next}`);
      visit(next, entry);
    }
  };
  const others = ['index', 'methods', 'metrics', 'inputs', 'onnx', 'transformers', 'training', 'visualize', 'gpu'];
  const output = (name: string): string => Object.keys(outputs).find((path) => path.endsWith(`dist/${name}.js`))!;
  for (const name of others) visit(output(name), name);
  assert.equal([...ofJobs], []);
  assert.ok(seen.size > 50, 'the chunks were followed');
  // The same walk finds them where they are.
  visit(output('jobs'), 'jobs');
  assert.ok(
    optional.every((name) => ofJobs.has(`jobs: ${name}`)),
    [...ofJobs].join(),
  );
});

/** Loads a recurrent model (its layers), verifies it (the reader of references) and explains. */
const onDemand = (from: string): string =>
  `import { IntegratedGradients, loadModel } from '${from}';
   const model = await loadModel(${JSON.stringify(example('agnews-bilstm.h5'))});
   const X = [[2, 3, 4, 5, ...new Array(model.inputs[0].shape[1] - 4).fill(0)]];
   const y = await model.predict(X);
   const input = { name: null, shape: [1, X[0].length], data: X[0] };
   const report = await model.verify({ inputs: [input], outputs: [{ name: null, shape: y.shape, data: Array.from(y.data) }] });
   const layer = model.layers.find(({ className }) => className === 'Embedding').name;
   const explainer = new IntegratedGradients(model, { nSteps: 'auto', relTol: 0.1, layer });
   const { completeness } = await explainer.explain(X, { target: 0 });
   console.log(report.passed, y.shape.join(), completeness[0].steps > 1);`;

test('what few models need is in files of its own, which index.js imports when a model needs them', () => {
  const chunks = readdirSync(`${dist}/chunks`);
  const rare = ['more', 'on-demand'].map((name) => chunks.find((file) => file.startsWith(`${name}-`))!);
  assert.ok(rare.every(Boolean), chunks.join());
  const { outputs } = JSON.parse(readFileSync(folder.path('meta.json'), 'utf8')) as Metafile;
  const named = (name: string): string => Object.keys(outputs).find((path) => path.endsWith(`/${name}`))!;
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path) || !outputs[path]) return;
    seen.add(path);
    for (const item of outputs[path].imports) if (item.kind === 'import-statement') visit(item.path);
  };
  visit(named('index.js'));
  for (const file of rare) assert.not.ok(seen.has(named(`chunks/${file}`)), `index.js imports ${file} at once`);
  const script = folder.path('demand.mjs');
  writeFileSync(script, onDemand('./dist/index.js'));
  const { status, out, err } = node(script);
  assert.is(status, 0, err);
  assert.is(out.trim(), 'true 1,4 true');
});

test('public names that have copies of their own (scripts/own-copies.mjs) work with the rest', () => {
  const script = folder.path('copies.mjs');
  writeFileSync(
    script,
    `import { AdaptivePath, compile, einsum, evaluate, grad, lstm, ones, PathgradError, readReference, sum } from './dist/index.js';
     const z = ones([1, 2, 4]);
     const steps = lstm(z, ones([1, 4]));
     const plan = compile([sum(steps), ...grad(sum(steps), [z], undefined, { rules: { lstm: (g, y, [a]) => [() => ones(a.shape)] } })], []);
     const [, ruled] = plan.runSync([]);
     const product = evaluate(einsum('ij,jk->ik', ones([2, 3]), ones([3, 2])));
     let refused;
     try { readReference(new Uint8Array(3), 'x.json'); } catch (error) { refused = error instanceof PathgradError; }
     console.log(plan.backend, Array.from(ruled).join(), product.data.join(), refused, typeof AdaptivePath);`,
  );
  const { status, out, err } = node(script);
  assert.is(status, 0, err);
  assert.match(out, /^(wasm|reference) 1,1,1,1,1,1,1,1 3,3,3,3 true function\n$/);
});

for (const splitting of [true, false]) {
  test(`an application bundled ${splitting ? 'with' : 'without'} splitting finds them too`, async () => {
    const outdir = folder.path(splitting ? 'split' : 'whole');
    const entry = folder.path('application.mjs');
    writeFileSync(entry, onDemand('./dist/index.js'));
    const options = { bundle: true, minify: true, format: 'esm', platform: 'neutral' } as const;
    await build({
      ...options,
      entryPoints: [entry],
      external: ['node:*'],
      outdir,
      splitting,
      outExtension: { '.js': '.mjs' },
    });
    assert.is(readdirSync(outdir).length > 1, splitting);
    const { status, out, err } = node(`${outdir}/application.mjs`);
    assert.is(status, 0, err);
    assert.is(out.trim(), 'true 1,4 true');
  });
}

test('an application keeps nothing of index.js itself: copies of public names that it does not use are files of their own', async () => {
  // Where the package's manifest says which files have effects, as it does beside an installed dist.
  const alone = folder.path('alone');
  mkdirSync(alone);
  cpSync(dist, `${alone}/dist`, { recursive: true });
  cpSync(`${root}/package.json`, `${alone}/package.json`);
  const { metafile } = await build({
    stdin: { contents: "export { IntegratedGradients, loadModel } from './dist/index.js'", resolveDir: alone },
    absWorkingDir: alone,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    external: ['node:*'],
    splitting: true,
    outdir: `${alone}/out`,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const entry = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === '<stdin>')!;
  assert.ok(entry.bytes < 300, JSON.stringify(entry));
});

test('the packed kernels are what entry points import first, so that one file with all of it begins with them', () => {
  for (const name of ['index.js', 'methods.js', 'onnx.js', 'transformers.js']) {
    const [, first] = readFileSync(`${dist}/${name}`, 'utf8').match(/^import "\.\/(chunks\/[\w-]+\.js)";/) ?? [];
    assert.ok(first, name);
    assert.match(readFileSync(`${dist}/${first}`, 'utf8'), /text: "[\w+/=]{20000}/);
  }
});

test('no file that index.js imports at once makes an object of a namespace, whose members no bundler would leave out', () => {
  const { outputs } = JSON.parse(readFileSync(folder.path('meta.json'), 'utf8')) as Metafile;
  const atOnce = (name: string, seen = new Set<string>()): Set<string> => {
    const path = Object.keys(outputs).find((output) => output.endsWith(`/${name}`))!;
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const item of outputs[path]!.imports) {
      if (item.kind === 'import-statement' && !item.external) atOnce(item.path.replace(/^.*\/dist\//, ''), seen);
    }
    return seen;
  };
  const files = [...atOnce('index.js')];
  assert.ok(files.length > 10, files.join());
  assert.equal(
    files.filter((file) => /^__export\(/m.test(readFileSync(`${dist}/${file}`, 'utf8'))),
    [],
  );
});

test('GPU.js is in gpu.js and nowhere else', () => {
  assert.match(readFileSync(`${dist}/gpu.js`, 'utf8'), /WebGL2Kernel/);
  for (const text of scripts()) assert.not.match(text, /WebGL2Kernel/);
});

test('gpu.js runs an explanation in a new process, with no packages near', () => {
  const script = folder.path('gpu.mjs');
  writeFileSync(
    script,
    `import { IntegratedGradients, relu, sum, tensor } from './dist/index.js';
     import { gpuBackend } from './dist/gpu.js';
     const backend = await gpuBackend({ mode: 'webasm' });
     const f = (x) => sum(relu(x), { axes: 1, keepDims: true });
     const explainer = new IntegratedGradients(f, { nSteps: 5, backend });
     const { attributions } = await explainer.explain(tensor([[1, -2, 3]]));
     console.log(backend.name, Array.from(attributions[0].data, (v) => v.toFixed(3)).join());`,
  );
  const { status, out, err } = node(script);
  assert.is(status, 0, err);
  assert.is(out.trim(), 'gpu:webasm 1.000,0.000,3.000');
});

test('explains a digit in a new process, with no packages near', () => {
  const script = folder.path('try.mjs');
  writeFileSync(
    script,
    `import { IntegratedGradients, loadModel, tensor } from './dist/index.js';
     import { tokensToAnsi } from './dist/visualize.js';
     const model = await loadModel(${JSON.stringify(example('mnist-cnn.h5'))});
     const X = tensor(new Float32Array(784).fill(0.5), [1, 28, 28, 1]);
     const { completeness } = await new IntegratedGradients(model, { nSteps: 5 }).explain(X, { target: 3 });
     console.log(JSON.stringify({ steps: completeness[0].steps, text: tokensToAnsi(['a'], [1], { color: 'none' }) }));`,
  );
  const { status, out, err } = node(script);
  assert.is(status, 0, err);
  assert.equal(JSON.parse(out), { steps: 5, text: 'a[+++]' });
});

test('methods.js and metrics.js explain and judge in a new process, on models of index.js', () => {
  const script = folder.path('methods.mjs');
  writeFileSync(
    script,
    `import { IntegratedGradients, loadModel, tensor } from './dist/index.js';
     import { IntegratedGradients as same, methods, Saliency } from './dist/methods.js';
     import { sparseness } from './dist/metrics.js';
     const model = await loadModel(${JSON.stringify(example('mnist-cnn.h5'))});
     const X = tensor(new Float32Array(784).fill(0.5), [1, 28, 28, 1]);
     const explanation = await new Saliency(model).explain(X, { target: 3 });
     const { values } = await sparseness(explanation);
     console.log(same === IntegratedGradients, methods[0].name, values[0] > 0 && values[0] < 1);`,
  );
  const { status, out, err } = node(script);
  assert.is(status, 0, err);
  assert.is(out.trim(), 'true IntegratedGradients true');
});

test('the program runs where it is copied to', () => {
  const run = node(
    `${dist}/cli.js`,
    'explain',
    example('imdb-cnn.h5'),
    '--vocab',
    example('imdb-vocab.txt'),
    '--text',
    'superb',
    '--steps',
    '5',
  );
  assert.is(run.status, 0, run.err);
  assert.match(run.out, /superb\[\+\+\+\]/);
  const wrong = node(`${dist}/cli.js`, 'explain', 'nothere.h5', '--tokens', '1');
  assert.is(wrong.status, 1);
  assert.match(wrong.err, /^pathgrad: nothere\.h5: no such file/);
});

test('the demo imports what the build exports', () => {
  const demo = readFileSync(`${root}/examples/demo.mjs`, 'utf8');
  for (const file of ['index.js', 'inputs.js', 'transformers.js', 'visualize.js']) {
    const names = new RegExp(`import \\{([^}]*)\\} from '../dist/${file}'`)
      .exec(demo)![1]!
      .split(',')
      .map((name) => name.trim());
    const wanted = JSON.stringify(names.filter((name) => name !== ''));
    const { out } = node(
      '--input-type=module',
      '-e',
      `const m = await import('./dist/${file}'); console.log(${wanted}.filter((n) => !(n in m)).join())`,
    );
    assert.is(out.trim(), '', `${file} lacks what the demo needs`);
  }
});

test.run();
