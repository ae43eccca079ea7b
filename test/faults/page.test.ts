/** The page's side of its engine worker, against workers that hang, die or never come. The page itself is tested in test/web. */
import * as assert from 'uvu/assert';
import type { ToPage, ToWorker } from '../../src/web/protocol/index.ts';
import { CallEnded, EngineClient, type EngineWorker } from '../../src/web/state/client.ts';
import { faults } from '../support/faults.ts';

const fault = faults('page');
type Call = Exclude<ToWorker, { call: 'cancel' }>;

/** A worker that answers calls at once, but for files whose names say otherwise. */
class FakeWorker implements EngineWorker {
  onmessage: EngineWorker['onmessage'] = null;
  onerror: EngineWorker['onerror'] = null;
  onmessageerror: EngineWorker['onmessageerror'] = null;
  readonly calls: string[] = [];
  ended = false;
  hangs = false;
  readonly #silent: boolean;

  constructor(silent = false) {
    this.#silent = silent;
    if (!silent) queueMicrotask(() => this.#say({ ready: true }));
  }

  postMessage(message: ToWorker): void {
    const name = message.call !== 'cancel' && 'name' in message.request ? ` ${message.request.name}` : '';
    this.calls.push(message.call + name);
    if (this.#silent || message.call === 'cancel') return;
    if (name.includes('hangs') || (message.call === 'explain' && explanationsHang)) this.hangs = true;
    if (name.includes('kills') || (readingKills && message.call === 'load'))
      queueMicrotask(() => this.die('out of memory'));
    else if (name.includes('damaged')) this.#say({ id: message.id, error: { kind: 'failure', message: 'damaged' } });
    else queueMicrotask(() => this.#answer(message));
  }

  #answer({ id, call }: Call): void {
    if (!this.hangs) this.#say({ id, value: call });
  }

  #say(data: ToPage): void {
    if (!this.ended) this.onmessage?.call(this as never, { data } as MessageEvent<ToPage>);
  }

  die(message: string): void {
    this.onerror?.call(this as never, { message, preventDefault() {} } as ErrorEvent);
  }

  terminate(): void {
    this.ended = true;
  }
}

let explanationsHang = false;
let readingKills = false;
const file = new Blob(['']);
const load = (client: EngineClient, name: string) => client.call('load', { file, name });
const explain = (client: EngineClient) => client.call('explain', {} as never);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function setUp({ silent = false } = {}) {
  explanationsHang = false;
  const workers: FakeWorker[] = [];
  const makeWorker = (): EngineWorker => {
    workers.push(new FakeWorker(silent));
    return workers.at(-1)!;
  };
  return { workers, client: new EngineClient({ makeWorker, patienceMs: 15, startMs: 60, readMs: 120 }) };
}

async function ended(call: Promise<unknown>, kind: CallEnded['kind'], message: RegExp): Promise<void> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.instance(error, CallEnded);
  assert.is((error as CallEnded).kind, kind);
  assert.match((error as CallEnded).message, message);
}

fault('H1', 'the list of files to give to a new worker was refilled while it was gone through', async () => {
  const { client, workers } = setUp();
  await load(client, 'a.h5');
  await client.call('vocabulary', { file, name: 'words.txt' });
  explanationsHang = true;
  const running = explain(client);
  client.cancel();
  await ended(running, 'cancelled', /stopped/);
  explanationsHang = false;
  assert.is(await explain(client), 'explain');
  assert.equal(
    workers.map(({ calls }) => calls),
    [
      ['load a.h5', 'vocabulary words.txt', 'explain', 'cancel'],
      ['load a.h5', 'vocabulary words.txt', 'explain'],
    ],
  );
  assert.ok(workers[0]!.ended);
});

