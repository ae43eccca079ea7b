/** Text for people: numbers with few digits and a real sign, and HTML escaping. */
import { visible } from '../tensor/visible.ts';

/** `+0.0123`, `-4.2e-7`, `0`: three significant digits and always a sign, so that colour is never the only one. */
export function signed(value: number, digits = 3): string {
  if (value === 0) return '0';
  return `${value > 0 ? '+' : ''}${plain(value, digits)}`;
}

/** Three significant digits without needless zeros; exponents only for very large and very small numbers. */
export function plain(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e6 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
}

/** `97.1 %`; small shares keep a digit that is not 0, and nothing but 1 reads 100 %. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return String(share);
  const value = share * 100;
  if (value > 99.95 && value < 100) return '> 99.9 %';
  if (value > 0 && value < 0.05) return '< 0.1 %';
  return `${Number(value.toFixed(1))} %`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe in HTML content and in quoted attributes. What cannot be seen becomes a sign (tensor/visible.ts). */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** Row-major position to indices: `2,5`. */
export function indexOf(at: number, shape: readonly number[]): string {
  const index: number[] = [];
  let rest = at;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index.join(',');
}

/** With a capital first letter. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The beginning of a text that has more than `length` signs, with a sign that it was cut. */
export const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text;
