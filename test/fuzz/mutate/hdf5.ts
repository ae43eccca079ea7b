/**
 * Damage where HDF5 keeps its structure: fields behind the signatures of its blocks, addresses that point elsewhere (at themselves, so
 * that lists run in circles), message types, names, and the model's JSON inside its attribute, whose length must stay.
 */
import type { Chance } from '../chance.ts';
import { edges, writeInteger } from './bytes.ts';
import { mutateJson } from './json.ts';

const signatures = [
  '\x89HDF',
  'TREE',
  'HEAP',
  'SNOD',
  'OHDR',
  'OCHK',
  'GCOL',
  'FRHP',
  'FHDB',
  'FHIB',
  'BTHD',
  'BTLF',
  'BTIN',
  'FAHD',
  'EAHD',
];
const kinds = { field: 4, address: 4, config: 4, message: 2, name: 2 };

/** @returns null where the chosen kind of damage finds no place in this file */
export function mutateHdf5(bytes: Uint8Array, chance: Chance, donor: Uint8Array): [Uint8Array, string] | null {
  const kind = chance.weighted(kinds);
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  const what = (at: number): string => `hdf5 ${kind} at ${at}`;
  switch (kind) {
    case 'field': {
      const blocks = signatures.flatMap((signature) => find(copy, signature));
      if (blocks.length === 0) return null;
      const at = chance.pick(blocks) + 4 + chance.below(60);
      writeInteger(copy, at, chance.pick([1, 2, 4, 8]), chance.pick([...edges, BigInt(at), BigInt(copy.length)]));
      return [copy, what(at)];
    }
    case 'address': {
      const addresses = addressesIn(view);
      if (addresses.length === 0) return null;
      const at = chance.pick(addresses);
      const target = chance.weighted({ other: 4, itself: 1, near: 2, edge: 2 });
      const value = {
        other: () => view.getBigUint64(chance.pick(addresses), true),
        itself: () => BigInt(at - chance.below(64)),
        near: () => view.getBigUint64(at, true) + BigInt(chance.pick([-8, -1, 1, 8, 16])),
        edge: () => chance.pick(edges),
      }[target]();
      writeInteger(copy, at, 8, BigInt.asUintN(64, value));
      return [copy, `${what(at)}, ${target}`];
    }
    case 'config': {
      const text = jsonIn(copy);
      const from = jsonIn(donor);
      const made = text && mutateJson(text.text, chance, from?.text ?? '{}');
      if (!made) return null;
      const written = new TextEncoder().encode(made[0]);
      if (written.length > text.length) return null;
      copy.fill(0x20, text.at, text.at + text.length);
      copy.set(written, text.at);
      return [copy, `hdf5 ${made[1]}`];
    }
    case 'message': {
      // Version 1 headers: messages at multiples of 8, a type below 24, and a size.
      const places: number[] = [];
      for (let at = 0; at + 8 <= copy.length && places.length < 4000; at += 8) {
        const [type, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
        if (type > 0 && type < 24 && size > 0 && size % 8 === 0 && size < 4096 && copy[at + 5] === 0) places.push(at);
      }
      if (places.length === 0) return null;
      const at = chance.pick(places);
      const field = chance.pick([0, 2, 4, 8, 9, 10, 12, 16, 20, 24]);
      writeInteger(
        copy,
        at + field,
        chance.pick([1, 2, 4]),
        chance.happens(0.5) ? BigInt(chance.below(26)) : chance.pick(edges),
      );
      return [copy, what(at + field)];
    }
    case 'name': {
      const words = [...latin(copy).matchAll(/[a-z_][\w/:.]{3,40}/gi)].filter(() => chance.happens(0.2)).slice(0, 400);
      if (words.length < 2) return null;
      const [to, from] = [chance.pick(words), chance.pick(words)];
      for (let i = 0; i < to[0].length; i++) copy[to.index + i] = from[0].charCodeAt(i) || 0;
      return [copy, what(to.index)];
    }
  }
}

/** Bytes as letters, one each. */
function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function find(bytes: Uint8Array, signature: string): number[] {
  const text = latin(bytes);
  const found: number[] = [];
  for (let at = text.indexOf(signature); at >= 0 && found.length < 200; at = text.indexOf(signature, at + 1))
    found.push(at);
  return found;
}

/** Aligned words that could be addresses in this file. */
function addressesIn(view: DataView): number[] {
  const found: number[] = [];
  for (let at = 0; at + 8 <= view.byteLength && found.length < 4000; at += 8) {
    const low = view.getUint32(at, true);
    if (view.getUint32(at + 4, true) === 0 && low >= 32 && low < view.byteLength) found.push(at);
  }
  return found;
}

function jsonIn(bytes: Uint8Array): { text: string; at: number; length: number } | null {
  const whole = latin(bytes);
  const at = whole.search(/\{"(class_name|module|name|config)": /);
  if (at < 0) return null;
  let [depth, quoted] = [0, false];
  for (let end = at; end < whole.length; end++) {
    const letter = whole[end];
    if (quoted) {
      if (letter === '\\') end++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '{') depth++;
    else if (letter === '}' && --depth === 0) {
      const piece = bytes.subarray(at, end + 1);
      return { text: new TextDecoder().decode(piece), at, length: piece.length };
    }
  }
  return null;
}
