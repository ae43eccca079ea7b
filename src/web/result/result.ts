/** The result on the page: prediction, attribution as marks or pictures, completeness, and a table that says it in numbers. */
import type { Completeness } from '../../attribution/index.ts';
import { visible, visibleLines } from '../../tensor/visible.ts';
import { directionOf } from '../../visualize/direction.ts';
import { isUsual, panelColumns } from '../../visualize/flat.ts';
import { percent, plain, signed } from '../../visualize/format.ts';
import { make } from '../dom/dom.ts';
import { putMagnified } from '../input/drawing.ts';
import type { Mark, Panel, ResultView } from '../protocol/index.ts';
import { showCharts } from './charts.ts';

/** Side of a panel in canvas pixels, about. */
const PANEL = 224;

export const score = (view: ResultView, value: number): string =>
  view.probabilities ? percent(value) : plain(value, 4);

/** The element of a result that shows this; results stand side by side, so that it is no id. */
export function partOf<T extends HTMLElement = HTMLElement>(root: HTMLElement, name: string): T {
  return root.querySelector<T>(`[data-part=${name}]`)!;
}

/**
 * Shows a result in place of the one before it.
 * @param root what holds the parts @param marks the words, where others than those of the result are shown too
 */
export function showResult(view: ResultView, root: HTMLElement, marks = marksOf(view)): void {
  const byId = (name: string): HTMLElement => partOf(root, name);
  const write = (name: string, text: string): void => {
    byId(name).textContent = visibleLines(text);
  };
  write('verdict', verdict(view));
  byId('classes').replaceChildren(...classRows(view));
  const where = view.place ? ` of “${visible(view.place.word)}”` : '';
  write(
    'explained',
    `Explained: ${view.target.label}${where}${view.target.isPredicted ? ' (the predicted class)' : ''}`,
  );
  const words = byId('words');
  words.hidden = view.marks === null;
  words.dir = directionOf((view.marks ?? []).map(({ token }) => token));
  words.replaceChildren(...marks);
  showPanels(view, root);
  showCharts(view.charts, byId('charts'));
  byId('legend').hidden = view.marks === null && view.picture === null;
  byId('ramp').classList.toggle('light', view.picture !== null);
  showLegend(view, root);
  write('scale', `Full colour stands for ${plain(view.scale)}${view.picture ? ' and more' : ''}.`);
  write(
    'signs',
    view.marks
      ? `${view.explainer.sum === null ? (view.signed ? 'Negative ones are also underlined.' : '') : 'Words that lower the score are also underlined.'}${view.marks.some(({ fixed }) => fixed) ? ' Grey tokens are those that the baseline keeps.' : ''}`
      : splitWords(view),
  );
  showStrongest(view, root);
  showCompleteness(view, root);
  showList(byId('warnings'), [...tooInexact(view), ...view.warnings]);
  showList(byId('notices'), view.notices);
}

function verdict(view: ResultView): string {
  const [first] = view.prediction;
  return first ? `${first.label}: ${score(view, first.score)}` : '';
}

/** What a screen reader is told: the prediction and what moved it most. */
export function spoken(view: ResultView): string {
  const most = view.strongest.slice(0, 3).map(({ name, score: value }) => `${name} ${signed(value, 2)}`);
  const why =
    view.picture && view.explainer.sum !== null
      ? `pixels raise the score by ${signed(view.raised, 2)} and lower it by ${signed(view.lowered, 2)}`
      : most.length > 0
        ? `strongest: ${most.join(', ')}`
        : 'all numbers are 0';
  return `${verdict(view)}; explained: ${view.target.label}; ${why}${view.completeness?.ok === false ? '; warning: the explanation is not complete' : ''}`;
}

function classRows(view: ResultView): HTMLElement[] {
  const most = Math.max(...view.prediction.map((entry) => Math.abs(entry.score)), 1e-12);
  return view.prediction.map(({ label, score: value }) => {
    const bar = make('span', { class: 'bar', 'aria-hidden': 'true' });
    const share = view.probabilities ? value : Math.abs(value) / most;
    bar.style.width = `${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%`;
    const name = make('th', { scope: 'row', class: label === view.target.label ? 'chosen' : null }, label);
    return make('tr', {}, name, make('td', { class: 'b' }, bar), make('td', { class: 'n' }, score(view, value)));
  });
}

/** The words of a result with the spaces between them. */
export function marksOf(view: ResultView): (Node | string)[] {
  return (view.marks ?? []).flatMap((mark, i, marks) => [mark.joined ? '' : ' ', markOf(mark, marks[i + 1])]);
}

export function markOf(
  { token, score: value, joined, pieces, fixed, light, dark }: Mark,
  next: Mark | undefined,
): HTMLElement {
  const parts = pieces.map((piece) => `${piece.token} ${signed(piece.score)}`).join(', ');
  const title = `${signed(value)}${parts && `: ${visible(parts)}`}`;
  const mark = make('mark', { title }, visible(token));
  mark.classList.toggle('joined', joined);
  mark.classList.toggle('followed', next?.joined ?? false);
  mark.classList.toggle('fixed', fixed);
  if (!light || !dark) {
    mark.classList.add('none');
    return mark;
  }
  // Through the object model, which a policy without 'unsafe-inline' allows; a style attribute it would not.
  for (const [name, color] of [
    ['--l', light[0]],
    ['--lt', light[1]],
    ['--d', dark[0]],
    ['--dt', dark[1]],
  ] as const)
    mark.style.setProperty(name, color);
  mark.classList.toggle('minus', value < 0);
  return mark;
}

