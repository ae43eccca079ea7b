/**
 * Text of files and users for people to read. Invariant: nothing in the result tells a terminal or a browser to do anything, and nothing in
 * it is unseen: control characters (C0, DEL, C1: escape sequences start with them), those that change the direction of what follows, and
 * those without a shape become signs. Letters of scripts that run from right to left, and the joiners that such scripts need, stay.
 * Source: Unicode 15, 23.1 and 23.2 (control and layout controls); Boucher and Anderson, "Trojan Source", 2021.
 */

const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  /[\0-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** Control characters below 32 as their pictures (`␛`), others by number (`<U+202E>`). */
export function visible(text: string): string {
  return text.replace(unseen, (sign) => {
    const code = sign.codePointAt(0)!;
    if (code < 0x20 || code === 0x7f) return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** `visible` for text that is laid out in lines: line feeds and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(/[^\n\t]+/g, visible);
}

/** `visible`, and not longer than `length` characters: names and values in a file may be as long as the file. */
export function shortened(text: string, length = 200): string {
  return visible(text.length > length ? `${text.slice(0, length)}…` : text);
}
