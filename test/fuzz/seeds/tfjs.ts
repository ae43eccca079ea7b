/** Intact models of TensorFlow.js: those of test/golden/tfjs, in every encoding of weights. */
import { tfjsCases } from '../../support/tfjs.ts';
import type { Seed } from '../formats.ts';

export function tfjsSeeds(): Seed[] {
  return tfjsCases.map(({ name, files }) => ({
    format: 'tfjs',
    name,
    parts: Object.fromEntries(
      Object.entries(files).map(([file, text]) => [file, new Uint8Array(Buffer.from(text, 'base64'))]),
    ),
  }));
}
