/**
 * The direction of a text that is cut into tokens: that of its first letter with one, as Unicode's bidirectional algorithm has it (UAX 9, rules P2
 * and P3). Tokens that stand for no word, such as `<start>` or `[CLS]`, have no say: their letters are not the text's.
 */
const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;
const letter = /\p{L}/u;
const sign = /^(<.*>|\[.*\])$/;

export function directionOf(tokens: readonly string[]): 'ltr' | 'rtl' {
  for (const token of tokens) {
    const [first] = sign.test(token) ? [] : (letter.exec(token) ?? []);
    if (first) return rightToLeft.test(first) ? 'rtl' : 'ltr';
  }
  return 'ltr';
}