function showPanels({ picture }: ResultView, root: HTMLElement): void {
  const panels = partOf(root, 'panels');
  panels.hidden = picture === null;
  panels.replaceChildren();
  if (!picture) return;
  const { width, height } = picture;
  const zoom = Math.max(1, Math.ceil(PANEL / Math.max(width, height)));
  const aspect = String(width / height);
  panels.style.gridTemplateColumns = isUsual(picture)
    ? ''
    : panelColumns('auto-fit', height > width ? '5rem' : '8rem', aspect);
  if (isUsual(picture)) panels.style.removeProperty('--aspect');
  else panels.style.setProperty('--aspect', aspect);
  panels.replaceChildren(
    ...picture.panels.map(({ title, description, data }: Panel) => {
      const label = `${title}: ${description}`;
      const canvas = make('canvas', { width: width * zoom, height: height * zoom, role: 'img', 'aria-label': label });
      putMagnified(canvas.getContext('2d')!, new ImageData(new Uint8ClampedArray(data), width, height), zoom);
      return make('figure', {}, canvas, make('figcaption', {}, make('b', {}, title), ` ${description}`));
    }),
  );
}

/** What the colours mean. */
function showLegend({ explainer, signed: below }: ResultView, root: HTMLElement): void {
  const moves = explainer.sum !== null;
  const words = moves
    ? 'Green: going from the baseline to this input raises the score of the class. Pink: it lowers the score.'
    : `Green: positive numbers. ${below ? 'Pink: negative ones.' : 'None is negative.'}`;
  const [low, high] = moves ? ['lowers', 'raises'] : ['negative', 'positive'];
  partOf(root, 'colours').textContent = words;
  partOf(root, 'low').textContent = low!;
  partOf(root, 'high').textContent = high!;
  const label = moves ? 'pink, lowers the score, to green, raises it' : 'pink, negative, to green, positive';
  partOf(root, 'ramp').setAttribute('aria-label', `Colour scale from ${label}`);
}

function splitWords({ picture, explainer }: ResultView): string {
  if (!picture || picture.panels.length < 4) return '';
  return `The last two pictures split ${explainer.sum === null ? 'them' : 'what raises from what lowers'}.`;
}

function showStrongest({ strongest, raised, lowered, explainer }: ResultView, root: HTMLElement): void {
  const most = Math.abs(strongest[0]?.score ?? 1);
  partOf(root, 'strongest').replaceChildren(
    ...strongest.map(({ name, score: value }) => {
      const bar = make('span', { class: value < 0 ? 'bar minus' : 'bar plus', 'aria-hidden': 'true' });
      bar.style.width = `${((100 * Math.abs(value)) / most).toFixed(1)}%`;
      const cell = make('td', { class: 'b' }, bar);
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, visible(name)),
        cell,
        make('td', { class: 'n' }, signed(value)),
      );
    }),
  );
  const sums = `In all ${signed(raised)} that raises the score and ${signed(lowered)} that lowers it.`;
  partOf(root, 'balance').textContent = explainer.sum === null ? 'The numbers need not add up.' : sums;
}

function showCompleteness(view: ResultView, root: HTMLElement): void {
  const { completeness, baseline, backend, milliseconds, target, explainer } = view;
  const time = `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  const points = completeness && completeness.steps > 1 ? `${completeness.steps} steps ` : '';
  const entropy = baseline?.entropy ? `, entropy ${percent(baseline.entropy.fraction)} of the largest` : '';
  const facts: [string, string | null][] = [
    ['Method', `${explainer.name}: ${explainer.says}`],
    ['Complete', completeness ? completeWords(completeness) : 'not promised: the numbers need not add up'],
    ['Baseline', baseline && `${baseline.name}: ${target.label} is ${score(view, baseline.score)} there${entropy}`],
    ['Computed', `${points}on ${backend} in ${time}`],
  ];
  const shown = facts.flatMap(([name, text]) => (text === null ? [] : [make('dt', {}, name), make('dd', {}, text)]));
  partOf(root, 'facts').replaceChildren(...shown);
  partOf(root, 'facts').dataset['ok'] = String(completeness?.ok ?? true);
}

function completeWords({ relative, attributionSum, scoreChange, ok }: Completeness): string {
  const share = `${(100 * (1 + relative)).toFixed(2)} %${ok ? '' : ' (not enough)'}`;
  return `${share}: attributions sum to ${signed(attributionSum, 4)}, the score changes by ${signed(scoreChange, 4)}`;
}

/** A warning where too much is missing. */
function tooInexact({ completeness, explainer }: ResultView): string[] {
  if (!completeness || completeness.ok) return [];
  const { relative, converged } = completeness;
  const advice =
    explainer.name !== 'IntegratedGradients'
      ? 'compare with IntegratedGradients'
      : converged === null
        ? 'choose more steps, or “as many as needed”'
        : 'the largest number of steps was not enough: choose another baseline';
  return [
    `The attributions add up to ${percent(1 + relative)} of the change of the score, more than 5 % off: ${advice}.`,
  ];
}

function showList(list: HTMLElement, lines: readonly string[]): void {
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.map((line) => make('li', {}, line)));
}
