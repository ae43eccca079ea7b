/** From seed and index to one damaged input: a seed file, one to four changes to its parts, each by what the part is. */
import { Chance } from '../chance.ts';
import type { Format, Parts, Seed } from '../formats.ts';
import { mutateBytes } from './bytes.ts';
import { mutateHdf5 } from './hdf5.ts';
import { mutateJson } from './json.ts';
import { mutateJpeg, mutateWav } from './media.ts';
import { mutateGzip, mutateNpy, mutatePng, mutateText } from './others.ts';
import { mutateParquet } from './parquet.ts';
import { mutateProtobuf } from './protobuf.ts';
import { isSafetensors, mutateSafetensors } from './safetensors.ts';
import { mutateCsv, mutateLines } from './tables.ts';
import { mutateZip } from './zip.ts';

export interface Input {
  readonly format: Format;
  /** The seed that was damaged, and how. */
  readonly changes: readonly string[];
  readonly parts: Parts;
}

/** What is bigger than this is no test of the reader, but of the disk. */
const LARGEST = 4_000_000;

/** @param weights how often each format is taken */
export function makeInput(
  seeds: readonly Seed[],
  weights: Readonly<Partial<Record<Format, number>>>,
  seed: number,
  index: number,
): Input {
  const chance = new Chance(seed, index);
  const format = chance.weighted(weights as Record<Format, number>);
  const own = seeds.filter((each) => each.format === format);
  const chosen = chance.pick(own);
  const changes: string[] = [chosen.name];
  const parts: Record<string, Uint8Array> = { ...chosen.parts };
  const open = Object.keys(parts).filter((name) => !chosen.fixed?.includes(name));
  for (let count = chance.pick([1, 1, 1, 2, 2, 4]); count > 0; count--) {
    const name = chance.pick(open);
    const donor = chance.pick(own).parts[name] ?? parts[name]!;
    if (open.length > 1 && chance.happens(0.05)) {
      parts[name] = donor;
      changes.push(`${name} of another`);
      continue;
    }
    const [changed, what] = mutate(parts[name]!, chance, donor, format);
    if (changed.length > LARGEST) continue;
    parts[name] = changed;
    changes.push(open.length > 1 ? `${name}: ${what}` : what);
  }
  return { format, changes, parts };
}

/** Formats whose first byte does not tell them. */
const mutators: Readonly<
  Partial<Record<Format, (bytes: Uint8Array, chance: Chance, donor: Uint8Array) => [Uint8Array, string] | null>>
> = { csv: mutateCsv, ndjson: mutateLines, parquet: mutateParquet, jpeg: mutateJpeg, wav: mutateWav };

/** Mostly damage that knows what the bytes are; a third, and where that finds no place, damage to bytes. */
function mutate(bytes: Uint8Array, chance: Chance, donor: Uint8Array, format: Format): [Uint8Array, string] {
  const byKind = chance.happens(0.7) ? structural(bytes, chance, donor, format) : null;
  return byKind ?? mutateBytes(bytes, chance, donor);
}

function structural(bytes: Uint8Array, chance: Chance, donor: Uint8Array, format: Format): [Uint8Array, string] | null {
  const inner = (part: Uint8Array, other: Uint8Array = part): [Uint8Array, string] =>
    mutate(part, chance, other, format);
  const own = mutators[format];
  if (own) return own(bytes, chance, donor);
  if (isSafetensors(bytes)) return mutateSafetensors(bytes, chance, donor);
  switch (bytes[0]) {
    case 0x50:
      if (bytes[1] === 0x4b) return mutateZip(bytes, chance, donor, inner);
      break;
    case 0x89:
      return bytes[1] === 0x48 ? mutateHdf5(bytes, chance, donor) : mutatePng(bytes, chance, donor);
    case 0x1f:
      return mutateGzip(bytes, inner);
    case 0x93:
      return mutateNpy(bytes, chance);
    case 0x00:
      return null;
    case 0x08:
      return mutateProtobuf(bytes, chance, donor);
    case 0x7b: {
      const decoder = new TextDecoder();
      const made = mutateJson(decoder.decode(bytes), chance, decoder.decode(donor));
      return made && [new TextEncoder().encode(made[0]), made[1]];
    }
  }
  return mutateText(bytes, chance, donor);
}
