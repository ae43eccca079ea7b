/**
 * A text on its way from what a person wrote to what a tokenizer's model sees, character by character, and for each character where it
 * came from. Invariant: `from` and `to` are UTF-16 indices of the text that `AlignedText.of` was given, and never fall.
 * Source: the rules are those of `NormalizedString` in Hugging Face's tokenizers, so that offsets are theirs.
 */

/**
 * A character of the result. 0: it stands in the place of one character; n above 0: it is inserted behind the one before; -n: it stands in
 * the place of one, and the n after that are gone.
 */
export type Change = readonly [char: string, change: number];

export class AlignedText {
  /** Code points; a surrogate without its partner is one of its own. */
  readonly chars: readonly string[];
  readonly from: readonly number[];
  readonly to: readonly number[];

  private constructor(chars: readonly string[], from: readonly number[], to: readonly number[]) {
    this.chars = chars;
    this.from = from;
    this.to = to;
  }

  static of(text: string): AlignedText {
    const [chars, from, to]: [string[], number[], number[]] = [[], [], []];
    let at = 0;
    for (const char of text) {
      chars.push(char);
      from.push(at);
      at += char.length;
      to.push(at);
    }
    return new AlignedText(chars, from, to);
  }

  get length(): number {
    return this.chars.length;
  }

  toString(): string {
    return this.chars.join('');
  }

  slice(start: number, end: number): AlignedText {
    return new AlignedText(this.chars.slice(start, end), this.from.slice(start, end), this.to.slice(start, end));
  }

  /** Where characters `start` to `end` came from; null for none of them. */
  origin(start: number, end: number): readonly [number, number] | null {
    return start < end && end <= this.length ? [this.from[start]!, this.to[end - 1]!] : null;
  }

  /** @param gone how many characters at the start are left out */
  transform(changes: Iterable<Change>, gone = 0): AlignedText {
    const [chars, from, to]: [string[], number[], number[]] = [[], [], []];
    let at = gone;
    for (const [char, change] of changes) {
      const source = Math.max(0, change > 0 ? at - 1 : at);
      chars.push(char);
      from.push(this.from[source] ?? 0);
      to.push(this.to[source] ?? 0);
      if (change <= 0) at += 1 - change;
    }
    return new AlignedText(chars, from, to);
  }

  /** Each character as none, one or several. */
  map(f: (char: string) => string): AlignedText {
    const [chars, from, to]: [string[], number[], number[]] = [[], [], []];
    this.chars.forEach((char, i) => {
      for (const made of f(char)) {
        chars.push(made);
        from.push(this.from[i]!);
        to.push(this.to[i]!);
      }
    });
    return new AlignedText(chars, from, to);
  }

  /** `start` in front, as if the first character had grown. */
  prepend(start: string): AlignedText {
    if (this.length === 0) return this;
    const added = [...start];
    const place = <T>(list: readonly T[]): T[] => added.map(() => list[0]!);
    return new AlignedText(
      [...added, ...this.chars],
      [...place(this.from), ...this.from],
      [...place(this.to), ...this.to],
    );
  }

  /** `content` in place of each range; it comes from where the last character of the range came. */
  replace(ranges: readonly (readonly [number, number])[], content: string): AlignedText {
    if (ranges.length === 0) return this;
    const [chars, from, to]: [string[], number[], number[]] = [[], [], []];
    const copy = (start: number, end: number): void => {
      for (let i = start; i < end; i++) {
        chars.push(this.chars[i]!);
        from.push(this.from[i]!);
        to.push(this.to[i]!);
      }
    };
    let done = 0;
    for (const [start, end] of ranges) {
      copy(done, start);
      for (const char of content) {
        chars.push(char);
        from.push(this.from[end - 1]!);
        to.push(this.to[end - 1]!);
      }
      done = end;
    }
    copy(done, this.length);
    return new AlignedText(chars, from, to);
  }
}

/** Ranges in characters of what `pattern` (global, unicode) finds. */
export function matches(text: AlignedText, pattern: RegExp): [number, number][] {
  const found: [number, number][] = [];
  let [unit, char] = [0, 0];
  const charAt = (index: number): number => {
    while (unit < index) unit += text.chars[char++]!.length;
    return char;
  };
  for (const match of text.toString().matchAll(pattern)) {
    if (match[0].length === 0) continue;
    found.push([charAt(match.index), charAt(match.index + match[0].length)]);
  }
  return found;
}
