/**
 * Whether a model is a transformer: one question for the command line, the page, jobs and training. Told by what it has, since the code of
 * transformers is in a chunk of its own, of which only types may be imported.
 */

/** What no other model has: how many kinds of segments its ids may be of. */
interface TransformerLike {
  readonly config: { readonly segments: number };
}

export function isTransformer<M>(given: M): given is Extract<M, TransformerLike> {
  return typeof (given as Partial<TransformerLike> | null)?.config?.segments === 'number';
}
