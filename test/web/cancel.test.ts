/** Long work in the page: it can be stopped, the newest request wins, and a worker that does not start is an error, not a wait. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { policy } from '../../scripts/serve-web.mjs';
import { buildPage, chooseExample, endWith, launch, open, type Site, says, serve } from './support.ts';

const test = suite('web: long work');
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);

endWith(test, browser, site);

test('an explanation that takes long shows its progress and can be stopped; then the page goes on', async () => {
  const { page, errors } = await open(browser, site.url);
  await chooseExample(page, 'digits');
  await page.selectOption('#baseline', 'noise'); // ten baselines, 500 points each, without WebAssembly: minutes
  await says(page, '#facts', /noise/);
  await page.selectOption('#steps', '500');
  await says(page, '#facts', /500 steps/);
  await page.selectOption('#backend', 'reference');
  await page.waitForSelector('#busy.on');
  // The page itself is not held up: it draws and takes input while the worker computes.
  await page.click('summary >> text=Layers of the model');
  assert.match(await page.locator('#summary').innerText(), /Conv2D/);
  await page.click('#cancel');
  await says(page, '#hint', /^Stopped/);
  assert.ok(await page.locator('#result').isHidden());
  await page.selectOption('#backend', 'wasm');
  await says(page, '#facts', /500 steps on wasm/);
  await says(page, '#verdict', /^7: /);
  assert.equal(errors, []);
  await page.context().close();
});

test('after a stop the model and its vocabulary are still there', async () => {
  const { page, errors } = await open(browser, site.url);
  await chooseExample(page, 'reviews');
  await page.selectOption('#backend', 'reference');
  await says(page, '#facts', /on reference/);
  await page.click('#more-methods');
  await page.waitForSelector('#more-methods', { state: 'hidden' });
  // Pressed at the moment it is there: thousands of masked reviews take the reference backend seconds.
  const stopped = page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        setTimeout(reject, 30_000, new Error('the page was never busy for long'));
        const busy = document.querySelector('#busy')!;
        new MutationObserver((_, observer) => {
          if (!busy.classList.contains('on')) return;
          observer.disconnect();
          document.querySelector<HTMLElement>('#cancel')!.click();
          resolve();
        }).observe(busy, { attributes: true });
      }),
  );
  await page.selectOption('#explainer', 'KernelShap');
  await stopped;
  await says(page, '#hint', /^Stopped/);
  await page.selectOption('#backend', 'wasm');
  await says(page, '#facts', /KernelShap[\s\S]* on wasm/);
  await page.fill('#text', 'superb');
  await says(page, '#words', /superb$/);
  assert.equal(errors, []);
  await page.context().close();
});

test('of many requests the last one is shown', async () => {
  const { page, errors } = await open(browser, site.url);
  await chooseExample(page, 'reviews');
  await page.selectOption('#backend', 'reference');
  await page.selectOption('#steps', '20');
  for (const word of ['boring', 'awful', 'great', 'dull', 'superb']) await page.fill('#text', `a ${word} film`);
  await page.waitForFunction(() => !document.querySelector('#busy')!.classList.contains('on'));
  await says(page, '#words', /^<start> a superb film$/);
  await page.waitForTimeout(500);
  assert.is(await page.locator('#words').innerText(), '<start> a superb film', 'no older answer comes after it');
  assert.equal(errors, []);
  await page.context().close();
});

test('where workers are forbidden the page says that the engine did not start', async () => {
  const strict = await serve(folder, { csp: policy.replace("worker-src 'self' blob:", "worker-src 'none'") });
  const { page } = await open(browser, strict.url);
  await page.mouse.move(5, 5);
  await says(page, '#error', /The engine did not start/);
  await page.context().close();
  await strict.close();
});

test.run();
