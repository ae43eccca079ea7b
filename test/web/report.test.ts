/** The report in a browser: pages, words and cells by mouse and keys, nothing wider than a phone, nothing that its policy forbids. */

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ReportItem, report } from '../../src/visualize/index.ts';
import { temporaryFolder } from '../support/cli.ts';
import { launch } from './support.ts';

const test = suite('web: the report');
const browser = await launch();
const folder = temporaryFolder();
test.after(() => browser.close());

const frame = {
  explainer: { name: 'IntegratedGradients', says: 'what moved the score', sum: 'f(x) - f(b)' },
  baseline: { name: 'zeros', score: 0 },
  score: 1,
  completeness: { delta: 0, relative: 0, ok: true },
  target: 'price',
  prediction: [{ label: 'price', score: 1 }],
};
const long = 'a feature with a name that is much longer than the screen of any phone is wide, and goes on';

const kinds: readonly ReportItem[] = [
  { ...frame, kind: 'text', tokens: ['one', 'two', 'x'.repeat(200)], scores: [0.5, -0.25, 0.1] },
  {
    ...frame,
    kind: 'table',
    names: [long, 'b'],
    values: [long, '2'],
    scores: [2, -1],
    matrix: { names: [long, 'b'], values: [1, 2, 2, 3] },
  },
  { ...frame, kind: 'table', names: [long, 'b'], values: [long, '3'], scores: [1, -1] },
  {
    ...frame,
    kind: 'series',
    rate: 100,
    channels: [
      {
        name: long,
        values: Array.from({ length: 900 }, (_, i) => Math.sin(i)),
        attributions: Array.from({ length: 900 }, (_, i) => Math.cos(i)),
      },
    ],
  },
  {
    ...frame,
    kind: 'image',
    image: { data: [0, 1, 1, 0], shape: [2, 2] },
    attribution: { data: [1, -1, 0, 2], shape: [2, 2] },
  },
  {
    ...frame,
    kind: 'parts',
    parts: [
      { name: long, content: { kind: 'table', names: [long], scores: [3] } },
      { name: 'text', content: { kind: 'text', tokens: ['a'], scores: [1] } },
    ],
  },
];

async function show(items: readonly ReportItem[], width: number) {
  const file = folder.path(`report-${items.length}.html`);
  writeFileSync(file, report([{ title: 'Items', model: { name: 'm' }, items }]));
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const errors: string[] = [];
  page.on('console', (message) => errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(pathToFileURL(file).href);
  return { page, errors };
}

test('no kind is wider than a phone, open tables included, and no text of a chart is smaller than 12 pixels', async () => {
  const { page, errors } = await show(kinds, 360);
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('details')) one.open = true;
  });
  assert.is(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll('svg.pg text')]
      .filter((text) => !text.closest('.tip'))
      .flatMap((text) => {
        const [own, whole] = [text.getBoundingClientRect(), text.closest('svg.pg')!.getBoundingClientRect()];
        return own.width > 0 && (own.left < whole.left - 2 || own.right > whole.right + 2) ? [text.textContent] : [];
      }),
  );
  assert.equal(cut, [], 'texts that leave their chart');
  const small = await page.evaluate(() =>
    Math.min(
      ...[...document.querySelectorAll('svg.pg text')].map((text) =>
        Number.parseFloat(getComputedStyle(text).fontSize),
      ),
    ),
  );
  assert.ok(small >= 12, `${small} pixels`);
  assert.equal(errors, []);
  await page.close();
});

test('a word shows its number when it is clicked, and arrow keys go on to the next; cells of a matrix likewise', async () => {
  const { page, errors } = await show(kinds, 1000);
  const focused = (): Promise<string> =>
    page.evaluate(
      () => `${document.activeElement!.textContent} ${getComputedStyle(document.activeElement!, '::after').content}`,
    );
  await page.locator('mark').first().click();
  assert.is(await focused(), 'one " +0.5"');
  await page.keyboard.press('ArrowRight');
  assert.is(await focused(), 'two " -0.25"');
  await page.keyboard.press('Home');
  assert.match(await focused(), /^one/);
  assert.is(await page.locator('.text').first().locator('[tabindex="0"]').count(), 1, 'one stop of the Tab key');
  await page.locator('g.f').first().focus();
  await page.keyboard.press('ArrowRight');
  assert.match(
    (await page.evaluate(() => document.activeElement!.getAttribute('aria-label'))) ?? '',
    /^b with a feature .*: \+4$/,
  );
  assert.equal(errors, []);
  await page.close();
});

test('pages: the next, the last, one by its number, and back to the first', async () => {
  const items = Array.from({ length: 230 }, (_, i) => ({ ...kinds[0]!, title: `text ${i + 1}` }));
  const { page, errors } = await show(items, 1000);
  const first = async (where: string): Promise<string | null> => {
    await page.waitForFunction((text) => document.querySelector('.where')!.textContent === text, where);
    return page.locator('h3').first().textContent();
  };
  assert.is(await first('1 to 50 of 230'), 'text 1');
  await page.locator('.next').first().click();
  assert.is(await first('51 to 100 of 230'), 'text 51');
  await page.locator('.last').first().click();
  assert.is(await first('201 to 230 of 230'), 'text 201');
  assert.ok(await page.locator('.next').first().isDisabled());
  await page.locator('nav input').first().fill('3');
  await page.keyboard.press('Enter');
  assert.is(await first('101 to 150 of 230'), 'text 101');
  await page.locator('.first').last().click();
  assert.is(await first('1 to 50 of 230'), 'text 1');
  await page.locator('mark').first().click();
  assert.equal(errors, []);
  await page.close();
});

test.run();
