/** Damage that knows no format: bits, bytes, integers of all widths, pieces cut out, doubled, moved or taken from another file. */
import type { Chance } from '../chance.ts';

/** Integers that lengths, counts and offsets go wrong at. */
export const edges: readonly bigint[] = [
  ...[0n, 1n, 2n, 7n, 16n, 64n, 127n, 128n, 255n, 256n, 1000n, 32767n, 65535n, 65536n, 10n ** 6n, 10n ** 9n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n],
  ...[2n ** 64n - 2n, 2n ** 64n - 1n],
];

const words: readonly string[] = [
  ...[
    'model_config',
    'keras_version',
    'layer_names',
    'weight_names',
    'class_name',
    'InputLayer',
    'Dense',
    'LSTM',
    'null',
  ],
  ...[
    '__proto__',
    'constructor',
    '\0',
    '%s',
    '\u202e',
    '\u001b[31m',
    'PK\x03\x04',
    '\x89HDF\r\n\x1a\n',
    'TREE',
    'GCOL',
    '-1',
  ],
];

export function writeInteger(bytes: Uint8Array, at: number, width: number, value: bigint, little = true): void {
  for (let i = 0; i < width && at + i < bytes.length; i++) {
    const shift = BigInt(8 * (little ? i : width - 1 - i));
    bytes[at + i] = Number((value >> shift) & 255n);
  }
}

export function concatenate(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const kinds = { flip: 4, byte: 4, integer: 4, cut: 1, remove: 1, double: 1, splice: 1, word: 1, fill: 1, swap: 1 };

/** @param donor another file of the same kind, for pieces of it */
export function mutateBytes(bytes: Uint8Array, chance: Chance, donor: Uint8Array): [Uint8Array, string] {
  const kind = chance.weighted(kinds);
  const copy = bytes.slice();
  if (bytes.length === 0) return [donor.slice(0, chance.below(64)), 'bytes of another file'];
  // Headers lie in front: a third of all damage goes there.
  const at = chance.below(chance.happens(1 / 3) ? Math.min(512, copy.length) : copy.length);
  const length = 1 + chance.below(Math.min(copy.length - at, chance.pick([4, 16, 64, 1024, 1 << 30])));
  const what = `${kind} at ${at}`;
  switch (kind) {
    case 'flip':
      copy[at]! ^= 1 << chance.below(8);
      return [copy, what];
    case 'byte':
      for (let i = 1 + chance.below(4); i > 0; i--)
        copy[Math.min(copy.length - 1, at + chance.below(16))] = chance.below(256);
      return [copy, what];
    case 'integer': {
      const width = chance.pick([1, 2, 4, 8]);
      writeInteger(copy, chance.happens(0.7) ? at - (at % width) : at, width, chance.pick(edges), chance.happens(0.8));
      return [copy, what];
    }
    case 'cut':
      return [copy.subarray(0, at), what];
    case 'remove':
      return [concatenate(copy.subarray(0, at), copy.subarray(at + length)), `${what}, ${length} bytes`];
    case 'double': {
      const piece = copy.subarray(at, at + Math.min(length, 65_536));
      const times = chance.pick([1, 1, 2, 10]);
      const pieces = Array.from({ length: times }, () => piece);
      return [concatenate(copy.subarray(0, at), ...pieces, copy.subarray(at)), `${what}, ${piece.length} bytes`];
    }
    case 'splice': {
      const from = chance.below(donor.length);
      return [concatenate(copy.subarray(0, at), donor.subarray(from, from + length), copy.subarray(at + length)), what];
    }
    case 'word':
      copy.set(new TextEncoder().encode(chance.pick(words)).subarray(0, copy.length - at), at);
      return [copy, what];
    case 'fill':
      return [copy.fill(chance.pick([0, 0x20, 0x7f, 0xff]), at, at + length), `${what}, ${length} bytes`];
    case 'swap':
      copy.copyWithin(at, chance.below(copy.length), copy.length);
      return [copy.subarray(0, bytes.length), what];
  }
}
