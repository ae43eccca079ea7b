/** Damage to PNG by chunk (with its checksum right), to what gzip holds, to the header of .npy files, and to lines of text. */
import { gunzipSync, gzipSync, unzlibSync, zlibSync } from 'fflate';
import type { Chance } from '../chance.ts';
import { concatenate, edges, mutateBytes, writeInteger } from './bytes.ts';

type Changed = [Uint8Array, string] | null;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function mutatePng(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const [chunks, others] = [chunksIn(bytes), chunksIn(donor)];
  if (chunks.length === 0 || others.length === 0) return null;
  const i = chance.below(chunks.length);
  const { type, data } = chunks[i]!;
  const kind = chance.weighted({ size: 4, content: 3, pixels: 2, drop: 1, double: 1, exchange: 2, type: 1 });
  switch (kind) {
    case 'size': {
      const [at, width] = chance.pick([
        [0, 4],
        [4, 4],
        [8, 1],
        [9, 1],
        [10, 1],
        [11, 1],
        [12, 1],
      ] as const);
      const header = chunks.findIndex((chunk) => chunk.type === 'IHDR');
      if (header < 0) return null;
      const changed = chunks[header]!.data.slice();
      const value = width === 1 ? BigInt(chance.pick([0, 1, 2, 3, 4, 6, 8, 16, 255])) : chance.pick(edges);
      writeInteger(changed, at, width, value, false);
      chunks[header] = { type: 'IHDR', data: changed };
      break;
    }
    case 'content':
      chunks[i] = { type, data: mutateBytes(data, chance, donor)[0] };
      break;
    case 'pixels': {
      const at = chunks.findIndex((chunk) => chunk.type === 'IDAT');
      try {
        const inflated = unzlibSync(chunks[at]!.data);
        const longer = concatenate(inflated, new Uint8Array(chance.pick([1, 1000, 4_000_000])));
        chunks[at] = {
          type: 'IDAT',
          data: zlibSync(chance.happens(0.5) ? mutateBytes(inflated, chance, donor)[0] : longer),
        };
      } catch {
        return null;
      }
      break;
    }
    case 'drop':
      chunks.splice(i, 1);
      break;
    case 'double':
      chunks.splice(i, 0, ...Array.from({ length: chance.pick([1, 2, 500]) }, () => chunks[i]!));
      break;
    case 'exchange':
      chunks.splice(i, chance.below(2), chance.pick(others));
      break;
    case 'type':
      chunks[i] = {
        type: chance.pick(['PLTE', 'tRNS', 'iCCP', 'IDAT', 'IEND', 'acTL', 'fdAT', 'zTXt', 'gAMA', 'pHYs']),
        data,
      };
      break;
  }
  const pieces = chunks.map((chunk) => {
    const body = concatenate(new TextEncoder().encode(chunk.type), chunk.data);
    const frame = new Uint8Array(8);
    writeInteger(frame, 0, 4, BigInt(chunk.data.length), false);
    writeInteger(frame, 4, 4, BigInt(crc32(body)), false);
    return concatenate(frame.subarray(0, 4), body, frame.subarray(4));
  });
  return [concatenate(bytes.subarray(0, 8), ...pieces), `png ${kind} ${type}`];
}

function chunksIn(bytes: Uint8Array): { type: string; data: Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: { type: string; data: Uint8Array }[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.slice(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

export function mutateGzip(bytes: Uint8Array, inner: (content: Uint8Array) => [Uint8Array, string]): Changed {
  try {
    const [content, what] = inner(gunzipSync(bytes));
    return [gzipSync(content, { mtime: 0 }), `gzip: ${what}`];
  } catch {
    return null;
  }
}

const npyWords = [
  ...[
    '<f4',
    '>f8',
    '|b1',
    '<i8',
    '|O',
    '<U5',
    '<c8',
    '<f2',
    '>u2',
    '|V8',
    'True',
    'False',
    '(',
    ')',
    ',',
    '-1',
    '0',
    '1000000000',
  ],
  ...['99999999999999999999', '(3,)', '()', "'descr'", "'shape'", '1L', ' '],
];

export function mutateNpy(bytes: Uint8Array, chance: Chance): Changed {
  const end = bytes.indexOf(0x0a);
  if (end < 10) return null;
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, end));
  const pieces = header.split(/([\w<>|']+)/).filter((piece) => piece !== '');
  const i = chance.below(pieces.length);
  const times = chance.pick([1, 1, 1, 100, 5000]);
  pieces[i] = times === 1 ? chance.pick(npyWords) : `${chance.pick(['1, ', '2, ', '('])}`.repeat(times);
  const text = new TextEncoder().encode(`${pieces.join('').trimEnd()}\n`);
  const front = bytes.slice(0, 10);
  writeInteger(front, 8, 2, BigInt(text.length));
  return [concatenate(front, text, bytes.subarray(end + 1)), `npy header, ${text.length} bytes`];
}

const lines = [
  '',
  '\0',
  '[PAD]',
  '##ing',
  '<pad>',
  '{',
  '\u202eabc',
  '\u001b[2J',
  'a'.repeat(50_000),
  '💥',
  '\ud800',
  '\r',
  ' ',
  '__proto__',
];

export function mutateText(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const text = new TextDecoder().decode(bytes).split('\n');
  const other = new TextDecoder().decode(donor).split('\n');
  const at = chance.below(text.length + 1);
  const kind = chance.weighted({ put: 3, drop: 1, double: 1, other: 1, many: 1 });
  if (kind === 'put') text.splice(at, chance.below(2), chance.pick(lines));
  else if (kind === 'drop') text.splice(at, 1 + chance.below(4));
  else if (kind === 'double') text.splice(at, 0, text[Math.min(at, text.length - 1)]!);
  else if (kind === 'other') text.splice(at, 0, chance.pick(other));
  else text.splice(at, 0, ...Array.from({ length: chance.pick([100, 20_000]) }, (_, i) => `w${i}`));
  return [new TextEncoder().encode(text.join('\n')), `text ${kind} at line ${at}`];
}
