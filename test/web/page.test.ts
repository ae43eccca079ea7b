/** The page as a person uses it: examples, typing, settings, files, exports; its numbers are Node's, and nothing leaves it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipBytes } from '../../scripts/build-web.mjs';
import { Explanation, IntegratedGradients } from '../../src/attribution/index.ts';
import { LayerConductance, Saliency } from '../../src/attribution/methods/index.ts';
import { encodeText, parseVocabulary, readPng } from '../../src/inputs/index.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { example, temporaryFolder } from '../support/cli.ts';
import { chosenBrowser } from './browsers.ts';
import { buildPage, chooseExample, exported, launch, open, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: page');
/** What WebDriver BiDi cannot do yet in Firefox: pages of the disk, and a second file chosen in one control. */
const testInChromium = chosenBrowser() === 'chromium' ? test : test.skip;
const browser = await launch();
const folder = await buildPage();
const site: Site = await serve(folder);
const files = temporaryFolder();
const opened = pageForEach(test, browser, site);

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

function assertClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  assert.is(found.length, wanted.length, what);
  let [largest, worst] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    largest = Math.max(largest, Math.abs(wanted[i]!));
    worst = Math.max(worst, Math.abs(found[i]! - wanted[i]!));
  }
  assert.ok(worst <= 1e-6 * Math.max(1, largest), `${what}: largest difference ${worst}`);
}

async function jsonOf(page: Page) {
  const { bytes } = await exported(page, 'json');
  const content = JSON.parse(bytes.toString()) as {
    item: { tokens?: string[]; scores?: number[] };
    explanation: object;
  };
  return { ...content, explanation: Explanation.fromJSON(content.explanation) };
}

test('loads without errors, and asks for files of its own only', async () => {
  await opened.page.waitForTimeout(300);
  const fetched = opened.requests
    .map(({ url }) => url.slice(site.url.length))
    .filter((name) => !name.startsWith('chunks/'));
  assert.equal(fetched.sort(), ['', 'page.css', 'page.js'], 'the engine is not fetched before the first sign of use');
  const paths = opened.requests.map(({ url }) => `${folder}/${url.slice(site.url.length) || 'index.html'}`);
  assert.ok(gzipBytes(paths) < 120_000, `first load: ${gzipBytes(paths)} bytes`);
  assert.is(await opened.page.title(), 'pathgrad: what moved this model?');
  for (const { method, url } of opened.requests) {
    assert.is(method, 'GET');
    assert.ok(url.startsWith(site.url), url);
  }
});

testInChromium('opened as a file instead of served, the page says what to do', async () => {
  const { page } = await open(browser, `file://${folder}/index.html`);
  await page.waitForFunction(() => getComputedStyle(document.querySelector('#unserved')!).visibility === 'visible');
  assert.match(await text(page, '#unserved'), /must be served over http/);
  await page.context().close();
  assert.is(await opened.page.locator('#unserved').count(), 0);
});

test('typing: prediction and words follow, numbers are those of Node', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  const sentence = 'A wonderful film, only the end is boring';
  await page.locator('#text').fill('');
  assert.ok(await page.locator('#result').isHidden(), 'no words, no result');
  await page.locator('#text').pressSequentially(sentence, { delay: 5 });
  await says(page, '#verdict', /^positive: 92\.4 %$/);
  const marks = await page.locator('#words mark').allInnerTexts();
  assert.equal(marks, ['<start>', 'a', 'wonderful', 'film', 'only', 'the', 'end', 'is', 'boring']);
  assert.is(await page.locator('#words mark.minus', { hasText: 'boring' }).count(), 1, 'boring is underlined');
  assert.match(await text(page, '#facts'), /attributions sum to \+0\.41\d+, the score changes by \+0\.41/);

  const model = await loadModel(example('imdb-cnn.h5'));
  const vocabulary = parseVocabulary(readFileSync(example('imdb-vocab.txt'), 'utf8'));
  const { ids } = encodeText(sentence, vocabulary, { length: 100 });
  const wanted = await new IntegratedGradients(model, { layer: 'embedding' }).explain(tensor(ids, [1, 100]), {
    baselines: 0,
    target: 1,
  });
  const { explanation, item } = await jsonOf(page);
  assertClose(explanation.predictions.data, wanted.predictions.data, 'predictions');
  assertClose(explanation.attributions[0]!.data, wanted.attributions[0]!.data, 'attributions');
  assert.is(item.tokens?.length, 9);
});

