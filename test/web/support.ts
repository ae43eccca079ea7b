/**
 * The page in a real browser, driven by playwright-core: built once per test file into a folder of its own and served by
 * the project's server. Without a browser on PATH a file says so and runs nothing.
 */
import { type Browser, type BrowserContextOptions, chromium, firefox, type Page } from 'playwright-core';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildWeb } from '../../scripts/build-web.mjs';
import { serve } from '../../scripts/serve-web.mjs';
import { temporaryFolder } from '../support/cli.ts';
import { chosenBrowser, findBrowser, missingBrowser } from './browsers.ts';

/** Software WebGPU and WebGL, for machines without a GPU. */
export const swiftshader: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

/**
 * The browser that PATHGRAD_BROWSER names. Firefox is the one of the system, driven by WebDriver BiDi: Playwright's own build is not needed.
 * @param args for Chromium, which alone has them
 */
export async function launch(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) {
    console.log(`skipped: ${missingBrowser()}`);
    process.exit(0);
  }
  if (chosenBrowser() === 'firefox') return firefox.launch({ executablePath, channel: 'moz-firefox' });
  // The sandbox needs rights that containers lack; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}

/** A server on a free port for a folder, as `npm run web` serves it unless told otherwise. */
export type Site = Awaited<ReturnType<typeof serve>>;
export { serve };

export async function buildPage(): Promise<string> {
  const folder = temporaryFolder().path('web');
  await buildWeb(folder);
  return folder;
}

export interface Opened {
  readonly page: Page;
  /** Errors in the console and uncaught ones, policy violations among them. */
  readonly errors: string[];
  /** Every request: method and address. */
  readonly requests: { readonly method: string; readonly url: string; readonly body: string | null }[];
}

/** Opens a page and remembers what goes wrong in it and what it asks of the network. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  // Two browsers on two busy cores have taken half a minute for what takes a second.
  page.setDefaultTimeout(120_000);
  const errors: string[] = [];
  const requests: { method: string; url: string; body: string | null }[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  // Requests of workers are not the page's own: the context sees both.
  context.on('request', (request) =>
    requests.push({ method: request.method(), url: request.url(), body: request.postData() }),
  );
  await page.goto(url, { waitUntil: 'load' });
  return { page, errors, requests };
}

/** For each test of a suite a page of its own, which must leave no errors in the console; browser and server end with the suite. */
export function pageForEach(test: Test, browser: Browser, site: Site): Opened {
  let opened: Opened;
  test.before.each(async () => {
    opened = await open(browser, site.url);
  });
  test.after.each(async () => {
    await opened.page.context().close();
    assert.equal(opened.errors, [], 'errors in the console');
  });
  endWith(test, browser, site);
  return {
    get page() {
      return opened.page;
    },
    get errors() {
      return opened.errors;
    },
    get requests() {
      return opened.requests;
    },
  };
}

export function endWith(test: Test, browser: Browser, site: Site): void {
  test.after(async () => {
    await browser.close();
    await site.close();
  });
}

/** An error of waiting says what the page shows meanwhile. */
async function orSay(page: Page, waiting: Promise<unknown>, selectors: readonly string[]): Promise<void> {
  try {
    await waiting;
  } catch (error) {
    const shown = await page.evaluate(
      (all) => all.map((each) => `${each}: ${document.querySelector<HTMLElement>(each)?.innerText}`),
      selectors,
    );
    throw new Error(`${(error as Error).message}\n${shown.join('\n')}`);
  }
}

/** Waits until an element's text matches. */
export async function says(page: Page, selector: string, wanted: RegExp): Promise<void> {
  const waiting = page.waitForFunction(
    ([where, pattern]) => new RegExp(pattern!).test(document.querySelector<HTMLElement>(where!)!.innerText),
    [selector, wanted.source],
  );
  await orSay(page, waiting, [selector]);
}

/** The examples of the page, and what it says of each while that is the model. */
export const exampleModels = {
  reviews: 'model “imdb_cnn”',
  transformer: 'model “DistilBertForSequenceClassification”',
  news: 'model “agnews_bilstm”',
  digits: 'model “mnist_cnn”',
  wine: 'model “wine_mlp”',
} as const;
export type ExampleId = keyof typeof exampleModels;

/** Chooses an example and waits for its first explanation. */
export async function chooseExample(page: Page, id: ExampleId): Promise<void> {
  await page.click(`[data-example=${id}]`);
  const waiting = page.waitForFunction(
    (text) =>
      document.querySelector('#model-state')?.textContent?.includes(text) &&
      !document.querySelector<HTMLElement>('#result')!.hidden,
    exampleModels[id],
  );
  await orSay(page, waiting, ['#model-state', '#notices', '#error', '#busy', '#result']);
}

/** Saves the explanation and gives the file. */
export async function exported(page: Page, format: 'html' | 'png' | 'json'): Promise<{ name: string; bytes: Buffer }> {
  if (chosenBrowser() === 'firefox') return savedInFirefox(page, `[data-format=${format}]`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-format=${format}]`)]);
  const stream = await download.createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(chunks) };
}

/** What the page hands to the browser to save: WebDriver BiDi tells of no download of a page's own blob. */
async function savedInFirefox(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  await page.evaluate(() => {
    const place = globalThis as { saved?: Promise<{ name: string; text: string }> | undefined };
    place.saved = undefined;
    const blobs = new Map<string, Blob>();
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      const url = make(blob);
      blobs.set(url, blob);
      return url;
    };
    HTMLAnchorElement.prototype.click = function () {
      const blob = blobs.get(this.href);
      const read = async (): Promise<string> =>
        Array.from(new Uint8Array(await blob!.arrayBuffer()), (byte) => String.fromCharCode(byte)).join('');
      if (blob) place.saved = read().then((text) => ({ name: this.download, text }));
    };
  });
  await page.click(button);
  await page.waitForFunction(() => (globalThis as { saved?: unknown }).saved !== undefined);
  const saved = await page.evaluate(() => (globalThis as { saved?: Promise<{ name: string; text: string }> }).saved!);
  return { name: saved.name, bytes: Buffer.from(saved.text, 'latin1') };
}

/** Drops files and folders on the page, as from a window of files. */
export async function drop(page: Page, ...paths: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  await session.detach();
}
