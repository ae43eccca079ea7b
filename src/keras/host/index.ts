/** The layers that run outside the graph, by class name, and what a file keeps for them. */
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import type { KerasFile } from '../load/container.ts';
import { layerPaths } from '../weights/paths.ts';
import { type HostClass, type HostFiles, hashedCrossing, hashing, indexLookup } from './lookup.ts';
import { textVectorization } from './text.ts';

export type { HostClass, HostFiles, HostRun } from './lookup.ts';
export { splitHost } from './split.ts';

const byClass: ReadonlyMap<string, HostClass> = new Map(
  [indexLookup, hashing, hashedCrossing, textVectorization].flatMap((definition) =>
    definition.classes.map((name) => [name, definition] as const),
  ),
);

export const hostLayers: readonly string[] = [...byClass.keys()];

export function findHostClass(className: string): HostClass | undefined {
  return byClass.get(className);
}

/** Vocabularies and frequencies that a `.keras` archive keeps beside the config. */
export function hostFilesOf(file: KerasFile, spec: ModelSpec): (layer: LayerSpec) => HostFiles {
  const paths = layerPaths(spec);
  return (layer) => {
    const path = paths.get(layer);
    const text = path === undefined ? undefined : file.vocabularies?.get(path);
    const key = `${path}/vars/idf_weights`;
    const entries = file.weights.layout === 'paths' ? file.weights.entries : [];
    return {
      vocabulary: text === undefined ? null : linesOf(text),
      frequencies: entries.find((entry) => entry.key === key)?.dataset.read() ?? null,
    };
  };
}

/** Empty lines at the end are no words. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
