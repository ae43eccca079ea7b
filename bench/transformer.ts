/**
 * Time and memory of opening a folder of transformers, each run in a process of its own on what `npm run build` made:
 *
 *   npm run bench:transformer -- FOLDER [--runs 9]
 *
 * Memory is the peak of the process (`maxRSS`) beyond that of one that imports the same and opens nothing, as a multiple of the file of
 * weights. The file's own pages are the system's and not counted; the first run may read it from disk, the others find it there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { failure } from '../src/tensor/errors.ts';

const code = `
const [entry, folder] = process.argv.slice(1);
const { loadTransformer } = await import(entry);
const started = performance.now();
const model = folder ? await loadTransformer(folder) : null;
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS * 1024, layers: model?.layers.length ?? 0 }));
`;

export interface LoadFigures {
  readonly runs: number;
  /** Bytes of the weights. */
  readonly file: number;
  /** In order. */
  readonly seconds: readonly number[];
  /** Peak memory over `file`, in order. */
  readonly ratios: readonly number[];
}

/** @param entry the JavaScript of `pathgrad/transformers` @throws where the folder has no `model.safetensors` */
export function measureLoad(entry: URL, folder: string, runs: number): LoadFigures {
  const weights = join(folder, 'model.safetensors');
  if (!existsSync(weights)) throw failure(folder, 'has no model.safetensors');
  const file = statSync(weights).size;
  const run = (...args: string[]): { seconds: number; peak: number } => {
    const all = ['--input-type=module', '-e', code, entry.href, ...args];
    return JSON.parse(execFileSync(process.execPath, all, { encoding: 'utf8' })) as { seconds: number; peak: number };
  };
  const empty = Math.min(...Array.from({ length: Math.min(3, runs) }, () => run().peak));
  const found = Array.from({ length: runs }, () => run(resolve(folder)));
  const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
  return {
    runs,
    file,
    seconds: sorted(found.map(({ seconds }) => seconds)),
    ratios: sorted(found.map(({ peak }) => (peak - empty) / file)),
  };
}

/** `0.49 s (0.45 to 0.71), peak memory 1.21 times the file of 90.9 MB (1.20 to 1.26), n = 9`. */
export function inWords({ runs, file, seconds, ratios }: LoadFigures): string {
  const of = (values: readonly number[]): { middle: string; range: string } => {
    const [least, middle, most] = [0, values.length >> 1, values.length - 1].map((i) => values[i]!.toFixed(2));
    return { middle: middle!, range: `(${least} to ${most})` };
  };
  const [time, memory] = [of(seconds), of(ratios)];
  const size = `${(file / 1e6).toFixed(1)} MB`;
  return `${time.middle} s ${time.range}, peak memory ${memory.middle} times the file of ${size} ${memory.range}, n = ${runs}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: 'string', default: '9' } },
  });
  const entry = new URL('../dist/transformers.js', import.meta.url);
  if (!existsSync(fileURLToPath(entry))) throw failure('bench:transformer', 'dist is missing', {}, 'npm run build');
  const [folder] = positionals;
  if (folder === undefined) throw failure('bench:transformer', 'name a folder of transformers');
  console.log(inWords(measureLoad(entry, folder, Number(values.runs))));
}
