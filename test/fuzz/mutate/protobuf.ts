/**
 * Damage to protocol buffers that leaves the lengths around it right, so that it reaches what is behind the reader: numbers, texts and packed
 * values changed, fields left out, doubled, moved or taken from another file.
 */
import type { Chance } from '../chance.ts';
import { mutateBytes } from './bytes.ts';

interface Part {
  readonly id: number;
  readonly wire: number;
  readonly data: Uint8Array;
}

/** Fields that hold messages, by the path of fields to them: what of onnx.proto is deep. */
const messages = new Set([
  '7',
  '8',
  '25',
  '7.1',
  '7.5',
  '7.11',
  '7.12',
  '7.1.5',
  '7.1.5.5',
  '7.1.5.6',
  '7.11.2',
  '7.11.2.1',
  '7.11.2.1.2',
]);

/** A changed message and what was done, or null where the bytes are none. */
export function mutateProtobuf(
  bytes: Uint8Array,
  chance: Chance,
  donor: Uint8Array,
  path = '',
): [Uint8Array, string] | null {
  const parts = split(bytes);
  if (!parts || parts.length === 0) return null;
  const at = chance.pick(parts.map((_, i) => i));
  const part = parts[at]!;
  const here = path === '' ? `${part.id}` : `${path}.${part.id}`;
  const others = split(donor)?.filter(({ id }) => id === part.id) ?? [];
  const other = others.length > 0 ? chance.pick(others) : part;
  const put = (...now: readonly Part[]): Uint8Array => join([...parts.slice(0, at), ...now, ...parts.slice(at + 1)]);
  if (messages.has(here) && chance.happens(0.85)) {
    const inside = mutateProtobuf(part.data, chance, other.data, here);
    if (inside) return [put({ ...part, data: inside[0] }), inside[1]];
  }
  switch (chance.pick(['change', 'change', 'change', 'drop', 'double', 'other', 'id'])) {
    case 'drop':
      return [put(), `field ${here} left out`];
    case 'double':
      return [put(part, part), `field ${here} twice`];
    case 'other':
      return [put(other), `field ${here} of another`];
    case 'id':
      return [put({ ...part, id: chance.pick([1, 2, 3, 4, 5, 7, 9, 20]) }), `field ${here} of another number`];
    default: {
      if (part.wire === 0) {
        const value = chance.pick([
          [0],
          [1],
          [7],
          [127],
          [255, 255, 255, 255, 15],
          [255, 255, 255, 255, 255, 255, 255, 255, 127],
        ]);
        return [put({ ...part, data: Uint8Array.from(value) }), `field ${here} = ${value.join(' ')}`];
      }
      const [data, what] = mutateBytes(part.data, chance, other.data);
      const kept = part.wire === 2 ? data : fitted(data, part.data.length);
      return [put({ ...part, data: kept }), `field ${here}: ${what}`];
    }
  }
}

const fitted = (data: Uint8Array, length: number): Uint8Array => {
  const out = new Uint8Array(length);
  out.set(data.subarray(0, length));
  return out;
};

function split(bytes: Uint8Array): Part[] | null {
  const parts: Part[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < bytes.length; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    let from = at;
    if (wire === 0) varint();
    else if (wire === 5) at += 4;
    else if (wire === 1) at += 8;
    else if (wire === 2) {
      const length = varint();
      from = at;
      at += length;
    } else return null;
    if (!(at <= bytes.length)) return null;
    parts.push({ id: Math.floor(tag / 8), wire, data: bytes.slice(from, at) });
  }
  return parts;
}

function join(parts: readonly Part[]): Uint8Array {
  const out: number[] = [];
  const varint = (value: number): void => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
    out.push(rest);
  };
  for (const { id, wire, data } of parts) {
    varint(id * 8 + wire);
    if (wire === 2) varint(data.length);
    for (const byte of data) out.push(byte);
  }
  return Uint8Array.from(out);
}
