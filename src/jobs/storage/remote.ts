/**
 * A file behind a network, read by ranges, with whatever goes wrong on the way: connections that drop or fall silent go on where they stopped, servers
 * that are busy are asked again, more and more slowly. Invariant: bytes of two contents are never mixed: every answer has the identity and the length
 * of the first one, or the file is refused as changed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { failure } from '../../tensor/errors.ts';
import { changed, type RangedFile } from './ranged.ts';

/** What a server answered to one request for a range. */
export interface RangeAnswer {
  /** Of the whole file. */
  readonly size: number;
  readonly identity: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One way of asking: HTTP, S3. */
export interface Transport {
  readonly name: string;
  /**
   * Asks once for the bytes from `from` to before `to` (null: to the end).
   * @param identity that of the first answer: whoever can, asks for no other content
   * @throws Passing where another try may help, NoRanges where the server gives whole files alone, PathgradError for the rest
   */
  get(from: number, to: number | null, identity: string | null, signal: AbortSignal): Promise<RangeAnswer>;
  /** Asks once for all of it; of those that may throw NoRanges. `size` is null where the server does not say. */
  whole?(signal: AbortSignal): Promise<{ readonly size: number | null; readonly body: AsyncIterable<Uint8Array> }>;
}

/** What went wrong may pass: a busy server, a connection that was reset. */
export class Passing extends Error {
  readonly waitMs: number | null;
  constructor(message: string, waitMs: number | null = null) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** The server gives no part of the file, only all of it. */
export class NoRanges extends Error {}

export interface Patience {
  /** Tries without a byte until it is given up; the waits between them double. */
  readonly tries: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** A connection without a byte for so long is taken for dead. */
  readonly silentMs: number;
  /** Ends reading, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** About two minutes of silence, half of them waiting. */
export const patience: Patience = { tries: 8, firstWaitMs: 500, longestWaitMs: 30_000, silentMs: 30_000 };

/**
 * Opens a file behind a network.
 * @param known size and identity of when the job began, where it has begun
 * @throws PathgradError where it is not there, may not be read, has changed; NoRanges
 */
export async function openRemote(
  transport: Transport,
  known: { readonly size: number; readonly identity: string } | null,
  patient: Patience = patience,
): Promise<RangedFile> {
  const { name } = transport;
  let own = known;
  const check = ({ size, identity }: { readonly size: number; readonly identity: string }): void => {
    own ??= { size, identity };
    if (own.identity !== identity) throw changed(name, { before: own.identity, now: identity });
    if (own.size !== size) throw changed(name, { 'bytes before': own.size, 'bytes now': size });
  };
  /** Pieces of a range, over as many requests as it takes. */
  async function* pieces(from: number, to: number | null): AsyncGenerator<Uint8Array> {
    const retry = new Retry(name, patient);
    let at = from;
    while (to === null || at < to) {
      const watch = new Watch(patient);
      try {
        const answer = await watch.during(transport.get(at, to, own?.identity || null, watch.signal));
        check(answer);
        to = Math.min(to ?? answer.size, answer.size);
        const body = answer.body[Symbol.asyncIterator]();
        while (at < to) {
          const { done, value } = await watch.during(body.next());
          if (done) break;
          const piece = value.subarray(0, to - at);
          at += piece.length;
          if (piece.length > 0) retry.progress();
          yield piece;
        }
        if (at < to) throw new Passing('it sent less than it said');
      } catch (error) {
        await retry.after(error, watch);
      } finally {
        watch.end();
      }
    }
  }
  for await (const _ of pieces(0, 1)) break;
  const { size, identity } = own ?? { size: 0, identity: '' };
  return {
    name,
    size,
    identity,
    read: async (from, to) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
      let at = 0;
      for await (const piece of pieces(from, from + bytes.length)) {
        bytes.set(piece, at);
        at += piece.length;
      }
      return bytes;
    },
    pieces: () => pieces(0, size),
  };
}

/**
 * All of a file whose server gives no ranges: what breaks off is begun anew.
 * @param begin is told that pieces come from the beginning (again), and how many bytes there will be
 * @throws PathgradError as `openRemote` does
 */
export async function readWhole(
  transport: Transport,
  begin: (size: number | null) => void,
  take: (piece: Uint8Array) => Promise<void>,
  patient: Patience = patience,
): Promise<void> {
  const retry = new Retry(transport.name, patient);
  for (;;) {
    const watch = new Watch(patient);
    try {
      const { size, body } = await watch.during(transport.whole!(watch.signal));
      begin(size);
      let bytes = 0;
      const pieces = body[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await watch.during(pieces.next());
        if (done) break;
        bytes += value.length;
        await take(value);
      }
      if (size !== null && bytes !== size) throw new Passing('it sent less than it said');
      return;
    } catch (error) {
      await retry.after(error, watch);
    } finally {
      watch.end();
    }
  }
}

/** Waits before another try, each time longer. */
class Retry {
  readonly #name: string;
  readonly #patient: Patience;
  #tries = 1;

