/**
 * Keeps the explanation in step with input and settings. Invariant: what is shown belongs to the last call of `explain`; an answer that comes
 * too late is known by its number.
 */

import { announce, byId } from '../dom/dom.ts';
import { BAR_AFTER_MS, busy, clearError, hint, showError } from '../dom/messages.ts';
import type { InputPanel } from '../input/inputs.ts';
import type { Explained, InputData, RequestOf, ResultView } from '../protocol/index.ts';
import { spoken } from '../result/result.ts';
import type { SettingsPanel } from '../settings/settings.ts';
import { CallEnded, type EngineClient } from './client.ts';

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

/** What an explanation was asked with. */
export type KeptRequest = RequestOf<'explain'>;

/** Explanations whose requests are remembered: one that is kept is hardly older. */
const REMEMBERED = 8;

export class Explaining {
  readonly #parts: ExplainingParts;
  #asked = 0;
  #running = false;
  /** Whether an explanation was ended for a file that then gave nothing to explain. */
  #interrupted = false;

  /** What was kept before a reload: it is explained and kept again before anything else. */
  #first: KeptRequest | null = null;
  /** What each explanation that came was asked with, the last ones. */
  readonly #requests = new Map<number, KeptRequest>();

  constructor(parts: ExplainingParts) {
    this.#parts = parts;
  }

  /** Before the next explanation comes this one, and is kept. */
  keepFirst(request: KeptRequest): void {
    this.#first = request;
  }

  /** What an explanation was asked with; null where that is long ago. */
  requestOf(id: number): KeptRequest | null {
    return this.#requests.get(id) ?? null;
  }

  async #keepAgain(): Promise<void> {
    const request = this.#first;
    if (!request) return;
    this.#first = null;
    try {
      const { id } = await this.#parts.engine.call('explain', request);
      await this.#parts.engine.call('pin', { id });
      this.#remember(id, request);
    } catch (error) {
      if (!(error instanceof CallEnded)) throw error;
    }
  }

  #touch(id: number): void {
    const request = this.#requests.get(id);
    if (request) this.#remember(id, request);
  }

  #remember(id: number, request: KeptRequest): void {
    this.#requests.delete(id);
    this.#requests.set(id, request);
    for (const old of this.#requests.keys()) if (this.#requests.size > REMEMBERED) this.#requests.delete(old);
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
      await this.#keepAgain();
      if (number !== this.#asked) return;
      const request = { input, settings: settings.read() };
      const view = await engine.call('explain', request, onProgress);
      this.#remember(view.id, request);
      // The one that is kept is asked for again by its number for as long as it is.
      if (view.beside) this.#touch(view.beside.id);
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
