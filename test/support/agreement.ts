/** The tables of agreement in docs/methods.md against what was just measured. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { agreementRows } from '../../scripts/methods-doc.ts';
import type { Comparison } from './method-golden.ts';

export const methodsPage = readFileSync(new URL('../../docs/methods.md', import.meta.url), 'utf8');

const differences = /\| ([\de-]*) \| ([\de-]*) \|$/;
/** A row without its differences. */
const named = (row: string): string => row.replace(differences, '|');
/** The rows of agreement tables of the page. */
export const statedRows = (page: string): string[] => page.split('\n').filter((row) => differences.test(row));

/** How many decades `measured` is above `stated`. */
function excess(measured: string, stated: string): number {
  const exponent = (text: string): number =>
    text === '' || text === '0' ? Number.NEGATIVE_INFINITY : Math.log10(Number(text));
  return measured === stated ? 0 : exponent(measured) - Math.max(exponent(stated), -16);
}

/**
 * @param belongs the rows of the page that are about these comparisons
 * @throws where the page lacks a row, has one too many, or states less than what was measured: by more than a decade, which rounding of other
 * machines may take
 */
export function checkAgreement(comparisons: readonly Comparison[], belongs: (row: string) => boolean): void {
  const stale = 'docs/methods.md is stale: node --import tsx scripts/methods-doc.ts writes it';
  const [measured, stated] = [agreementRows(comparisons), statedRows(methodsPage).filter(belongs)];
  assert.equal(stated.map(named), measured.map(named), stale);
  for (const [i, row] of measured.entries()) {
    const [now, then] = [differences.exec(row)!, differences.exec(stated[i]!)!];
    for (const column of [1, 2]) assert.ok(excess(now[column]!, then[column]!) <= 1, `${stale}: measured ${row}`);
  }
}
