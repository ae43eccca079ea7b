/** Damage to tables that are text: quotes, separators, ends of lines and cells of CSV, and each line of NDJSON as the JSON that it is. */
import type { Chance } from '../chance.ts';
import { mutateJson } from './json.ts';
import { mutateText } from './others.ts';

type Changed = [Uint8Array, string] | null;

const signs = ['"', '""', ',', ';', '\t', '|', '\r', '\n', '\r\n', '\ufeff', '\0', ' ', '"\n"', '\u2028', '\ud800'];
const cells = ['', '1e999', 'NaN', '-0', '0x10', '1,5', '=1+1', '99999999999999999999', '[1,2]', '__proto__', '\u202e'];

export function mutateCsv(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const source = new TextDecoder().decode(bytes);
  const at = chance.below(source.length + 1);
  const put = (text: string, cut = 0): string => source.slice(0, at) + text + source.slice(at + cut);
  const kind = chance.weighted({ sign: 4, cell: 3, columns: 1, rows: 1, wide: 1, header: 1, encoding: 1, line: 2 });
  const what = `csv ${kind} at ${at}`;
  const made = (text: string): Changed => [new TextEncoder().encode(text), what];
  switch (kind) {
    case 'sign':
      return made(put(chance.pick(signs), chance.below(2)));
    case 'cell': {
      const found = [...source.matchAll(/[^,;\t\r\n]+/g)];
      if (found.length === 0) return null;
      const { 0: cell, index } = chance.pick(found);
      return made(source.slice(0, index) + chance.pick(cells) + source.slice(index + cell.length));
    }
    case 'columns':
      return made(put(','.repeat(chance.pick([1, 100, 70_000]))));
    case 'rows':
      return made(source + `${source.split('\n').at(-2) ?? ''}\n`.repeat(chance.pick([10, 20_000])));
    case 'wide':
      return made(put(chance.pick(['a', '"', '1', '💥']).repeat(chance.pick([1000, 500_000]))));
    case 'header':
      return made(source.replace(/^[^\n]*\n/, chance.pick(['', '1,2,3\n', 'a,a,a\n', ',,,\n', '"\n'])));
    case 'encoding': {
      const wide = new Uint8Array(2 + 2 * source.length);
      const view = new DataView(wide.buffer);
      const little = chance.happens(0.5);
      view.setUint16(0, 0xfeff, little);
      for (let i = 0; i < source.length; i++) view.setUint16(2 + 2 * i, source.charCodeAt(i), little);
      return [wide.subarray(0, wide.length - chance.below(2)), what];
    }
    case 'line':
      return mutateText(bytes, chance, donor);
  }
}

export function mutateLines(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  if (chance.happens(0.25)) return mutateText(bytes, chance, donor);
  const lines = new TextDecoder().decode(bytes).split('\n');
  const others = new TextDecoder().decode(donor).split('\n');
  const at = chance.below(lines.length);
  const made = mutateJson(lines[at]!, chance, chance.pick(others));
  if (!made) return null;
  lines[at] = made[0];
  return [new TextEncoder().encode(lines.join('\n')), `line ${at}: ${made[1]}`];
}
