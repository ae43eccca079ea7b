/**
 * Keeps the explanation in step with input and settings. Invariant: what is shown belongs to the last call of `explain`; an answer that comes
 * too late is known by its number.
 */
import { CallEnded, type EngineClient } from './client.ts';
import { announce, byId } from './dom.ts';
import type { InputPanel } from './inputs.ts';
import { BAR_AFTER_MS, busy, clearError, hint, showError } from './messages.ts';
import type { Explained, InputData, ResultView } from './protocol.ts';
import { spoken } from './result.ts';
import type { SettingsPanel } from './settings.ts';

export interface ExplainingParts {
  readonly engine: EngineClient;
  readonly settings: SettingsPanel;
  readonly inputs: InputPanel;
  readonly hasModel: () => boolean;
  /** Puts a result on the screen. @returns what else is told of it */
  readonly show: (result: Explained, input: InputData) => string;
  /** A result is on the screen. */
  readonly onResult?: (view: ResultView) => void;
}

export class Explaining {
  readonly #parts: ExplainingParts;
  #asked = 0;
  #running = false;
  /** Whether an explanation was ended for a file that then gave nothing to explain. */
  #interrupted = false;

  constructor(parts: ExplainingParts) {
    this.#parts = parts;
  }

  async explain(): Promise<void> {
    const { engine, settings, inputs, hasModel, show, onResult } = this.#parts;
    const number = ++this.#asked;
    this.#interrupted = false;
    const input = hasModel() ? inputs.read() : null;
    if (!input) {
      this.#end();
      byId('result').hidden = true;
      hint('Give the model an input above.');
      return;
    }
    this.#running = true;
    const bar = setTimeout(() => number === this.#asked && busy(true), BAR_AFTER_MS);
    const onProgress = (share: number): void => {
      if (number === this.#asked) byId<HTMLProgressElement>('progress').value = share;
    };
    try {
      const view = await engine.call('explain', { input, settings: settings.read() }, onProgress);
      if (number !== this.#asked) return;
      clearError();
      hint('');
      byId('result').hidden = false;
      const told = show(view, input);
      settings.setResult(view);
      onResult?.(view);
      announce(told ? `${told}; ${spoken(view)}` : spoken(view));
    } catch (error) {
      if (number !== this.#asked || (error instanceof CallEnded && error.kind === 'superseded')) return;
      this.#fail(error);
    } finally {
      clearTimeout(bar);
      if (number === this.#asked) this.#end();
    }
  }

  /** New files are there: what runs for older ones ends. */
  makeWay(): void {
    this.#asked++;
    this.#interrupted ||= this.#running;
    this.#end();
  }

  /** Explains after all what was given up for files that were not read. */
  resume(): void {
    if (this.#parts.hasModel() && this.#interrupted) void this.explain();
  }

  #fail(error: unknown): void {
    byId('result').hidden = true;
    const stopped = error instanceof CallEnded && error.kind === 'cancelled';
    hint(
      stopped
        ? 'Stopped. Change the input or a setting to explain again.'
        : 'There is no explanation: see the message above.',
    );
    if (stopped) announce('Stopped', 0);
    showError(error);
  }

  #end(): void {
    this.#running = false;
    busy(false);
  }
}
