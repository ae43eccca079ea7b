/** Files behind HTTP, by ranges: connections that drop, fall silent or are refused for a while; files that change; addresses that would give secrets away. */
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFlags } from '../../src/cli/flags/flags.ts';
import { jobGroups } from '../../src/cli/job/flags.ts';
import { beginInput, inputPlace, openInput } from '../../src/jobs/input/place.ts';
import { linesOfArray } from '../../src/jobs/input/unpack.ts';
import { httpTransport } from '../../src/jobs/storage/http.ts';
import { authorizationFor } from '../../src/jobs/storage/netrc.ts';
import { placeFrom } from '../../src/jobs/storage/place.ts';
import { openRemote } from '../../src/jobs/storage/remote.ts';
import { temporaryFolder } from '../support/cli.ts';
import { storageServer } from '../support/storage-server.ts';

const test = suite('jobs: storage');
const folder = temporaryFolder();
const server = await storageServer();
test.after(() => server.close());
test.before.each(() => {
  server.fault = () => null;
  server.ranges = true;
  server.tags = 'strong';
  server.log.length = 0;
});

const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
server.files.set('/rows.bin', bytes);
const quick = { tries: 4, firstWaitMs: 1, longestWaitMs: 4, silentMs: 350 };
const open = (known: { size: number; identity: string } | null = null, path = '/rows.bin') =>
  openRemote(httpTransport(new URL(server.url + path)), known, quick);

async function refused(work: () => Promise<unknown>, message: RegExp): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.match((error as Error).message, message);
    return (error as Error).message;
  }
  throw new Error(`not refused: ${message}`);
}

async function allOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

test('ranges are what the file has there, also beyond its end', async () => {
  const file = await open();
  assert.is(file.size, bytes.length);
  assert.equal(await file.read(10, 5000), bytes.subarray(10, 5000));
  assert.equal(await file.read(99_990, 200_000), bytes.subarray(99_990));
  assert.is((await file.read(100_000, 100_010)).length, 0);
  assert.ok((await allOf(file.pieces())).equals(bytes));
  assert.match(String(server.log), /bytes=10-4999 206/);
});

test('a connection that drops or falls silent goes on where it stopped', async () => {
  const file = await open();
  for (const kind of ['drop', 'silent'] as const) {
    server.log.length = 0;
    let faults = 2;
    server.fault = () => (faults-- > 0 ? { kind, after: 30_000 } : null);
    assert.ok((await allOf(file.pieces())).equals(bytes), kind);
    // On a busy machine an answer may be late, too.
    assert.ok(server.log.length >= 3, String(server.log));
    assert.not.match(server.log[1]!, /bytes=0-/);
    assert.match(server.log.at(-1)!, /bytes=[1-9]\d*-99999 206/);
  }
});

test('a busy server is asked again, and given up at last', async () => {
  const file = await open();
  let busy = 2;
  server.fault = () => (busy-- > 0 ? { kind: 'status', status: busy === 1 ? 503 : 429 } : null);
  assert.equal(await file.read(0, 10), bytes.subarray(0, 10));
  server.fault = () => ({ kind: 'status', status: 503 });
  server.log.length = 0;
  await refused(() => file.read(0, 10), /rows\.bin: cannot be read: it answers 503 \(tries 4\)\nhint: .*job resume/);
  assert.is(server.log.length, 4);
  server.fault = () => ({ kind: 'drop', after: 0 });
  await refused(() => file.read(0, 10), /cannot be read: (UND_ERR_SOCKET|ECONNRESET)/);
  server.fault = () => ({ kind: 'silent', after: 5 });
  assert.equal(await file.read(0, 10), bytes.subarray(0, 10), 'five bytes at a time');
});

test('who gives up waiting is not kept waiting', async () => {
  const { patience } = await import('../../src/jobs/storage/remote.ts');
  for (const fault of [
    { kind: 'silent', after: 5 },
    { kind: 'status', status: 503 },
  ] as const) {
    const stop = new AbortController();
    const file = await openRemote(httpTransport(new URL(`${server.url}/rows.bin`)), null, {
      ...patience,
      firstWaitMs: 20_000,
      signal: stop.signal,
    });
    server.fault = () => fault;
    setTimeout(() => stop.abort(new Error('given up')), 50);
    const began = performance.now();
    await refused(() => file.read(0, 100), /^given up$/);
    assert.ok(performance.now() - began < 5000);
    server.fault = () => null;
  }
});

test('a file that changes is refused, in the middle of it and from one opening to the next', async () => {
  for (const tags of ['strong', 'weak', 'none'] as const) {
    server.tags = tags;
    const file = await open();
    const known = { size: file.size, identity: file.identity };
    await open(known);
    server.files.set('/rows.bin', tags === 'none' ? bytes.subarray(1) : bytes.slice().fill(7, 0, 3));
    await refused(() => file.read(0, 10), /rows\.bin: has changed since the job began/);
    await refused(() => open(known), /has changed since the job began/);
    server.files.set('/rows.bin', bytes);
    // Between the two halves of one read.
    server.fault = (_, path) => {
      server.files.set(
        path,
        bytes
          .slice()
          .fill(9, 0, 99_999 + (tags === 'none' ? 1 : 0))
          .subarray(tags === 'none' ? 1 : 0),
      );
      return server.log.length === 3 ? { kind: 'drop', after: 500 } : null;
    };
    await refused(() => file.read(0, 90_000), /has changed since the job began/);
    server.fault = () => null;
    server.files.set('/rows.bin', bytes);
    server.log.length = 0;
  }
});

