/** The connection to Redis, and BullMQ, which are loaded when a queue is asked for. Their packages are optional. */
import { isIP } from 'node:net';
import { failure } from '../../tensor/errors.ts';

/** The queue that runners fill and workers empty. */
export const QUEUE = 'pathgrad';

/** What a chunk is in the queue: where its job lies, which job that was, and its number. The job's folder has all else. */
export interface QueuedChunk {
  readonly folder: string;
  /** `JobFolder.id`: by now there may be another job in the folder. */
  readonly job: string;
  readonly chunk: number;
}

export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

/** @throws PathgradError for what is no redis:// or rediss:// address */
export function redisPlace(url: string): RedisPlace {
  const hint = 'redis://HOST:6379, redis://:PASSWORD@HOST:6379/0, or rediss:// for TLS';
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw failure('--queue', 'is no address', {}, hint, error);
  }
  const { protocol, hostname, port, username, password, pathname } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    throw failure('--queue', `'${protocol}' is no address of Redis`, {}, hint);
  const db = pathname.length > 1 ? Number(pathname.slice(1)) : 0;
  if (!Number.isInteger(db) || db < 0)
    throw failure('--queue', `'${pathname.slice(1)}' is no number of a database`, {}, hint);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: port === '' ? 6379 : Number(port),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(db > 0 && { db }),
    // No name of a server, for Node, is an address.
    ...(protocol === 'rediss:' && { tls: isIP(hostname) ? {} : { servername: hostname } }),
  };
}

/** The address without its password, for messages. */
export const shownPlace = ({ host, port, tls }: RedisPlace): string => `${tls ? 'rediss' : 'redis'}://${host}:${port}`;

/**
 * Commands wait while Redis is gone, and go on when it is back; who waits decides for how long.
 * @param over whether nobody waits any more: a connection that is asked for again and again keeps the process alive
 */
export const connectionOf = (place: RedisPlace, over: () => boolean) => ({
  ...place,
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => (over() ? null : Math.min(2000, 50 * 2 ** Math.min(times, 6))),
});

/** @throws PathgradError where the packages are not installed */
export async function loadBullMq(): Promise<typeof import('bullmq')> {
  try {
    await import('ioredis');
    return await import('bullmq');
  } catch (error) {
    throw failure(
      '--queue',
      'needs the packages bullmq and ioredis, which are not installed',
      {},
      'npm install bullmq ioredis',
      error,
    );
  }
}

/** Waits for the end of a connection, though not for long: one that was never there does not end. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).catch(() => {});
  clearTimeout(timer);
}

/**
 * What `work` gives, or an error where Redis does not answer within `seconds`.
 * @param lost the connection's last error, if there was one
 */
export async function withinSeconds<T>(
  seconds: number,
  place: RedisPlace,
  work: Promise<T>,
  hint: string,
  lost: () => Error | null = () => null,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(failure('--queue', `${shownPlace(place)} does not answer`, { seconds }, hint)),
      1000 * seconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (/WRONGPASS|NOAUTH|invalid username-password/.test(`${error} ${lost()}`)) {
      const better = 'redis://:PASSWORD@HOST:PORT, with signs like @ as %40';
      throw failure('--queue', `${shownPlace(place)} refuses the password`, {}, better, error);
    }
    if (/certificate|CERT_|altnames/i.test(`${(lost() as NodeJS.ErrnoException | null)?.code} ${lost()}`)) {
      const better = 'NODE_EXTRA_CA_CERTS=FILE names the certificate of who signed it';
      throw failure('--queue', `${shownPlace(place)} has a certificate that is not trusted`, {}, better, lost());
    }
    throw error;
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
