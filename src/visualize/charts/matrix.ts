/**
 * Pairs of features: what each two did together, as a square of cells with the names on both axes, one diverging scale. A cell says its number
 * where the pointer or the focus is, and in itself where there is room. Of many features those with the largest part in the table.
 */
import { failure } from '../../tensor/errors.ts';
import { finiteNumbers } from '../arrays.ts';
import { escapeHtml, plain, signed } from '../format.ts';
import { colorBar } from './series.ts';
import { BOLD, type ChartOptions, chart, fitted, measured, roomIn, share, textAt, tidy, twoLines } from './svg.ts';

/** What pairs of features did together. */
export type PairsTable = {
  readonly names: readonly string[];
  /**
   * Row-major, `names.length` squared, as `IntegratedHessians` gives it: on the diagonal what a feature did by itself, beside it what each two did
   * together, half of it on either side. A cell shows both halves.
   */
  readonly values: ArrayLike<number>;
  /** Features that are shown; default 12, and all where there are no more than 16: none is left out for a few. */
  readonly most?: number | undefined;
};

const SIDE = 34;
/** Between two lines of a name. */
const LINE = 14;
/** Pixels that the names of columns take at most: on two lines where columns are as wide as these, else on one. */
const HEAD = { lines: 150, line: 240 };
/** Features that are all shown, and how many of more. */
const FEW = { all: 16, most: 12 };
/** Share of the width that names of rows take. */
const LEFT = 0.3;

/** Which features are shown: those with the largest sum of sizes in their row and column, in their order. @throws PathgradError for a table that is not square */
export function pairsShown({ names, values, most }: PairsTable): number[] {
  const n = names.length;
  if (values.length !== n * n)
    throw failure('pairs', 'must be a square table of the names', { names: n, values: values.length });
  const numbers = finiteNumbers(values, 'pairs');
  const size = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) size[i]! += Math.abs(numbers[i * n + j]!) + Math.abs(numbers[j * n + i]!);
  const order = names.map((_, i) => i).sort((a, b) => size[b]! - size[a]! || a - b);
  // What has no part in anything is not shown, unless nothing has.
  const parts = order.filter((i) => size[i]! > 0);
  return (parts.length > 0 ? parts : order).slice(0, most ?? (n > FEW.all ? FEW.most : n)).sort((a, b) => a - b);
}

/** The chart as SVG text. @throws PathgradError for a table that is not square, or a number that is not finite */
export function pairsMatrix(table: PairsTable, options: ChartOptions = {}): string {
  const { names, values } = table;
  const kept = pairsShown(table);
  const n = names.length;
  const at = (i: number, j: number): number => (i === j ? values[i * n + i]! : values[i * n + j]! + values[j * n + i]!);
  let full = 0;
  let best: readonly [number, number] = [0, 0];
  for (const i of kept)
    for (const j of kept) if (Math.abs(at(i, j)) > full) [full, best] = [Math.abs(at(i, j)), [i, j]];
  const width = (1 - LEFT) / Math.max(1, kept.length);
  const room = roomIn(options);
  const roomy = width * room >= 2 * LINE;
  const heads = kept.map((i) => (roomy ? twoLines(names[i]!, HEAD.lines, 12) : [fitted(names[i]!, HEAD.line, 12)]));
  const head = 12 + Math.max(0, ...heads.flat().map((line) => measured(line, 12)));
  const inCell = kept.length <= 5;
  const columns = kept.map((j, c) => {
    const lines = heads[c]!.map((line, l) => {
      const y = (l - (heads[c]!.length - 1) / 2) * LINE;
      return `<text class="s" transform="rotate(-90)" y="${tidy(y)}">${escapeHtml(line)}<title>${escapeHtml(names[j]!)}</title></text>`;
    });
    return `<svg x="${share(LEFT + (c + 0.5) * width)}" y="${tidy(head - 6)}" overflow="visible">${lines.join('')}</svg>`;
  });
  const rows = kept.map((i, r) => {
    const y = head + r * SIDE;
    const lines = twoLines(names[i]!, LEFT * room - 8, 12);
    const label = lines.map((text, l) => {
      const middle = y + SIDE / 2 + (l - (lines.length - 1) / 2) * LINE;
      return textAt({ x: 0, y: middle, text, full: names[i]!, style: 's' });
    });
    const cells = kept.slice(0, r + 1).map((j, c) =>
      cell(
        {
          names,
          i,
          j,
          value: at(i, j),
          full,
          x: LEFT + c * width,
          y,
          width,
          inCell,
          room,
          first: r === 0 && c === 0,
        },
        head + kept.length * SIDE,
      ),
    );
    return `${label.join('')}${cells.join('')}`;
  });
  const bottom = head + kept.length * SIDE;
  const more =
    n > kept.length
      ? textAt({
          x: 0,
          y: bottom + 66,
          text: `${kept.length} of ${n} features, those with the largest part`,
          style: 'm s',
        })
      : '';
  const strongest =
    full === 0 ? 'All are 0.' : `Strongest: ${names[best[0]]} with ${names[best[1]]} ${signed(at(...best))}.`;
  const says = `Pairs of ${kept.length} features, full colour ${plain(full)}. ${strongest}`;
  const body = `${columns.join('')}${rows.join('')}${colorBar(full, bottom + 24)}${more}`;
  return chart('pairsMatrix', { height: bottom + 56 + (more === '' ? 0 : 20), body, says, parts: true }, options);
}

type Cell = {
  readonly names: readonly string[];
  readonly i: number;
  readonly j: number;
  readonly value: number;
  readonly full: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly inCell: boolean;
  /** Of the whole chart. */
  readonly room: number;
  readonly first: boolean;
};

/** A cell that takes the focus; the first one is in the order of the Tab key, the others are reached by pointer, touch or arrow keys. */
function cell({ names, i, j, value, full, x, y, width, inCell, room, first }: Cell, bottom: number): string {
  const words = i === j ? names[i]! : `${names[i]} with ${names[j]}`;
  const label = escapeHtml(`${words}: ${signed(value)}`);
  const opacity = full > 0 ? Math.abs(value) / full : 0;
  const box = `x="${share(x)}" y="${tidy(y)}" width="${share(width)}" height="${SIDE}"`;
  const back = `<rect class="card g" ${box}/><rect class="${value < 0 ? 'q' : 'p'} w g" fill-opacity="${tidy(opacity)}" ${box}/>`;
  const inside = inCell
    ? `<text class="s c n${opacity > 0.6 ? ' on' : ''}" x="${share(x + width / 2)}" y="${tidy(y + SIDE / 2)}">${signed(value, 2)}</text>`
    : '';
  const number = `: ${signed(value)}`;
  const said = `${fitted(words, (room - 4) / BOLD - measured(number, 12), 12)}${number}`;
  const tip = textAt({ x: 0, y: bottom + 12, text: said, style: 's b tip' });
  return `<g class="f" tabindex="${first ? 0 : -1}" role="img" aria-label="${label}"><title>${label}</title>${back}${inside}${tip}</g>`;
}
