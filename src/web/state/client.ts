/**
 * The page's side of the engine worker: calls as promises, progress, ending what is not wanted any more, and a new worker in place of one
 * that hangs or died, which gets the files that the old one had read. The worker starts with the first call. Invariant: every call
 * settles, also when the worker cannot start, is ended, or says nothing.
 */
import type { CallError, CallName, ReplyOf, RequestOf, ToPage, ToWorker, TunePoint } from '../protocol/index.ts';

/** What ends a call without a result. */
export class CallEnded extends Error {
  readonly kind: CallError['kind'];
  constructor({ kind, message }: CallError) {
    super(message);
    this.kind = kind;
  }
}

/** Told of the share that is done, and of a training of its loss. */
export type OnProgress = (share: number, point?: TunePoint) => void;

interface Waiting {
  readonly call: CallName;
  readonly request: RequestOf<CallName>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: CallEnded) => void;
  readonly onProgress?: OnProgress | undefined;
  /** Asked by nobody: it brings a new worker to where the old one was. */
  readonly restores?: boolean;
}

/** What is used of a worker. */
export type EngineWorker = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror' | 'onmessageerror'>;

export interface ClientOptions {
  readonly makeWorker?: () => EngineWorker;
  /** How long an explanation that was told to end may go on before its worker is ended: one call of a slow model can last. */
  readonly patienceMs?: number;
  /** A worker that says nothing for so long after its start will not. */
  readonly startMs?: number;
  /** A file that takes longer to read has caught the reader in a circle. */
  readonly readMs?: number;
}

const reading: readonly CallName[] = ['load', 'vocabulary', 'picture'];

function makeWorker(): EngineWorker {
  // Beside the page: this code may lie in a chunk of its own.
  return new Worker(new URL('./worker.js', document.baseURI), { type: 'module', name: 'pathgrad' });
}

export class EngineClient {
  readonly #options: Required<ClientOptions>;
  readonly #waiting = new Map<number, Waiting>();
  #worker: EngineWorker | null = null;
  /** Told when a new worker takes the place of one: it has the files that the old one read, and nothing that was learnt. */
  onRenewed: (() => void) | null = null;
  #next = 0;
  /** Whether the worker has said that it is there. */
  #ready = false;
  /** What was read last without an error; a vocabulary belongs to the model that it came after. */
  #model: RequestOf<'load'> | null = null;
  #vocabulary: RequestOf<'vocabulary'> | null = null;

  constructor(options: ClientOptions = {}) {
    this.#options = { makeWorker, patienceMs: 700, startMs: 20_000, readMs: 60_000, ...options };
  }

  /** @throws CallEnded with what the worker said, or why it was ended */
  call<K extends CallName>(call: K, request: RequestOf<K>, onProgress?: OnProgress): Promise<ReplyOf<K>> {
    return new Promise<ReplyOf<K>>((resolve, reject) => {
      this.#add({ call, request, resolve: resolve as Waiting['resolve'], reject, onProgress });
    });
  }

  /** Ends a training with its last whole epoch. */
  stopTuning(): void {
    this.#worker?.postMessage({ call: 'cancel', kind: 'tuning' } satisfies ToWorker);
  }

  /** Ends all that runs: an explanation by asking it, and where that takes too long, or a file is read, by ending the worker. */
  cancel(): void {
    this.#end('cancelled', [...this.#waiting.keys()]);
  }

  /**
   * Makes way for a file that was just given: what runs has `patienceMs` left. A model replaces everything; other files belong to the
   * model that may be on its way, and wait for it.
   */
  makeWay(forModel: boolean): void {
    const calls = [...this.#waiting];
    if (!forModel && calls.some(([, { call }]) => call === 'load')) return;
    this.#end(
      'superseded',
      calls.flatMap(([id, { call }]) => (call === 'start' ? [] : [id])),
    );
  }

