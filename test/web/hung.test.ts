/** A worker that hangs in a file, dies or reads for long: the page stops it, replaces it, and keeps what it had. */
import { writeFileSync } from 'node:fs';
import type { Page, Worker } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, temporaryFolder } from '../support/cli.ts';
import { buildPage, chooseExample, launch, open, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: a worker that hangs');
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);
const opened = pageForEach(test, browser, site);
const files = temporaryFolder();
for (const name of ['hangs.h5', 'hangs.txt', 'hangs.png']) writeFileSync(files.path(name), name);

/** The engine of now: those that were ended stay listed for a while, and the threads of the wasm backend are workers, too. */
async function engineOf(page: Page): Promise<Worker> {
  const worker = page.workers().findLast((each) => each.url().endsWith('/worker.js'));
  return worker ?? page.waitForEvent('worker', (each) => each.url().endsWith('/worker.js'));
}

/** From now on this worker never comes back from reading a file called `hangs`. A text: what tsx adds to functions is not there. */
const hanging = `for (const name of ['arrayBuffer', 'text']) {
  const read = Blob.prototype[name];
  Blob.prototype[name] = async function () {
    if (this.name?.startsWith('hangs')) for (;;);
    return read.call(this);
  };
}`;
/** From now on this worker never comes back from an explanation. It is armed before one is asked for, so that neither outruns the other. */
const hangingInExplanations = `{
  const receive = onmessage;
  onmessage = (event) => {
    if (event.data.call === 'explain') for (;;);
    receive(event);
  };
}`;
const hangInFiles = async (page: Page): Promise<unknown> => (await engineOf(page)).evaluate(hanging);

test('a file that hangs the engine: the next file is read all the same', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await hangInFiles(page);
  await page.setInputFiles('#file', files.path('hangs.h5'));
  await says(page, '#model-state', /^Reading hangs\.h5/);
  await page.waitForSelector('#stop:visible');
  await page.setInputFiles('#file', example('mnist-cnn.h5'));
  await says(page, '#model-state', /model “mnist_cnn”/);
  assert.ok(await page.locator('#error').isHidden());
  assert.ok(await page.locator('#reading').isHidden());
});

test('reading can be stopped; model, vocabulary and text are still there', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', 'a superb film');
  await says(page, '#words', /superb/);
  for (const name of ['hangs.h5', 'hangs.txt']) {
    await hangInFiles(page);
    await page.setInputFiles('#file', files.path(name));
    await page.click('#stop');
    await page.waitForSelector('#reading', { state: 'hidden' });
    assert.ok(await page.locator('#error').isHidden());
    assert.match(await page.locator('#model-state').innerText(), /imdb_cnn/);
    await page.fill('#text', `a superb film, ${name}`);
    await says(page, '#words', /film hangs/);
    await says(page, '#verdict', /^positive/);
  }
});

test('before there is a model, reading can be stopped as well', async () => {
  const { page } = opened;
  await page.mouse.move(5, 5);
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#backend')!.options.length > 0);
  await hangInFiles(page);
  await page.setInputFiles('#file', files.path('hangs.h5'));
  await page.click('#stop');
  await says(page, '#model-state', /^Stopped\. No model yet$/);
  await chooseExample(page, 'digits');
});

test('an example that is slow to come can be stopped', async () => {
  const { page } = opened;
  await page.route('**/examples/mnist-cnn.h5', () => {}); // never answered
  await page.click('[data-example=digits]');
  await page.click('#stop');
  await says(page, '#model-state', /^Stopped\. No model yet$/);
  await chooseExample(page, 'reviews');
});

test('an engine that hangs in an explanation is replaced when a new model or a new picture comes', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  for (const next of ['3.png', 'imdb-cnn.h5']) {
    await (await engineOf(page)).evaluate(hangingInExplanations);
    await page.selectOption('#steps', next === '3.png' ? '20' : '200');
    await page.waitForSelector('#busy.on');
    await page.setInputFiles('#file', example(next === '3.png' ? `digits/${next}` : next));
    if (next === '3.png') await says(page, '#verdict', /^3: /);
    else await says(page, '#model-state', /model “imdb_cnn”/);
  }
});

test('an engine that dies is replaced', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  const worker = await engineOf(page);
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error('killed on purpose');
    });
  });
  await page.waitForTimeout(300);
  await page.fill('#text', 'a dull film');
  await says(page, '#words', /dull/);
  assert.is.not(await engineOf(page), worker, 'the page has another engine');
  assert.match(await page.locator('#words').innerText(), /^<start> a dull film$/, 'with the vocabulary');
});

test('the button that stops reading is reached with the keyboard', async () => {
  const { page } = await open(browser, site.url);
  await page.route('**/examples/imdb-cnn.h5', () => {});
  await page.focus('[data-example=reviews]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#stop:visible');
  await page.focus('#stop');
  await page.keyboard.press('Enter');
  await says(page, '#model-state', /^Stopped/);
  await page.context().close();
});

test.run();
