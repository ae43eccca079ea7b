/**
 * Runs several test files one after another in one process, which loads and compiles the sources that they share once: run.ts gives a mark and
 * their names. After each file a line with the mark, its exit code, its seconds and its name says that what was printed before is that file's.
 *
 * Invariant: a file has a queue of uvu's to itself, and one that cannot be loaded stops nobody else. One that ends the process leaves
 * those behind it without their lines; run.ts runs these alone.
 */
import { pathToFileURL } from 'node:url';

const uvu = globalThis as { UVU_DEFER?: number; UVU_INDEX?: number; UVU_QUEUE?: unknown[][] };
const [mark, ...files] = process.argv.slice(2);
// What uvu's own command does: suites queue up, and are run when that is asked for.
uvu.UVU_DEFER = 1;
uvu.UVU_INDEX = 0;
uvu.UVU_QUEUE = [];
const { exec } = await import('uvu');

let worst = 0;
for (const file of files) {
  const started = performance.now();
  uvu.UVU_QUEUE.splice(0, uvu.UVU_QUEUE.length, [null]);
  process.exitCode = 0;
  try {
    await import(pathToFileURL(file).href);
    await exec();
  } catch (error) {
    console.log(error instanceof Error ? error.stack : error);
    process.exitCode = 1;
  }
  const code = Number(process.exitCode);
  worst = Math.max(worst, code);
  process.stdout.write(`\n${mark}${code} ${(performance.now() - started) / 1000} ${file}\n`);
}
process.exitCode = worst;
