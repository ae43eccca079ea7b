/**
 * The compiled character map of SentencePiece, as `tokenizer.json` holds it in base64: a trie of UTF-8 bytes (Darts, a double array of
 * uint32) and the replacements it points at, each ended by a 0. Nothing in it is trusted: what points outside is an error.
 * Source: sentencepiece's normalizer and darts-clone; which lengths are looked up follows Hugging Face's spm_precompiled.
 */
import { failure } from '../../tensor/errors.ts';
import type { AlignedText, Change } from './aligned.ts';
import { graphemes } from './graphemes.ts';

/** Bytes of the maps of XLM-R and T5: 300,000. */
const LIMIT = 2 ** 24;
const encoder = new TextEncoder();

export class Charsmap {
  readonly #units: DataView;
  readonly #texts: Uint8Array;
  readonly #name: string;
  readonly #known = new Map<string, string | null>();

  /** @throws PathgradError for what is no such map */
  constructor(base64: unknown, name: string) {
    this.#name = name;
    if (typeof base64 !== 'string' || base64.length > LIMIT) throw this.#broken('is no text in base64');
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    } catch {
      throw this.#broken('is no text in base64');
    }
    const size = bytes.length >= 4 ? new DataView(bytes.buffer).getUint32(0, true) : -1;
    if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length) throw this.#broken('does not hold its own trie');
    this.#units = new DataView(bytes.buffer, 4, size);
    this.#texts = bytes.subarray(4 + size);
  }

  /** Graphemes of up to 5 bytes whole, longer ones character by character. */
  normalize(text: AlignedText): AlignedText {
    const changes: Change[] = [];
    // Characters that vanish are counted with the one before; at the very start there is none.
    let gone = 0;
    const put = (old: string, made: string): void => {
      const [before, after] = [[...old].length, [...made]];
      const more = after.length - before;
      after.forEach((char, i) => {
        changes.push([char, i >= after.length - more ? 1 : 0]);
      });
      if (more >= 0) return;
      const last = changes.at(-1);
      if (last) changes[changes.length - 1] = [last[0], last[1] + more];
      else gone -= more;
    };
    for (const segment of graphemes(text.toString())) {
      const whole = segment.length <= 5 && utf8(segment).length < 6 ? this.lookUp(segment) : null;
      if (whole !== null) put(segment, whole);
      else for (const char of segment) put(char, this.lookUp(char) ?? char);
    }
    return text.transform(changes, gone);
  }

  /** What replaces a text that starts with a key, the shortest key; null where there is none. */
  lookUp(text: string): string | null {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const at = this.#find(utf8(text));
    const found = at === null ? null : this.#textAt(at);
    if (this.#known.size < 4096) this.#known.set(text, found);
    return found;
  }

  #find(key: Uint8Array): number | null {
    let at = offsetOf(this.#unit(0));
    for (const byte of key) {
      if (byte === 0) return null;
      at ^= byte;
      const unit = this.#unit(at);
      // The label, whose highest bit says that the unit is a value.
      if ((unit & 0x800000ff) !== byte) return null;
      at ^= offsetOf(unit);
      if ((unit >>> 8) & 1) return this.#unit(at) & 0x7fffffff;
    }
    return null;
  }

  #unit(at: number): number {
    if (at < 0 || at * 4 >= this.#units.byteLength) throw this.#broken('points outside its trie');
    return this.#units.getUint32(at * 4, true);
  }

  #textAt(at: number): string {
    const end = this.#texts.indexOf(0, at);
    if (at >= this.#texts.length || end < 0) throw this.#broken('points outside its texts');
    if (end - at > 64) throw this.#broken('replaces a character by more than 64 bytes');
    return new TextDecoder().decode(this.#texts.subarray(at, end));
  }

  #broken(problem: string): Error {
    return failure(`${this.#name} precompiled_charsmap`, problem, {}, 'the file is damaged');
  }
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
const utf8 = (text: string): Uint8Array => encoder.encode(text);