  constructor(name: string, patient: Patience) {
    this.#name = name;
    this.#patient = patient;
  }

  progress(): void {
    this.#tries = 1;
  }

  /** @throws what went wrong, where it does not pass or was tried often enough */
  async after(error: unknown, watch: Watch): Promise<void> {
    const { silentMs, tries, firstWaitMs, longestWaitMs, signal } = this.#patient;
    signal?.throwIfAborted();
    const passing = watch.late ? new Passing(`it was silent for ${silentMs / 1000} s`) : error;
    if (!(passing instanceof Passing)) throw error;
    if (this.#tries >= tries) {
      const hint = 'try again later: job resume goes on';
      throw failure(this.#name, `cannot be read: ${passing.message}`, { tries }, hint);
    }
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (this.#tries - 1));
    this.#tries++;
    await delay(Math.max(wait, Math.min(60_000, passing.waitMs ?? 0)), null, { signal }).catch(() => {});
    signal?.throwIfAborted();
  }
}

/** Ends a request that is silent for too long. */
class Watch {
  readonly #stop = new AbortController();
  readonly #patient: Patience;
  late = false;

  constructor(patient: Patience) {
    this.#patient = patient;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    const { silentMs, signal } = this.#patient;
    let timer: NodeJS.Timeout | undefined;
    let stop = (): void => {};
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.late = true;
        this.#stop.abort();
        reject(new Passing('silent'));
      }, silentMs);
      stop = () => reject(signal!.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop);
    });
    work.catch(() => {}); // it may fail when nobody waits for it any more
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Closes the connection, also of a body that nobody wants the rest of. */
  end(): void {
    this.#stop.abort();
  }
}

/** Errors of connections that pass, by the codes of Node and undici. */
const PASSING =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT)|TimeoutError|AbortError)$/;

/** An error of a connection: one that passes, or what it says. */
export function connectionError(name: string, error: unknown): Error {
  const codes: string[] = [];
  for (let at: unknown = error; at instanceof Error && codes.length < 8; at = at.cause)
    codes.push(String((at as NodeJS.ErrnoException).code ?? ''), at.name, at.message);
  const code = codes.find((one) => PASSING.test(one));
  if (code !== undefined || codes.some((one) => /^(terminated|aborted|socket hang up)$/.test(one)))
    return new Passing(code ?? 'the connection was cut');
  const reason = codes.find((one) => /^(ENOTFOUND|CERT_|ERR_TLS|.*CERT.*|.*SIGNED.*)/.test(one));
  // Without the error as its cause: it may hold the request, with what was sent to authorize it.
  return failure(name, `cannot be read: ${reason ?? codes.at(-1)}`, {}, 'check the address');
}

/** @throws for an answer that is no content: Passing where another try may help */
export function checkStatus(name: string, status: number, waitMs: number | null = null): void {
  if (status === 401 || status === 403)
    throw failure(name, 'may not be read', { status }, 'check the credentials of this machine, and who may read it');
  if (status === 404 || status === 410) throw failure(name, 'is not there', { status }, 'check the address');
  if (status === 412) throw changed(name, { status });
  if (status === 416) throw failure(name, 'is empty, or shorter than when the job began', { status }, 'check the file');
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new Passing(`it answers ${status}`, waitMs);
  if (status !== 200 && status !== 206) throw failure(name, 'gives no file', { status }, 'check the address');
}