  #end(kind: 'cancelled' | 'superseded', ids: readonly number[]): void {
    const worker = this.#worker;
    const isWaiting = (id: number): boolean => this.#waiting.has(id);
    if (!worker || ids.length === 0) return;
    worker.postMessage({ call: 'cancel', kind } satisfies ToWorker);
    const giveUp = (): void => {
      if (worker !== this.#worker || !ids.some(isWaiting)) return;
      // Until it is there its time has not begun; that it comes at all is watched elsewhere.
      if (!this.#ready) setTimeout(giveUp, this.#options.patienceMs);
      else this.#replace({ kind, message: kind === 'cancelled' ? 'stopped' : 'a newer request came' }, ids);
    };
    // A reader hears nothing until it is done, and then the file would be the model after all.
    const reads = ids.some((id) => reading.includes(this.#waiting.get(id)!.call));
    if (kind === 'cancelled' && reads && this.#ready) giveUp();
    else setTimeout(giveUp, this.#options.patienceMs);
  }

  #start(): EngineWorker {
    this.#ready = false;
    const worker = this.#options.makeWorker();
    const current = (): boolean => worker === this.#worker;
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => current() && this.#receive(data);
    worker.onmessageerror = () => current() && this.#lose('an answer cannot be read');
    worker.onerror = (event) => {
      event.preventDefault();
      if (current()) this.#lose(event.message ?? '');
    };
    setTimeout(() => current() && !this.#ready && this.#lose('its worker does not answer'), this.#options.startMs);
    return worker;
  }

  #add(waiting: Waiting): void {
    const id = this.#next++;
    this.#waiting.set(id, waiting);
    this.#post(id, waiting);
  }

  #post(id: number, { call, request }: Waiting): void {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    worker.postMessage({ id, call, request } as ToWorker);
    if (!reading.includes(call)) return;
    setTimeout(() => {
      if (worker !== this.#worker || !this.#waiting.has(id)) return;
      const name = 'name' in request ? request.name : call;
      const seconds = Math.round(this.#options.readMs / 1000);
      const message = `${name}: could not be read within ${seconds} s\nhint: the file is damaged, or too big for this browser`;
      this.#replace({ kind: 'failure', message }, [...this.#waiting.keys()]);
    }, this.#options.readMs);
  }

  #receive(message: ToPage): void {
    this.#ready = true;
    if ('ready' in message) return;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ('progress' in message) {
      waiting.onProgress?.(message.progress.done / Math.max(1, message.progress.total), message.point);
      return;
    }
    this.#waiting.delete(message.id);
    if ('error' in message) {
      waiting.reject(new CallEnded(message.error));
      return;
    }
    if (!waiting.restores) this.#remember(waiting);
    waiting.resolve(message.value as never);
  }

  #remember({ call, request }: Waiting): void {
    if (call === 'load') [this.#model, this.#vocabulary] = [request as RequestOf<'load'>, null];
    if (call === 'vocabulary') this.#vocabulary = request as RequestOf<'vocabulary'>;
  }

  /** The worker died, or never came. */
  #lose(why: string): void {
    const said = why === '' ? '' : `: ${why}`;
    const waiting = [...this.#waiting.values()];
    // Whatever ended it while it was brought back would do so again.
    if (waiting.some(({ restores }) => restores)) [this.#model, this.#vocabulary] = [null, null];
    const message = this.#ready
      ? `The engine stopped${said}\nhint: it was started anew; try again, or a smaller input`
      : `The engine did not start${said}\nhint: the page must be served over http, with worker.js beside it; reload it`;
    if (!this.#ready) [this.#model, this.#vocabulary] = [null, null];
    this.#replace({ kind: 'failure', message }, [...this.#waiting.keys()]);
  }

  /** Ends the worker and these calls. A new one reads the files again that were read, and gets the calls that are left. */
  #replace(error: CallError, ids: readonly number[]): void {
    this.#worker?.terminate();
    this.#worker = null;
    const ended = ids.map((id) => this.#waiting.get(id));
    for (const id of ids) this.#waiting.delete(id);
    const left = [...this.#waiting].filter(([, { restores }]) => !restores);
    this.#waiting.clear();
    const [model, vocabulary] = [this.#model, this.#vocabulary];
    if (model) this.#restore('load', model);
    if (vocabulary) this.#restore('vocabulary', vocabulary);
    for (const [id, waiting] of left) {
      this.#waiting.set(id, waiting);
      this.#post(id, waiting);
    }
    this.onRenewed?.();
    for (const waiting of ended) waiting?.reject(new CallEnded(error));
  }

  #restore<K extends 'load' | 'vocabulary'>(call: K, request: RequestOf<K>): void {
    this.#add({ call, request, resolve: () => {}, reject: () => {}, restores: true });
  }
}
