/** Damage to the header of a safetensors file: its JSON, with its length as it is or made right, and the length alone. */
import { joinSafetensors } from '../../support/safetensors.ts';
import type { Chance } from '../chance.ts';
import { edges, writeInteger } from './bytes.ts';
import { mutateJson } from './json.ts';

/** Eight bytes of length, then JSON. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 9 && bytes[8] === 0x7b && [4, 5, 6, 7].every((at) => bytes[at] === 0);
}

function headerOf(bytes: Uint8Array): string | null {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return 8 + length <= bytes.length ? new TextDecoder().decode(bytes.subarray(8, 8 + length)) : null;
}

export function mutateSafetensors(bytes: Uint8Array, chance: Chance, donor: Uint8Array): [Uint8Array, string] | null {
  const header = headerOf(bytes);
  if (header === null || chance.happens(0.1)) {
    const changed = bytes.slice();
    writeInteger(changed, 0, 8, chance.pick(edges), true);
    return [changed, 'length of the header'];
  }
  const other = isSafetensors(donor) ? headerOf(donor) : null;
  const made = mutateJson(header, chance, other ?? header);
  if (!made) return null;
  const text = new TextEncoder().encode(made[0]);
  const length = new TextEncoder().encode(header).length;
  const changed = joinSafetensors(text, [bytes.subarray(8 + length)]);
  if (chance.happens(0.1)) writeInteger(changed, 0, 8, BigInt(length), true);
  return [changed, `header: ${made[1]}`];
}
