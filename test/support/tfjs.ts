/** The models of test/golden/tfjs, and their predictions. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

export interface TfjsCase {
  readonly name: string;
  /** Base64 by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: readonly Numbers[];
  readonly output: Numbers;
}

const folder = new URL('../golden/tfjs/', import.meta.url);
const casesOf = (file: string): readonly TfjsCase[] =>
  JSON.parse(gunzipSync(readFileSync(new URL(file, folder))).toString()).cases;

export const tfjsCases: readonly TfjsCase[] = [...casesOf('converted.json.gz'), ...casesOf('own.json.gz')];
