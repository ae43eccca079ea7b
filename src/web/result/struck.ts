/**
 * Words struck out of a text, as plain data. Invariant: what is left of the text is what the field holds; where it holds anything else
 * somebody typed, and nothing counts as struck.
 */
import type { Place } from '../protocol/index.ts';

type Range = readonly [start: number, end: number];

export class Struck {
  /** The text with all its words. */
  readonly text: string;
  /** Words that are out, in the order of the text. */
  readonly words: readonly Range[];

  constructor(text: string, words: readonly Range[] = []) {
    this.text = text;
    this.words = [...words].sort(([a], [b]) => a - b);
  }

  /** The text without its struck words, nor the spaces that would stand doubled. */
  get left(): string {
    return this.#kept()
      .map(([start, end]) => this.text.slice(start, end))
      .join('');
  }

  /** Where a piece of what is left stands in the whole text. */
  whole({ start, end }: Place): Range {
    let before = 0;
    for (const [from, to] of this.#kept()) {
      if (start < before + to - from) {
        const at = from + start - before;
        return [at, at + end - start];
      }
      before += to - from;
    }
    return [this.text.length, this.text.length];
  }

  strike(word: Range): Struck {
    return new Struck(this.text, [...this.words, word]);
  }

  putBack([start]: Range): Struck {
    return new Struck(
      this.text,
      this.words.filter((word) => word[0] !== start),
    );
  }

  /** What is not cut out. */
  #kept(): Range[] {
    const kept: Range[] = [];
    let at = 0;
    for (const [start, end] of this.#runs().map((run) => this.#cut(run))) {
      if (start > at) kept.push([at, start]);
      at = Math.max(at, end);
    }
    if (at < this.text.length) kept.push([at, this.text.length]);
    return kept;
  }

  /** Struck words with nothing but spaces between them are one. */
  #runs(): Range[] {
    const runs: Range[] = [];
    for (const [start, end] of this.words) {
      const last = runs.at(-1);
      if (last && this.text.slice(last[1], start).trim() === '') runs[runs.length - 1] = [last[0], end];
      else runs.push([start, end]);
    }
    return runs;
  }

  /** A word with the space behind it, or the one before it where the text or a mark follows. */
  #cut([start, end]: Range): Range {
    const isSpace = (at: number): boolean => /\s/.test(this.text.charAt(at));
    if (isSpace(end) && (start === 0 || isSpace(start - 1))) return [start, end + 1];
    return start > 0 && isSpace(start - 1) ? [start - 1, end] : [start, end];
  }
}