test('an example digit: pictures are shown, numbers are those of Node', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('#pictures button:has-text("3")');
  await says(page, '#verdict', /^3: /);
  assert.is(await page.locator('#panels canvas').count(), 4);
  const model = await loadModel(example('mnist-cnn.h5'));
  const { data } = readPng(readFileSync(example('digits/3.png')));
  const X = tensor(Float32Array.from(data), [1, 28, 28, 1]);
  const wanted = await new IntegratedGradients(model).explain(X, { baselines: 0, target: 3 });
  const { explanation } = await jsonOf(page);
  assertClose(explanation.X[0]!.data, X.data, 'input');
  assertClose(explanation.predictions.data, wanted.predictions.data, 'predictions');
  assertClose(explanation.attributions[0]!.data, wanted.attributions[0]!.data, 'attributions');
});

test('class, baseline, steps, rule and backend change the explanation', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.selectOption('#target', '1');
  await says(page, '#explained', /Explained: 1$/);
  await page.selectOption('#target', '8');
  await says(page, '#explained', /Explained: 8$/);
  assert.is(
    await page.locator('#classes th.chosen').innerText(),
    '8',
    'the class is shown though it is none of the likeliest',
  );
  await page.selectOption('#target', '1');
  await page.selectOption('#baseline', 'white');
  await says(page, '#facts', /white: 1 is/);
  await page.selectOption('#steps', '20');
  await says(page, '#facts', /20 steps on wasm/);
  await page.selectOption('#method', 'riemann_left');
  await says(page, '#facts', /20 steps on wasm/);
  await page.selectOption('#backend', 'reference');
  await says(page, '#facts', /20 steps on reference/);
  const { meta } = (await jsonOf(page)).explanation;
  assert.is(meta.params.method, 'riemann_left');
  await page.selectOption('#steps', 'auto');
  assert.ok(await page.locator('#method').isDisabled(), 'auto chooses its own points');
  await page.selectOption('#backend', 'wasm');
  await says(page, '#facts', /steps on wasm/);
});

async function chooseMethod(page: Page, name: string): Promise<void> {
  if (await page.locator('#more-methods').isVisible()) await page.click('#more-methods');
  await page.waitForFunction(() => document.querySelectorAll('#explainer option').length > 1);
  await page.selectOption('#explainer', name);
  await says(page, '#facts', new RegExp(`Method\\s+${name}:`));
}

test('another method: fetched when it is asked for, with its line, and without the controls that it has no use for', async () => {
  const { page, requests } = opened;
  await chooseExample(page, 'digits');
  assert.match(
    await text(page, '#says'),
    /on the straight way from baseline to input; the numbers add up to f\(x\) - f\(b\)/,
  );
  const extras = (): boolean => requests.some(({ url }) => url.includes('extras-'));
  assert.not(extras(), 'the other methods are not fetched before');
  await page.click('#pictures button:has-text("3")');
  await says(page, '#verdict', /^3: /);
  await chooseMethod(page, 'Saliency');
  assert.ok(extras());
  assert.ok(await page.locator('#more-methods').isHidden());
  assert.match(await text(page, '#says'), /magnitude of the slope\); the numbers need not add up/);
  for (const id of ['baseline', 'steps', 'method']) assert.ok(await page.locator(`#${id}`).isHidden(), id);
  assert.match(await text(page, '#facts'), /not promised: the numbers need not add up/);
  assert.not.match(await text(page, '#facts'), /Baseline|steps/);
  assert.match(await text(page, '#legend'), /Green: positive numbers\. None is negative\./);
  assert.is(await page.locator('#panels canvas').count(), 3, 'nothing to split by sign');
  const model = await loadModel(example('mnist-cnn.h5'));
  const { data } = readPng(readFileSync(example('digits/3.png')));
  const wanted = await new Saliency(model).explain(tensor(Float32Array.from(data), [1, 28, 28, 1]), { target: 3 });
  const content = JSON.parse((await exported(page, 'json')).bytes.toString());
  const explanation = Explanation.fromJSON<Tensor | null>(content.explanation);
  assertClose(explanation.attributions[0]!.data, wanted.attributions[0]!.data, 'attributions');
  assert.equal([content.explainer.name, content.item.baseline, content.item.completeness], ['Saliency', null, null]);
  const report = (await exported(page, 'html')).bytes.toString();
  assert.match(report, /<td>Saliency<\/td>[\s\S]*they need not add up/);
  assert.ok(readPng((await exported(page, 'png')).bytes).width > 200);
  await page.selectOption('#explainer', 'LayerGradCam');
  await says(page, '#facts', /LayerGradCam/);
  assert.ok((await page.locator('#panels canvas').count()) >= 3, 'a map of the size of the picture');
  await page.selectOption('#explainer', 'DeepLift');
  await says(page, '#facts', /DeepLift:[\s\S]*attributions sum to[\s\S]*black: 3 is/);
  await page.selectOption('#explainer', 'IntegratedGradients');
  await says(page, '#facts', /50 steps on wasm/);
  for (const id of ['baseline', 'steps', 'method']) assert.ok(await page.locator(`#${id}`).isVisible(), id);
});

