/**
 * The intact files that inputs are made of: the committed ones of test/golden/zoo and examples, and small ones made here, which are most
 * of them: in a small file more of the damage hits structure. `--shared` adds the files below 200 kB that lie beside the project.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { sharedFolder } from '../../support/shared.ts';
import type { Seed } from '../formats.ts';
import { arraySeeds } from './arrays.ts';
import { modelSeeds } from './models.ts';
import { onnxSeeds } from './onnx.ts';
import { tableSeeds } from './tables.ts';
import { textSeeds } from './texts.ts';
import { tfjsSeeds } from './tfjs.ts';
import { tokenizerSeeds, transformerSeeds } from './transformers.ts';

export async function makeSeeds(withShared = false): Promise<Seed[]> {
  return [
    ...(await modelSeeds()),
    ...tfjsSeeds(),
    ...onnxSeeds(),
    ...(await transformerSeeds()),
    ...tokenizerSeeds(),
    ...arraySeeds(),
    ...tableSeeds(),
    ...(await textSeeds()),
    ...(withShared ? sharedSeeds() : []),
  ];
}

/** Files beside the project, by how they end. */
function sharedSeeds(): Seed[] {
  if (!existsSync(sharedFolder)) return [];
  const endings: readonly (readonly [RegExp, Seed['format'], string])[] = [
    [/\.weights\.h5$/, 'h5', 'model.h5'],
    [/\.(h5|hdf5)$/, 'h5', 'model.h5'],
    [/\.keras$/, 'keras', 'model.keras'],
    [/\.npy$/, 'npy', 'array.npy'],
    [/\.npz$/, 'npz', 'reference.npz'],
    [/\.png$/, 'png', 'picture.png'],
    [/\.jpe?g$/, 'jpeg', 'picture.jpg'],
    [/\.wav$/, 'wav', 'sound.wav'],
    [/\.csv$/, 'csv', 'table.csv'],
    [/\.(ndjson|jsonl)$/, 'ndjson', 'rows.ndjson'],
    [/\.parquet$/, 'parquet', 'table.parquet'],
    [/tokenizer.*\.json$/, 'tokenizer', 'tokenizer.json'],
  ];
  return ['cases', 'keras-corpus'].flatMap((folder) => {
    if (!existsSync(`${sharedFolder}/${folder}`)) return [];
    return readdirSync(`${sharedFolder}/${folder}`, { recursive: true, encoding: 'utf8' })
      .sort()
      .flatMap((path): Seed[] => {
        const found = endings.find(([ending]) => ending.test(path));
        const file = `${sharedFolder}/${folder}/${path}`;
        if (!found) return [];
        const bytes = new Uint8Array(readFileSync(file));
        return bytes.length > 200_000
          ? []
          : [{ format: found[1], name: `shared/${basename(path)}`, parts: { [found[2]]: bytes } }];
      });
  });
}
