/**
 * Tokens as HTML: one `<mark>` each, coloured by sign and strength, the number in its title, negative ones underlined, so
 * that colour is never the only sign. Everything is escaped; the result needs no style sheet and no script. The text runs in its own direction, and
 * nothing isolates a word, so that words of any script stand in their order.
 */

import { checkOptions } from '../tensor/options.ts';
import { colormap, darkColormap, hex, type Rgb, readableOn } from './colors.ts';
import { directionOf } from './direction.ts';
import { escapeHtml, percent, signed } from './format.ts';
import { FAINTEST, type ScoredToken, scoredTokens, type TokenOptions, tokenNames } from './tokens.ts';

/** How tokens become HTML. */
export type HtmlTokenOptions = TokenOptions & {
  /** Between two tokens; default a space. It is escaped too. */
  readonly separator?: string | undefined;
};

/**
 * Coloured text as an HTML fragment with inline styles (a `<span class="pathgrad-text">`).
 * @param tokens words or word pieces in reading order
 * @param scores one attribution per token; their sign and size are shown
 * @throws PathgradError when tokens and scores differ in number or a score is not finite
 */
export function tokensToHtml(
  tokens: readonly string[],
  scores: ArrayLike<number>,
  options: HtmlTokenOptions = {},
): string {
  checkOptions<HtmlTokenOptions>('tokensToHtml', options, { ...tokenNames, separator: 1 });
  const map = options.colormap ?? 'PiYG';
  const marks = scoredTokens(tokens, scores, options).map((entry) => {
    const back = colormap(map, entry.strength);
    const tint =
      entry.strength === 0 ? 'background:none;color:inherit' : `background:${hex(back)};color:${hex(readableOn(back))}`;
    const style = `${tint};padding:.1em .2em;border-radius:.2em${underline(entry)}`;
    return `<mark style="${style}" title="${titleOf(entry)}">${escapeHtml(entry.token)}</mark>`;
  });
  return `<span class="pathgrad-text" dir="${directionOf(tokens)}">${marks.join(escapeHtml(options.separator ?? ' '))}</span>`;
}

/** The same for the report, which has a style sheet: colours as custom properties, one pair for light and one for dark pages. */
export function tokensToThemedHtml(
  tokens: readonly string[],
  scores: ArrayLike<number>,
  options: TokenOptions & { readonly darkPage: Rgb },
): string {
  const map = options.colormap ?? 'PiYG';
  const marks = scoredTokens(tokens, scores, options).map((entry) => {
    const title = `title="${titleOf(entry)}"`;
    const text = escapeHtml(entry.token);
    if (Math.abs(entry.strength) < FAINTEST) return `<mark class="none" ${title}>${text}</mark>`;
    const light = colormap(map, entry.strength);
    const dark = darkColormap(map, entry.strength, options.darkPage);
    const style = `--l:${hex(light)};--lt:${hex(readableOn(light))};--d:${hex(dark)};--dt:${hex(readableOn(dark))}`;
    return `<mark${entry.strength < 0 ? ' class="minus"' : ''} style="${style}" ${title}>${text}</mark>`;
  });
  return marks.join(' ');
}

function underline({ strength }: ScoredToken): string {
  return strength <= -FAINTEST ? ';text-decoration:underline dotted;text-underline-offset:.2em' : '';
}

function titleOf({ score, strength }: ScoredToken): string {
  return score === 0 ? '0' : `${signed(score)} (${percent(Math.abs(strength))} of the scale)`;
}