fault('H1', 'a worker that died was kept, and every later call waited for it', async () => {
  const { client, workers } = setUp();
  await load(client, 'a.h5');
  explanationsHang = true;
  const running = explain(client);
  workers[0]!.die('out of memory');
  await ended(running, 'failure', /engine stopped: out of memory\nhint/);
  explanationsHang = false;
  assert.is(await explain(client), 'explain');
  assert.equal(workers[1]!.calls, ['load a.h5', 'explain'], 'the model was given to the new one');
  assert.ok(workers[0]!.ended);
  workers[0]!.die('again');
  assert.is(await explain(client), 'explain', 'what the old one says is of no interest');
  assert.is(workers.length, 2);
});

fault('H1', 'what kills a worker is not given to the next one', async () => {
  const { client, workers } = setUp();
  await load(client, 'a.h5');
  await ended(load(client, 'kills.h5'), 'failure', /engine stopped/);
  assert.equal(workers[1]!.calls, ['load a.h5']);
  assert.is(await explain(client), 'explain');
  readingKills = true;
  await ended(load(client, 'b.h5'), 'failure', /engine stopped/);
  await pause(5);
  assert.is(workers.length, 3, 'no circle of workers that are started to die');
  readingKills = false;
  assert.is(await load(client, 'c.h5'), 'load');
  assert.equal(workers[3]!.calls, ['load c.h5']);
});

fault('H1', 'a worker that hung in a file was not replaced when a new file came', async () => {
  const { client, workers } = setUp();
  await load(client, 'good.h5');
  const hanging = load(client, 'hangs.h5');
  client.makeWay(true);
  const next = load(client, 'next.h5');
  await ended(hanging, 'superseded', /newer/);
  assert.is(await next, 'load');
  assert.equal(workers[1]!.calls, ['load good.h5', 'load next.h5']);
});

fault('H1', 'a picture or a vocabulary waits for its model, and ends an explanation that hangs', async () => {
  const { client, workers } = setUp();
  const model = load(client, 'a.h5');
  client.makeWay(false);
  assert.is(await model, 'load');
  explanationsHang = true;
  const running = explain(client);
  client.makeWay(false);
  const words = client.call('vocabulary', { file, name: 'words.txt' });
  await ended(running, 'superseded', /newer/);
  assert.is(await words, 'vocabulary');
  assert.equal(workers[1]!.calls, ['load a.h5', 'vocabulary words.txt']);
});

fault('H1', 'reading a file could not be stopped', async () => {
  const { client, workers } = setUp();
  await load(client, 'a.h5');
  const hanging = load(client, 'hangs.h5');
  client.cancel();
  assert.ok(workers[0]!.ended, 'at once: a reader does not listen');
  await ended(hanging, 'cancelled', /stopped/);
  assert.is(await explain(client), 'explain');
  assert.equal(workers[1]!.calls, ['load a.h5', 'explain'], 'the model that was there before');
});

fault('H1', 'a file that is never read to its end gives an error', async () => {
  const { client, workers } = setUp();
  await ended(load(client, 'hangs.h5'), 'failure', /^hangs\.h5: could not be read within .* s\nhint/);
  assert.is(await load(client, 'b.h5'), 'load');
  assert.is(workers.length, 2);
});

fault('H1', 'a damaged file is not what a new worker is given', async () => {
  const { client, workers } = setUp();
  await load(client, 'a.h5');
  await ended(load(client, 'damaged.h5'), 'failure', /damaged/);
  explanationsHang = true;
  const running = explain(client);
  client.cancel();
  await ended(running, 'cancelled', /stopped/);
  assert.equal(workers[1]!.calls, ['load a.h5']);
});

fault('H1', 'a worker that never comes is an error, and the next call tries anew', async () => {
  const { client, workers } = setUp({ silent: true });
  const first = load(client, 'a.h5');
  client.cancel(); // its time begins when it is there
  await ended(first, 'failure', /did not start.*\nhint/);
  assert.ok(workers[0]!.ended);
  await ended(load(client, 'b.h5'), 'failure', /did not start/);
  assert.is(workers.length, 2);
});

fault.run();
