/**
 * Several samples under "2. Input": a table of what the model says of each, sorted, filtered, paged; one of them is the input that is explained.
 * Invariant: the chosen row is the input until that is edited, and then it is marked as changed.
 */

import { announce, byId, fillSelect, write } from '../dom/dom.ts';
import { showError } from '../dom/messages.ts';
import type { InputPanel } from '../input/inputs.ts';
import type { ReplyOf, SampleRow } from '../protocol/index.ts';
import type { SettingsPanel } from '../settings/settings.ts';
import type { Fields } from '../state/address.ts';
import type { EngineClient } from '../state/client.ts';
import { fillClasses, formatted, readFilter, writeCounts } from './filters.ts';
import { chosenOf, countsOf, type Marked, type Meaning, meaningOf, type SortKey } from './marked.ts';
import { Predicting } from './predicting.ts';
import { headOf, rowOf } from './sample-rows.ts';
import { Summing } from './summing.ts';

const PAGE = 50;

export interface SamplesParts {
  readonly engine: EngineClient;
  readonly inputs: InputPanel;
  readonly settings: SettingsPanel;
  /** Shows that a file is read while `work` lasts. */
  readonly reading: <T>(work: () => Promise<T>) => Promise<T>;
  /** Another row is the input. */
  readonly onRow: () => void;
}

export class SamplesPanel {
  readonly #parts: SamplesParts;
  readonly #predicting: Predicting;
  readonly summing: Summing;
  readonly #body = byId<HTMLTableSectionElement>('sample-rows');
  #samples: Marked[] = [];
  #shown: readonly Marked[] = [];
  #file: File | null = null;
  #found: Pick<ReplyOf<'rows'>, 'columns' | 'label' | 'notices'> = { columns: [], label: null, notices: [] };
  #sort: { key: SortKey; down: boolean } = { key: 'number', down: false };
  #page = 0;
  /** Numbers of the sample that is the input, and of the one that the keyboard is at. */
  #chosen: number | null = null;
  #at = 1;
  #changed = false;
  /** Whether the input is being put in, which is no edit. */
  #putting = false;
  /** What the predictions were computed with. */
  #how = '';
  #urls: string[] = [];
  #drawn = 0;
  /** Which predicting is under way; null for none. */
  #run: object | null = null;

