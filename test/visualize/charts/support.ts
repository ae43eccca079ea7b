/** What tests of charts read in SVG text: numbers in per cent, classes, texts; and that it is well-formed. */
import * as assert from 'uvu/assert';

/** Every element with this name: its attributes by name. */
export function elements(svg: string, name: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<${name}((?:\\s[^<>]*?)?)/?>`, 'g'))].map(([, attributes]) =>
    Object.fromEntries([...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );
}

/** `12.5%` as 0.125. */
export function part(text: string | undefined): number {
  assert.match(text ?? '', /^-?[\d.]+%$/);
  return Number.parseFloat(text!) / 100;
}

/** The texts that are drawn, without titles. */
export function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text!);
}

/** Tags open and close in order, attributes are quoted, and no number is NaN or infinite. */
export function wellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg
    .replace(/<style>[^<]*<\/style>/g, '')
    .replace(/<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi, (_, end, name, __, alone) => {
      if (end) assert.is(open.pop(), name);
      else if (!alone) open.push(name);
      return '';
    });
  assert.equal(open, []);
  assert.not.match(rest, /[<>]/, 'markup that was not read');
  assert.not.match(svg, /NaN|Infinity|undefined|null/);
}
