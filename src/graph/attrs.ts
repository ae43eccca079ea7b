/** Attributes by value: two that are computed with in the same way have one key, and no others. */

/** JSON would write infinities and NaN as null, and -0 as 0. */
export function valueKey(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueKey).join()}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${valueKey(entry)}`).join()}}`;
  }
  return Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value) : String(value);
}
