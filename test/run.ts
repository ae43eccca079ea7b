/**
 * Runs test files with uvu, each in a process of its own (every file also runs alone: `node --import tsx FILE`), as many
 * at a time as there are cores, the longest first, and ends with one line: `N passed, N failed`. All sources are made
 * JavaScript once, before (support/transpile.ts): each file going through tsx took as long as all tests.
 *
 *   npm test                      all tests that need nothing but the repository
 *   npm test -- matmul keras/     the files whose path contains one of these words
 *   npm test -- backends --op=relu   of the tests that go through all ops, this op's only
 *   npm run test:shared           only test/shared/**: real data sets and model files that lie beside the project
 *   npm run test:slow             only test/slow/**: what takes half a minute for one statement
 *   npm run test:web              only test/web/**: the page and the bundle in a Chromium on PATH, or with PATHGRAD_BROWSER=firefox in a Firefox
 *   npm run test:install          only test/install/**: what users do with the packed package; bundlers and runtimes come from the registry
 *   npm run faults                the tests named after faults that were once here, and a line for each
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpiledPath } from './support/child.ts';
import { sharedFolder } from './support/shared.ts';
import { type Transpiled, transpile } from './support/transpile.ts';
import { findBrowser, missingBrowser } from './web/browsers.ts';

type Result = { file: string; passed: number; failed: number; skipped: number; output: string; seconds: number };

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const op = process.argv.find((arg) => arg.startsWith('--op='))?.slice(5);
const wantShared = process.argv.includes('--shared');
const wantWeb = process.argv.includes('--web');
const wantSlow = process.argv.includes('--slow');
const wantInstall = process.argv.includes('--install');
const folder = wantShared
  ? 'test/shared/'
  : wantWeb
    ? 'test/web/'
    : wantSlow
      ? 'test/slow/'
      : wantInstall
        ? 'test/install/'
        : null;
const shown = process.argv.includes('--rows') ? /^\s*(skipped|note|row):/ : /^\s*(skipped|note):/;
const apart = ['test/install/', 'test/shared/', 'test/slow/', 'test/web/'];

/** The files that take longest, which go first: a long one at the end would leave the other cores idle. */
const longest = [
  'install/bundlers/webpack',
  'install/package',
  'slow/writing-a-kernel',
  'attribution/random-graphs',
  'slow/golden-methods',
  'fuzz/fuzz',
  'faults/attribution',
  'backends/wasm-units',
  'build',
];
const turn = (file: string): number => {
  const at = longest.findIndex((name) => file === `test/${name}.test.ts`);
  return at < 0 ? longest.length : at;
};

const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => (folder ? file.startsWith(folder) : !apart.some((other) => file.startsWith(other))))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort((a, b) => turn(a) - turn(b) || (a < b ? -1 : 1));

/**
 * A test file runs for a second or two and is gone: making its code fast takes V8 up to a third of the processor's time, so it begins
 * later. A Node.js without this flag does without it.
 */
const shortLived = ['--interrupt-budget=800000'].filter(
  (flag) => spawnSync(process.execPath, [flag, '-e', '']).status === 0,
);

// Tests import the compiled kernels; this does nothing while they are newer than their sources.
const kernels = spawnSync(process.execPath, ['scripts/build-wasm.mjs'], { cwd: root, stdio: 'inherit' });
if (kernels.status !== 0) process.exit(1);

function runFile(file: string, { folder: transpiled }: Transpiled): Promise<Result> {
  return new Promise((resolve) => {
    const started = performance.now();
    const args = [...shortLived, '--expose-gc', '--enable-source-maps', transpiledPath(transpiled, file)];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, PATHGRAD_TRANSPILED: transpiled, ...(op && { PATHGRAD_OP: op }) },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk));
    child.on('close', (code) => {
      const count = (label: string): number =>
        Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? Number.NaN);
      const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')];
      const ran = Number.isFinite(total) && (total > 0 || skipped > 0);
      // A file whose data are absent skips all its tests; one that crashes, has none or exits with an error counts as one failure at least.
      const failed = ran ? Math.max(total - passed, code === 0 ? 0 : 1) : 1;
      const seconds = (performance.now() - started) / 1000;
      resolve({ file, passed: ran ? passed : 0, failed, skipped: ran ? skipped : 0, output, seconds });
    });
  });
}

if (files.length === 0) {
  console.error(`no test file matches ${words.join(' ') || 'this folder'}`);
  process.exit(2);
}
if (wantShared && !existsSync(sharedFolder)) {
  console.log(`skipped ${files.length} files: the shared folder (real data and model files) is not here`);
  console.log('0 passed, 0 failed');
  process.exit(process.env['CI'] ? 1 : 0);
}

if (wantWeb && findBrowser() === null) {
  console.log(`skipped ${files.length} files: there is ${missingBrowser()}`);
  console.log('0 passed, 0 failed');
  process.exit(process.env['CI'] ? 1 : 0);
}

if (wantInstall && !process.env['PATHGRAD_PACKED']) {
  // Packed once, as `npm pack` does it; every file installs it.
  const into = mkdtempSync(join(tmpdir(), 'pathgrad-packed-'));
  process.on('exit', () => rmSync(into, { recursive: true, force: true }));
  const pack = spawnSync('npm', ['pack', '--loglevel=error', '--pack-destination', into], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (pack.status !== 0) process.exit(1);
  process.env['PATHGRAD_PACKED'] = join(into, readdirSync(into)[0]!);
}

const transpiled = await transpile();
process.on('exit', () => transpiled.remove());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const queue = [...files];
const results: Result[] = [];
await Promise.all(
  Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, transpiled);
      results.push(result);
      const counts = `${result.passed} passed${result.failed ? `, ${result.failed} FAILED` : ''}${result.skipped ? `, ${result.skipped} skipped` : ''}`;
      console.log(`${result.failed ? '✘' : '•'} ${result.file}  ${counts}  ${result.seconds.toFixed(1)} s`);
      for (const line of result.output.split('\n')) if (shown.test(line)) console.log(`    ${line.trim()}`);
      if (result.failed) console.log(result.output);
    }
  }),
);

const sum = (key: 'passed' | 'failed' | 'skipped'): number => results.reduce((total, result) => total + result[key], 0);
if (folder === null && words.length === 0) {
  console.log('not run here: test/shared (needs the data and model files beside the project; npm run test:shared)');
  console.log('not run here: test/install (bundlers and runtimes from the registry; npm run test:install)');
  console.log('not run here: test/slow (two minutes; npm run test:slow)');
  console.log('not run here: test/web (needs a chromium; npm run test:web)');
}
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
