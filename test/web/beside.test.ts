/** Explanations side by side on one scale, words struck out of a text, and a layer picked from the model's list. */

import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeText, parseVocabulary, tokenize } from '../../src/inputs/index.ts';
import { wordSpans } from '../../src/inputs/text.ts';
import { Struck } from '../../src/web/result/struck.ts';
import { chosenBrowser } from './browsers.ts';
import { buildPage, chooseExample, exported, launch, open, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: beside');
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);
const opened = pageForEach(test, browser, site);

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const sentence = 'A wonderful film, only the end is boring';
const scales = (page: Page): Promise<string[]> => page.locator('.shown [data-part=scale]').allInnerTexts();

async function duplicateIds(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    return ids.filter((id, i) => ids.indexOf(id) !== i);
  });
}

const twoShown = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => !document.querySelector<HTMLElement>('#kept')!.hidden);

test('struck words leave no doubled spaces and come back where they were', () => {
  const whole = new Struck(sentence);
  const [, wonderful, film, only, , , , boring] = wordSpans(sentence);
  const without = whole.strike(boring!).strike(wonderful!);
  assert.is(without.left, 'A film, only the end is');
  assert.is(without.strike(film!).left, 'A, only the end is');
  assert.equal(without.whole({ part: 0, start: 2, end: 6 }), film);
  assert.equal(without.whole({ part: 0, start: 8, end: 12 }), only);
  assert.is(without.putBack(wonderful!).putBack(boring!).left, sentence);
  assert.is(new Struck('a b').strike([0, 1]).left, 'b');
});

test('spans of words are those that the vocabulary looks up', () => {
  for (const typed of [sentence, '  two  spaces,and "marks"…', 'İstanbul ΣΑΣ!x', ''])
    assert.equal(
      wordSpans(typed).map(([start, end]) => typed.slice(start, end).toLowerCase().length > 0),
      tokenize(typed).map(() => true),
    );
  assert.is(encodeText('a b', parseVocabulary('<pad>\n<start>\n<unk>\na\nb'), {}).tokens.length, 3);
});

test('one explanation is kept: the next stands beside it on one scale, with what differs and how the score moved', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', sentence);
  await says(page, '#verdict', /^positive: 92\.4 %$/);
  const alone = (await scales(page))[0];
  const marks = await page.locator('#words').innerText();
  await page.click('#keep');
  await says(page, '#kept-said', /^Kept\./);
  assert.ok(await page.locator('#kept').isHidden(), 'one is not shown twice');
  await page.fill('#text', 'A wonderful film, superb and perfect');
  await twoShown(page);
  await says(page, '#words', /perfect$/);
  const both = await scales(page);
  assert.is(both.length, 2);
  assert.is(both[0], both[1], 'one scale for both');
  assert.is(await page.locator('#kept [data-part=words]').innerText(), marks);
  assert.match(await text(page, '#change'), /^positive 92\.4 % → 9\d\.\d %$/);
  assert.match(await text(page, '#shown h3'), /^Now\s+Input: “A wonderful film, superb/);
  assert.match(await text(page, '#kept h3'), /^Kept\s+Input: “A wonderful film, only/);
  assert.equal(await duplicateIds(page), []);
  assert.is(await page.locator('#kept [role=button]').count(), 0, 'words of the kept one cannot be struck');
  await page.click('#let-go');
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#kept')!.hidden);
  assert.ok(await page.locator('#change').isHidden());
  await page.fill('#text', sentence);
  await says(page, '#words', /boring$/);
  assert.is((await scales(page))[0], alone, 'its own scale again');
});

