/**
 * Panels of pictures that are much wider than high, or much higher than wide: a row of 40 steps, a map of 60 x 6. Flat ones get whole rows for
 * themselves, high ones an end; what would be a hair line all the same is stretched, pixels then being no squares.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Least side of a panel, and its most height, in pixels. */
const LEAST_SIDE = 24;
const MOST_HIGH = 480;
/** Pixels that a caption takes. */
const CAPTION = 80;
/** A panel that is this many times as wide as high, or as high as wide, is no usual one. */
const USUAL = 2;

export function isUsual({ width, height }: Size): boolean {
  return width <= USUAL * height && height <= USUAL * width;
}

/** Attribute of what holds the panels in a page, whose style sheet has `PANELS_STYLE`. */
export function aspectAttribute(size: Size): string {
  if (isUsual(size)) return '';
  const aspect = Number((size.width / size.height).toPrecision(4));
  return ` style="--aspect:${aspect}${aspect < 1 ? `;--least:${CAPTION / 16}rem` : ''}"`;
}

/** Columns that are wide enough for flat panels to be seen, of no less than `least`. */
export const panelColumns = (repeat: 'auto-fit' | 'auto-fill', least: string, aspect = 'var(--aspect,1)'): string =>
  `repeat(${repeat},minmax(min(100%,max(${least},4rem*${aspect})),1fr))`;

/** Panels that are neither too low nor too high, where what holds them says their aspect. */
const panels = ['.panel', 'img'].map((name) => `[style*="--aspect"]>figure>${name}`).join();
export const PANELS_STYLE: string = `.pictures{grid-template-columns:${panelColumns('auto-fit', 'var(--least,8rem)')}}${panels}{width:min(100%,max(${LEAST_SIDE}px,${MOST_HIGH}px*var(--aspect)));height:auto;aspect-ratio:var(--aspect);min-height:${LEAST_SIDE}px;max-height:${MOST_HIGH}px}`;

/** Attributes of a panel that stands by itself in a column, without a style. */
export function panelSize({ width, height }: Size): string {
  if (height > USUAL * width)
    return `width="${Math.max(LEAST_SIDE, Math.round((MOST_HIGH * width) / height))}" height="${MOST_HIGH}" preserveAspectRatio="none"`;
  return `width="100%"${width > LOWEST * height ? ` height="${LEAST_SIDE}" preserveAspectRatio="none"` : ''}`;
}
/** So many times as wide as high, a panel would be lower than `LEAST_SIDE` in a column of a page. */
const LOWEST = 20;

/** Where panels of one size stand in a chart. */
export interface PanelLayout {
  readonly columns: number;
  /** From one panel to the next. */
  readonly step: number;
  readonly side: number;
  readonly tall: number;
}

/**
 * @param room pixels from side to side
 * @param least width of a usual panel with its caption
 * @param space between panels
 */
export function panelLayout(
  count: number,
  { width, height }: Size,
  { room, least, space }: { readonly room: number; readonly least: number; readonly space: number },
): PanelLayout {
  // Whole pixels: a line between two of them is half as dark on one side, or lies under the picture.
  const inColumns = (most: number): PanelLayout => {
    // Rows of the same length: six panels are twice three, not five and one.
    const columns = Math.ceil(count / Math.ceil(count / Math.max(1, most))) || 1;
    const step = Math.floor((room + space) / columns);
    const side = Math.min(step - space, Math.max(LEAST_SIDE, Math.round((MOST_HIGH * width) / height)));
    const tall = Math.min(MOST_HIGH, Math.max(LEAST_SIDE, Math.round((side * height) / width)));
    return { columns, step: side < step - space ? Math.max(side, CAPTION) + space : step, side, tall };
  };
  const fitting = (wide: number): PanelLayout =>
    inColumns(Math.min(count, Math.floor((room + space) / (wide + space))));
  const usual = fitting(least);
  if (width > USUAL * height) {
    // As few columns as it takes to be seen.
    for (let most = usual.columns; most > 1; most--) if (inColumns(most).tall >= 2 * LEAST_SIDE) return inColumns(most);
    return inColumns(1);
  }
  if (usual.side === usual.step - space) return usual;
  return fitting(Math.max(usual.side, CAPTION));
}
