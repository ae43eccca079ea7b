/**
 * A table of any number of rows: those of examples/wine.csv again and again, each number moved a little. The same number of rows gives the same bytes
 * on every machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { randomUniform } from '../src/graph/random.ts';

const examples = new URL('../examples/', import.meta.url);
export const example = (name: string): string => fileURLToPath(new URL(name, examples));

/** How far a number is moved, as a share of itself. */
const MOVED = 0.05;

/** Writes CSV with a column `id` before the columns of the wines. Memory does not grow with the rows. */
export async function writeWine(path: string, rows: number): Promise<void> {
  const [header, ...lines] = readFileSync(example('wine.csv'), 'utf8').trim().split('\n');
  const wines = lines.map((line) => line.split(',').map(Number));
  const next = randomUniform(15);
  const file = createWriteStream(path);
  let text = `id,${header}\n`;
  for (let row = 0; row < rows; row++) {
    const wine = wines[row % wines.length]!;
    text += String(row);
    for (let i = 0; i < wine.length - 1; i++) text += `,${(wine[i]! * (1 + MOVED * (2 * next() - 1))).toFixed(3)}`;
    text += `,${wine.at(-1)}\n`;
    if (text.length > 2 ** 20) {
      if (!file.write(text)) await once(file, 'drain');
      text = '';
    }
  }
  file.end(text);
  await once(file, 'close');
}

export interface Measured {
  readonly code: number | null;
  readonly text: string;
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
  /** Largest resident set, in bytes, at each twentieth of the run and at its end: flat where memory does not grow with the input. */
  readonly peaks: readonly number[];
}

/** Runs a program of Node and watches its memory as the system counts it. Of Linux alone. */
export async function measured(args: readonly string[], done: () => number): Promise<Measured> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const peaks: number[] = [];
  let [peak, ticks] = [0, 0];
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
      peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peak / 1024);
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      ticks = Number(stat[11]) + Number(stat[12]);
      while (done() * 20 >= peaks.length + 1) peaks.push(peak);
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, 200);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(timer);
  return { code, text, seconds: (performance.now() - began) / 1000, cpuSeconds: ticks / 100, peaks: [...peaks, peak] };
}
