/** A fit as it goes: the numbers of its epochs, and what checkpoints keep of it. */
import type { TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Callback } from './callbacks.ts';
import { type CheckpointNumbers, fromJson, toJson } from './checkpoint.ts';
import type { Logs } from './logs.ts';

export interface Session {
  /** The number of the next epoch. */
  epoch: number;
  readonly epochs: number[];
  readonly history: Record<string, number[]>;
  readonly callbacks: readonly Callback[];
}

/** What a checkpoint leaves for the next fit. */
export interface Left {
  readonly numbers: CheckpointNumbers;
  /** By names that begin with `callback/`. */
  readonly arrays: ReadonlyMap<string, TypedArray>;
}

/** @throws PathgradError where the callbacks are not those of the checkpoint */
export function beginSession(callbacks: readonly Callback[], left: Left | null): Session {
  if (!left) return { epoch: 0, epochs: [], history: {}, callbacks };
  const { numbers, arrays } = left;
  const saved = callbacks.filter((callback) => callback.save);
  const names = numbers.callbacks.map(({ name }) => name);
  if (saved.length !== names.length || saved.some(({ name }, i) => (name ?? '') !== names[i])) {
    const details = { checkpoint: names, given: saved.map(({ name }) => name ?? '') };
    throw failure('fit', 'goes on from a checkpoint that was made with other callbacks', details);
  }
  for (const [i, callback] of saved.entries()) {
    const own = [...arrays].filter(([name]) => name.startsWith(`callback/${i}/`));
    const given = new Map(own.map(([name, data]) => [name.slice(`callback/${i}/`.length), data]));
    callback.restore?.(numbers.callbacks[i]!.state, given);
  }
  const history = Object.entries(numbers.history).map(([name, list]) => [name, list.map(fromJson)] as const);
  return { epoch: numbers.fitEpoch, epochs: [...numbers.epochs], history: Object.fromEntries(history), callbacks };
}

/** How a session and its callbacks stand. @returns what puts them back there */
export function rememberSession(session: Session): () => void {
  const { epoch, epochs, history, callbacks } = session;
  const ended = epochs.length;
  const states = callbacks
    .filter((callback) => callback.save && callback.restore)
    .map((callback) => ({
      callback,
      state: structuredClone(callback.save!()),
      arrays: new Map([...(callback.arrays?.() ?? [])].map(([name, { data }]) => [name, data])),
    }));
  return () => {
    session.epoch = epoch;
    epochs.length = ended;
    for (const [name, list] of Object.entries(history)) {
      if (list.length > ended) list.length = ended;
      if (ended === 0) delete history[name];
    }
    for (const { callback, state, arrays } of states) callback.restore!(state, arrays);
  };
}

/** The numbers of the epoch that ended: called again where a callback has added some. */
export function record({ epochs, history }: Session, logs: Logs): void {
  for (const [name, value] of Object.entries(logs)) {
    history[name] ??= [];
    history[name][epochs.length - 1] = value;
  }
}

/** What of a session goes into a checkpoint: numbers, and the arrays of its callbacks. */
export function kept(session: Session | null): {
  readonly numbers: Pick<CheckpointNumbers, 'fitEpoch' | 'epochs' | 'history' | 'callbacks'>;
  readonly arrays: readonly (readonly [string, { readonly tensor: Tensor; readonly data: TypedArray }])[];
} {
  const { epoch = 0, epochs = [], history = {}, callbacks = [] } = session ?? {};
  const keepers = callbacks.filter((callback) => callback.save);
  return {
    numbers: {
      ...{ fitEpoch: epoch, epochs },
      history: Object.fromEntries(Object.entries(history).map(([name, list]) => [name, list.map(toJson)])),
      callbacks: keepers.map((callback) => ({ name: callback.name ?? '', state: callback.save!() })),
    },
    arrays: keepers.flatMap((callback, i) =>
      [...(callback.arrays?.() ?? [])].map(
        ([name, tensor]) => [`callback/${i}/${name}`, { tensor, data: tensor.data }] as const,
      ),
    ),
  };
}
