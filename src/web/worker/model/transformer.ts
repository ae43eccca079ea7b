/** Reading a transformer from the files of its folder. A chunk of its own, fetched when the first one is chosen or dropped. */

import { bareEncoder, tokenizerOf } from '../../../open/model.ts';
import { type LoadedTransformer, loadTransformer } from '../../../transformers/index.ts';
import type { TransformerParts } from '../../protocol/index.ts';

/** @throws PathgradError naming the file and what does not fit */
export async function readTransformer(weights: Blob, beside: TransformerParts): Promise<LoadedTransformer> {
  const { shards, ...others } = beside;
  const model = await loadTransformer({ weights: shards ?? weights, ...others }).catch((error: unknown) => {
    throw bareEncoder(error, weights instanceof File ? weights.name : 'the model') ?? error;
  });
  tokenizerOf(model); // the page types texts
  return model;
}