test('another class, method and model stand beside what is kept; the report holds both', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', sentence);
  await says(page, '#verdict', /^positive: 92\.4 %$/);
  await page.click('#keep');
  await page.selectOption('#target', '0');
  await twoShown(page);
  assert.match(await text(page, '#change'), /^positive 92\.4 % → negative 7\.6 %$/);
  assert.match(await text(page, '#shown h3'), /Class: negative/);
  const differ = await page.locator('#shown h3 span').allInnerTexts();
  assert.equal(differ, ['Class: negative'], 'nothing else differs');
  await chooseExample(page, 'digits');
  await page.waitForFunction(() => /Model: mnist_cnn/.test(document.querySelector('#shown h3')!.textContent!));
  assert.match(await text(page, '#kept h3'), /Model: imdb_cnn/);
  const both = await scales(page);
  assert.is(both[0]!.match(/[\d.]+\d/)![0], both[1]!.match(/[\d.]+\d/)![0], 'one scale for both');
  assert.is(await page.locator('#shown canvas').count(), 4);
  assert.is(await page.locator('#kept canvas').count(), 0);
  const { bytes } = await exported(page, 'html');
  const html = bytes.toString();
  assert.match(html, /<title>What moved mnist_cnn and imdb_cnn<\/title>/);
  assert.match(html, /Picture, now/);
  assert.match(html, /Text, kept beside/);
});

for (const [id, first] of [
  ['reviews', 'positive'],
  ['transformer', 'positive'],
] as const) {
  test(`${id}: a word is struck out and put back by keyboard; what was before is kept`, async () => {
    const { page } = opened;
    await chooseExample(page, id);
    const typed = `${sentence}.`;
    await page.fill('#text', typed);
    await says(page, '#words', /boring\.?( \[SEP\])?$/);
    const before = await text(page, '#verdict');
    const marks = await page.locator('#words mark').allInnerTexts();
    await page.focus('#words [tabindex="0"]');
    await page.keyboard.press('ArrowRight');
    assert.match(await page.evaluate(() => document.activeElement!.textContent!), /^wonderful$/);
    await page.keyboard.press('Space');
    await twoShown(page);
    assert.is(await page.inputValue('#text'), 'A film, only the end is boring.');
    assert.equal(await page.locator('#words mark').allInnerTexts(), marks, 'it stays visible where it was');
    const struck = page.locator('#words mark.struck');
    assert.equal(await struck.allInnerTexts(), ['wonderful']);
    assert.is(await struck.getAttribute('aria-pressed'), 'true');
    assert.is(await page.evaluate(() => document.activeElement!.textContent), 'wonderful', 'the focus stays');
    assert.match(await text(page, '#change'), new RegExp(`^${first}|^negative`));
    assert.is(await page.locator('#kept [data-part=verdict]').innerText(), before);
    assert.is(...((await scales(page)) as [string, string]));
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector<HTMLElement>('#kept')!.hidden);
    await says(page, '#verdict', new RegExp(before.replace(/[.%]/g, '\\$&')));
    assert.is(await page.inputValue('#text'), typed);
    assert.is(await page.locator('#words [aria-pressed=true]').count(), 0);
    assert.equal(await duplicateIds(page), []);
  });
}

test('words are struck faster than they are explained; the last one stays; a text from the right keeps its direction', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', 'סרט נפלא מאוד');
  await says(page, '#words', /נפלא/);
  await page.evaluate(() => {
    for (const mark of document.querySelectorAll<HTMLElement>('#words [role=button]')) mark.click();
  });
  await twoShown(page);
  assert.is(await page.inputValue('#text'), 'מאוד');
  await page.waitForFunction(() => document.querySelectorAll('#words .struck').length === 2);
  assert.is(await page.locator('#words').evaluate((words) => getComputedStyle(words).direction), 'rtl');
  const xs = await page
    .locator('#words [role=button]')
    .evaluateAll((all) => all.map((m) => m.getBoundingClientRect().x));
  assert.ok(xs[0]! > xs[1]! && xs[1]! > xs[2]!, JSON.stringify(xs));
  await page.fill('#text', 'another text');
  await says(page, '#words', /another text$/);
  assert.is(await page.locator('#words .struck').count(), 0, 'what is typed has no struck words');
});

