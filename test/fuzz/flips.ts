/**
 * Single bit flips in `.keras` archives: which bit an index stands for, and whether the damaged archive still predicts what the intact
 * one does. Zip keeps a checksum of every member, so that none need change a prediction.
 */
import { loadModel } from '../../src/keras/load/load.ts';
import { customLayers } from '../support/zoo-layers.ts';
import { Chance } from './chance.ts';
import type { Parts, Seed } from './formats.ts';
import { inputsFor } from './targets.ts';

export interface Flip {
  readonly archive: string;
  readonly byte: number;
  readonly bit: number;
  readonly parts: Parts;
}

export function makeFlip(seeds: readonly Seed[], seed: number, index: number): Flip {
  const chance = new Chance(seed, index);
  const { name, parts } = chance.pick(seeds.filter(({ format }) => format === 'keras'));
  const bytes = parts['model.keras']!.slice();
  const [byte, bit] = [chance.below(bytes.length), chance.below(8)];
  bytes[byte]! ^= 1 << bit;
  return { archive: name, byte, bit, parts: { 'model.keras': bytes } };
}

const intact = new Map<string, Promise<readonly number[]>>();

/** The largest difference between predictions of the damaged archive and of the intact one. @throws what loading throws */
export async function differenceAfter(seeds: readonly Seed[], { archive, parts }: Flip): Promise<number> {
  let wanted = intact.get(archive);
  if (!wanted) {
    wanted = predictions(
      seeds.find(({ name, format }) => name === archive && format === 'keras')!.parts['model.keras']!,
    );
    intact.set(archive, wanted);
  }
  const [before, after] = [await wanted, await predictions(parts['model.keras']!)];
  if (before.length !== after.length) return Number.POSITIVE_INFINITY;
  return before.reduce(
    (worst, value, i) => (Object.is(value, after[i]) ? worst : Math.max(worst, off(value, after[i]!))),
    0,
  );
}

function off(a: number, b: number): number {
  const difference = Math.abs(a - b) / Math.max(1, Math.abs(a));
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

async function predictions(bytes: Uint8Array): Promise<readonly number[]> {
  const model = await loadModel(bytes, { name: 'model.keras', layers: customLayers });
  const outputs = await model.predictAll(inputsFor(model)!);
  model.dispose();
  return outputs.flatMap(({ data }) => Array.from(data));
}
