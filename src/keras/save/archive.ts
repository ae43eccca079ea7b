/**
 * `.keras`: metadata.json, config.json, model.weights.h5 and vocabularies in a zip archive, stored as Keras stores them.
 * Invariant: no time is in it, so that the same model gives the same bytes.
 */
import { zipSync } from 'fflate';
import type { Asset } from './vocabularies.ts';

/** The first day that a zip archive can say. */
const mtime = new Date(1980, 0, 1);

export function writeArchive(
  version: string,
  config: string,
  weights: Uint8Array,
  assets: readonly Asset[],
): Uint8Array<ArrayBuffer> {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const members: [string, Uint8Array][] = [
    ['metadata.json', text(JSON.stringify({ keras_version: version }))],
    ['config.json', text(config)],
    ['model.weights.h5', weights],
    ...assets.flatMap(({ paths, words }) =>
      (words ? paths : []).map((path): [string, Uint8Array] => [
        `assets/${path}/vocabulary.txt`,
        text(words!.join('\n')),
      ]),
    ),
  ];
  return zipOf(Object.fromEntries(members));
}

/** Files as a zip archive, none of them packed: weights would not shrink. */
export const zipOf = (members: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> =>
  zipSync(members, { level: 0, mtime });
