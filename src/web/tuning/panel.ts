/**
 * "5. Fine-tune it": the last layers of the open model learn the user's examples, in the worker. Fetched when it is opened. Invariant: what is shown
 * belongs to the model that is open; examples stay while their model does, whatever becomes of its weights.
 */
import { announce, byId, download, fillSelect, make } from '../dom/dom.ts';
import { clearError, showError } from '../dom/messages.ts';
import type { InputPanel } from '../input/inputs.ts';
import type { ModelInfo, Predicted, Tunable, Tuned, TunePoint } from '../protocol/index.ts';
import type { SamplesPanel } from '../samples/samples.ts';
import type { SettingsPanel } from '../settings/settings.ts';
import { CallEnded, type EngineClient } from '../state/client.ts';
import { curveOf, shown } from './curve.ts';
import { answerName, type Example, examplesOf, MOST_EXAMPLES, titleOf } from './examples.ts';

export interface TuningParts {
  readonly engine: EngineClient;
  readonly inputs: InputPanel;
  readonly settings: SettingsPanel;
  readonly samples: SamplesPanel;
  readonly info: () => ModelInfo | null;
  /** The model has other weights. */
  readonly retrained: () => void;
}

const MOST_POINTS = 600;
/** Rows of the table of examples; the rest are counted. */
const LISTED = 50;

const field = (label: string, control: HTMLElement): HTMLElement =>
  make('p', {}, make('label', { for: control.id }, label), control);
const number = (id: string, value: string, more: Record<string, string> = {}): HTMLInputElement =>
  make('input', { id, type: 'number', value, min: '1', step: '1', ...more });
const button = (id: string, text: string): HTMLButtonElement => make('button', { type: 'button', id }, text);

export class TuningPanel {
  readonly #parts: TuningParts;
  #info: ModelInfo | null = null;
  #tunable: Tunable | null = null;
  #examples: readonly Example[] = [];
  #points: TunePoint[] = [];
  #running = false;
  #tuned = false;
  /** Whether what was learnt has been downloaded, or was never there. */
  #saved = true;
  readonly #choices = make('select', { id: 'tuning-answer', class: 'answer' });
  readonly #figure = number('tuning-number', '0', { class: 'answer', step: 'any', min: '' });
  readonly #add = button('tuning-add', 'Add the input above');
  readonly #addRows = button('tuning-rows', 'Add the samples');
  readonly #last = make('select', { id: 'tuning-last' });
  readonly #rate = number('tuning-rate', '0.001', { step: 'any', min: '0' });
  readonly #epochs = number('tuning-epochs', '20');
  readonly #batch = number('tuning-batch', '16');
  readonly #start = button('tuning-start', 'Start');
  readonly #stop = button('tuning-stop', 'Stop');
  readonly #back = button('tuning-back', 'Put the old weights back');
  readonly #save = button('tuning-save', 'Download the model');
  readonly #progress = make('progress', { id: 'tuning-progress', max: 1, value: 0, 'aria-label': 'Training' });
  readonly #said = make('p', { id: 'tuning-said', class: 'help', role: 'status' });
  readonly #curve = make('div', { id: 'tuning-curve' });
  readonly #table = make('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Examples' });
  readonly #work = make('div', { id: 'tuning-work' });

