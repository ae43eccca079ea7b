/** Reads CSV as RFC 4180 has it (quotes doubled inside quotes, line breaks inside quotes), gzipped or not; for data sets only. */
import { gunzip } from '../../src/inputs/index.ts';

/** One record per line after the header, by column name. */
export function readCsv(bytes: Uint8Array, name: string): Record<string, string>[] {
  const [header = [], ...rows] = csvRows(bytes, name);
  return rows.map((row) => Object.fromEntries(header.map((column, i) => [column, row[i] ?? ''])));
}

/** Every line, where there is no header. */
export function csvRows(bytes: Uint8Array, name: string): string[][] {
  return parse(new TextDecoder().decode(gunzip(bytes, name)));
}

function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at++; ; ) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new Error('CSV: a quote is not closed');
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    } else {
      const end = /[,\r\n]/g;
      end.lastIndex = at;
      const next = end.exec(text)?.index ?? text.length;
      field = text.slice(at, next);
      at = next;
    }
    row.push(field);
    if (text[at] === ',') {
      at++;
      continue;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    rows.push(row);
    row = [];
  }
  return rows;
}
