/**
 * An explanation that is kept, and the one that is shown now beside it: what differs, and how the score moved. Invariant: the page shows one
 * beside the other exactly where the engine keeps one, and says so when the engine has lost it.
 */
import { shortened } from '../../visualize/format.ts';
import { announce, byId, make, write } from '../dom/dom.ts';
import { showError } from '../dom/messages.ts';
import type { Explained, ResultView } from '../protocol/index.ts';
import type { EngineClient } from '../state/client.ts';
import type { Explaining, KeptRequest } from '../state/explaining.ts';
import { partOf, score, showResult } from './result.ts';

export interface BesideParts {
  readonly engine: EngineClient;
  /** Shows it anew: its colours may be others. */
  readonly show: (result: Explained) => void;
}

type Kept = NonNullable<Explained['beside']>;

export class Beside {
  readonly #parts: BesideParts;
  /** What is on the screen. */
  #shown: Explained | null = null;
  #keeps = false;
  /** Whether it was kept because a word was struck, and not because somebody asked. */
  #byItself = false;

  constructor(parts: BesideParts) {
    this.#parts = parts;
    const root = byId('kept');
    for (const part of byId('shown').cloneNode(true).childNodes) root.append(part.cloneNode(true));
    for (const part of root.querySelectorAll('[id]')) {
      if (part.id === 'strike-help') part.remove();
      else part.removeAttribute('id');
    }
    byId('keep').addEventListener('click', () => void this.keep().catch(showError));
    byId('let-go').addEventListener('click', () => void this.letGo().catch(showError));
  }

  /** What is kept, to be asked for again after a reload; undefined where nothing is, or where nobody asked for it. */
  kept(explaining: Pick<Explaining, 'requestOf'>): { request: KeptRequest; file: string } | undefined {
    const kept = this.#shown?.beside;
    const request = kept && !this.#byItself ? explaining.requestOf(kept.id) : null;
    return kept && request ? { request, file: kept.file } : undefined;
  }

  /** Keeps what is shown, in place of what was kept. */
  async keep(byItself = false): Promise<void> {
    if (!this.#shown) return;
    const { id } = this.#shown;
    this.#keeps = true; // words are struck faster than the engine answers
    const now = await this.#parts.engine.call('pin', { id });
    this.#byItself = byItself;
    if (byItself || now.id !== this.#shown.id) return; // the next explanation shows it
    this.#parts.show(now);
    byId('let-go').focus();
    announce('Kept. The next explanation is shown beside it', 0);
  }

  /** Keeps what is shown unless one is kept already. */
  async keepFirst(): Promise<void> {
    if (!this.#keeps) await this.keep(true);
  }

  async letGo(): Promise<void> {
    this.#keeps = false;
    const now = await this.#parts.engine.call('unpin', {});
    if (!now || now.id !== this.#shown?.id) return;
    this.#parts.show(now);
    byId('keep').focus();
    announce('Let go', 0);
  }

  /** Lets go what nobody asked for: the words are as they were. */
  async undo(): Promise<void> {
    if (!this.#byItself) return;
    this.#keeps = this.#byItself = false;
    await this.#parts.engine.call('unpin', {});
  }

  /** Shows what is kept, if anything is, and what is different now. @returns the change of the score, to be told */
  show(now: Explained): string {
    this.#shown = now;
    const kept = now.beside;
    const lost = this.#keeps && !kept;
    this.#keeps = kept !== null;
    const other = kept !== null && kept.id !== now.id ? kept : null;
    byId('kept').hidden = other === null;
    byId('both').classList.toggle('two', other !== null);
    byId('change').hidden = other === null;
    byId('let-go').hidden = kept === null;
    byId('keep').hidden = kept !== null && other === null;
    write('keep', kept ? 'Keep this one instead' : 'Keep beside');
    write('kept-said', saidOf(kept, other, lost));
    const heading = partOf(byId('shown'), 'heading');
    heading.hidden = other === null;
    if (!other) return '';
    showResult(other, byId('kept'));
    const change = changeOf(now, other);
    write('change', change);
    const [mine, its] = differences(now, other);
    heading.replaceChildren(...headed('Now', mine));
    const keptHeading = partOf(byId('kept'), 'heading');
    keptHeading.hidden = false;
    keptHeading.replaceChildren(...headed('Kept', its));
    return change;
  }
}

function saidOf(kept: Kept | null, other: Kept | null, lost: boolean): string {
  if (lost) return 'What was kept is gone: the engine was started anew.';
  if (kept && !other)
    return 'Kept. Change the input, a setting or the model: the new explanation is shown beside this one.';
  return '';
}

const headed = (name: string, facts: readonly string[]): Node[] => [
  make('b', {}, name),
  ...facts.map((fact) => make('span', {}, fact)),
];

/** `positive 92.4 % → 61.0 %`, from what was kept to what is shown. */
export function changeOf(now: ResultView, kept: ResultView): string {
  const [before, after] = [score(kept, kept.target.score), score(now, now.target.score)];
  // A class called 7 is not more than 99.9 %.
  const named = (label: string, value: string): string => `${label}${/^[<>]/.test(value) ? ':' : ''} ${value}`;
  if (kept.target.label === now.target.label) return `${named(now.target.label, before)} → ${after}`;
  return `${named(kept.target.label, before)} → ${named(now.target.label, after)}`;
}

const LONGEST = 80;

/** What is said of each because the other has it differently. */
export function differences(now: ResultView, kept: Kept): [now: string[], kept: string[]] {
  const facts = (view: ResultView): [string, string][] => [
    ['Input', kept.sameInput ? '' : `“${shortened(view.title, LONGEST)}”`],
    ['Model', view.model],
    ['File', now.model === kept.model ? view.file : ''],
    ['Class', view.target.label],
    ['Word', view.place?.word ?? ''],
    ['Method', view.explainer.name],
    ['Layer', view.layer ?? 'none'],
    ['Baseline', view.baseline?.name ?? 'none'],
    ['Steps', String(view.completeness?.steps ?? 'none')],
    ['Backend', view.backend],
  ];
  const [mine, its] = [facts(now), facts(kept)];
  const differ = mine.map(([, value], i) => value !== its[i]![1] || (i === 0 && !kept.sameInput));
  const say = (all: [string, string][]): string[] =>
    all.filter((_, i) => differ[i]).map(([name, value]) => `${name}: ${value}`);
  if (!differ.includes(true)) return [['the same input, class, method and model'], ['the same']];
  return [say(mine), say(its)];
}
