/** Runs of `pathgrad job` in processes of their own, of the built package, and what they leave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { built } from './built.ts';
import { example } from './cli.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

const started: ChildProcess[] = [];
/** Ends all jobs that still run: one that is left keeps the process of a test that failed. */
export function endJobs(): void {
  for (const one of started) one.kill('SIGKILL');
}

/** `pathgrad job` with these arguments. */
export function startJob(...argv: string[]): Running {
  const running = spawn(process.execPath, [`${built()}/cli.js`, 'job', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(running);
  let text = '';
  for (const stream of [running.stdout, running.stderr])
    stream.on('data', (part) => {
      text += part;
    });
  const ended = new Promise<Ended>((resolve) => {
    running.on('close', (code, signal) => resolve({ code, signal, text }));
  });
  return { process: running, ended };
}

/** What a job gives: parts, dead letters, manifest and records, by name; a report and a lock are none of it. */
export function bytesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\./.test(name))
    .sort();
  const kept = names.filter((name) => name !== 'lock.json' && name !== 'report.html');
  return new Map(
    kept.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(`${folder}/${name}`))
        .digest('hex'),
    ]),
  );
}

/** Files that were being written when their thread or process was ended. */
export const unfinishedIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.part$/.test(name));

/** How many chunks have records. */
export function recordsIn(folder: string): number {
  try {
    return readdirSync(`${folder}/chunks`).filter((name) => /^\d+\.json$/.test(name)).length;
  } catch {
    return 0;
  }
}

/** Texts of `examples/sentences.txt` in many orders, with their numbers, as NDJSON; every 1000th line is broken. */
export function writeTexts(path: string, rows: number): void {
  const sentences = readFileSync(example('sentences.txt'), 'utf8').trim().split('\n');
  const lines = Array.from({ length: rows }, (_, i) => {
    const text = [0, 1, 2].map((k) => sentences[(i * (k + 1) + k * 3) % sentences.length]).join(' ');
    return i % 1000 === 777 ? `{"id": ${i}, "text": ` : JSON.stringify({ id: i, text: `${text} ${i}` });
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Arguments of a job that explains the texts of `input` with the example of reviews, in chunks of 50. */
export const textJob = (input: string, output: string): string[] => [
  ...['run', example('imdb-cnn.h5'), '--input', input, '--vocab', example('imdb-vocab.txt')],
  ...['--columns', 'text', '--keep', 'id', '--steps', '5', '--chunk', '50', '--output', output],
];