  constructor(parts: SamplesParts) {
    this.#parts = parts;
    this.#predicting = new Predicting(parts.engine);
    this.summing = new Summing({
      engine: parts.engine,
      settings: () => parts.settings.read(),
      rows: () => this.#shown.map(({ row }) => row.input),
    });
    byId('samples-table').setAttribute('role', 'grid'); // its rows are chosen with arrow keys
    byId('sample-head').append(...headOf((key) => this.#sortBy(key)));
    for (const id of ['sample-class', 'sample-judged', 'sample-low', 'sample-high'])
      byId(id).addEventListener('input', () => this.#refresh(0));
    byId('sample-label').addEventListener('change', () => void this.#relabel());
    byId('samples-stop').addEventListener('click', () => this.#stop());
    byId('samples-go').addEventListener('click', () => this.resume());
    byId('samples-close').addEventListener('click', () => this.clear());
    byId('samples-before').addEventListener('click', () => this.#refresh(this.#page - 1));
    byId('samples-after').addEventListener('click', () => this.#refresh(this.#page + 1));
    this.#body.addEventListener('click', ({ target }) => {
      const row = (target as Element).closest('tr');
      if (row) void this.choose(Number(row.dataset['number']));
    });
    this.#body.addEventListener('keydown', (event) => this.#key(event));
  }

  get count(): number {
    return this.#samples.length;
  }

  /** The samples whose right answer the file has. */
  answered(): readonly { readonly row: SampleRow; readonly wanted: string }[] {
    return this.#samples.flatMap(({ row }) => (row.wanted === null ? [] : [{ row, wanted: row.wanted }]));
  }

  /** Forgets the samples: another model came, or they are not wanted. */
  clear(): void {
    this.#predicting.stop();
    this.summing.clear();
    byId('summary-go').hidden = true;
    this.#run = null;
    this.#samples = [];
    [this.#chosen, this.#file, this.#changed] = [null, null, false];
    this.#body.replaceChildren();
    byId('samples').hidden = true;
  }

  /**
   * Rows of a file.
   * @param quiet leaves the input as it is; else the first row becomes it
   * @throws CallEnded for a file that cannot be read: the samples before stay
   */
  async takeRows(file: File, quiet: boolean): Promise<void> {
    const found = await this.#parts.engine.call('rows', { file, name: file.name });
    this.#file = file;
    this.#parts.inputs.setFeatures(found.features);
    this.#take(found.rows, found, file.name, quiet);
  }

  /** Sounds, a file each. */
  async takeSounds(files: readonly File[], quiet: boolean): Promise<void> {
    const inputs = await Promise.all(files.map((file) => this.#parts.engine.call('sound', { file, name: file.name })));
    this.#file = null;
    this.#parts.inputs.setFeatures(null);
    const rows = inputs.map((input, i): SampleRow => ({ input, name: files[i]!.name, wanted: null }));
    this.#take(rows, { columns: [], label: null, notices: [] }, `${files.length} sounds`, quiet);
  }

  /** Pictures, a file each. */
  takePictures(files: readonly File[], quiet: boolean): void {
    this.#file = null;
    this.#parts.inputs.setFeatures(null);
    const { inputs } = this.#parts;
    const common = { kind: 'file', invert: inputs.invert, range: inputs.range } as const;
    const rows = files.map(
      (file): SampleRow => ({ input: { ...common, file, name: file.name }, name: file.name, wanted: null }),
    );
    this.#take(rows, { columns: [], label: null, notices: [] }, `${files.length} pictures`, quiet);
  }

  #take(
    rows: readonly SampleRow[],
    found: Pick<ReplyOf<'rows'>, 'columns' | 'label' | 'notices'>,
    name: string,
    quiet: boolean,
  ): void {
    this.summing.clear();
    this.#samples = rows.map((row, i) => ({ number: i + 1, row, predicted: null }));
    this.#found = found;
    [this.#chosen, this.#at, this.#changed, this.#how] = [null, 1, false, ''];
    this.#sort = { key: 'number', down: false };
    for (const id of ['sample-low', 'sample-high']) byId<HTMLInputElement>(id).value = '';
    for (const id of ['sample-class', 'sample-judged']) byId<HTMLSelectElement>(id).value = '';
    write('samples-name', `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'sample' : 'samples'}: ${name}`);
    write('samples-notices', found.notices.join('. '));
    byId('samples-notices').hidden = found.notices.length === 0;
    const columns = found.columns.map((column) => ({ value: `=${column}`, label: column }));
    fillSelect(
      byId('sample-label'),
      [{ value: '', label: 'none' }, ...columns],
      found.label === null ? '' : `=${found.label}`,
    );
    byId('sample-label-row').hidden = found.columns.length < 2;
    byId('samples').hidden = false;
    this.#refresh(0);
    announce(`${rows.length} samples opened. ${found.notices.join('. ')}`);
    this.resume();
    if (!quiet) void this.choose(1);
  }

  /** Another column holds the right answers. */
  async #relabel(): Promise<void> {
    const select = byId<HTMLSelectElement>('sample-label');
    const file = this.#file;
    if (!file) return;
    const label = select.value === '' ? null : select.value.slice(1);
    try {
      const found = await this.#parts.reading(() => this.#parts.engine.call('rows', { file, name: file.name, label }));
      if (file !== this.#file) return;
      this.#parts.inputs.setFeatures(found.features);
      const [chosen, changed] = [this.#chosen, this.#changed];
      this.#take(found.rows, found, file.name, chosen !== null);
      // Another column of numbers is another input; of texts only the answers changed.
      if (chosen !== null && found.features) await this.choose(chosen);
      else if (chosen !== null) this.restore({ row: `${chosen}${changed ? '*' : ''}` });
    } catch (error) {
      select.value = this.#found.label === null ? '' : `=${this.#found.label}`;
      showError(error);
    }
  }

  /** Computes what has no prediction yet, or all of it where it was computed otherwise. */
  resume(): void {
    if (this.#samples.length === 0) return;
    const { output, softmax } = this.#parts.settings.read();
    const how = JSON.stringify([output, softmax]);
    if (how === this.#how && this.#run) return; // under way
    if (how !== this.#how) this.#samples = this.#samples.map((sample) => ({ ...sample, predicted: null }));
    this.#how = how;
    void this.#predict({ output, softmax });
  }

  /** Settings changed: names of classes, or what is computed. */
  settingsChanged(): void {
    const { output, softmax } = this.#parts.settings.read();
    if (this.#samples.length === 0) return;
    if (JSON.stringify([output, softmax]) !== this.#how) this.resume();
    else this.#refresh(this.#page);
  }

  /** A vocabulary came: every text is another row of numbers. */
  again(): void {
    this.#how = '';
    this.resume();
  }

  async #predict(how: { output: number; softmax: boolean }): Promise<void> {
    const missing = this.#samples.filter(({ predicted }) => predicted === null);
    if (missing.length === 0) return this.#refresh(this.#page);
    const busy = (on: boolean): void => {
      byId('samples-busy').hidden = !on;
      byId('samples-go').hidden = on || this.#samples.every(({ predicted }) => predicted !== null);
    };
    busy(true);
    const bar = byId<HTMLProgressElement>('samples-progress');
    bar.value = 0;
    const inputs = missing.map(({ row }) => row.input);
    const samples = this.#samples;
    const run = {};
    this.#run = run;
    try {
      const done = await this.#predicting.run(inputs, how, (start, answers) => {
        answers.forEach((predicted, i) => {
          const { number, row } = missing[start + i]!;
          samples[number - 1] = { number, row, predicted };
        });
        bar.value = (start + answers.length) / inputs.length;
        if (performance.now() - this.#drawn > 400) this.#refresh(this.#page);
      });
      if (run !== this.#run) return; // another began, and shows its own bar
      this.#run = null;
      if (done) announce(byId('samples-counts').textContent ?? '');
      busy(false);
    } catch (error) {
      if (run !== this.#run) return;
      this.#run = null;
      busy(false);
      showError(error);
    }
    this.#refresh(this.#page);
  }

  #stop(): void {
    this.#run = null;
    this.#predicting.stop();
    byId('samples-busy').hidden = true;
    byId('samples-go').hidden = this.#samples.every(({ predicted }) => predicted !== null);
    this.#refresh(this.#page);
    announce('Stopped', 0);
  }

  #meaning(): Meaning {
    return meaningOf(this.#samples, this.#parts.settings.read().labels);
  }

  #sortBy(key: SortKey): void {
    this.#sort = { key, down: this.#sort.key === key ? !this.#sort.down : key === 'score' };
    this.#refresh(0);
    announce(`Sorted by ${key}, ${this.#sort.down ? 'highest first' : 'lowest first'}`, 0);
  }

  /** Shows this page of what passes the filter. */
  #refresh(page: number): void {
    if (this.#samples.length === 0) return;
    this.#drawn = performance.now();
    const meaning = this.#meaning();
    const counts = countsOf(this.#samples, meaning);
    fillClasses(this.#samples, meaning);
    this.#shown = chosenOf(this.#samples, meaning, readFilter(), this.#sort);
    const pages = Math.max(1, Math.ceil(this.#shown.length / PAGE));
    this.#page = Math.min(Math.max(0, page), pages - 1);
    const begin = this.#page * PAGE;
    const rows = this.#shown.slice(begin, begin + PAGE);
    writeCounts(counts, this.#shown.length);
    write(
      'samples-page',
      this.#shown.length === 0
        ? 'none'
        : `${formatted(begin + 1)} to ${formatted(begin + rows.length)} of ${formatted(this.#shown.length)}`,
    );
    byId<HTMLButtonElement>('samples-before').disabled = this.#page === 0;
    byId<HTMLButtonElement>('samples-after').disabled = this.#page === pages - 1;
    byId('samples-pages').hidden = pages === 1;
    byId('sample-judged-row').hidden = counts.judged === 0;
    for (const cell of document.querySelectorAll<HTMLElement>('#sample-head th')) {
      const key = cell.dataset['key'];
      if (key !== undefined)
        cell.setAttribute('aria-sort', key !== this.#sort.key ? 'none' : this.#sort.down ? 'descending' : 'ascending');
      if (cell.dataset['wanted'] !== undefined) cell.hidden = this.#found.label === null;
    }
    this.#draw(rows, meaning, begin);
  }

  #draw(rows: readonly Marked[], meaning: Meaning, begin: number): void {
    const hadFocus = this.#body.contains(document.activeElement);
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
    if (!rows.some(({ number }) => number === this.#at)) this.#at = rows[0]?.number ?? 1;
    const withWanted = this.#found.label !== null;
    byId('samples-table').setAttribute('aria-rowcount', String(this.#shown.length + 1));
    this.#body.replaceChildren(
      ...rows.map((sample, i) => {
        const isChosen = sample.number === this.#chosen;
        const state = {
          chosen: isChosen,
          changed: isChosen && this.#changed,
          current: sample.number === this.#at,
          place: begin + i + 2,
        };
        return rowOf(sample, meaning, state, withWanted, this.#urls);
      }),
    );
    if (hadFocus) this.#focus();
  }

  #focus(): void {
    this.#body.querySelector<HTMLElement>('tr[tabindex="0"]')?.focus();
  }

  /** Arrow keys go from row to row and over the ends of pages; Enter and the space bar choose. */
  #key(event: KeyboardEvent): void {
    const place = this.#shown.findIndex(({ number }) => number === this.#at);
    const last = this.#shown.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + PAGE,
      PageUp: place - PAGE,
      Home: 0,
      End: last,
    };
    const to = moves[event.key];
    if (event.key === 'Enter' || event.key === ' ') void this.choose(this.#at);
    else if (to === undefined) return;
    else {
      const next = Math.min(Math.max(0, to), last);
      this.#at = this.#shown[next]?.number ?? this.#at;
      this.#refresh(Math.floor(next / PAGE));
      this.#focus();
    }
    event.preventDefault();
  }

  /** Makes a row the input, and explains it. */
  async choose(number: number): Promise<void> {
    const sample = this.#samples[number - 1];
    if (!sample) return;
    [this.#chosen, this.#at, this.#changed] = [number, number, false];
    this.#refresh(this.#page);
    const { input } = sample.row;
    const { engine, inputs, onRow } = this.#parts;
    try {
      if (input.kind === 'file') {
        const { file, name, invert } = input;
        const { pixels, notices } = await engine.call('picture', { file, name, invert });
        if (this.#chosen === number) this.#put(() => inputs.setPicture(name, pixels, notices));
      } else this.#put(() => inputs.put(input));
      onRow();
    } catch (error) {
      showError(error);
    }
  }

  #put(work: () => void): void {
    this.#putting = true;
    try {
      work();
    } finally {
      this.#putting = false;
    }
  }

  /** The input was edited. */
  edited(): void {
    if (this.#putting || this.#chosen === null || this.#changed) return;
    this.#changed = true;
    this.#refresh(this.#page);
    announce(`Row ${this.#chosen} is changed`);
  }

  /** The chosen row, for a reload. */
  fields(): Fields {
    return this.#chosen === null ? {} : { row: `${this.#chosen}${this.#changed ? '*' : ''}` };
  }

  restore(fields: Fields): void {
    const [, number, star] = /^(\d+)(\*?)$/.exec(fields['row'] ?? '') ?? [];
    if (number === undefined || !this.#samples[Number(number) - 1]) return;
    [this.#chosen, this.#at, this.#changed] = [Number(number), Number(number), star === '*'];
    this.#refresh(Math.floor((Number(number) - 1) / PAGE));
  }
}
