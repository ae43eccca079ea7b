/**
 * Tests named after faults that were once in main, by the rows of the list that they were found in: R the engine and attribution,
 * K files of Keras and transformers, H hostile input, U what users met. `npm run faults` runs them and lists the rows.
 */
import { suite } from 'uvu';

export type Row = `${'R' | 'K' | 'H' | 'U'}${number}`;

export interface Faults {
  /** A test named after a row and what went wrong; several may belong to one row. */
  (row: Row, what: string, check: () => void | Promise<void>): void;
  run(): void;
}

export function faults(family: string): Faults {
  const test = suite(`faults: ${family}`);
  const add = (row: Row, what: string, check: () => void | Promise<void>): void => {
    test(`${row}: ${what}`, async () => {
      await check();
      console.log(`\nrow: ${row} ${what}`);
    });
  };
  return Object.assign(add, { run: () => test.run() });
}
