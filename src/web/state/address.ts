/**
 * What the page shows, as the part of its address behind `#`: example, input and settings. Whoever opens the address sees the same. Files of the
 * user are in no address: they stay on the machine.
 */

/** Names and values; what is as it always is is left out. */
export type Fields = Readonly<Record<string, string>>;

/** Longer addresses are cut by what they are pasted into. */
const LONGEST = 4000;

/** The fields of an address; none where there are none or they cannot be read. */
export function fieldsOf(hash: string): Fields {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')));
}

/** The address of fields, or null where it would be too long to be of use. */
export function hashOf(fields: Fields): string | null {
  const text = new URLSearchParams(fields).toString();
  return text.length > LONGEST ? null : `#${text}`;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Makes the address that of `fields`, once things have been still: browsers refuse many changes in a short time. */
export function setAddress(fields: Fields): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const hash = Object.keys(fields).length === 0 ? null : hashOf(fields);
    history.replaceState(null, '', hash ?? location.pathname + location.search);
  }, 400);
}
