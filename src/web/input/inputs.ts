/** Part 2 of the page: the text, the drawing or the numbers, whichever the model takes. */
import { shortened } from '../../visualize/format.ts';
import { announce, byId, fillSelect, make, write } from '../dom/dom.ts';
import type { InputData, InputKind, ModelInfo, PixelRange, Pixels } from '../protocol/index.ts';
import type { Fields } from '../state/address.ts';
import { Drawing } from './drawing.ts';
import { FeatureFields } from './features.ts';
import { fieldsIn, InputFields } from './fields.ts';

const kindNames: Readonly<Record<InputKind, string>> = {
  text: 'a text',
  image: 'a picture',
  numbers: 'numbers',
  fields: 'its inputs',
};

export interface InputEvents {
  /** The input is another one: explain it. */
  readonly onChange: () => void;
  /** The model is given another kind of input. */
  readonly onKind: (kind: InputKind) => void;
  readonly onPicture: (file: File) => void;
}

/** What an example brings. */
export interface Offered {
  readonly texts: readonly string[];
  readonly pictures: readonly { readonly name: string; readonly pixels: Pixels }[];
}

export class InputPanel {
  readonly #events: InputEvents;
  readonly #kind = byId<HTMLSelectElement>('kind');
  readonly #text = byId<HTMLTextAreaElement>('text');
  readonly #second = byId<HTMLTextAreaElement>('second');
  readonly #texts = byId<HTMLSelectElement>('texts');
  readonly #numbers = byId<HTMLTextAreaElement>('numbers');
  readonly #range = byId<HTMLSelectElement>('range');
  readonly #drawing: Drawing;
  readonly #features: FeatureFields;
  readonly #fields: InputFields;
  /** What a file says of the numbers beside them. */
  #about: Pick<Extract<InputData, { kind: 'numbers' }>, 'channels' | 'rate' | 'title'> = {};
  #title = 'drawing';
  /** Whether the picture was drawn on since it was put in. */
  #touched = false;
  #usualRange = '';
  #offeredPictures: ReadonlyMap<string, Pixels> = new Map();
  /** Whether a second text is needed. */
  #two = false;

