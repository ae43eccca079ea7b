/** The controls above the table of samples, and what is said of how many there are. */
import { byId, fillSelect, write } from '../dom/dom.ts';
import { type Counts, classOf, type Filter, type Marked, type Meaning, nameOfClass } from './marked.ts';

export const formatted = (n: number): string => n.toLocaleString('en');

/** What is asked for. */
export function readFilter(): Filter {
  const value = (id: string): string => byId<HTMLInputElement | HTMLSelectElement>(id).value.trim();
  const limit = (id: string): number | null => (value(id) === '' ? null : Number(value(id)));
  return {
    className: value('sample-class'),
    judged: value('sample-judged') as Filter['judged'],
    low: limit('sample-low'),
    high: limit('sample-high'),
  };
}

/** @param listed how many pass the filter */
export function writeCounts(counts: Counts, listed: number): void {
  const right = counts.judged > 0 ? `right ${formatted(counts.right)} of ${formatted(counts.judged)}` : '';
  const part = listed < counts.all ? `${formatted(listed)} of ${formatted(counts.all)} shown` : '';
  const waits =
    counts.computed < counts.all ? `${formatted(counts.computed)} of ${formatted(counts.all)} predicted` : '';
  const failed = counts.failed > 0 ? `${formatted(counts.failed)} cannot be predicted` : '';
  write('samples-counts', [right, part, waits, failed].filter((text) => text !== '').join('; '));
}

/** Offers the classes that were predicted. */
export function fillClasses(samples: readonly Marked[], meaning: Meaning): void {
  const found = [...new Set(samples.map((sample) => classOf(sample, meaning)).filter((one) => one !== null))];
  const names = [...new Set(found.sort((a, b) => a - b).map((index) => nameOfClass(index, meaning)))];
  byId('sample-class-row').hidden = names.length < 2;
  const select = byId<HTMLSelectElement>('sample-class');
  const same = [...select.options].slice(1).map(({ value }) => value);
  if (JSON.stringify(same) === JSON.stringify(names) && select.options.length > 0) return;
  fillSelect(select, [{ value: '', label: 'all' }, ...names.map((name) => ({ value: name, label: name }))]);
}
