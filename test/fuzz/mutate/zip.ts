/**
 * Damage to zip archives (`.keras`, `.npz`): to a member, zipped again with its right checksum, so that it reaches the reader behind; to
 * which members there are; and to the fields of the archive's own records, zip64 among them.
 */
import { type Unzipped, unzipSync, type Zippable, zipSync } from 'fflate';
import type { Chance } from '../chance.ts';
import { concatenate, edges, writeInteger } from './bytes.ts';

const kinds = { member: 12, drop: 1, rename: 1, exchange: 2, field: 4, zip64: 1 };
interface Fields {
  readonly signature: number;
  /** Offsets of the fields of two and of four bytes (PKWARE's APPNOTE 4.3). */
  readonly two: readonly number[];
  readonly four: readonly number[];
}
const records: readonly Fields[] = [
  { signature: 0x04034b50, two: [4, 6, 8, 10, 12, 26, 28], four: [14, 18, 22] },
  { signature: 0x02014b50, two: [4, 6, 8, 10, 28, 30, 32, 34, 36], four: [16, 20, 24, 38, 42] },
  { signature: 0x06054b50, two: [4, 6, 8, 10, 20], four: [12, 16] },
];

/** @param inner damages a member, given a donor of the same name where there is one @returns null where the archive cannot be opened */
export function mutateZip(
  bytes: Uint8Array,
  chance: Chance,
  donor: Uint8Array,
  inner: (member: Uint8Array, donor: Uint8Array | undefined) => [Uint8Array, string],
): [Uint8Array, string] | null {
  const kind = chance.weighted(kinds);
  if (kind === 'field') return mutateField(bytes, chance);
  if (kind === 'zip64') return addZip64(bytes, chance);
  if (find(bytes, 0x06064b50).length > 0) return null; // an earlier change: the library believes how many members it claims
  let members: Unzipped;
  let others: Unzipped;
  try {
    members = unzipSync(bytes, { filter: ({ originalSize }) => originalSize < 2 ** 22 });
    others = unzipSync(donor);
  } catch {
    return null;
  }
  const names = Object.keys(members);
  if (names.length === 0) return null;
  const name = chance.pick(names);
  let what = `zip ${kind} ${name}`;
  switch (kind) {
    case 'member': {
      const [changed, how] = inner(members[name]!, others[name]);
      members[name] = new Uint8Array(changed);
      what = `${name}: ${how}`;
      break;
    }
    case 'drop':
      delete members[name];
      break;
    case 'rename':
      members[chance.pick([...names, '../x', 'a/b/c', '__proto__', 'model.weights.json', 'pathgrad.json'])] =
        members[name]!;
      break;
    case 'exchange':
      members[name] = others[chance.pick(Object.keys(others))] ?? new Uint8Array(0);
      break;
  }
  const level = chance.happens(0.5) ? 0 : 6;
  // Members in the archive are their own objects; a fixed time keeps the same input the same bytes.
  const files: Zippable = Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, [value, { level, mtime: '1990-01-01' }]]),
  );
  return [zipSync(files), what];
}

function mutateField(bytes: Uint8Array, chance: Chance): [Uint8Array, string] | null {
  const copy = bytes.slice();
  const { signature, two, four } = chance.pick(records);
  const found = find(bytes, signature);
  if (found.length === 0) return null;
  const start = chance.pick(found);
  const at = chance.pick([...two, ...four]);
  const width = two.includes(at) ? 2 : 4;
  writeInteger(copy, start + at, width, chance.happens(0.3) ? BigInt(chance.below(64)) : chance.pick(edges));
  return [copy, `zip field ${at} of ${signature.toString(16)} at ${start}`];
}

function find(bytes: Uint8Array, signature: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] === 0x50 && view.getUint32(at, true) === signature) found.push(at);
  }
  return found;
}

/** A zip64 end record and its locator before the end record, whose counts then say that they are elsewhere. */
function addZip64(bytes: Uint8Array, chance: Chance): [Uint8Array, string] | null {
  let end = bytes.length - 22;
  while (end >= 0 && !(bytes[end] === 0x50 && bytes[end + 1] === 0x4b && bytes[end + 2] === 5)) end--;
  if (end < 0) return null;
  const record = new Uint8Array(76);
  writeInteger(record, 0, 4, 0x06064b50n);
  writeInteger(record, 4, 8, 44n);
  const count = chance.pick(edges);
  writeInteger(record, 24, 8, count);
  writeInteger(record, 32, 8, count);
  writeInteger(record, 40, 8, chance.pick(edges));
  writeInteger(
    record,
    48,
    8,
    chance.happens(0.5)
      ? BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(end + 16, true))
      : chance.pick(edges),
  );
  writeInteger(record, 56, 4, 0x07064b50n);
  writeInteger(record, 64, 8, chance.happens(0.8) ? BigInt(end) : chance.pick(edges));
  const last = bytes.slice(end);
  last.fill(0xff, 8, 20);
  return [concatenate(bytes.subarray(0, end), record, last), `zip64 with ${count} members`];
}
