/**
 * Runs test files with uvu, as many at a time as there are cores, the longest first, and ends with one line: `N passed, N failed`. All
 * sources are made JavaScript once, before (support/transpile.ts): each file going through tsx took as long as all tests. Files of
 * `npm test` that leave their process as it was go several in one (support/together.ts), the others each in one of their own; every file
 * also runs alone: `node --import tsx FILE`.
 *
 *   npm test                      all tests that need nothing but the repository
 *   npm test -- matmul keras/     the files whose path contains one of these words
 *   npm test -- backends --op=relu   of the tests that go through all ops, this op's only
 *   npm test -- --wide graph/     with kernels for vectors of 256 bits: needs a Node that has them (24 and newer, x64)
 *   npm run test:shared           only test/shared/**: real data sets and model files that lie beside the project
 *   npm run test:slow             only test/slow/**: what takes half a minute for one statement; and whole, the files of which npm test does a part
 *                                 (support/thorough.ts)
 *   npm run test:web              only test/web/**: the page and the bundle in a Chromium on PATH, or with PATHGRAD_BROWSER=firefox in a Firefox
 *   npm run test:install          only test/install/**: what users do with the packed package; bundlers and runtimes come from the registry
 *   npm run faults                the tests named after faults that were once here, and a line for each
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transpiledPath } from './support/child.ts';
import { sharedFolder } from './support/shared.ts';
import { type Transpiled, transpile } from './support/transpile.ts';
import { runWatched } from './support/watched.ts';
import { findBrowser, missingBrowser } from './web/browsers.ts';

type Result = { file: string; passed: number; failed: number; skipped: number; output: string; seconds: number };

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const op = process.argv.find((arg) => arg.startsWith('--op='))?.slice(5);
const wantShared = process.argv.includes('--shared');
const wantWeb = process.argv.includes('--web');
const wantSlow = process.argv.includes('--slow');
const wantInstall = process.argv.includes('--install');
const wantWide = process.argv.includes('--wide');
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
  'backends/wasm-wide',
  'backends/wasm-units',
  'build',
];
const turn = (file: string): number => {
  const at = longest.findIndex((name) => file === `test/${name}.test.ts`);
  return at < 0 ? longest.length : at;
};

/** Whether `npm test` does a part of a file only. */
const inPart = (file: string): boolean =>
  /support\/thorough\.ts|\bexamplesUnderTest\b/.test(readFileSync(join(root, file), 'utf8'));

const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  // It compares both kinds of kernels, whichever run here.
  .filter((file) => !(wantWide && file.includes('backends/wasm-wide')))
  .filter((file) => {
    const own = !apart.some((other) => file.startsWith(other));
    return folder ? file.startsWith(folder) || (wantSlow && own && inPart(file)) : own;
  })
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

/** Files that change what a process has once, or measure it, are alone in theirs. */
const alone = (file: string): boolean =>
  folder !== null ||
  turn(file) < longest.length ||
  /getBuiltinModule|setFlagsFromString|support\/paired|globalThis|process\.(exit|chdir|on)\b|process\.env\[.*\] =|memoryUsage|\.rss\b/.test(
    readFileSync(join(root, file), 'utf8'),
  );

/** What runs in one process: up to six files of one topic, or one. The longest first, those alone last, which fill what is left of the cores. */
function groupsOf(all: readonly string[]): string[][] {
  const groups: string[][] = [];
  const single: string[][] = [];
  for (const file of all) {
    const last = groups.at(-1);
    const topic = file.split('/')[1]!;
    if (turn(file) < longest.length) groups.push([file]);
    else if (alone(file)) single.push([file]);
    else if (last && last.length < 6 && turn(last[0]!) === longest.length && last[0]!.split('/')[1] === topic)
      last.push(file);
    else groups.push([file]);
  }
  return [...groups, ...single];
}

/** Begins the line that ends a file's output (support/together.ts). */
const mark = '\u0001end ';

