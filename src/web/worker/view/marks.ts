/** Words as the page shows them: with the colours of their scores on a scale. */
import { colormap, DARK_PAGE, darkColormap, hex, readableOn } from '../../../visualize/colors.ts';
import { FAINTEST } from '../../../visualize/tokens.ts';
import type { Mark } from '../../protocol/index.ts';

/** @param scale the score that gets the full colour; 0 where all scores are 0 */
export function colouredMark(mark: Omit<Mark, 'strength' | 'light' | 'dark'>, scale: number): Mark {
  const strength = scale === 0 ? 0 : Math.max(-1, Math.min(1, mark.score / scale));
  if (Math.abs(strength) < FAINTEST) return { ...mark, strength, light: null, dark: null };
  const light = colormap('PiYG', strength);
  const dark = darkColormap('PiYG', strength, DARK_PAGE);
  return {
    ...mark,
    strength,
    light: [hex(light), hex(readableOn(light))],
    dark: [hex(dark), hex(readableOn(dark))],
  };
}
