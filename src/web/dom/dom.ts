/**
 * Small helpers for the page's elements. Text goes in as text, never as HTML, and what cannot be seen in it becomes a sign: names, tokens
 * and errors come from files.
 */
import { visibleLines } from '../../tensor/visible.ts';

/** The element with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element '${id}'`);
  return found as T;
}

/** Makes `text` the content of the element with this id. */
export function write(id: string, text: string): void {
  byId(id).textContent = visibleLines(text);
}

/** Attributes that people read or hear. */
const SPOKEN = ['title', 'aria-label', 'alt', 'placeholder'];

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** A new element; attributes that are null or false are left out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    const text = value === true ? '' : String(value);
    element.setAttribute(name, SPOKEN.includes(name) ? visibleLines(text) : text);
  }
  element.append(...children.map((child) => (typeof child === 'string' ? visibleLines(child) : child)));
  return element;
}

/** Fills a select; keeps the chosen value where it is still there. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly { readonly value: string; readonly label: string; readonly disabled?: boolean }[],
  chosen?: string,
): void {
  const wanted = chosen ?? select.value;
  select.replaceChildren(
    ...options.map(({ value, label, disabled }) => make('option', { value, disabled: disabled ?? false }, label)),
  );
  select.value = options.some(({ value, disabled }) => value === wanted && !disabled)
    ? wanted
    : (options.find(({ disabled }) => !disabled)?.value ?? '');
}

const waiting = new Map<string, ReturnType<typeof setTimeout>>();

/**
 * Tells a screen reader, once things have been still for a moment: typing should not be talked over.
 * @param region `live` for results, `cursor` for the place of the pen: neither takes the other's word away
 */
export function announce(text: string, delay = 900, region: 'live' | 'cursor' = 'live'): void {
  clearTimeout(waiting.get(region));
  waiting.set(
    region,
    setTimeout(() => {
      write(region, text);
    }, delay),
  );
}

/** Offers a file for download. */
export function download(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