function resultOf(file: string, output: string, code: number | null, seconds: number): Result {
  const count = (label: string): number => Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? Number.NaN);
  const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')];
  const ran = Number.isFinite(total) && (total > 0 || skipped > 0);
  // A file whose data are absent skips all its tests; one that crashes, has none or exits with an error counts as one failure at least.
  const failed = ran ? Math.max(total - passed, code === 0 ? 0 : 1) : 1;
  return { file, passed: ran ? passed : 0, failed, skipped: ran ? skipped : 0, output, seconds };
}

/** Seconds that a process of tests may take. */
const limit = Number(process.env['PATHGRAD_TEST_SECONDS'] ?? 900);

/** The results of the files that came to their end; of one file always its result. */
async function runFiles(together: readonly string[], { folder: transpiled }: Transpiled): Promise<Result[]> {
  const started = performance.now();
  const paths = together.map((file) => transpiledPath(transpiled, file));
  const single = together.length === 1;
  const run = single ? paths : [transpiledPath(transpiled, 'test/support/together.ts'), mark, ...paths];
  const env = {
    ...process.env,
    PATHGRAD_TRANSPILED: transpiled,
    ...(op && { PATHGRAD_OP: op }),
    ...(wantSlow && { PATHGRAD_THOROUGH: '1' }),
  };
  // uvu's last count, or the last file's mark.
  const through = single ? /^\s*Skipped:\s+\d+/m : new RegExp(`${mark}.*${basename(paths.at(-1)!)}`);
  const wide = wantWide
    ? ['--import', pathToFileURL(transpiledPath(transpiled, 'test/support/wide-vectors.ts')).href]
    : [];
  const args = [...shortLived, '--expose-gc', '--enable-source-maps', ...wide, ...run];
  const { output, code, forced } = await runWatched(args, { cwd: root, env }, through, limit);
  if (single) return [resultOf(together[0]!, output, code, (performance.now() - started) / 1000)];
  const found: Result[] = [];
  for (let at = 0, end = output.indexOf(mark); end >= 0; end = output.indexOf(mark, at)) {
    const line = output.slice(end + mark.length).split('\n', 1)[0]!;
    const [own, seconds] = line.split(' ').map(Number);
    const rest = found.length === together.length - 1 ? output.length : end;
    // One of them did not let the process end; which is not known, the last one says it.
    const ended = rest > end && forced ? 1 : own!;
    found.push(resultOf(together[found.length]!, output.slice(at, rest), ended, seconds!));
    at = end + mark.length + line.length;
  }
  return found;
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

const queue = groupsOf(files);
const results: Result[] = [];

function show(result: Result): void {
  results.push(result);
  const counts = `${result.passed} passed${result.failed ? `, ${result.failed} FAILED` : ''}${result.skipped ? `, ${result.skipped} skipped` : ''}`;
  console.log(`${result.failed ? '✘' : '•'} ${result.file}  ${counts}  ${result.seconds.toFixed(1)} s`);
  for (const line of result.output.split('\n')) if (shown.test(line)) console.log(`    ${line.trim()}`);
  if (result.failed) console.log(result.output);
}

await Promise.all(
  Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
      const found = await runFiles(group, transpiled);
      found.forEach(show);
      // One that ended the process is at fault; it and those behind it run alone.
      for (const file of group.slice(found.length)) (await runFiles([file], transpiled)).forEach(show);
    }
  }),
);

const sum = (key: 'passed' | 'failed' | 'skipped'): number => results.reduce((total, result) => total + result[key], 0);
if (folder === null && words.length === 0) {
  console.log('not run here: test/shared (needs the data and model files beside the project; npm run test:shared)');
  console.log('not run here: test/install (bundlers and runtimes from the registry; npm run test:install)');
  console.log('not run here: test/slow, and the whole of what is done in part here (npm run test:slow)');
  console.log('not run here: test/web (needs a chromium; npm run test:web)');
}
const skipped = sum('skipped');
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
