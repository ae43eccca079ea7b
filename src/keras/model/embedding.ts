/** Which models read token ids. The command line and the page ask. */
import { isEmbedding } from '../../model/lookup.ts';
import type { Model } from '../../model/model.ts';

/** The first Embedding of the model, if it has one: its path and the number of ids it knows. */
export function embeddingOf(model: Model): { readonly path: string; readonly size: number } | null {
  const layer = model.layers.find(({ className }) => isEmbedding(className));
  if (!layer) return null;
  return { path: layer.path, size: layer.vocabulary ?? Number.POSITIVE_INFINITY };
}
