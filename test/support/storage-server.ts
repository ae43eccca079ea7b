/**
 * A server on loopback that gives files by ranges, with whatever goes wrong on demand; and, as S3, checks signatures (AWS Signature Version 4, written
 * from its description in the S3 API reference).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StorageServer {
  readonly url: string;
  /** Bytes by path, `/rows.csv`, or of S3 `/bucket/rows.csv`. */
  readonly files: Map<string, Uint8Array>;
  /** What was asked for: method, path, range, status. */
  readonly log: string[];
  /** Headers of the last request. */
  last: IncomingMessage['headers'];
  /** What goes wrong with a request, by its number from 0; null: nothing. */
  fault: (request: number, path: string) => Fault | null;
  ranges: boolean;
  tags: 'strong' | 'weak' | 'none';
  close(): Promise<void>;
}

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is cut after so many bytes. */
  | { readonly kind: 'drop'; readonly after: number }
  /** Nothing more comes after so many bytes. */
  | { readonly kind: 'silent'; readonly after: number };

export interface Keys {
  readonly id: string;
  readonly secret: string;
}

/** @param keys of S3: requests that are not signed with them are refused */
export async function storageServer(keys: Keys | null = null): Promise<StorageServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://server');
    const path = decodeURIComponent(url.pathname);
    served.last = request.headers;
    const fault = served.fault(requests++, path);
    const answer = (
      status: number,
      headers: Record<string, string | number> = {},
      body: Uint8Array | string = '',
    ): void => {
      served.log.push(`${request.method} ${path} ${request.headers.range ?? 'whole'} ${status}`);
      response.writeHead(status, headers);
      send(response, Buffer.from(body), fault);
    };
    if (fault?.kind === 'status') return answer(fault.status, { ...fault.headers }, 'busy');
    if (keys && !signed(request, url, keys)) return answer(403, {}, s3Error('SignatureDoesNotMatch'));
    if (keys && url.searchParams.get('list-type') === '2') return answer(200, {}, listing(served.files, path, url));
    const bytes = served.files.get(path);
    if (!bytes) return answer(404, {}, keys ? s3Error('NoSuchKey') : 'none');
    const tag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const headers: Record<string, string | number> =
      served.tags === 'none' ? {} : { etag: served.tags === 'weak' ? `W/${tag}` : tag };
    const wanted = request.headers['if-match'];
    if (wanted !== undefined && wanted !== headers['etag'])
      return answer(412, {}, keys ? s3Error('PreconditionFailed') : '');
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined || !served.ranges)
      return answer(200, { ...headers, 'content-length': bytes.length }, bytes);
    const from = Number(first);
    if (from >= bytes.length) return answer(416, { 'content-range': `bytes */${bytes.length}` });
    const to = Math.min(bytes.length, last === '' ? bytes.length : Number(last) + 1);
    answer(
      206,
      { ...headers, 'content-length': to - from, 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` },
      bytes.subarray(from, to),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served: StorageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(),
    log: [],
    last: {},
    fault: () => null,
    ranges: true,
    tags: 'strong',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return served;
}

function send(response: ServerResponse, body: Buffer, fault: Fault | null): void {
  if (fault === null || fault.kind === 'status') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, fault.after), () => {
    if (fault.kind === 'drop') setTimeout(() => response.destroy(), 5);
  });
}

const s3Error = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;

function listing(files: StorageServer['files'], path: string, url: URL): string {
  const bucket = path.replace(/^\/|\/$/g, '');
  const prefix = url.searchParams.get('prefix') ?? '';
  const keys = [...files.keys()]
    .filter((name) => name.startsWith(`/${bucket}/${prefix}`))
    .map((name) => name.slice(bucket.length + 2));
  const contents = keys.map(
    (key) => `<Contents><Key>${key}</Key><Size>${files.get(`/${bucket}/${key}`)!.length}</Size></Contents>`,
  );
  return `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><KeyCount>${keys.length}</KeyCount>${contents.join('')}</ListBucketResult>`;
}

/** Whether a request is signed with these keys. */
function signed(request: IncomingMessage, url: URL, { id, secret }: Keys): boolean {
  const [, credential = '', names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  const [own, day = '', region = '', service = '', end = ''] = credential.split('/');
  const date = String(request.headers['x-amz-date']);
  if (own !== id || service !== 's3' || end !== 'aws4_request' || !date.startsWith(day)) return false;
  // What says which bytes are asked for must be signed too.
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.split(';').includes(name))) return false;
  const escaped = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&');
  const headers = names
    .split(';')
    .map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, ' ')}\n`)
    .join('');
  const canonical = [request.method, url.pathname, query, headers, names, request.headers['x-amz-content-sha256']].join(
    '\n',
  );
  const scope = `${day}/${region}/${service}/${end}`;
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const key = [day, region, service, end].reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${secret}`);
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'));
}