  constructor(parts: TuningParts) {
    this.#parts = parts;
    this.#add.addEventListener('click', () => this.#addInput());
    this.#addRows.addEventListener('click', () => this.#addSamples());
    this.#start.addEventListener('click', () => void this.#train());
    this.#stop.addEventListener('click', () => {
      this.#stop.disabled = true;
      parts.engine.stopTuning();
    });
    this.#back.addEventListener('click', () => void this.#putBack());
    this.#save.addEventListener('click', () => void this.#download());
    parts.engine.onRenewed = () => this.#renewed();
    addEventListener('beforeunload', (event) => {
      if (this.#running || !this.#saved) event.preventDefault();
    });
    this.#work.append(
      make(
        'p',
        { class: 'help' },
        'Give the model an input above, say what it should answer, and add it. The last layers learn from such examples, in this page; the others stay as they are.',
      ),
      make(
        'p',
        { class: 'row' },
        make('label', { for: 'tuning-answer', id: 'tuning-answer-label' }, 'It should answer'),
        this.#choices,
        this.#figure,
        this.#add,
        this.#addRows,
      ),
      this.#table,
      make(
        'fieldset',
        {},
        make('legend', { class: 'visually-hidden' }, 'How it is trained'),
        field('Layers that learn', this.#last),
        field('Learning rate', this.#rate),
        field('Epochs', this.#epochs),
        field('Examples per step', this.#batch),
      ),
      make('p', { class: 'buttons' }, this.#start, ' ', this.#stop, ' ', this.#progress),
      this.#curve,
      make('p', { class: 'buttons' }, this.#back, ' ', this.#save),
    );
    byId('tuning-panel').append(this.#said, this.#work);
    this.#show();
  }

  /** The model that is open may be another, and so may what its answers are called. */
  async update(): Promise<void> {
    const info = this.#parts.info();
    if (info !== this.#info) {
      this.#info = info;
      this.#examples = [];
      this.#reset('');
      this.#tunable = null;
      if (info && byId<HTMLDetailsElement>('tuning').open) await this.#ask(info);
    } else if (info && !this.#tunable && byId<HTMLDetailsElement>('tuning').open) await this.#ask(info);
    this.#show();
  }

  async #ask(info: ModelInfo): Promise<void> {
    try {
      const found = await this.#parts.engine.call('tunable', {});
      if (info !== this.#info) return;
      this.#tunable = found;
      this.#said.textContent = found.why === null ? '' : `This model cannot be fine-tuned here: ${found.why}.`;
      const names = found.layers.map(({ path, className }) => (className ? `${path} (${className})` : path));
      fillSelect(
        this.#last,
        names.map((_, i) => ({
          value: String(i + 1),
          label: i === 0 ? names.at(-1)! : `the last ${i + 1}, from ${names.at(-i - 1)}`,
        })),
        '1',
      );
    } catch (error) {
      showError(error);
    }
  }

  #reset(text: string): void {
    [this.#points, this.#tuned, this.#saved] = [[], false, true];
    this.#said.textContent = text;
    this.#curve.replaceChildren();
  }

  #show(): void {
    const { samples, settings } = this.#parts;
    const found = this.#tunable;
    const numbers = found?.answers === 'number';
    this.#work.hidden = !found || found.why !== null;
    this.#choices.hidden = numbers;
    this.#figure.hidden = !numbers;
    byId('tuning-answer-label')?.setAttribute('for', numbers ? 'tuning-number' : 'tuning-answer');
    if (found && !numbers) {
      const { labels } = settings.read();
      const order = found.answers === 'yes-no' ? [1, 0] : Array.from({ length: found.classes }, (_, i) => i);
      fillSelect(
        this.#choices,
        order.map((answer) => ({ value: String(answer), label: answerName(found, labels, answer) })),
      );
    }
    const answered = samples.answered().length;
    this.#addRows.hidden = answered === 0;
    this.#addRows.textContent = `Add the ${answered} samples with a right answer`;
    for (const control of [this.#add, this.#addRows, this.#start, this.#last, this.#rate, this.#epochs, this.#batch])
      control.disabled = this.#running;
    this.#stop.disabled = !this.#running;
    this.#progress.hidden = !this.#running;
    this.#back.hidden = this.#save.hidden = !this.#tuned || this.#running;
    this.#list();
  }

  #list(): void {
    const found = this.#tunable;
    const examples = this.#examples;
    if (!found || examples.length === 0) {
      this.#table.replaceChildren(make('p', { class: 'help' }, 'No examples yet.'));
      return;
    }
    const { labels } = this.#parts.settings.read();
    const said = (answer: Predicted | undefined): string => {
      if (!answer) return '–';
      if ('failed' in answer) return answer.failed;
      if (answer.index === null) return shown(answer.score);
      return `${answerName(found, labels, answer.index)} (${shown(answer.score)})`;
    };
    const rows = examples.slice(0, LISTED).map((example, i) => {
      const remove = make('button', { type: 'button', 'aria-label': `Remove example ${i + 1}` }, 'Remove');
      remove.disabled = this.#running;
      remove.addEventListener('click', () => {
        this.#examples = this.#examples.filter((one) => one !== example);
        this.#show();
        (this.#table.querySelector('button') ?? this.#add).focus();
      });
      const text = example.title.length > 60 ? `${example.title.slice(0, 59)}…` : example.title;
      return make(
        'tr',
        {},
        make('td', { class: 'what' }, text),
        make('td', {}, answerName(found, labels, example.answer)),
        make('td', {}, said(example.before)),
        make('td', {}, said(example.after)),
        make('td', {}, remove),
      );
    });
    const head = ['Example', 'It should answer', 'Said before', 'Says now', ''];
    const more = examples.length - rows.length;
    this.#table.replaceChildren(
      make(
        'table',
        {},
        make('caption', { class: 'visually-hidden' }, 'Examples'),
        make(
          'thead',
          {},
          make('tr', {}, ...head.map((text) => (text ? make('th', { scope: 'col' }, text) : make('td', {})))),
        ),
        make('tbody', { id: 'tuning-examples' }, ...rows),
      ),
      ...(more > 0 ? [make('p', { class: 'help' }, `and ${more} more`)] : []),
    );
  }

  #addInput(): void {
    const input = this.#parts.inputs.read();
    if (!input) {
      showError(new Error('examples: there is no input\nhint: give the model an input in part 2 first'));
      return;
    }
    const control = this.#tunable!.answers === 'number' ? this.#figure : this.#choices;
    if (control.value.trim() === '') showError(new Error('examples: the answer is no number'));
    else this.#take([{ input, title: titleOf(input), answer: Number(control.value) }]);
  }

  #addSamples(): void {
    try {
      const { labels } = this.#parts.settings.read();
      this.#take(examplesOf(this.#parts.samples.answered(), this.#tunable!, labels));
    } catch (error) {
      showError(error);
    }
  }

  #take(added: readonly Example[]): void {
    const all = [...this.#examples, ...added];
    if (all.length > MOST_EXAMPLES) {
      const hint = 'hint: fine-tune on fewer, or train with the command line: pathgrad train';
      showError(new Error(`examples: ${all.length} are more than ${MOST_EXAMPLES} that this page trains on\n${hint}`));
      return;
    }
    clearError();
    this.#examples = all;
    this.#show();
    announce(`${all.length} example${all.length === 1 ? '' : 's'}`, 0);
  }

  async #train(): Promise<void> {
    const examples = this.#examples;
    const [rate, epochs, batch] = [this.#rate, this.#epochs, this.#batch].map(({ value }) => Number(value)) as [
      number,
      number,
      number,
    ];
    const whole = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 10_000;
    const wrong = !(rate > 0 && rate <= 1000)
      ? 'learning rate: is a number above 0\nhint: 0.001 is usual; less where the loss jumps'
      : !whole(epochs)
        ? 'epochs: is a whole number from 1 to 10,000'
        : !whole(batch)
          ? 'examples per step: is a whole number from 1 to 10,000'
          : examples.length === 0
            ? 'examples: there are none\nhint: give the model an input in part 2, choose its answer, and add it'
            : null;
    if (wrong) {
      showError(new Error(wrong));
      return;
    }
    const info = this.#info;
    clearError();
    this.#running = true;
    this.#points = [];
    this.#said.textContent = 'Training …';
    this.#show();
    this.#stop.focus();
    const began = performance.now();
    try {
      const request = { learningRate: rate, epochs, batchSize: batch, last: Number(this.#last.value) };
      const asked = { ...request, examples: examples.map(({ input, answer }) => ({ input, answer })) };
      const found = await this.#parts.engine.call('tune', asked, (share, point) =>
        this.#progressed(share, point, epochs),
      );
      if (info === this.#info) this.#learnt(found, examples, (performance.now() - began) / 1000);
    } catch (error) {
      if (info === this.#info) {
        this.#said.textContent =
          error instanceof CallEnded && error.kind !== 'failure'
            ? 'Stopped: the weights are as they were.'
            : 'Nothing was learnt: see the message above.';
        showError(error);
      }
    } finally {
      this.#running = false;
      this.#show();
      if (document.activeElement === document.body || document.activeElement === this.#stop) this.#start.focus();
    }
  }

  #progressed(share: number, point: TunePoint | undefined, epochs: number): void {
    this.#progress.value = share;
    if (!point) return;
    // Of the epochs that ended their means; what came before the first of them, and where it stands now.
    const last = this.#points.at(-1);
    if (last && last.epoch > 1 && !Number.isInteger(last.epoch)) this.#points.pop();
    this.#points.push(point);
    // As many as can be told apart on the screen.
    if (this.#points.length > MOST_POINTS) this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#said.textContent = `Epoch ${Math.ceil(point.epoch)} of ${epochs}: loss ${shown(point.loss)}`;
    this.#curve.replaceChildren(curveOf(this.#points, epochs));
  }

  #learnt({ epochs, before, after, stopped }: Tuned, examples: readonly Example[], seconds: number): void {
    const last = epochs.at(-1);
    const right =
      last?.accuracy == null ? '' : `, ${Math.round(100 * last.accuracy)} % of the examples right while it learnt`;
    const numbers = last
      ? `${epochs.length} epoch${epochs.length === 1 ? '' : 's'} in ${seconds.toFixed(1)} s: loss ${shown(epochs[0]!.loss)} at first, ${shown(last.loss)} at last${right}.`
      : '';
    const answers = new Set(examples.map(({ answer }) => answer));
    const one =
      answers.size === 1 && this.#tunable!.answers !== 'number'
        ? ' All examples have the same answer: the model may give it to everything now.'
        : '';
    this.#said.textContent = last
      ? `${stopped ? 'Stopped after ' : ''}${numbers}${one}`
      : 'Stopped before the first epoch ended: the weights are as they were.';
    if (!last) return;
    const some = Math.ceil(epochs.length / MOST_POINTS);
    const points = epochs.map(({ loss }, i) => ({ epoch: i + 1, loss })).filter((_, i) => i % some === 0);
    if (points.length > 1) this.#curve.replaceChildren(curveOf(points, Number(this.#epochs.value)));
    [this.#tuned, this.#saved] = [true, false];
    // Those that were removed or added meanwhile are others.
    this.#examples = this.#examples.map((example) => {
      const at = examples.indexOf(example);
      return at < 0 ? example : { ...example, before: before[at]!, after: after[at]! };
    });
    this.#parts.retrained();
  }

  async #putBack(): Promise<void> {
    try {
      await this.#parts.engine.call('untune', {});
      this.#reset('The weights are those of the file again.');
      this.#examples = this.#examples.map(({ input, title, answer }) => ({ input, title, answer }));
      this.#show();
      this.#start.focus();
      this.#parts.retrained();
    } catch (error) {
      showError(error);
    }
  }

  async #download(): Promise<void> {
    try {
      const { name, file } = await this.#parts.engine.call('tunedFile', {});
      download(name, file);
      this.#saved = true;
      announce(`${name} saved`, 0);
    } catch (error) {
      showError(error);
    }
  }

  /** A new worker has the files, and nothing that was learnt. */
  #renewed(): void {
    if (!this.#tuned) return;
    this.#reset('The engine was started anew: the weights are those of the file again.');
    this.#examples = this.#examples.map(({ input, title, answer }) => ({ input, title, answer }));
    this.#show();
  }
}
