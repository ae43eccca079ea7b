/**
 * Characters as people see them, an emoji of several parts being one. `Intl.Segmenter` takes time that grows with the square of a text's
 * length, so that a text is given to it in short stretches, cut where two characters are known not to belong together.
 */

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** No character of these joins a neighbour of these; only CR and LF do. */
const alone =
  /^(?:[\0-\x7f]|(?=\p{L})[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Han}\p{Script=Hiragana}])$/u;
/** UTF-16 units of a stretch: wanted, and most where there is no place to cut. */
const [WANTED, MOST] = [32, 512];

export function* graphemes(text: string): Iterable<string> {
  let stretch = '';
  let [simple, before] = [true, false];
  for (const char of text) {
    const here = alone.test(char);
    const apart = before && here && !(char === '\n' && stretch.endsWith('\r'));
    if (stretch !== '' && ((apart && (simple || stretch.length >= WANTED)) || stretch.length >= MOST)) {
      yield* simple ? [stretch] : parts(stretch);
      [stretch, simple] = ['', true];
    }
    simple = simple && here && stretch === '';
    stretch += char;
    before = here;
  }
  if (stretch !== '') yield* parts(stretch);
}

function parts(stretch: string): string[] {
  return Array.from(segmenter.segment(stretch), ({ segment }) => segment);
}
