/** Damage to JPEG by segment and to WAV by chunk, with their lengths right or wrong on purpose: sizes, tables, scans, kinds of samples. */
import type { Chance } from '../chance.ts';
import { concatenate, edges, mutateBytes, writeInteger } from './bytes.ts';

type Changed = [Uint8Array, string] | null;

interface Segment {
  readonly mark: number;
  /** With its length. */
  readonly data: Uint8Array;
}

export function mutateJpeg(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const parts = segmentsOf(bytes);
  const others = segmentsOf(donor);
  if (!parts || !others || parts.segments.length === 0) return null;
  const { segments, scan } = parts;
  const at = chance.below(segments.length);
  const { mark, data } = segments[at]!;
  let end = scan;
  const kind = chance.weighted({ size: 4, content: 5, length: 1, drop: 1, double: 2, exchange: 2, mark: 2, scan: 4 });
  if (kind === 'size') {
    const frame = segments.findIndex(({ mark: each }) => each >= 0xc0 && each <= 0xc2);
    if (frame < 0) return null;
    const copy = segments[frame]!.data.slice();
    // Bits, height, width, components, and of each its name, factors and table.
    const place = 2 + chance.below(copy.length - 2);
    if (place >= 3 && place <= 6) writeInteger(copy, place < 5 ? 3 : 5, 2, chance.pick(edges.slice(0, 15)), false);
    else copy[place] = chance.pick([0, 1, 2, 3, 4, 0x11, 0x22, 0x44, 0xf0, 0xff]);
    segments[frame] = { mark: segments[frame]!.mark, data: copy };
  } else if (kind === 'content') {
    const [changed] = mutateBytes(data.subarray(2), chance, (others.segments[0] ?? segments[at]!).data);
    segments[at] = { mark, data: framed(changed) };
  } else if (kind === 'length') {
    const copy = data.slice();
    writeInteger(copy, 0, 2, chance.pick(edges.slice(0, 15)), false);
    segments[at] = { mark, data: copy };
  } else if (kind === 'drop') segments.splice(at, 1);
  else if (kind === 'double')
    segments.splice(at, 0, ...Array.from({ length: chance.pick([1, 2, 2000]) }, () => segments[at]!));
  else if (kind === 'exchange') segments.splice(at, chance.below(2), chance.pick(others.segments));
  else if (kind === 'mark')
    segments[at] = {
      mark: chance.pick([0xc0, 0xc2, 0xc4, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xe1, 0xee, 0xfe]),
      data,
    };
  else {
    const more = chance.pick([scan, others.scan, new Uint8Array(chance.pick([10, 100_000])).fill(chance.below(255))]);
    end = chance.happens(0.5) ? mutateBytes(scan, chance, others.scan)[0] : concatenate(scan, more);
  }
  const pieces = segments.flatMap((segment) => [Uint8Array.of(0xff, segment.mark), segment.data]);
  return [concatenate(Uint8Array.of(0xff, 0xd8), ...pieces, end), `jpeg ${kind} ${mark.toString(16)}`];
}

const framed = (content: Uint8Array): Uint8Array => {
  const kept = content.subarray(0, 65_000);
  return concatenate(Uint8Array.of((kept.length + 2) >> 8, (kept.length + 2) & 255), kept);
};

/** Segments to the first scan, and all behind its header. */
function segmentsOf(bytes: Uint8Array): { segments: Segment[]; scan: Uint8Array } | null {
  const segments: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const mark = bytes[at + 1]!;
    const end = at + 2 + 256 * bytes[at + 2]! + bytes[at + 3]!;
    segments.push({ mark, data: bytes.slice(at + 2, end) });
    at = end;
    if (mark === 0xda) return { segments, scan: bytes.slice(at) };
  }
  return null;
}

export function mutateWav(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: { from: number; to: number }[] = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const to = Math.min(bytes.length, at + 8 + view.getUint32(at + 4, true));
    chunks.push({ from: at, to });
    at = to + (to % 2);
  }
  if (chunks.length === 0) return null;
  const at = chance.below(chunks.length);
  const { from, to } = chunks[at]!;
  const copy = bytes.slice();
  const kind = chance.weighted({ format: 4, size: 2, content: 2, drop: 1, double: 1, name: 1 });
  const what = `wav ${kind} ${at}`;
  switch (kind) {
    case 'format': {
      const [place, width] = chance.pick([
        [0, 2],
        [2, 2],
        [4, 4],
        [12, 2],
        [14, 2],
      ] as const);
      const values = width === 2 ? [0n, 1n, 2n, 3n, 4n, 8n, 24n, 32n, 64n, 0xfffen, 0xffffn] : edges;
      writeInteger(copy, chunks[0]!.from + 8 + place, width, chance.pick(values));
      return [copy, what];
    }
    case 'size':
      writeInteger(copy, from + 4, 4, chance.pick(edges));
      return [copy, what];
    case 'content': {
      const [changed] = mutateBytes(copy.subarray(from + 8, to), chance, donor);
      writeInteger(copy, from + 4, 4, BigInt(changed.length));
      return [concatenate(copy.subarray(0, from + 8), changed, copy.subarray(to)), what];
    }
    case 'drop':
      return [concatenate(copy.subarray(0, from), copy.subarray(to)), what];
    case 'double': {
      const times = Array.from({ length: chance.pick([1, 2, 500]) }, () => copy.subarray(from, to));
      return [concatenate(copy.subarray(0, to), ...times, copy.subarray(to)), what];
    }
    case 'name':
      copy.set(new TextEncoder().encode(chance.pick(['fmt ', 'data', 'LIST', 'RF64', 'ds64'])), from);
      return [copy, what];
  }
}
