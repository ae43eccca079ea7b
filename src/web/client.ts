/**
 * The page's side of the engine worker: calls as promises, progress, cancelling, and a worker that starts anew when it does
 * not stop in time. The worker starts with the first call. Invariant: every call settles, also when the worker cannot start or is ended.
 */
import type { CallError, CallName, ReplyOf, RequestOf, ToPage, ToWorker } from './protocol.ts';

/** What ends a call without a result. */
export class CallEnded extends Error {
  readonly kind: CallError['kind'];
  constructor({ kind, message }: CallError) {
    super(message);
    this.kind = kind;
  }
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: CallEnded) => void;
  readonly onProgress: ((share: number) => void) | undefined;
}

/** How long a cancelled explanation may go on before its worker is ended: one call of a slow model can last. */
const PATIENCE_MS = 700;
/** A worker that says nothing for so long after its start will not. */
const START_MS = 20_000;

export class EngineClient {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #next = 0;
  #started = false;
  /** What a new worker needs to know: model and vocabulary. */
  readonly #loaded = new Map<'load' | 'vocabulary', { readonly file: Blob; readonly name: string }>();

  #start(): Worker {
    this.#started = false;
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'pathgrad' });
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const said = event.message ? `: ${event.message}` : '';
      const hint = this.#started ? 'reload the page' : 'the page must be served over http, with worker.js beside it';
      this.#fail(`The engine ${this.#started ? 'stopped' : 'did not start'}${said}\nhint: ${hint}`);
    };
    setTimeout(() => {
      if (worker === this.#worker && !this.#started && this.#waiting.size > 0)
        this.#fail('The engine did not start: its worker does not answer\nhint: reload the page');
    }, START_MS);
    return worker;
  }

  /** @throws CallEnded with what the worker said, or why it was ended */
  call<K extends CallName>(call: K, request: RequestOf<K>, onProgress?: (share: number) => void): Promise<ReplyOf<K>> {
    const id = this.#next++;
    return new Promise<ReplyOf<K>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, onProgress });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, call, request } as ToWorker);
      if (call === 'load' || call === 'vocabulary') {
        if (call === 'load') this.#loaded.clear();
        this.#loaded.set(call, request as { file: Blob; name: string });
      }
    });
  }

  /** Ends the explanation that runs: by asking, and where that takes too long by ending the worker. */
  cancel(): void {
    const running = [...this.#waiting.keys()];
    this.#worker?.postMessage({ call: 'cancel' } satisfies ToWorker);
    setTimeout(() => {
      if (!running.some((id) => this.#waiting.has(id))) return;
      this.#worker?.terminate();
      this.#worker = null;
      this.#endAll({ kind: 'cancelled', message: 'stopped' });
      for (const [call, request] of this.#loaded) this.call(call, request).catch(() => {});
    }, PATIENCE_MS);
  }

  #receive(message: ToPage): void {
    this.#started = true;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ('progress' in message) {
      waiting.onProgress?.(message.progress.done / Math.max(1, message.progress.total));
      return;
    }
    this.#waiting.delete(message.id);
    if ('error' in message) waiting.reject(new CallEnded(message.error));
    else waiting.resolve(message.value as never);
  }

  #fail(message: string): void {
    this.#endAll({ kind: 'failure', message });
  }

  #endAll(error: CallError): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of all) reject(new CallEnded(error));
  }
}