test('another method on words and pieces of words; what it cannot do is said', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await chooseMethod(page, 'FeatureAblation');
  assert.ok((await page.locator('#words mark').count()) > 3);
  await page.selectOption('#explainer', 'BlurIG');
  await says(page, '#error', /BlurIG/);
  await page.selectOption('#explainer', 'InputXGradient');
  await says(page, '#facts', /InputXGradient/);
  assert.ok(await page.locator('#error').isHidden());
  await chooseExample(page, 'transformer');
  assert.match(await text(page, '#facts'), /InputXGradient/, 'the method stays chosen');
  assert.ok((await page.locator('#words mark').count()) > 3);
});

test('the neurons of a layer, and the layer that a map is made of, can be chosen', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('#pictures button:has-text("3")');
  await says(page, '#verdict', /^3: /);
  assert.ok(await page.locator('#layer-row').isHidden());
  await chooseMethod(page, 'LayerConductance');
  assert.ok(await page.locator('#layer-row').isVisible());
  const model = await loadModel(example('mnist-cnn.h5'));
  const layer = model.layers.at(-2)!.path;
  assert.is(await page.locator('#layer').inputValue(), layer, 'what goes into the last layer');
  const { data } = readPng(readFileSync(example('digits/3.png')));
  const picture = tensor(Float32Array.from(data), [1, 28, 28, 1]);
  const wanted = await new LayerConductance(model, { layer }).explain(picture, { target: 3 });
  const content = JSON.parse((await exported(page, 'json')).bytes.toString());
  const found = Explanation.fromJSON<Tensor | null>(content.explanation);
  assertClose(found.attributions[0]!.data, wanted.attributions[0]!.data, 'attributions');
  assert.match(content.item.tokens[0], new RegExp(`^${layer} \\[0`));
  assert.match((await exported(page, 'html')).bytes.toString(), /LayerConductance/);
  await page.selectOption('#explainer', 'LayerGradCam');
  await says(page, '#facts', /LayerGradCam/);
  assert.is(await page.locator('#layer').inputValue(), '', 'its own choice');
  await chooseExample(page, 'reviews');
  await page.selectOption('#explainer', 'GuidedGradCam');
  await says(page, '#facts', /GuidedGradCam/);
  assert.ok((await page.locator('#words mark').count()) > 3);
  await page.selectOption('#explainer', 'InternalInfluence');
  await says(page, '#facts', /InternalInfluence/);
  assert.ok(await page.locator('#words').isHidden(), 'neurons are no words');
  await page.selectOption('#explainer', 'IntegratedGradients');
  await says(page, '#facts', /50 steps on wasm/);
});

test('pairs of words: their sums as colours, and the strongest of them by name', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await chooseMethod(page, 'IntegratedHessians');
  assert.ok((await page.locator('#words mark').count()) > 3);
  assert.match(await text(page, '#notices'), /sums over the pairs/);
  const content = JSON.parse((await exported(page, 'json')).bytes.toString());
  const [, rows, columns] = Explanation.fromJSON<Tensor | null>(content.explanation).attributions[0]!.shape;
  assert.is(rows, columns, 'a table of words');
  assert.match((await page.locator('#strongest th').first().textContent()) ?? '', /^\S+ with \S+$/);
  await page.selectOption('#explainer', 'IntegratedGradients');
  await says(page, '#facts', /50 steps on wasm/);
});

test('an explanation that misses more than 5 % says so and what to do', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.selectOption('#target', '1');
  await page.selectOption('#method', 'riemann_left');
  await page.selectOption('#steps', '10');
  await says(page, '#facts', /115\.64 % \(not enough\)[\s\S]*10 steps/);
  await says(page, '#warnings', /more than 5 % off: choose more steps/);
  await page.selectOption('#steps', 'auto');
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#warnings')!.hidden);
});

test('a word the model does not know is named', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  await page.fill('#text', 'a qwertyish film');
  await says(page, '#notices', /Not in the vocabulary.*qwertyish/);
});

testInChromium('files of the user: a model, its vocabulary; then no request at all', async () => {
  const { page, requests } = opened;
  await page.mouse.move(10, 10);
  await page.waitForFunction(() => document.querySelectorAll('#backend option').length > 0);
  const before = requests.length;
  await page.setInputFiles('#file', example('imdb-cnn.h5'));
  await says(page, '#model-state', /Now drop its vocabulary/);
  await page.fill('#text', 'superb');
  await says(page, '#error', /needs a vocabulary to read words[\s\S]*Drop its vocabulary/);
  await page.setInputFiles('#file', example('imdb-vocab.txt'));
  await says(page, '#words', /superb/);
  assert.ok(await page.locator('#error').isHidden());
  await page.fill('#labels', 'bad, good');
  await page.press('#labels', 'Enter');
  await says(page, '#verdict', /^good: /);
  await page.selectOption('#target', '0');
  await says(page, '#explained', /^Explained: bad$/);
  // Threads start from code in memory (blob:), which is no request to anybody.
  const asked = requests.slice(before).filter(({ url }) => !url.startsWith(`blob:${site.url}`));
  assert.equal(asked, [], 'requests after loading');
});

