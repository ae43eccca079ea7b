/**
 * A proportional bitmap font for labels in pictures: printable ASCII, capitals 7 pixels high, descenders below the base line. A glyph is its
 * width and nine rows, one base-32 digit each, whose bits are the pixels from left (high) to right. Our own drawing.
 */

const GLYPHS: readonly string[] = [
  '3000000000 1111110100 3550000000 50avaava00 54fke5u400 5pp248jj00 5cik8lid00 1110000000 3124442100 3421112400',
  '504lel4000 5044v44000 2000000112 3000700000 1000000100 5122488g00 54ahhha400 3262222700 5eh1248v00 5eh161he00',
  '526aiv2200 5vgu11he00 568guhhe00 5v12444400 5ehhehhe00 5ehhf12c00 1001000100 2001000112 4124842100 400f0f0000',
  '4842124800 5eh1240400 5ehnlngf00 5ehhvhhh00 5uhhuhhu00 5ehggghe00 5uhhhhhu00 5vgguggv00 5vgguggg00 5ehgnhhf00',
  '5hhhvhhh00 3722222700 572222ic00 5hikokih00 5ggggggv00 5hrllhhh00 5hplljhh00 5ehhhhhe00 5uhhuggg00 5ehhhlid00',
  '5uhhukih00 5fgge11u00 5v44444400 5hhhhhhe00 5hhhhha400 5hhhllrh00 5hha4ahh00 5hha444400 5v1248gv00 3744444700',
  '5g88422100 3711111700 54ah000000 50000000v0 2210000000 500e1fhf00 5gguhhhu00 500egghe00 511fhhhf00 500ehvge00',
  '434f444400 500fhhhf1e 5gguhhhh00 3206222700 3103111152 4889aca900 3622222700 500qllll00 500uhhhh00 500ehhhe00',
  '500uhhhugg 500fhhhf11 400bc88800 500fge1u00 444f444300 500hhhjd00 500hhha400 500hhlla00 500ha4ah00 500hhhhf1e',
  '500v248v00 4344844300 1111111100 4c22122c00 5009li0000',
]
  .join(' ')
  .split(' ');

/** Height of a capital. */
export const CAPITAL_HEIGHT = 7;
/** Empty columns between two glyphs. */
const GAP = 1;

export type Glyph = {
  readonly width: number;
  /** One number per row; bit `width - 1` is the leftmost pixel. */
  readonly rows: readonly number[];
};

/** The glyph of one character; what is not printable ASCII is drawn as `?`. */
export function glyph(character: string): Glyph {
  const code = GLYPHS[character.charCodeAt(0) - 32] ?? GLYPHS['?'.charCodeAt(0) - 32]!;
  return { width: Number(code[0]), rows: [...code.slice(1)].map((digit) => Number.parseInt(digit, 32)) };
}

/** Width of a line in font pixels. */
export function textWidth(text: string): number {
  return [...text].reduce((width, c) => width + glyph(c).width + GAP, -GAP) + (text === '' ? GAP : 0);
}

/** Calls `draw(x, y)` for every set pixel of a line whose top left corner is (0, 0). */
export function forEachPixel(text: string, draw: (x: number, y: number) => void): void {
  let left = 0;
  for (const character of text) {
    const { width, rows } = glyph(character);
    rows.forEach((bits, y) => {
      for (let x = 0; x < width; x++) if ((bits >> (width - 1 - x)) & 1) draw(left + x, y);
    });
    left += width + GAP;
  }
}
