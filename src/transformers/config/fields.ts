/** The fields of a `config.json`, read with the defaults of the configuration classes; what is unusable is an error that names the field. */
import { failure, type PathgradError } from '../../tensor/errors.ts';

export type Json = Readonly<Record<string, unknown>>;

export class Fields {
  readonly #config: Json;
  /** What errors call the file. */
  readonly file: string;

  constructor(config: Json, file: string) {
    this.#config = config;
    this.file = file;
  }

  /** The value as it is stored. */
  raw(key: string): unknown {
    return this.#config[key];
  }

  /** A file that says null (or NaN, which no JSON has) does not leave the field out: transformers would compute with it. */
  #given(key: string, fallback: unknown): unknown {
    return this.#config[key] === undefined ? fallback : this.#config[key];
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#given(key, fallback);
    if (typeof value !== 'boolean') throw this.wrong(key, 'true or false');
    return value;
  }

  number(key: string, fallback?: number): number {
    const value = this.#given(key, fallback);
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw this.wrong(key, 'a number from 0 up');
    return value;
  }

  /** An integer from 1 up; `fallback` is the default of the configuration class, which files leave out. */
  count(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isInteger(value) || value < 1 || value > 1e8) throw this.wrong(key, 'an integer from 1 up');
    return value;
  }

  /** A probability. */
  share(key: string, fallback: number): number {
    const value = this.number(key, fallback);
    if (value > 1) throw this.wrong(key, 'a number from 0 to 1');
    return value;
  }

  text(key: string, fallback: string): string {
    const value = this.#given(key, fallback);
    if (typeof value !== 'string') throw this.wrong(key, 'a text');
    return value;
  }

  /** @throws with `reason` where the field is there and something else than `allowed` */
  expect(key: string, allowed: string | boolean, reason: string): void {
    const value = this.#given(key, allowed);
    if (value !== allowed) throw failure(this.file, reason, { [key]: value });
  }

  wrong(key: string, expected: string): PathgradError {
    const value = this.#config[key];
    const problem = value === undefined ? `'${key}' is missing` : `'${key}' has an unusable value`;
    return failure(this.file, problem, { ...(value === undefined ? {} : { value }), expected });
  }
}
