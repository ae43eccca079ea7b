/** Reading a transformer from the files of its folder. A chunk of its own, fetched when the first one is chosen or dropped. */

import { tokenizerOf } from '../../open/model.ts';
import { type LoadedTransformer, loadTransformer } from '../../transformers/index.ts';
import type { TransformerParts } from '../protocol.ts';

/** @throws PathgradError naming the file and what does not fit */
export async function readTransformer(weights: Blob, beside: TransformerParts): Promise<LoadedTransformer> {
  const { shards, ...others } = beside;
  const model = await loadTransformer({ weights: shards ?? weights, ...others });
  tokenizerOf(model); // the page types texts
  return model;
}
