/**
 * The direction of a text that is cut into tokens: that of its first letter with one, as Unicode's bidirectional algorithm has it (UAX 9, rules P2
 * and P3). Tokens that stand for no word, such as `<start>` or `[CLS]`, have no say: their letters are not the text's.
 */
/** Letters of scripts that run from right to left. */
export const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{1e800}-\u{1efff}]/u;
const letter = /\p{L}/u;
const sign = /^(<.*>|\[.*\])$/;

export function directionOf(tokens: readonly string[]): 'ltr' | 'rtl' {
  for (const token of tokens) {
    const [first] = sign.test(token) ? [] : (letter.exec(token) ?? []);
    if (first) return RTL.test(first) ? 'rtl' : 'ltr';
  }
  return 'ltr';
}
