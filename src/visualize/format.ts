/** Text for people: numbers with few digits and a real sign, HTML escaping, and control characters made visible. */

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

/** Text that is safe in HTML content and in quoted attributes. Control characters become visible signs. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** Replaces control characters by their pictures (U+2400 on), so that a token cannot move a cursor or hide in a page. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => {
    const code = c.charCodeAt(0);
    if (code < 32) return String.fromCharCode(0x2400 + code);
    return code === 127 ? '\u2421' : '\ufffd';
  });
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
