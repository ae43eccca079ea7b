/**
 * Several inputs of a model, each with fields of its own: a text, a category to choose, numbers by name or in a row. Invariant: what is read is
 * complete: as long as a field is empty there is no input.
 */
import { byId, make } from '../dom/dom.ts';
import type { FieldData, FieldInfo } from '../protocol/index.ts';
import { MOST_FIELDS } from './features.ts';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class InputFields {
  readonly #box = byId('fields');
  #inputs: readonly FieldInfo[] = [];
  /** What the values of each input are called. */
  #names = new Map<string, readonly string[]>();

  constructor(onChange: () => void) {
    this.#box.addEventListener('input', onChange);
  }

  setModel(inputs: readonly FieldInfo[]): void {
    this.#inputs = inputs;
    this.#names = new Map();
    this.#draw();
  }

  /** Puts in a row. */
  put(fields: readonly FieldData[]): void {
    const names = new Map(fields.flatMap(({ input, names }) => (names ? [[input, names] as const] : [])));
    const same = this.#inputs.every(({ name }) => names.get(name)?.join() === this.#names.get(name)?.join());
    this.#names = names;
    if (!same) this.#draw();
    for (const { input, values } of fields) {
      const controls = this.#of(input);
      if (controls.length === 1) this.#set(controls[0]!, values.length === 1 ? values[0]! : values.join(', '));
      else for (const [i, control] of controls.entries()) this.#set(control, values[i] ?? '');
    }
  }

  /** Null where a field is empty. */
  read(): readonly FieldData[] | null {
    const all = this.#inputs.map(({ name, takes }): FieldData => {
      const controls = this.#of(name);
      const [only] = controls;
      const list = takes === 'numbers' && only instanceof HTMLTextAreaElement;
      const values = list
        ? only.value.split(/[\s,;]+/).filter((value) => value !== '')
        : controls.map(({ value }) => value);
      const names = this.#names.get(name);
      return { input: name, values, ...(names?.length === values.length && { names }) };
    });
    const full = all.every(({ values }) => values.length > 0 && values.every((value) => value.trim() !== ''));
    return full && all.length > 0 ? all : null;
  }

  #of(input: string): Control[] {
    return [...this.#box.querySelectorAll<Control>('[data-input]')].filter((one) => one.dataset['input'] === input);
  }

  /** A category that the model does not know can be asked about, too. */
  #set(control: Control, value: string): void {
    if (control instanceof HTMLSelectElement && ![...control.options].some((option) => option.value === value))
      control.append(make('option', { value }, value));
    control.value = value;
  }

  #draw(): void {
    this.#box.replaceChildren(...this.#inputs.map((input) => this.#boxOf(input)));
  }

  #boxOf(info: FieldInfo): HTMLElement {
    const { name, takes, width, options } = info;
    const names = this.#names.get(name);
    const count = names?.length ?? width;
    const common = { 'data-input': name, autocomplete: 'off', spellcheck: 'false' };
    if (takes === 'text' || count === null || count > MOST_FIELDS) {
      const rows = takes === 'text' ? 3 : 4;
      const area = make('textarea', { ...common, rows, dir: takes === 'text' ? 'auto' : null });
      const what = takes === 'text' ? '' : ', separated by commas or spaces';
      return make('label', { class: 'field wide' }, make('span', {}, `${name}${what}`), area);
    }
    const labelled = Array.from({ length: count }, (_, i) => {
      const control = options
        ? make('select', common, ...['', ...options].map((value) => make('option', { value }, value)))
        : make('input', { ...common, type: 'text', inputmode: takes === 'numbers' ? 'decimal' : null });
      const label = names?.[i] ?? (count === 1 ? name : String(i + 1));
      return make('label', { class: 'field' }, make('span', {}, label), control);
    });
    if (count === 1) return labelled[0]!;
    return make(
      'fieldset',
      { class: 'several' },
      make('legend', {}, name),
      make('div', { class: 'features' }, ...labelled),
    );
  }
}

/** Fields from an address, which anybody may have written; null for what is none. */
export function fieldsIn(text: string): FieldData[] | null {
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === 'string');
  try {
    const found = JSON.parse(text) as Partial<FieldData>[];
    const ok = found.every(
      ({ input, values, names }) =>
        typeof input === 'string' && isList(values) && (names === undefined || isList(names)),
    );
    return ok ? (found as FieldData[]) : null;
  } catch {
    return null;
  }
}