test('what is not there, may not be read, or lies with no server is told by name', async () => {
  await refused(() => open(null, '/none.csv'), /none\.csv: is not there \(status 404\)/);
  for (const status of [401, 403]) {
    server.fault = () => ({ kind: 'status', status });
    await refused(() => open(), new RegExp(`may not be read \\(status ${status}\\)`));
  }
  server.fault = () => ({
    kind: 'status',
    status: 206,
    headers: { 'content-encoding': 'gzip', 'content-range': 'bytes 0-0/1' },
  });
  await refused(() => open(), /is sent compressed \(gzip\)/);
  server.files.set('/empty.csv', new Uint8Array(0));
  server.fault = () => null;
  await refused(() => open(null, '/empty.csv'), /is empty/);
  const gone = await storageServer();
  await gone.close();
  const nobody = () => openRemote(httpTransport(new URL(`${gone.url}/a.csv`)), null, quick);
  await refused(nobody, /a\.csv: cannot be read: ECONNREFUSED/);
});

test('addresses that hold a password, a token or a signature are refused, and none of it is repeated', async () => {
  const secret = 'c0ffee';
  for (const address of [
    `https://me:${secret}@host/rows.csv`,
    `https://host/rows.csv?X-Amz-Signature=${secret}`,
    `https://host/rows.csv?sv=1&sig=${secret}`,
    `https://host/rows.csv?access_token=${secret}`,
    `https://host/rows.csv?api_key=${secret}`,
  ]) {
    const message = await refused(
      async () => placeFrom(address, '--input'),
      /--input: https:\/\/host\/rows\.csv is given with/,
    );
    assert.not.match(message, new RegExp(secret));
  }
  assert.is(placeFrom('https://host/rows.csv?version=3#top', '--input').name, 'https://host/rows.csv?version=3');
  assert.is(placeFrom('s3://bucket/a/b.csv', '--input').name, 's3://bucket/a/b.csv');
  await refused(async () => placeFrom('s3://bucket', '--input'), /is no place in a bucket/);
});

test('the user of a machine comes from .netrc, and goes to that machine alone', async () => {
  const before = process.env['NETRC'];
  process.env['NETRC'] = folder.path('netrc');
  writeFileSync(
    folder.path('netrc'),
    '# mine\nmachine 127.0.0.1\n  login me password se@cret\nmachine other login you password no\n',
  );
  try {
    await open();
    assert.is(server.last.authorization, `Basic ${Buffer.from('me:se@cret').toString('base64')}`);
    assert.is(authorizationFor('third'), null);
  } finally {
    if (before === undefined) delete process.env['NETRC'];
    else process.env['NETRC'] = before;
  }
  await open();
  assert.is(server.last.authorization, undefined);
});

const args = parseFlags([], jobGroups, 'job run');
const rowsThrough = async (given: string): Promise<{ values: unknown[]; copy: string | undefined }> => {
  const { entry, input } = await beginInput(inputPlace(given, args), folder.path('.'), args);
  const { index, sha256, bytes: size } = await input.scan(2);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  // As a thread opens it.
  const again = await openInput(folder.path('.'), entry, size, args);
  const values: unknown[] = [];
  for (let chunk = 0; chunk + 1 < index.rows.length; chunk++) {
    const read = await again.read(index, chunk);
    for (let i = 0; i < read.numbers.length; i++) values.push(...read.kept(i, ['a']));
  }
  return { values, copy: entry.copy };
};

test('rows behind HTTP are those of the file; without ranges, compressed or in one array they are copied into the job', async () => {
  const array = '\ufeff[ {"a": "x,]\\"",\n "b": [1, {"c": 2}]},\n{"a": 2, "b": 1}, {"a": 3, "b": ""}]\n';
  server.files.set('/rows.csv', Buffer.from('a\n1\n2\n3\n'));
  server.files.set('/rows.json', Buffer.from(array));
  const { gzipSync } = await import('node:zlib');
  server.files.set('/rows.json.gz', gzipSync(array));
  assert.equal(await rowsThrough(`${server.url}/rows.csv`), { values: ['1', '2', '3'], copy: undefined });
  server.ranges = false;
  const plain = await rowsThrough(`${server.url}/rows.csv`);
  assert.equal(plain.values, ['1', '2', '3']);
  assert.match(plain.copy!, /^input-[0-9a-f]{16}\.csv$/);
  const one = await rowsThrough(`${server.url}/rows.json`);
  const two = await rowsThrough(`${server.url}/rows.json.gz`);
  assert.equal(one.values, ['x,]"', 2, 3]);
  assert.equal(two, one, 'the same rows under the same name');
  server.files.set('/cut.csv.gz', gzipSync('a\n1\n').subarray(0, 15));
  await refused(() => rowsThrough(`${server.url}/cut.csv.gz`), /cut\.csv\.gz: is a damaged gzip file/);
});

test('one array that is cut short or goes on, and line breaks in its texts, are refused', async () => {
  const lines = (text: string, size = 3) =>
    allOf(
      linesOfArray(
        (async function* () {
          for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
        })(),
        'rows.json',
      ),
    );
  assert.is(String(await lines('[{"a":"[\\\\"},\n[1,\n2],3]')), '{"a":"[\\\\"}\n [1, 2]\n3\n'.replace('}\n ', '}\n '));
  await refused(() => lines('[{"a": 1}'), /is cut short/);
  await refused(() => lines('[1] 2'), /goes on behind/);
  await refused(() => lines('["a\nb"]'), /line break in a text/);
});

test.run();
