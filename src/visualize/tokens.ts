/**
 * Tokens with scores, made ready for showing: checked, padding left out, scaled by the largest absolute score. Text output (HTML, ANSI,
 * the report) starts from here, so that all of them show the same strengths.
 */

import { failure } from '../tensor/errors.ts';
import type { OptionNames } from '../tensor/options.ts';
import { finiteNumbers } from './arrays.ts';
import type { ColormapName } from './colors.ts';
import { normalizeAttributions } from './normalize.ts';

/** Colours and scale of tokens. */
export type TokenOptions = {
  /** Default PiYG. */
  readonly colormap?: ColormapName | undefined;
  /** Score that gets the full colour; default the largest absolute score. Give one to compare several texts. */
  readonly scale?: number | undefined;
  /** Tokens that are left out with their scores, e.g. `<pad>`. */
  readonly padding?: string | readonly string[] | undefined;
};

/** A token with its score and colour. */
export type ScoredToken = {
  readonly token: string;
  readonly score: number;
  /** Score over scale, in [-1, 1]. */
  readonly strength: number;
};

export const tokenNames: OptionNames<TokenOptions> = { colormap: 1, scale: 1, padding: 1 };

/** Weaker than this a token is shown without colour: the tint would not be visible. */
export const FAINTEST = 0.04;

/** @throws PathgradError when tokens and scores differ in number or a score is not finite */
export function scoredTokens(
  tokens: readonly string[],
  scores: ArrayLike<number>,
  options: TokenOptions = {},
): ScoredToken[] {
  if (tokens.length !== scores.length) {
    throw failure('scores', 'there must be one per token', { tokens: tokens.length, scores: scores.length });
  }
  const values = finiteNumbers(scores, 'scores');
  const { padding = [] } = options;
  const dropped = new Set(typeof padding === 'string' ? [padding] : padding);
  const kept = tokens.flatMap((token, i) => (dropped.has(token) ? [] : [{ token, score: values[i]! }]));
  const { values: strengths } = normalizeAttributions(
    kept.map(({ score }) => score),
    { shared: options.scale },
  );
  return kept.map((entry, i) => ({ ...entry, strength: strengths[i]! }));
}
