/** Runs the command line inside the test, with a terminal that remembers. Files lie in a folder of their own, removed at the end. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/print/terminal.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A path in the project: `example('imdb-cnn.h5')`. */
export function example(file: string): string {
  return fileURLToPath(new URL(`../../examples/${file}`, import.meta.url));
}

export async function runCli(argv: readonly string[], terminal: Partial<Terminal> = {}): Promise<Run> {
  let [out, err] = ['', ''];
  const usual: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    file: (content) => {
      out += typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
    },
    outIsTty: false,
    errIsTty: false,
    columns: 100,
    env: {},
    signal: new AbortController().signal,
  };
  // A copy would read what is to be read when it is asked for.
  const code = await main(argv, Object.defineProperties(usual, Object.getOwnPropertyDescriptors(terminal)));
  return { code, out, err };
}

/** A new folder; everything in it goes when the process ends. */
export function temporaryFolder(): { path: (file: string) => string; files: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { path: (file) => join(folder, file), files: () => readdirSync(folder).sort() };
}

/** A .npy file of version 1 with these bytes as elements. */
export function npy(descr: string, shape: string, elements: Float32Array | Float64Array | Int32Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117, ' ');
  const body = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0, ...Buffer.from(`${header}\n`), ...body]);
}
