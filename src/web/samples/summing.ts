/**
 * Attributions of the rows that are listed, summed up: means and a point per row. Invariant: all rows are explained for one class, that of the
 * explanation on the screen; what is shown says of how many rows and which class it is, and goes when the samples or settings do.
 */
import { announce, byId, make, write } from '../dom/dom.ts';
import { showError } from '../dom/messages.ts';
import type { ResultView, SampleInput, Settings, Summary, TableScores } from '../protocol/index.ts';
import { adopt, chartOf } from '../result/charts.ts';
import { CallEnded, type EngineClient } from '../state/client.ts';

/** How long a call should take, about; and how many rows go with one. */
const [WANTED_MS, FIRST, MOST] = [250, 4, 128] as const;

export interface SummingParts {
  readonly engine: EngineClient;
  readonly settings: () => Settings;
  /** The rows that are listed. */
  readonly rows: () => readonly SampleInput[];
}

export class Summing {
  readonly #parts: SummingParts;
  #target: ResultView['target'] | null = null;
  #run: object | null = null;
  #how = '';

  constructor(parts: SummingParts) {
    this.#parts = parts;
    byId('sum-up').addEventListener('click', () => void this.sumUp());
    byId('summary-stop').addEventListener('click', () => {
      this.clear();
      byId('sum-up').focus();
      announce('Stopped', 0);
    });
  }

  /** The explanation on the screen: of a table, or not. */
  offer({ target, charts }: ResultView): void {
    this.#target = target;
    byId('summary-go').hidden = charts === null || this.#parts.rows().length < 2;
    if (this.#how !== '' && this.#how !== this.#key()) this.clear();
  }

  /** What is shown is of other rows, or of another model. */
  clear(): void {
    this.#run = null;
    this.#how = '';
    byId('summary-busy').hidden = true;
    byId('summary-shown').hidden = true;
    byId('summary-shown').replaceChildren();
  }

  #asked(): Settings {
    return { ...this.#parts.settings(), target: this.#target?.index ?? null };
  }

  #key(): string {
    return JSON.stringify(this.#asked());
  }

  async sumUp(): Promise<void> {
    this.clear();
    const run = {};
    this.#run = run;
    const inputs = this.#parts.rows();
    const settings = this.#asked();
    const label = this.#target?.label ?? '';
    byId('summary-busy').hidden = false;
    try {
      const all = await this.#attribute(inputs, settings, () => run === this.#run);
      if (!all || run !== this.#run) return;
      const found = await this.#parts.engine.call('summary', { ...all, target: label });
      if (run !== this.#run) return;
      this.#show(found, `All ${inputs.length.toLocaleString('en')} rows explained for ${label}`);
      this.#how = JSON.stringify(settings);
    } catch (error) {
      if (run !== this.#run || (error instanceof CallEnded && error.kind !== 'failure')) return;
      showError(error);
    } finally {
      if (run === this.#run) {
        byId('summary-busy').hidden = true;
        this.#run = null;
      }
    }
  }

  /** Some rows at a time, so that an explanation that is asked for meanwhile is not kept waiting. Null where it was given up. */
  async #attribute(
    inputs: readonly SampleInput[],
    settings: Settings,
    wanted: () => boolean,
  ): Promise<TableScores | null> {
    const scores: (readonly number[])[] = [];
    const values: (readonly string[])[] = [];
    let names: readonly string[] = [];
    let size: number = FIRST;
    for (let start = 0; start < inputs.length; ) {
      const some = inputs.slice(start, start + size);
      const began = performance.now();
      const found = await this.#parts.engine.call('attribute', { inputs: some, settings });
      if (!wanted()) return null;
      names = found.names;
      scores.push(...found.scores);
      values.push(...found.values);
      start += some.length;
      byId<HTMLProgressElement>('summary-progress').value = start / inputs.length;
      const fitting = Math.round((size * WANTED_MS) / Math.max(1, performance.now() - began));
      size = Math.max(1, Math.min(MOST, fitting, size * 4));
    }
    return { names, scores, values };
  }

  #show({ style, means, swarm, table }: Summary, heading: string): void {
    adopt(style);
    const rows = table.map(({ name, mean }) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row' }, name),
        make('td', { class: 'n' }, String(Number(mean.toPrecision(4)))),
      ),
    );
    const box = byId('summary-shown');
    box.replaceChildren(
      make('h3', { tabindex: -1 }, heading),
      make(
        'div',
        { class: 'both two' },
        make('section', {}, make('h4', {}, 'Mean size of the attributions'), chartOf(means)),
        make('section', {}, make('h4', {}, 'Each row a point, coloured by the value'), chartOf(swarm)),
      ),
      make(
        'details',
        {},
        make('summary', {}, 'The means as numbers'),
        make('table', { class: 'bars' }, make('tbody', {}, ...rows)),
      ),
    );
    box.hidden = false;
    write('live', heading);
  }
}
