/** What the page shows is in its address and survives a reload; it needs no pointer; it reads from the right where the text does. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example } from '../support/cli.ts';
import { buildPage, chooseExample, launch, open, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: state');
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);
const opened = pageForEach(test, browser, site);

test('U8: a click without pointer or key before it, as assistive technology makes it, has a backend to explain with', async () => {
  const { page } = opened;
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-example=reviews]')!.click());
  await says(page, '#verdict', /^(positive|negative): /);
  assert.is(await page.inputValue('#backend'), 'wasm');
  assert.ok(await page.locator('#error').isHidden());
});

test('U8: words of a text that is read from the right stand in its order', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', 'סרט נפלא מאוד');
  await says(page, '#words', /נפלא/);
  const places = await page
    .locator('#words mark')
    .evaluateAll((marks) => marks.map((mark) => [mark.textContent, mark.getBoundingClientRect().x] as const));
  const at = (word: string): number => places.find(([text]) => text === word)![1];
  assert.ok(at('סרט') > at('נפלא') && at('נפלא') > at('מאוד'), JSON.stringify(places));
  assert.is(await page.locator('#text').evaluate((area) => getComputedStyle(area).direction), 'rtl');
});

test('U8: on a phone the settings stand before the result, in sight and in the order of the keyboard', async () => {
  const { page } = await open(browser, site.url, { viewport: { width: 360, height: 740 } });
  await chooseExample(page, 'reviews');
  const top = (selector: string) => page.locator(selector).evaluate((element) => element.getBoundingClientRect().top);
  assert.ok((await top('#settings-heading')) < (await top('#result-heading')));
  await page.context().close();
});

test('the address holds example, input and settings: who opens it sees the same', async () => {
  const { page } = opened;
  await chooseExample(page, 'news');
  await page.fill('#text', 'Oil prices fall as markets & banks rally');
  await page.selectOption('#target', '1');
  await page.selectOption('#steps', '20');
  await says(page, '#facts', /20 steps/);
  await says(page, '#explained', /Sports/);
  await page.waitForURL(/steps=20/);
  const other = await open(browser, page.url());
  await says(other.page, '#facts', /20 steps/);
  assert.is(await other.page.inputValue('#text'), 'Oil prices fall as markets & banks rally');
  assert.is(await other.page.locator('#words').innerText(), await page.locator('#words').innerText());
  assert.is(await other.page.locator('#explained').innerText(), await page.locator('#explained').innerText());
  assert.equal(other.errors, []);
  await other.page.context().close();
});

test('another method is in the address, too', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('#more-methods');
  await page.selectOption('#explainer', 'Saliency');
  await says(page, '#facts', /Saliency/);
  await page.waitForURL(/explainer=Saliency/);
  await page.reload();
  await says(page, '#facts', /Saliency/);
});

test('an address that makes no sense shows the page as it always is', async () => {
  const { page, errors } = await open(browser, `${site.url}#example=none&steps=lots&target=%ZZ`);
  await page.mouse.move(5, 5);
  assert.ok(await page.locator('#work').isHidden());
  assert.ok(await page.locator('#error').isHidden());
  const wrong = await open(browser, `${site.url}#example=reviews&steps=lots&backend=quantum&text=good`);
  await says(wrong.page, '#verdict', /./);
  assert.is(await wrong.page.inputValue('#steps'), '50');
  assert.equal([...errors, ...wrong.errors], []);
  await page.context().close();
  await wrong.page.context().close();
});

test('U8: a reload keeps files of the user, the text and the settings; another tab has none of it', async () => {
  const { page } = opened;
  await page.setInputFiles('#file', [example('imdb-cnn.h5'), example('imdb-vocab.txt')]);
  await says(page, '#model-state', /vocabulary/);
  await page.fill('#text', 'a superb film with a dull end');
  await page.selectOption('#steps', '20');
  await says(page, '#facts', /20 steps/);
  const words = await page.locator('#words').innerText();
  await page.waitForTimeout(300);
  await page.reload();
  await says(page, '#facts', /20 steps/);
  assert.is(await page.locator('#words').innerText(), words);
  assert.is(await page.inputValue('#text'), 'a superb film with a dull end');
  const other = await page.context().newPage();
  await other.goto(site.url);
  await other.waitForTimeout(500);
  assert.ok(await other.locator('#work').isHidden());
});

test('a reload keeps a drawing', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.focus('#canvas');
  for (const key of [' ', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowDown', ' ']) await page.keyboard.press(key);
  await page.locator('#canvas').blur(); // the pen is shown while it is there
  await page.waitForURL(/picture=/);
  await page.waitForTimeout(800);
  const before = await page.locator('#canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await page.reload();
  await page.waitForSelector('#result:visible');
  await page.waitForTimeout(300);
  const after = await page.locator('#canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  assert.ok(after === before, 'the same pixels');
});

test.run();
