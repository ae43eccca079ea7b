/**
 * Where rows of a text file begin and end, byte by byte, so that a chunk of rows can be read alone. Invariant: rows are counted as the readers of
 * src/inputs count them: lines of white space alone are none of NDJSON and of texts, empty lines none of CSV; a line break in quotes ends no CSV row.
 */

/** How rows end: at every line feed, or as CSV with this separator. */
export type Lines = { readonly kind: 'lines' } | { readonly kind: 'csv'; readonly separator: number };

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** Is told of each row: where it begins and where the next may begin. Bytes come in pieces of any size. */
export class RowScanner {
  readonly #rules: Lines;
  readonly #found: (start: number, end: number) => void;
  #at: number;
  #start: number;
  #blank = true;
  /** In CSV: before a field, in a plain one, in quotes, behind a quote in quotes. */
  #state: 'start' | 'plain' | 'quoted' | 'closing' = 'start';
  #afterReturn = false;

  /** @param from the place of the first byte in the file */
  constructor(rules: Lines, from: number, found: (start: number, end: number) => void) {
    this.#rules = rules;
    this.#found = found;
    this.#at = from;
    this.#start = from;
  }

  add(bytes: Uint8Array): void {
    if (this.#rules.kind === 'csv') this.#addCsv(bytes, this.#rules.separator);
    else this.#addLines(bytes);
    this.#at += bytes.length;
  }

  /** The last row, where no line break follows it. */
  end(): void {
    if (!this.#blank) this.#found(this.#start, this.#at);
    this.#blank = true;
  }

  #close(end: number): void {
    if (!this.#blank) this.#found(this.#start, end);
    this.#start = end;
    this.#blank = true;
    this.#state = 'start';
  }

  #addLines(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      const found = bytes.indexOf(LF, from);
      const to = found < 0 ? bytes.length : found;
      for (let i = from; this.#blank && i < to; i++) if (!isSpace(bytes[i]!)) this.#blank = false;
      if (found < 0) return;
      this.#close(this.#at + found + 1);
      from = found + 1;
    }
  }

  #addCsv(bytes: Uint8Array, separator: number): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (this.#state === 'quoted') {
        if (byte === QUOTE) this.#state = 'closing';
        continue;
      }
      if (byte === LF || byte === CR) {
        // The second half of CRLF belongs to the row before.
        if (byte === LF && this.#afterReturn && this.#start === this.#at + i) this.#start++;
        else this.#close(this.#at + i + 1);
        this.#afterReturn = byte === CR;
        continue;
      }
      this.#afterReturn = false;
      this.#blank = false;
      if (byte === QUOTE) this.#state = this.#state === 'plain' ? 'plain' : 'quoted';
      else if (byte === separator) this.#state = 'start';
      else if (this.#state === 'start') this.#state = 'plain';
    }
  }
}
