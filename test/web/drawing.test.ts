/** Drawing with mouse and keyboard, the page without a mouse, its names for a screen reader, and its width on a phone. */
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  buildPage,
  chooseExample,
  type ExampleId,
  exampleModels,
  launch,
  open,
  pageForEach,
  type Site,
  says,
  serve,
} from './support.ts';

const test = suite('web: drawing and keyboard');
const browser = await launch();
const site: Site = await serve(await buildPage());
const opened = pageForEach(test, browser, site);
const ids = Object.keys(exampleModels) as ExampleId[];

/** Draws with the mouse through points given as rows and columns of the 28 x 28 picture. */
async function draw(page: Page, points: readonly (readonly [row: number, column: number])[]): Promise<void> {
  const box = (await page.locator('#canvas').boundingBox())!;
  const at = ([row, column]: readonly [number, number]): [number, number] => [
    box.x + ((column + 0.5) / 28) * box.width,
    box.y + ((row + 0.5) / 28) * box.height,
  ];
  await page.mouse.move(...at(points[0]!));
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
}

/** Shares of the canvas that are lighter than half. */
const lightPixels = (page: Page): Promise<number> =>
  page.locator('#canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 0 && value > 127).length / (canvas.width * canvas.height);
  });

test('a digit drawn with the mouse is read and explained while it is drawn', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('#clear');
  await says(page, '#hint', /Give the model an input/);
  assert.is(await lightPixels(page), 0);
  await draw(page, [
    [4, 14],
    [23, 14],
  ]);
  await says(page, '#verdict', /^1: /);
  await page.click('#clear');
  await draw(page, [
    [6, 7],
    [6, 20],
    [24, 12],
  ]);
  await says(page, '#verdict', /^7: /);
  assert.is(await page.locator('#panels canvas').count(), 4);
});

test('the eraser takes ink away, centring moves it, examples can be drawn on', async () => {
  const { page } = opened;
  await chooseExample(page, 'digits');
  await page.click('#clear');
  await draw(page, [
    [3, 4],
    [3, 12],
  ]);
  const before = await lightPixels(page);
  await page.click('#centre');
  assert.ok(Math.abs((await lightPixels(page)) - before) < 0.01, 'centring keeps the ink');
  await page.click('#erase');
  assert.is(await page.getAttribute('#erase', 'aria-pressed'), 'true');
  await draw(page, [
    [13, 2],
    [13, 26],
    [14, 2],
    [14, 26],
  ]);
  assert.ok((await lightPixels(page)) < before / 2, 'the eraser works where the ink was moved to');
  await page.click('#erase');
  await page.click('#pictures button:has-text("1")');
  await says(page, '#verdict', /^1: /);
  const one = await lightPixels(page);
  await draw(page, [
    [20, 5],
    [20, 22],
  ]);
  assert.ok((await lightPixels(page)) > one);
  await page.click('#pictures button:has-text("1")');
  assert.ok(Math.abs((await lightPixels(page)) - one) < 1e-9, 'the example itself is not drawn on');
});

test('with the keyboard alone: an example, a drawing, a class, the report', async () => {
  const { page } = opened;
  /** Tabs on until the element with this selector has the focus; every stop must be visible. */
  const tabTo = async (selector: string): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    }
    assert.unreachable(`no way to ${selector} by the Tab key`);
  };
  await page.keyboard.press('Tab');
  assert.is(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the input');
  await tabTo('[data-example=digits]');
  await page.keyboard.press('Enter');
  await says(page, '#verdict', /^7: /);
  await tabTo('#canvas');
  await page.keyboard.press('Delete');
  await says(page, '#hint', /Give the model an input/);
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let i = 0; i < 19; i++) await page.keyboard.press('ArrowDown');
  await says(page, '#cursor', /^row 24, column 15, pen down$/);
  await page.keyboard.press('Space');
  await says(page, '#verdict', /^1: /);
  await says(page, '#live', /^1: .*explained: 1/);
  await tabTo('[data-format=html]');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.is(download.suggestedFilename(), 'mnist-cnn-explanation.html');
  await tabTo('#target');
  await page.keyboard.press('7');
  await says(page, '#explained', /Explained: 7$/);
});

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

test('every control has a name, headings go in order, results are announced', async () => {
  const { page } = opened;
  const controls = ['button', 'combobox', 'textbox', 'checkbox', 'link', 'image', 'progressbar'];
  for (const id of ids) {
    await chooseExample(page, id);
    const session = await page.context().newCDPSession(page);
    const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: AxNode[] };
    const shown = nodes.filter(({ ignored, role }) => !ignored && controls.includes(role?.value ?? ''));
    assert.ok(shown.length > 15, `${shown.length} controls`);
    const nameless = shown.filter(({ name }) => !name?.value);
    assert.equal(nameless, [], `${id}: controls without a name`);
  }
  const headings = await page.locator('h1, h2').allInnerTexts();
  assert.equal(headings, [
    'What moved this model?',
    '1. Model',
    '2. Input',
    '3. What to explain, and how',
    '4. Prediction and attribution',
    '5. Fine-tune it',
  ]);
  await chooseExample(page, 'digits');
  await says(page, '#live', /^7: .*pixels raise the score by \+/);
});

/** WCAG 2 contrast of all texts with what lies behind them; the least. */
const leastContrast = (page: Page): Promise<{ ratio: number; text: string }> =>
  page.evaluate(() => {
    // One expression per step: helpers with names do not survive the way into the page.
    let least = { ratio: 21, text: '' };
    for (const element of document.querySelectorAll<HTMLElement>('main *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== '');
      if (!own || !element.checkVisibility() || element.closest('.visually-hidden, :disabled, option')) continue;
      let behind: Element | null = element;
      while (behind && /, 0\)$|transparent/.test(getComputedStyle(behind).backgroundColor))
        behind = behind.parentElement;
      const colors = [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor];
      const [a, b] = colors
        .map((color) =>
          color
            .match(/[\d.]+/g)!
            .slice(0, 3)
            .map(Number),
        )
        .map((rgb) => rgb.map((v) => (v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4)))
        .map(([r, g, bl]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!)
        .sort((x, y) => y - x);
      const ratio = (a! + 0.05) / (b! + 0.05);
      if (ratio < least.ratio)
        least = { ratio, text: `${element.tagName} ${element.className}: ${element.textContent}` };
    }
    return least;
  });

for (const colorScheme of ['light', 'dark'] as const) {
  test(`${colorScheme}, on a phone: texts can be read, nothing is cut off at 360 pixels`, async () => {
    const phone = await open(browser, site.url, { colorScheme, viewport: { width: 360, height: 740 }, hasTouch: true });
    for (const id of ids) {
      await chooseExample(phone.page, id);
      const wider = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${id}: ${wider} pixels wider than the screen`);
      const { ratio, text } = await leastContrast(phone.page);
      assert.ok(ratio >= 4.5, `contrast ${ratio.toFixed(2)} of ${text}`);
    }
    await chooseExample(phone.page, 'digits');
    await phone.page.tap('#clear');
    await phone.page.tap('#canvas');
    await says(phone.page, '#verdict', /\d: /);
    assert.equal(phone.errors, []);
    await phone.page.context().close();
  });
}

test.run();
