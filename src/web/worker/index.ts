/**
 * The engine worker: all reading of files and all computing of the page. One explanation runs at a time; a newer request
 * ends the one that runs, and of those that wait only the newest is computed. Every request is answered once.
 */
import { PathgradError } from '../../tensor/errors.ts';
import type { CallError, ToPage, ToWorker } from '../protocol/index.ts';
import { capabilities } from './backends.ts';
import { explain } from './explain/explain.ts';
import { load, vocabulary } from './model/model.ts';
import type { State } from './state.ts';
import { besides, pin, unpin } from './view/beside.ts';

/** The part of a worker's global scope that is used; the project's library types are those of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: ToPage): void;
}
const scope = globalThis as unknown as WorkerScope;

const state: State = {
  model: null,
  original: null,
  info: null,
  words: null,
  explainer: null,
  shown: null,
  before: null,
  pinned: null,
  gpu: null,
};
let running: AbortController | null = null;
let tuning: AbortController | null = null;
/** Calls run one after another: a model is not replaced under an explanation. */
let queue: Promise<void> = Promise.resolve();

class Ended extends Error {
  readonly kind: 'cancelled' | 'superseded';
  constructor(kind: 'cancelled' | 'superseded') {
    super(kind === 'cancelled' ? 'stopped' : 'a newer request came');
    this.kind = kind;
  }
}

/** Parts of the engine that most explanations load: fetched with it, so that a file of the user's own asks for nothing more. */
async function usualParts(): Promise<void> {
  await Promise.all([import('../../attribution/path/kept-frontier.ts'), import('../../attribution/path/line-conv.ts')]);
}

/** What is answered. */
type Asked = Exclude<ToWorker, { call: 'cancel' }>;

scope.onmessage = ({ data: message }) => {
  if (message.call === 'cancel') {
    const { kind } = message;
    if (kind === 'tuning') tuning?.abort('stop');
    else for (const one of [running, tuning]) one?.abort(new Ended(kind));
    return;
  }
  const changes = message.call === 'explain' || message.call === 'load' || message.call === 'vocabulary';
  let controller: AbortController | null = null;
  if (changes) {
    running?.abort(new Ended('superseded'));
    running = null;
  }
  if (message.call === 'load') tuning?.abort(new Ended('superseded'));
  if (message.call === 'explain') running = controller = new AbortController();
  if (message.call === 'tune') tuning = controller = new AbortController();
  queue = queue.then(() => answer(message, controller?.signal ?? new AbortController().signal));
};

async function answer(message: Asked, signal: AbortSignal): Promise<void> {
  const { id } = message;
  try {
    signal.throwIfAborted();
    scope.postMessage({ id, value: await compute(message, signal) });
  } catch (error) {
    scope.postMessage({ id, error: describe(error) });
  }
}

async function compute(message: Asked, signal: AbortSignal): Promise<unknown> {
  switch (message.call) {
    case 'start':
      return (await Promise.all([capabilities(), usualParts()]))[0];
    case 'methods':
      return (await import('./extras.ts')).listMethods();
    case 'load':
      return load(state, message.request);
    case 'vocabulary':
      return vocabulary(state, message.request);
    case 'picture':
      return (await import('./pictures.ts')).picture(state, message.request);
    case 'sound':
      return (await import('./tables.ts')).sound(state, message.request);
    case 'edges':
      return (await import('./extras.ts')).edges(state);
    case 'rows':
      return (await import('./sample/rows.ts')).rows(state, message.request);
    case 'predict':
      return (await import('./sample/rows.ts')).predict(state, message.request);
    case 'explain': {
      const onProgress = (progress: { done: number; total: number }): void =>
        scope.postMessage({ id: message.id, progress });
      const shown = await explain(state, message.request, { signal, onProgress });
      [state.before, state.shown] = [state.shown, shown];
      return besides(state);
    }
    case 'attribute': {
      const { attribute } = await import('./tables.ts');
      return attribute(state, message.request, { signal, onProgress: () => {} });
    }
    case 'summary':
      return (await import('./tables.ts')).summary(message.request);
    case 'tunable':
      return (await import('./tuning/tuning.ts')).tunable(state);
    case 'tune': {
      const { tune } = await import('./tuning/tuning.ts');
      return tune(state, message.request, {
        signal,
        onPoint: (progress, point) => scope.postMessage({ id: message.id, progress, point }),
      });
    }
    case 'untune':
      return (await import('./tuning/tuning.ts')).untune(state);
    case 'tunedFile':
      return (await import('./tuning/tuning.ts')).tunedFile(state);
    case 'pin':
      return pin(state, message.request);
    case 'unpin':
      return unpin(state);
    case 'export':
      return (await import('./extras.ts')).makeFile(state, message.request);
  }
}

function describe(error: unknown): CallError {
  if (error instanceof Ended) return { kind: error.kind, message: error.message };
  if (error instanceof PathgradError) return { kind: 'failure', message: error.message };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'failure', message: `Something went wrong inside pathgrad: ${text}` };
}

scope.postMessage({ ready: true });