test('a picture dropped on the page', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  const base64 = readFileSync(example('digits/5.png')).toString('base64');
  const transfer = await page.evaluateHandle((data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const list = new DataTransfer();
    list.items.add(new File([bytes], 'five.png', { type: 'image/png' }));
    return list;
  }, base64);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  assert.ok(await page.locator('#dropping').isVisible(), 'says that files can be dropped');
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await says(page, '#verdict', /^5: /);
  assert.ok(await page.locator('#dropping').isHidden());
  const { item } = await jsonOf(page);
  assert.is((item as { title?: string }).title, 'five.png');
});

test('a picture in colour and of another size becomes one that the model takes, and it is said', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  const data = Uint8Array.from({ length: 56 * 40 * 3 }, (_, i) =>
    Math.floor(i / 3) % 40 > 17 && Math.floor(i / 3) % 40 < 23 ? 250 : 5,
  );
  writeFileSync(files.path('stroke.png'), encode({ width: 40, height: 56, data, channels: 3 }));
  await page.setInputFiles('#picture', files.path('stroke.png'));
  await says(page, '#picture-notices', /stroke\.png: colours turned into grey.*resampled from 56 x 40 to 28 x 28/);
  await says(page, '#verdict', /^1: /);
  await page.check('#invert');
  await page.setInputFiles('#picture', files.path('stroke.png'));
  await page.waitForFunction(() => !document.querySelector<HTMLElement>('#verdict')!.innerText.startsWith('1: 99'));
  await page.click('#pictures button:has-text("2")');
  assert.ok(await page.locator('#picture-notices').isHidden());
});

test('bad files: what is wrong is said, and the model before stays', async () => {
  const { page } = opened;
  await chooseExample(page, 'reviews');
  const bad = files.path('broken.h5');
  writeFileSync(bad, 'this is no HDF5');
  await page.setInputFiles('#file', bad);
  await says(page, '#error', /^broken\.h5: /);
  await says(page, '#model-state', /Still imdb-cnn\.h5/);
  writeFileSync(files.path('half.h5'), readFileSync(example('mnist-cnn.h5')).subarray(0, 100_000));
  await page.setInputFiles('#file', files.path('half.h5'));
  await says(page, '#error', /^half\.h5: /);
  writeFileSync(files.path('notes.docx'), 'x');
  await page.setInputFiles('#file', files.path('notes.docx'));
  await says(page, '#error', /^notes\.docx: is no file that this page can use/);
  writeFileSync(files.path('broken.png'), 'not a picture');
  await page.setInputFiles('#file', files.path('broken.png'));
  await says(page, '#error', /^broken\.png: is a picture, and the model takes none/);
  await page.fill('#text', 'a superb film');
  await says(page, '#words', /^<start> a superb film$/);
  assert.ok(await page.locator('#error').isHidden(), 'the message goes when things work again');
  await chooseExample(page, 'digits');
  await page.setInputFiles('#file', files.path('broken.png'));
  await says(page, '#error', /^broken\.png: is no picture that this browser can read/);
});

test('exports: a report that stands alone, a PNG, and the numbers', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  const html = await exported(page, 'html');
  assert.is(html.name, 'mnist-cnn-explanation.html');
  assert.match(html.bytes.toString(), /^<!doctype html>[\s\S]*What moved mnist_cnn[\s\S]*data:image\/png;base64/);
  const png = await exported(page, 'png');
  assert.is(png.name, 'mnist-cnn-explanation.png');
  const { width, height } = readPng(png.bytes);
  assert.ok(width > 400 && height > 100, `${width} x ${height}`);
  const { explanation } = await jsonOf(page);
  assert.equal(explanation.attributions[0]!.shape, [1, 28, 28, 1]);
  await chooseExample(page, 'reviews');
  await says(page, '#words', /superb/);
  assert.ok(await page.locator('[data-format=png]').isDisabled(), 'a text has no pixels');
  const report = await exported(page, 'html');
  assert.match(report.bytes.toString(), /superb<\/mark>/);
  // The report opens under its own policy, without errors.
  const path = files.path('report.html');
  writeFileSync(path, html.bytes);
  const second = await open(browser, `file://${path}`);
  assert.is(await second.page.locator('h1').innerText(), 'What moved mnist_cnn');
  assert.equal(second.errors, []);
  await second.page.context().close();
});

test.run();
