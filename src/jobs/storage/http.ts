/** Files behind HTTP(S), by range requests (RFC 9110, 14). What a server is asked for is the bytes as they lie there, never compressed on the way. */
import { failure } from '../../tensor/errors.ts';
import { authorizationFor } from './netrc.ts';
import { checkStatus, connectionError, NoRanges, type Transport } from './remote.ts';

export function httpTransport(url: URL): Transport {
  const name = url.href;
  const ask = async (headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> => {
    const authorization = authorizationFor(url.hostname);
    let answer: Response;
    try {
      const own = { 'accept-encoding': 'identity', ...(authorization !== null && { authorization }) };
      answer = await fetch(url, { signal, headers: { ...own, ...headers } });
    } catch (error) {
      throw connectionError(name, error);
    }
    const { status } = answer;
    if (status !== 200 && status !== 206) await answer.body?.cancel().catch(() => {});
    checkStatus(name, status, waitOf(answer.headers.get('retry-after')));
    const encoding = answer.headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity')
      throw failure(name, `is sent compressed (${encoding}), whatever is asked for`, {}, 'download it first');
    return answer;
  };
  return {
    name,
    get: async (from, to, identity, signal) => {
      const range = `bytes=${from}-${to === null ? '' : to - 1}`;
      // A weak tag never matches (RFC 9110, 13.1.1): it is compared with that of the answer.
      const answer = await ask({ range, ...(identity?.startsWith('"') && { 'if-match': identity }) }, signal);
      if (answer.status === 200) throw new NoRanges();
      const { headers } = answer;
      const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
      if (Number(start) !== from || total === undefined)
        throw failure(name, 'answers another range than it was asked for', { range: headers.get('content-range') });
      const found = headers.get('etag') ?? headers.get('last-modified') ?? '';
      return { size: Number(total), identity: found, body: bodyOf(name, answer) };
    },
    whole: async (signal) => {
      const answer = await ask({}, signal);
      const length = answer.headers.get('content-length');
      return { size: length === null ? null : Number(length), body: bodyOf(name, answer) };
    },
  };
}

async function* bodyOf(name: string, answer: Response): AsyncGenerator<Uint8Array> {
  try {
    if (answer.body) yield* answer.body as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw connectionError(name, error);
  }
}

/** Seconds, or a date. */
function waitOf(text: string | null): number | null {
  if (text === null) return null;
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
