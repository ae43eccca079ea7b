/** Jobs whose model and input lie behind HTTP and in a bucket: the bytes that come out are those of a job over files on a disk, and no key is in them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeWine } from '../../../bench/jobs-wine.ts';
import { sha256Of } from '../../../src/jobs/folder/files.ts';
import { built } from '../../support/built.ts';
import { example, temporaryFolder } from '../../support/cli.ts';
import { type Fault, storageServer } from '../../support/storage-server.ts';

const test = suite('jobs: storage');
const folder = temporaryFolder();
const { path } = folder;
const ROWS = 1200;
const flags = [
  '--label',
  'cultivar',
  '--drop',
  'id',
  '--keep',
  'id',
  '--steps',
  '5',
  '--chunk',
  '100',
  '--workers',
  '2',
];
const keys = { id: 'AKIDPATHGRAD', secret: 'verysecretkey/42' };
const http = await storageServer();
const s3 = await storageServer(keys);
test.after(async () => {
  await http.close();
  await s3.close();
});
test.before.each(() => {
  for (const server of [http, s3]) {
    server.fault = () => null;
    server.ranges = true;
    server.log.length = 0;
  }
});

await writeWine(path('rows.csv'), ROWS);
const csv = readFileSync(path('rows.csv'));
const model = readFileSync(example('wine-mlp.keras'));
http.files.set('/data/rows.csv', csv);
http.files.set('/data/wine.keras', model);
s3.files.set('/bucket/data/rows.csv', csv);
s3.files.set('/bucket/models/wine mlp.keras', model);

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function job(argv: readonly string[], env: NodeJS.ProcessEnv = {}, input: Uint8Array | null = null): Promise<Ended> {
  const own = { ...process.env, NETRC: path('none'), AWS_EC2_METADATA_DISABLED: 'true', ...env };
  const child = spawn(process.execPath, [`${built()}/cli.js`, 'job', ...argv], {
    env: own,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  child.stdin.on('error', () => {}); // it need not be read
  child.stdin.end(input ?? '');
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

const keysInEnvironment = {
  AWS_ACCESS_KEY_ID: keys.id,
  AWS_SECRET_ACCESS_KEY: keys.secret,
  AWS_REGION: 'eu-central-1',
  AWS_ENDPOINT_URL: s3.url,
};
const parts = (output: string): string[] =>
  readdirSync(path(output))
    .filter((name) => /^part-/.test(name))
    .sort()
    .map((name) => `${name} ${sha256Of(readFileSync(path(`${output}/${name}`)))}`);
const run = (model: string, input: string, output: string): string[] => [
  'run',
  model,
  '--input',
  input,
  '--output',
  path(output),
  ...flags,
];

test('over HTTP, with connections that drop and a server that is busy: the bytes of a job over files', async () => {
  const whole = await job(run(example('wine-mlp.keras'), path('rows.csv'), 'whole'));
  assert.is(whole.code, 0, whole.text);
  assert.is(parts('whole').length, ROWS / 100);
  const faults: Fault[] = [
    { kind: 'status', status: 503 },
    { kind: 'drop', after: 700 },
    { kind: 'status', status: 429 },
  ];
  http.fault = (request) => (request % 9 === 4 ? faults[(request >> 3) % faults.length]! : null);
  const { code, text } = await job(run(`${http.url}/data/wine.keras`, `${http.url}/data/rows.csv`, 'http'));
  assert.is(code, 0, text);
  assert.equal(parts('http'), parts('whole'));
  assert.ok(http.log.some((line) => / 503$/.test(line)));
  const manifest = JSON.parse(readFileSync(path('http/manifest.json'), 'utf8'));
  assert.is(manifest.input.path, `${http.url}/data/rows.csv`);
  assert.match(manifest.input.identity, /^"[0-9a-f]{32}"$/);
  assert.match(manifest.model.copy, /^model-[0-9a-f]{16}\/wine\.keras$/);
});

test('an input that changed is refused, by resume and in the middle of the work', async () => {
  const began = await job([
    ...run(`${http.url}/data/wine.keras`, `${http.url}/data/rows.csv`, 'changing'),
    '--max-failures',
    '0',
  ]);
  assert.is(began.code, 0, began.text);
  http.files.set('/data/rows.csv', Buffer.concat([csv, Buffer.from('9,1,1,1,1,1,1,1,1,1,1,1,1,1,0\n')]));
  const again = await job(['resume', path('changing')]);
  assert.is(again.code, 1, again.text);
  assert.match(again.text, /holds another job: changed is the input http/);
  http.files.set('/data/rows.csv', csv);
  // One pass over the input, two bytes for opening it and its head; then it changes under the threads.
  let asked = 0;
  http.fault = (_, name) => {
    if (name.endsWith('.csv') && asked++ === 8)
      http.files.set(
        '/data/rows.csv',
        csv.map((byte) => (byte === 0x31 ? 0x32 : byte)),
      );
    return null;
  };
  const middle = await job(run(example('wine-mlp.keras'), `${http.url}/data/rows.csv`, 'middle'));
  http.files.set('/data/rows.csv', csv);
  assert.is(middle.code, 1, middle.text);
  assert.match(middle.text, /rows\.csv: has changed since the job began/);
});

test('without ranges the input is copied once into the job; a forbidden one is told by its name', async () => {
  http.ranges = false;
  const { code, text } = await job(run(`${http.url}/data/wine.keras`, `${http.url}/data/rows.csv`, 'copied'));
  assert.is(code, 0, text);
  assert.equal(parts('copied'), parts('whole'));
  assert.is(http.log.filter((line) => line.includes('rows.csv')).length, 2, 'tried by ranges, then whole');
  http.fault = () => ({ kind: 'status', status: 403 });
  const refused = await job(run(`${http.url}/data/wine.keras`, `${http.url}/data/rows.csv`, 'refused'));
  assert.is(refused.code, 1);
  assert.match(refused.text, /rows\.csv: may not be read \(status 403\)/);
});

test('SIGINT while the model is fetched from a silent server ends it at once and leaves nothing', async () => {
  const asked = new Promise<void>((resolve) => {
    http.fault = (_, name) => {
      if (!name.endsWith('.keras')) return null;
      resolve();
      return { kind: 'silent', after: 1000 };
    };
  });
  const argv = run(`${http.url}/data/wine.keras`, `${http.url}/data/rows.csv`, 'stopped');
  const child = spawn(process.execPath, [`${built()}/cli.js`, 'job', ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  await asked;
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.is(code, 130);
  assert.equal(readdirSync(path('stopped')), []);
});

test('from a bucket, with signed requests; keys are in no file and no message', async () => {
  const place = run('s3://bucket/models/wine mlp.keras', 's3://bucket/data/rows.csv', 's3');
  s3.fault = (request) =>
    request === 3 ? { kind: 'drop', after: 9000 } : request === 6 ? { kind: 'status', status: 503 } : null;
  const { code, text } = await job(place, keysInEnvironment);
  assert.is(code, 0, text);
  assert.equal(parts('s3'), parts('whole'));
  assert.match(JSON.stringify(s3.log), /\/bucket\/models\/wine mlp\.keras/);
  s3.fault = () => null;
  const wrong = await job([...place.slice(0, -flags.length - 1), path('wrong'), ...flags], {
    ...keysInEnvironment,
    AWS_SECRET_ACCESS_KEY: 'otherkey',
  });
  assert.is(wrong.code, 1, wrong.text);
  assert.match(wrong.text, /s3:\/\/bucket\/data\/rows\.csv: may not be read \(status 403\)/);
  const none = await job(run(example('wine-mlp.keras'), 's3://bucket/data/no.csv', 'none'), keysInEnvironment);
  assert.match(none.text, /s3:\/\/bucket\/data\/no\.csv: is not there \(status 404\)/);
  const unknown = await job(run(example('wine-mlp.keras'), 's3://bucket/data/rows.csv', 'unknown'), {
    AWS_ENDPOINT_URL: s3.url,
    AWS_SHARED_CREDENTIALS_FILE: path('none'),
    AWS_CONFIG_FILE: path('none'),
    HOME: path('.'),
  });
  assert.is(unknown.code, 1);
  assert.match(unknown.text, /there are no valid credentials\nhint: AWS_ACCESS_KEY_ID/);
  const written = readdirSync(path('s3'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(json|ndjson)$/.test(name),
  );
  const all = [text, wrong.text, ...written.map((name) => readFileSync(path(`s3/${name}`), 'utf8'))].join('\n');
  for (const secret of [keys.id, keys.secret, 'otherkey', 'Signature']) assert.not.ok(all.includes(secret), secret);
});

test('a folder of a model, in a bucket and behind HTTP, and a model.json with its weights', async () => {
  const { fetchModel } = await import('../../../src/jobs/storage/model.ts');
  mkdirSync(path('models'));
  Object.assign(process.env, keysInEnvironment);
  const names = ['config.json', 'model.safetensors.index.json', 'a/shard.safetensors', 'tokenizer.json'];
  for (const name of names) {
    const content = name.includes('index') ? '{"weight_map": {"w": "a/shard.safetensors"}}' : name;
    http.files.set(`/bert/${name}`, Buffer.from(content));
    s3.files.set(`/bucket/bert/${name}`, Buffer.from(content));
  }
  const filesOf = ({ copy }: { copy: string }) =>
    readdirSync(path(`models/${copy}`), { recursive: true, encoding: 'utf8' }).sort();
  const [one, two] = [
    await fetchModel(`${http.url}/bert/`, path('models')),
    await fetchModel('s3://bucket/bert/', path('models')),
  ];
  assert.equal(filesOf(one), ['a', ...names].sort());
  assert.is(two.copy, one.copy, 'the same content');
  http.files.set('/tfjs/model.json', Buffer.from('{"weightsManifest": [{"paths": ["w.bin"]}]}'));
  http.files.set('/tfjs/w.bin', Buffer.from([1, 2, 3]));
  const tfjs = await fetchModel(`${http.url}/tfjs/model.json`, path('models'));
  assert.equal(readFileSync(path(`models/${tfjs.copy.replace('model.json', 'w.bin')}`)), Buffer.from([1, 2, 3]));
  http.files.set('/tfjs/model.json', Buffer.from('{"weightsManifest": [{"paths": ["../../../../evil"]}]}'));
  await fetchModel(`${http.url}/tfjs/model.json`, path('models')).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /names a file outside of its folder|is not there/),
  );
  assert.not.ok(readdirSync(path('models')).some((name) => name.startsWith('.')));
});

test('rows from the standard input, compressed ones and one array of JSON: the same parts', async () => {
  const piped = await job(run(example('wine-mlp.keras'), '-', 'piped'), {}, csv);
  assert.is(piped.code, 0, piped.text);
  assert.equal(parts('piped'), parts('whole'));
  const resumed = await job(['resume', path('piped')]);
  assert.is(resumed.code, 0, resumed.text);
  const other = await job(run(example('wine-mlp.keras'), '-', 'piped'), {}, csv.subarray(0, 5000));
  assert.match(other.text, /changed is the input/);
  writeFileSync(path('rows.csv.gz'), gzipSync(csv));
  const packed = await job(run(example('wine-mlp.keras'), path('rows.csv.gz'), 'packed'));
  assert.is(packed.code, 0, packed.text);
  assert.equal(parts('packed'), parts('whole'));
  const [header, ...lines] = csv
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const rows = lines.map((line) =>
    Object.fromEntries(line.map((cell, i) => [header![i], i === 0 ? cell : Number(cell)])),
  );
  writeFileSync(path('rows.json'), JSON.stringify(rows, null, 1));
  const array = await job(run(example('wine-mlp.keras'), path('rows.json'), 'array'));
  assert.is(array.code, 0, array.text);
  assert.equal(parts('array'), parts('whole'));
});

test.run();
