/** The scale of a picture: its colours as they are in the picture, light pages and dark, with the numbers at both ends and in the middle. */
import { type ColormapName, colormap, hex } from '../colors.ts';
import { plain } from '../format.ts';
import { textAt } from './svg.ts';

/** The bar's part of a chart. */
export function pictureBarAt(full: number, map: ColormapName, y: number): string {
  const cells = Array.from(
    { length: 31 },
    (_, i) => `<rect fill="${hex(colormap(map, i / 15 - 1))}" x="${i * 5}" y="${y}" width="5.2" height="9"/>`,
  );
  const labels = [plain(-full), '0', `+${plain(full)}`].map((text, i) =>
    textAt({ x: [0, 77.5, 155][i]!, y: y + 20, text, style: `m s n${[' ', ' c', ' e'][i]}`.trim() }),
  );
  return `${cells.join('')}<rect class="l" x="0" y="${y}" width="155" height="9"/>${labels.join('')}`;
}

/** The bar alone, for a page; nothing where all numbers are 0. */
export function pictureBar(full: number, map: ColormapName = 'PiYG'): string {
  if (full === 0) return '';
  return `<svg class="pg" role="img" aria-label="colours from ${plain(-full)} to ${plain(full)}" width="156" height="30">${pictureBarAt(full, map, 1)}</svg>`;
}