  constructor(events: InputEvents) {
    this.#events = events;
    this.#drawing = new Drawing(byId<HTMLCanvasElement>('canvas'), {
      onChange: () => {
        this.#touched = true;
        events.onChange();
      },
      onCursor: (text) => announce(text, 150, 'cursor'),
    });
    this.#features = new FeatureFields(() => events.onChange());
    this.#fields = new InputFields(() => events.onChange());
    this.#numbers.addEventListener('input', () => {
      const { title: _, ...about } = this.#about;
      this.#about = about;
    });
    for (const area of [this.#text, this.#second, this.#numbers])
      area.addEventListener('input', () => events.onChange());
    this.#range.addEventListener('change', () => events.onChange());
    this.#texts.addEventListener('change', () => {
      if (this.#texts.value === '') return;
      this.#text.value = this.#texts.value;
      events.onChange();
    });
    this.#kind.addEventListener('change', () => this.#show(this.#kind.value as InputKind));
    byId('clear').addEventListener('click', () => {
      this.#title = 'drawing';
      this.#drawing.clear();
    });
    byId('centre').addEventListener('click', () => this.#drawing.centre());
    const erase = byId('erase');
    erase.addEventListener('click', () => {
      this.#drawing.erase = !this.#drawing.erase;
      erase.setAttribute('aria-pressed', String(this.#drawing.erase));
    });
    const file = byId<HTMLInputElement>('picture');
    file.addEventListener('change', () => {
      const [picture] = file.files ?? [];
      file.value = '';
      if (picture) events.onPicture(picture);
    });
  }

  get kind(): InputKind {
    return this.#kind.value as InputKind;
  }

  get invert(): boolean {
    return byId<HTMLInputElement>('invert').checked;
  }

  /** What black and white are to the model, as it is chosen. */
  get range(): PixelRange {
    return this.#range.value.split(',').map(Number) as unknown as PixelRange;
  }

  /** What the numbers are called, or null. */
  setFeatures(names: readonly string[] | null): void {
    this.#features.setNames(names);
  }

  /** Makes this the input, and lets it be explained. */
  put(input: InputData): void {
    if (input.kind !== this.kind) {
      this.#kind.value = input.kind;
      this.#show(input.kind, true);
    }
    if (input.kind === 'image') {
      this.setPicture(input.title, input.pixels, []);
      return;
    }
    if (input.kind === 'numbers') {
      const { channels, rate, title } = input;
      this.#about = { ...(channels && { channels }), ...(rate !== undefined && { rate }), ...(title && { title }) };
      this.#numbers.value = input.text;
      this.#features.refresh();
    } else if (input.kind === 'fields') this.#fields.put(input.fields);
    else [this.#text.value, this.#second.value] = [input.text, input.second ?? ''];
    this.#events.onChange();
  }

  setModel(info: ModelInfo, offered: Offered): void {
    fillSelect(
      this.#kind,
      info.kinds.map((kind) => ({ value: kind, label: kindNames[kind] })),
      info.kinds[0],
    );
    byId('kind-row').hidden = info.kinds.length < 2;
    this.#range.value = info.range.join(',');
    this.#usualRange = this.#range.value;
    const { height, width, channels } = info.picture;
    this.#title = 'drawing';
    this.#drawing.clear({ height: height ?? 28, width: width ?? 28, channels: channels ?? 1 }, true);
    this.#offer(offered);
    this.#text.value = offered.texts[0] ?? '';
    this.#second.value = '';
    const details = byId<HTMLDetailsElement>('second-details');
    details.hidden = info.second === 'never';
    details.open = info.second === 'must';
    this.#two = info.second === 'must';
    this.#numbers.value = '';
    this.#about = {};
    this.#features.setNames(null);
    this.#fields.setModel(info.fields);
    const [first] = offered.pictures.slice(7); // a 7 is a good first digit
    if (first) this.#take(`example ${first.name}`, first.pixels, true);
    this.#show(info.kinds[0]!, true);
  }

  /** Puts a picture in place of the drawing. */
  setPicture(title: string, pixels: Pixels, notices: readonly string[]): void {
    this.#take(title, pixels, false);
    this.#showTools();
    byId('picture-notices').hidden = notices.length === 0;
    write('picture-notices', notices.join('. '));
  }

  /** The first text (0) or the second (1). */
  text(part: 0 | 1): string {
    return [this.#text, this.#second][part]!.value;
  }

  /** Puts in another text, without asking for an explanation. */
  setText(part: 0 | 1, text: string): void {
    [this.#text, this.#second][part]!.value = text;
  }

  /** What is typed and chosen, by name; a drawing is not among it, a picture of the example is by its name. */
  fields(): Fields {
    const { kind } = this;
    const own: Fields =
      kind === 'image'
        ? { picture: this.#touched ? 'drawing' : this.#title }
        : kind === 'numbers'
          ? { numbers: this.#numbers.value }
          : kind === 'fields'
            ? this.#filled()
            : this.#texted();
    const range = kind === 'image' && this.#range.value !== this.#usualRange ? { range: this.#range.value } : {};
    const chosen = this.#kind.options.length > 1 && this.#kind.selectedIndex > 0 ? { kind } : {};
    return Object.fromEntries(Object.entries({ ...chosen, ...own, ...range }).filter(([, value]) => value !== ''));
  }

  #filled(): Fields {
    const fields = this.#fields.read();
    return fields ? { fields: JSON.stringify(fields) } : {};
  }

  #texted(): Fields {
    return { text: this.#text.value, second: this.#second.value };
  }

  /** The drawing as it is, or null where nothing is drawn or it is a picture of the example. */
  drawing(): { readonly title: string; readonly pixels: Pixels } | null {
    if (this.kind !== 'image' || this.#drawing.isEmpty) return null;
    if (!this.#touched && this.#offeredPictures.has(this.#title)) return null;
    return { title: this.#title, pixels: this.#drawing.pixels };
  }

  /** Puts in what `fields` and a kept drawing say, without asking for an explanation. */
  restore(fields: Fields, drawing?: { readonly title: string; readonly pixels: Pixels }): void {
    if (fields['kind'] && [...this.#kind.options].some(({ value }) => value === fields['kind'])) {
      this.#kind.value = fields['kind'];
      this.#show(this.kind, true);
    }
    const areas = { text: this.#text, second: this.#second, numbers: this.#numbers };
    for (const [name, area] of Object.entries(areas)) if (fields[name] !== undefined) area.value = fields[name];
    this.#features.refresh();
    this.#refill(fields['fields']);
    if (fields['second']) byId<HTMLDetailsElement>('second-details').open = true;
    if (fields['range'] && [...this.#range.options].some(({ value }) => value === fields['range']))
      this.#range.value = fields['range'];
    const offered = this.#offeredPictures.get(fields['picture'] ?? '');
    if (drawing) this.#take(drawing.title, drawing.pixels, true);
    else if (offered) this.#take(fields['picture']!, offered, true);
    this.#showTools();
  }

  #refill(text: string | undefined): void {
    const found = text === undefined ? null : fieldsIn(text);
    if (found) this.#fields.put(found);
  }

  /** The input as it stands, or null while there is none. */
  read(): InputData | null {
    switch (this.kind) {
      case 'text':
        return this.#readText();
      case 'image': {
        if (this.#drawing.isEmpty) return null;
        return { kind: 'image', pixels: this.#drawing.pixels, range: this.range, title: this.#title };
      }
      case 'numbers':
        return this.#readNumbers();
      case 'fields': {
        const fields = this.#fields.read();
        return fields && { kind: 'fields', fields };
      }
    }
  }

  #readNumbers(): InputData | null {
    const { value: text } = this.#numbers;
    const { names } = this.#features;
    return text.trim() === ''
      ? null
      : { kind: 'numbers', text, ...this.#about, ...(names.length > 0 && { features: names }) };
  }

  #readText(): InputData | null {
    const [text, second] = [this.#text.value, this.#second.value];
    // Where two are needed and one is there, the model says which is missing.
    if (text.trim() === '' && !(this.#two && second.trim() !== '')) return null;
    return { kind: 'text', text, ...(second.trim() !== '' && { second }) };
  }

  #take(title: string, pixels: Pixels, quiet: boolean): void {
    this.#title = title;
    byId('picture-notices').hidden = true;
    this.#drawing.set(pixels, true);
    this.#touched = false;
    if (!quiet) this.#events.onChange();
  }

  #offer({ texts, pictures }: Offered): void {
    byId('texts-row').hidden = texts.length === 0;
    fillSelect(
      this.#texts,
      texts.map((text) => ({ value: text, label: shortened(text, 60) })),
    );
    this.#offeredPictures = new Map(pictures.map(({ name, pixels }) => [`example ${name}`, pixels]));
    byId('pictures-row').hidden = pictures.length === 0;
    byId('pictures').replaceChildren(
      ...pictures.map(({ name, pixels }) => {
        const button = make('button', { type: 'button', 'aria-label': `Example ${name}` }, name);
        button.addEventListener('click', () => this.#take(`example ${name}`, pixels, false));
        return button;
      }),
    );
  }

  #show(kind: InputKind, quiet = false): void {
    for (const each of Object.keys(kindNames)) byId(`${each}-input`).hidden = each !== kind;
    this.#showTools();
    this.#events.onKind(kind);
    if (!quiet) this.#events.onChange();
  }

  /** The pen's buttons are there where there is something to draw on. */
  #showTools(): void {
    const { canDraw } = this.#drawing;
    for (const id of ['erase', 'centre']) byId(id).hidden = !canDraw;
    byId('draw-help').hidden = !canDraw;
    byId('canvas').setAttribute('aria-label', canDraw ? 'Drawing' : 'Picture');
  }
}
