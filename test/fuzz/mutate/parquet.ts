/** Damage to Parquet that leaves its frame right: numbers, texts and types of the footer and of page headers, and bytes of pages. */
import type { Chance } from '../chance.ts';
import { readThrift, type Thrift, writeThrift } from '../thrift.ts';
import { concatenate, edges, mutateBytes, writeInteger } from './bytes.ts';

type Changed = [Uint8Array, string] | null;

export function mutateParquet(bytes: Uint8Array, chance: Chance, donor: Uint8Array): Changed {
  const end = bytes.length - 8;
  if (end < 12) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
  const from = end - length;
  const footer = from >= 4 ? readThrift(bytes, from) : null;
  if (!footer) return null;
  if (chance.happens(0.35)) {
    const [begin] = starts(footer.value)
      .filter((at) => at < from)
      .sort(() => chance.below(3) - 1);
    const header = begin === undefined ? null : readThrift(bytes, begin);
    if (!header) return null;
    if (chance.happens(0.4)) {
      const [body, what] = mutateBytes(bytes.subarray(header.end, from), chance, donor);
      const kept = new Uint8Array(from - header.end);
      kept.set(body.subarray(0, kept.length));
      return [concatenate(bytes.subarray(0, header.end), kept, bytes.subarray(from)), `page: ${what}`];
    }
    const [changed, what] = change(header.value, chance);
    const now = writeThrift(changed);
    // Pages keep their place: a header of another length would move what the footer points at.
    const room = new Uint8Array(header.end - begin!);
    room.set(now.subarray(0, room.length));
    return [concatenate(bytes.subarray(0, begin), room, bytes.subarray(header.end)), `page header: ${what}`];
  }
  const [changed, what] = change(footer.value, chance);
  const now = writeThrift(changed);
  const tail = bytes.slice(end);
  writeInteger(tail, 0, 4, BigInt(now.length));
  return [concatenate(bytes.subarray(0, from), now, tail), `footer: ${what}`];
}

/** Where the footer says that pages begin: fields 9 and 11 of every chunk's metadata. */
function starts(footer: Thrift): number[] {
  const of = (value: Thrift | undefined, id: number): Thrift | undefined =>
    value?.fields?.find(([field]) => field === id)?.[1];
  return (of(footer, 4)?.items ?? [])
    .flatMap((group) => of(group, 1)?.items ?? [])
    .flatMap((chunk) => [of(of(chunk, 3), 9), of(of(chunk, 3), 11)])
    .flatMap((value) => (value?.number === undefined ? [] : [Number(value.number)]));
}

/** The tree with one place changed, and what was done. */
function change(value: Thrift, chance: Chance, path = ''): [Thrift, string] {
  const { type, items, fields } = value;
  if (fields && fields.length > 0) {
    const at = chance.below(fields.length);
    const [id, inner] = fields[at]!;
    const here = `${path}.${id}`;
    const put = (...now: readonly (readonly [number, Thrift])[]): Thrift => ({
      type,
      fields: [...fields.slice(0, at), ...now, ...fields.slice(at + 1)],
    });
    const kind = chance.weighted({ into: 12, drop: 1, double: 1, id: 1 });
    if (kind === 'drop') return [put(), `${here} left out`];
    if (kind === 'double') return [put([id, inner], [id + 1, inner]), `${here} twice`];
    if (kind === 'id') return [put([chance.pick([1, 2, 4, 7, 30, 300]), inner]), `${here} of another number`];
    const [changed, what] = change(inner, chance, here);
    return [put([id, changed]), what];
  }
  if (items && items.length > 0) {
    const at = chance.below(items.length);
    const kind = chance.weighted({ into: 12, drop: 1, many: 1 });
    const here = `${path}[${at}]`;
    const put = (...now: readonly Thrift[]): Thrift => ({
      type,
      items: [...items.slice(0, at), ...now, ...items.slice(at + 1)],
    });
    if (kind === 'drop') return [put(), `${here} left out`];
    if (kind === 'many') {
      const count = chance.pick([2, 100, 1000]);
      return [put(...Array.from({ length: count }, () => items[at]!)), `${here} ${count} times`];
    }
    const [changed, what] = change(items[at]!, chance, here);
    return [put(changed), what];
  }
  if (type === 8) {
    const [bytes, what] = mutateBytes(value.bytes!, chance, value.bytes!);
    return [{ type, bytes }, `${path}: ${what}`];
  }
  if (value.number !== undefined) {
    const near = value.number + BigInt(chance.pick([-1, 1, 2, 8]));
    const number = chance.happens(0.5) ? near : chance.pick([...edges, -1n, -(2n ** 31n), 3n, 5n, 6n, 8n, 9n]);
    return [{ type, number: BigInt.asIntN(64, number) }, `${path} = ${number}`];
  }
  return [{ type: type === 1 ? 2 : 1 }, `${path} turned`];
}
