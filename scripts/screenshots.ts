/**
 * `npm run screenshots`: the pictures of docs/page.md, the page as it looks with each kind of data, on a wide screen in light and on a phone in dark. A folder
 * may be named to write them elsewhere, `--other` swaps light and dark, to look at, and `--only=table` makes those of one subject.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildPage, chooseExample, launch, open, serve } from '../test/web/support.ts';
import { withPalette } from './palette-png.ts';

const inputs = 'test/golden/inputs';

/** Waits until charts, words or pictures are there and nothing moves. */
async function settled(page: Page, wanted: string): Promise<void> {
  await page.waitForSelector(wanted);
  await page.waitForTimeout(600);
}

/** Each subject: how the page comes to show it, and where the picture begins. */
const subjects: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  explorer: async (page) => {
    await chooseExample(page, 'reviews');
    await page.setInputFiles('#file', 'examples/sentences.txt');
    await page.waitForSelector('#sample-rows tr:nth-child(3)');
    await page.click('#sample-rows tr:nth-child(3)');
    await settled(page, '#sample-rows tr:nth-child(3)[aria-selected=true]');
    await page.locator('#words button, #words [role=button], #words mark').nth(4).click();
    await settled(page, '#kept .verdict');
  },
  table: async (page) => {
    await chooseExample(page, 'wine');
    await settled(page, '#charts .pg');
    await page.click('#sum-up');
    await settled(page, '#summary-shown .pg');
  },
  series: async (page) => {
    await page.setInputFiles('#file', `${inputs}/walks.keras`);
    await page.waitForSelector('#work:not([hidden])');
    await page.setInputFiles('#file', `${inputs}/walks.npz`);
    await settled(page, '#charts .pg');
  },
  image: async (page) => {
    await chooseExample(page, 'digits');
    await settled(page, '#panels canvas');
  },
  text: async (page) => {
    await chooseExample(page, 'transformer');
    await settled(page, '#words mark');
  },
  pair: async (page) => {
    await chooseExample(page, 'wine');
    await page.click('#more-methods');
    await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#explainer')!.options.length > 20);
    await page.selectOption('#explainer', 'IntegratedHessians');
    await settled(page, '#charts .pg [tabindex]');
  },
};

/** Where a picture begins that is of another part than all others. */
const starts: Readonly<Record<string, string>> = {
  'pair-1400': '#charts h4',
  'pair-360': '#charts h4',
  'table-360': '#summary-shown',
};

/** Of each width: how high the picture is, and which part of the page it shows. */
const screens = [
  { width: 1400, height: 1000, colorScheme: 'light', from: '#work' },
  { width: 360, height: 900, colorScheme: 'dark', from: '.results' },
] as const;

const swapped = process.argv.includes('--other');
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice(7);
const folder = process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? 'docs/page';
mkdirSync(folder, { recursive: true });
const browser = await launch();
const site = await serve(await buildPage());
try {
  for (const [name, show] of Object.entries(subjects)) {
    if (only !== undefined && name !== only) continue;
    for (const { width, height, colorScheme, from } of screens) {
      const scheme = swapped ? (colorScheme === 'light' ? 'dark' : 'light') : colorScheme;
      const { page } = await open(browser, site.url, { viewport: { width, height }, colorScheme: scheme });
      await show(page);
      await page.evaluate((selector) => {
        (document.activeElement as HTMLElement | null)?.blur();
        const top = document.querySelector(selector)!.getBoundingClientRect().top + scrollY;
        scrollTo(0, top - 12);
      }, starts[`${name}-${width}`] ?? from);
      await page.waitForTimeout(300);
      const path = join(folder, `${name}-${width}.png`);
      const picture = withPalette(await page.screenshot());
      writeFileSync(path, picture);
      console.log(`${path}: ${Math.round(picture.length / 1000)} kB`);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
  await site.close();
}
