/**
 * The shown words as buttons: one is struck out of the text, stays where it was, and can be put back. Invariant: places are those of the whole
 * text, so that several can be struck before the first explanation is there.
 */
import { visible } from '../../tensor/visible.ts';
import { announce, byId, make } from '../dom/dom.ts';
import { showError } from '../dom/messages.ts';
import { type Roving, roving } from '../dom/roving.ts';
import type { InputPanel } from '../input/inputs.ts';
import type { InputData, ResultView } from '../protocol/index.ts';
import type { Beside } from './beside.ts';
import { markOf } from './result.ts';
import { Struck } from './struck.ts';

export interface StrikingParts {
  readonly inputs: InputPanel;
  readonly beside: Beside;
  /** The text is another one. */
  readonly onChange: () => void;
}

type Part = 0 | 1;

export class Striking {
  readonly #parts: StrikingParts;
  readonly #box = byId('words');
  readonly #roving: Roving;
  #struck: Record<Part, Struck> = { 0: new Struck(''), 1: new Struck('') };
  /** The word that was used last. */
  #last = '';

  constructor(parts: StrikingParts) {
    this.#parts = parts;
    this.#box.setAttribute('role', 'group');
    this.#box.setAttribute('aria-label', 'Words; pressed ones are struck out');
    this.#roving = roving(this.#box, '[role=button]', (mark) => this.#toggle(mark));
    this.#box.addEventListener('click', ({ target }) => {
      const mark = target instanceof Element ? target.closest<HTMLElement>('[role=button]') : null;
      if (mark) this.#toggle(mark);
    });
    this.#box.addEventListener('focusin', ({ target }) => {
      this.#last = keyOf(target as HTMLElement);
    });
  }

  /** The words of a result as buttons, with those that are struck between them. @param input what was explained */
  marks(view: ResultView, input: InputData | null): (Node | string)[] {
    const marks = view.marks ?? [];
    if (input?.kind === 'text') {
      for (const [part, text] of [[0, input.text] as const, [1, input.second ?? ''] as const])
        if (this.#struck[part].left !== text) this.#struck[part] = new Struck(text);
    }
    byId('strike-help').hidden = !marks.some(({ place }) => place);
    const waiting: Record<Part, (readonly [number, number])[]> = {
      0: [...this.#struck[0].words],
      1: [...this.#struck[1].words],
    };
    const lastOf = ([0, 1] as const).map((part) => marks.findLastIndex(({ place }) => place?.part === part));
    return marks.flatMap((mark, i) => {
      const { place, joined } = mark;
      const element = markOf(mark, marks[i + 1]);
      const plain = [joined ? '' : ' ', element];
      if (!place) return plain;
      const { part } = place;
      const word = this.#struck[part].whole(place);
      asButton(element, part, word, false);
      const before = waiting[part].filter(([start]) => start < word[0]);
      waiting[part] = waiting[part].slice(before.length);
      const after = i === lastOf[part] ? waiting[part] : [];
      const out = (range: readonly [number, number]) => [' ', this.#struckMark(part, range)];
      return [...before.flatMap(out), ...plain, ...after.flatMap(out)];
    });
  }

  /** Tells whether the keyboard is in the words, before they are shown anew. */
  get hasFocus(): boolean {
    return this.#box.contains(document.activeElement);
  }

  /** The words are shown anew. @param focus whether the keyboard was in them */
  shown(focus: boolean): void {
    const all = [...this.#box.querySelectorAll<HTMLElement>('[role=button]')];
    const last = all.find((mark) => keyOf(mark) === this.#last) ?? null;
    this.#roving.update(last);
    if (focus) last?.focus({ preventScroll: true });
  }

  #struckMark(part: Part, range: readonly [number, number]): HTMLElement {
    const word = this.#struck[part].text.slice(...range);
    const mark = make('mark', { class: 'none', title: 'struck out: choose it to put it back' }, visible(word));
    asButton(mark, part, range, true);
    return mark;
  }

  #toggle(mark: HTMLElement): void {
    const { inputs, beside, onChange } = this.#parts;
    const part = Number(mark.dataset['text']) as Part;
    const range = [Number(mark.dataset['start']), Number(mark.dataset['end'])] as const;
    const struck = this.#struck[part];
    // Somebody typed: what these words are places of is gone, and another explanation is on its way.
    if (inputs.text(part) !== struck.left) return;
    const out = mark.getAttribute('aria-pressed') === 'true';
    const left = this.#box.querySelectorAll(`[data-text="${part}"][aria-pressed=false]`);
    if (!out && left.length < 2) {
      announce('The last word must stay', 0);
      return;
    }
    this.#struck[part] = out ? struck.putBack(range) : struck.strike(range);
    this.#last = keyOf(mark);
    press(mark, !out);
    inputs.setText(part, this.#struck[part].left);
    const none = this.#struck[0].words.length + this.#struck[1].words.length === 0;
    // In the order of the calls: what is shown is kept before another is explained.
    (none ? beside.undo() : beside.keepFirst()).catch(showError);
    onChange();
  }
}

const keyOf = ({ dataset }: HTMLElement): string => `${dataset['text']} ${dataset['start']}`;

function asButton(mark: HTMLElement, part: Part, [start, end]: readonly [number, number], out: boolean): void {
  mark.setAttribute('role', 'button');
  Object.assign(mark.dataset, { text: part, start, end });
  press(mark, out);
}

function press(mark: HTMLElement, out: boolean): void {
  mark.setAttribute('aria-pressed', String(out));
  mark.classList.toggle('struck', out);
}
