/** Numbers with names: a field for each in place of one for all. What is typed goes into the field for all, which stays what is read. */
import { byId, make } from '../dom/dom.ts';

/** More fields than these are no help. */
export const MOST_FIELDS = 60;

export class FeatureFields {
  readonly #all = byId<HTMLTextAreaElement>('numbers');
  readonly #box = byId('features');
  #names: readonly string[] = [];

  constructor(onChange: () => void) {
    this.#box.addEventListener('input', () => {
      this.#all.value = this.#fields()
        .map(({ value }) => value.trim() || '?')
        .join(', ');
      onChange();
    });
  }

  /** The names, as many as there are numbers; none where there are no names. */
  get names(): readonly string[] {
    return this.#names;
  }

  #fields(): HTMLInputElement[] {
    return [...this.#box.querySelectorAll('input')];
  }

  setNames(names: readonly string[] | null): void {
    this.#names = names ?? [];
    const shown = names !== null && names.length <= MOST_FIELDS;
    byId('all-numbers').hidden = shown;
    byId('features-box').hidden = !shown;
    const fields = (shown ? names : []).map((name) =>
      make(
        'label',
        {},
        make('span', {}, name),
        make('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off' }),
      ),
    );
    this.#box.replaceChildren(...fields);
    this.refresh();
  }

  /** Shows in the fields what the field for all says. */
  refresh(): void {
    const values = this.#all.value.split(/[\s,;]+/).filter((value) => value !== '');
    for (const [i, field] of this.#fields().entries()) field.value = values[i] === '?' ? '' : (values[i] ?? '');
  }
}
