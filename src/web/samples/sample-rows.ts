/** The table of samples as elements: its head, and a row with a text, a thumbnail or values, what was predicted and whether it is right. */
import { shortened } from '../../visualize/format.ts';
import { make } from '../dom/dom.ts';
import type { Pixels } from '../protocol/index.ts';
import { answerOf, classNameOf, isRight, type Marked, type Meaning, type SortKey } from './marked.ts';

/** Characters of a text, and numbers of a row, that are shown. */
const [TEXT, NUMBERS] = [140, 6] as const;

export function headOf(sortBy: (key: SortKey) => void): HTMLElement[] {
  const sorts = (key: SortKey, text: string, name: string): HTMLElement => {
    const button = make('button', { type: 'button', 'aria-label': `${text}: sort by ${name}` }, text);
    button.addEventListener('click', () => sortBy(key));
    return make('th', { scope: 'col', 'data-key': key, 'aria-sort': 'none' }, button);
  };
  return [
    sorts('number', '#', 'number'),
    make('th', { scope: 'col' }, 'Sample'),
    sorts('class', 'Predicted', 'class'),
    sorts('score', 'Score', 'score'),
    make('th', { scope: 'col', 'data-wanted': true }, 'Wanted'),
  ];
}

export interface RowState {
  readonly chosen: boolean;
  readonly changed: boolean;
  /** Where the keyboard is. */
  readonly current: boolean;
  /** The number of the row in the whole table, its head being 1. */
  readonly place: number;
}

/** @param urls gets what is to be revoked when the row goes */
export function rowOf(
  sample: Marked,
  meaning: Meaning,
  { chosen, changed, current, place }: RowState,
  withWanted: boolean,
  urls: string[],
): HTMLTableRowElement {
  const { number, row, predicted } = sample;
  const right = isRight(sample, meaning);
  const name = classNameOf(sample, meaning);
  const score = predicted && 'score' in predicted ? shortScore(predicted.score) : '';
  const said =
    predicted && 'failed' in predicted
      ? [make('td', { colspan: 2, class: 'failed' }, predicted.failed)]
      : [make('td', { class: 'class' }, predicted === null ? '…' : name), make('td', { class: 'n' }, score)];
  const shown = make('td', { class: 'sample' }, make('div', { class: 'short' }, shortOf(sample, urls)));
  if (changed) shown.append(make('em', { class: 'changed' }, ' changed'));
  const answer = answerOf(sample, meaning);
  const given = answer === row.wanted ? {} : { title: `in the file: ${row.wanted}` };
  const wanted = make('td', { class: 'wanted', ...(row.wanted !== null && given) }, answer);
  if (right !== null)
    wanted.append(' ', make('span', { class: right ? 'right' : 'wrong' }, right ? '✓ right' : '✗ wrong'));
  return make(
    'tr',
    {
      'data-number': number,
      tabindex: current ? 0 : -1,
      'aria-selected': String(chosen),
      'aria-rowindex': place,
    },
    make('th', { scope: 'row', class: 'n' }, String(number)),
    shown,
    ...said,
    ...(withWanted ? [wanted] : []),
  );
}

const shortScore = (score: number): string =>
  score >= 0 && score <= 1 ? score.toFixed(3) : String(Number(score.toPrecision(4)));

function shortOf({ row: { input, name }, number }: Marked, urls: string[]): Node | string {
  switch (input.kind) {
    case 'text': {
      return make('span', { dir: 'auto' }, shortened(input.text, TEXT).replace(/\s+/g, ' '));
    }
    case 'numbers': {
      const values = input.text.split(', ', NUMBERS + 1);
      const listed = values
        .slice(0, NUMBERS)
        .map((value, i) => (input.features ? `${input.features[i]} ${value}` : value));
      return `${listed.join(', ')}${values.length > NUMBERS ? ', …' : ''}`;
    }
    case 'fields': {
      const all = input.fields.flatMap(({ input: name, names, values }) =>
        values.map((value, i) => `${names?.[i] ?? (values.length === 1 ? name : '')} ${shortened(value, 40)}`.trim()),
      );
      return `${all.slice(0, NUMBERS).join(', ')}${all.length > NUMBERS ? ', …' : ''}`;
    }
    case 'image':
      return thumbnail(input.pixels, `Picture ${number}`);
    case 'file': {
      const url = URL.createObjectURL(input.file);
      urls.push(url);
      const picture = make('img', { src: url, alt: '', loading: 'lazy', width: 40, height: 40 });
      return make('span', { class: 'thumb' }, picture, name ?? '');
    }
  }
}

function thumbnail({ height, width, channels, data }: Pixels, label: string): HTMLCanvasElement {
  const canvas = make('canvas', { width, height, role: 'img', 'aria-label': label });
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * data[i * channels + (channels === 3 ? c : 0)]!;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