test('when the engine is started anew, the page says that what was kept is gone', async () => {
  if (chosenBrowser() === 'firefox') return; // WebDriver BiDi runs nothing inside a worker
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.click('#keep');
  await says(page, '#kept-said', /^Kept\./);
  const worker = page.workers().findLast((each) => each.url().endsWith('/worker.js'))!;
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error('killed on purpose');
    });
  });
  await page.waitForTimeout(300);
  await page.fill('#text', 'a dull film');
  await says(page, '#words', /dull/);
  await says(page, '#kept-said', /is gone: the engine was started anew/);
  assert.ok(await page.locator('#kept').isHidden());
  await page.click('#keep');
  await says(page, '#kept-said', /^Kept\./);
});

test('a layer is picked from the list, for methods that take one', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('summary >> text=Layers of the model');
  const buttons = page.locator('#layers button');
  assert.match(await buttons.nth(1).innerText(), /^conv_1\s+Conv2D \[\?, 28, 28, 64\]$/);
  await buttons.nth(1).click();
  await says(page, '#layer-said', /IntegratedGradients takes no layer.*LayerConductance.*LayerGradCam/);
  await page.selectOption('#explainer', 'LayerGradCam');
  await says(page, '#facts', /LayerGradCam/);
  assert.is(await page.inputValue('#layer'), 'conv_1', 'the layer that was wanted');
  assert.is(await buttons.nth(1).getAttribute('aria-pressed'), 'true');
  await buttons.nth(1).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#layers li:nth-child(3) button')!.ariaPressed === 'true');
  assert.is.not(await page.inputValue('#layer'), 'conv_1');
});

test('what is kept beside is there again after a reload', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', 'a superb film');
  await says(page, '#words', /superb/);
  await page.click('#keep');
  await says(page, '#kept-said', /^Kept\./);
  await page.fill('#text', 'a dull film');
  await says(page, '#kept', /superb/);
  const change = await page.locator('#change').innerText();
  await page.waitForTimeout(700); // the address follows once things have been still
  await page.reload();
  await says(page, '#kept', /superb/);
  await says(page, '#words', /dull/);
  assert.is(await page.locator('#change').innerText(), change);
  await page.click('#let-go');
  await page.waitForSelector('#kept', { state: 'hidden' });
  await page.waitForTimeout(300); // the browser's storage is written meanwhile
  await page.reload();
  await says(page, '#words', /dull/);
  assert.ok(await page.locator('#kept').isHidden());
});

test('the graph of a model with two inputs: wires, and a merge says what it is made of', async () => {
  const { page } = opened;
  await page.setInputFiles('#file', fileURLToPath(new URL('../golden/inputs/houses.keras', import.meta.url)));
  await says(page, '#model-state', /houses/);
  await page.click('summary >> text=Layers of the model');
  await page.waitForSelector('#layers.wired');
  const said = (path: string): Promise<string> => page.locator(`[data-layer="${path}"]`).innerText();
  assert.match(await said('concatenate'), /from scaled, city_code|from city_code, scaled/);
  assert.ok((await page.locator('#layers line').count()) > 4);
  assert.ok((await page.locator('#layers svg').first().boundingBox())!.height < 60, 'as high as the row');
  await page.locator('#layers button').first().focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await says(page, '#layer-said', /price/);
});

test('two explanations fit a phone', async () => {
  for (const id of ['reviews', 'digits'] as const) {
    const { page, errors } = await open(browser, site.url, { viewport: { width: 360, height: 740 } });
    await chooseExample(page, id);
    await page.click('summary >> text=Layers of the model');
    await page.click('#keep');
    await says(page, '#kept-said', /^Kept\./);
    await page.selectOption('#target', '0');
    await twoShown(page);
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.is(beyond, 0, `${id}: nothing is wider than the screen`);
    const tops = await page.locator('.shown').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    assert.ok(tops[1]! > tops[0]! + 100, 'one below the other');
    assert.equal(errors, []);
    await page.context().close();
  }
});

test.run();
