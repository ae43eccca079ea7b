/** `npm run site`: served from a subfolder, every link of the documents leads somewhere, and the page in it explains. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/cli.ts';
import { chooseExample, endWith, launch, open, serve } from './support.ts';

const test = suite('web: the site');
const browser = await launch();
const host = temporaryFolder();
const folder = host.path('some/where');
const made = spawnSync(process.execPath, ['scripts/site.mjs', '--no-api', '--out', folder], { encoding: 'utf8' });
const server = await serve(host.path('.'));
endWith(test, browser, server);

test('is made, and says where', () => {
  assert.is(made.status, 0, made.stderr);
  assert.match(made.stdout, 'any static host can serve it');
});

test('no link of a document leads nowhere or out of the folder', () => {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.html') && !name.startsWith('app'),
  );
  assert.ok(pages.length > 25, `${pages.length} pages`);
  let links = 0;
  for (const page of pages) {
    for (const [, link] of readFileSync(join(folder, page), 'utf8').matchAll(/(?:href|src)="([^"]+)"/g)) {
      if (/^(https?|data):/.test(link!)) continue;
      const file = join(folder, dirname(page), link!.split('#')[0] || page.split('/').at(-1)!);
      assert.ok(file.startsWith(folder) && existsSync(file), `${page}: ${link}`);
      links++;
    }
  }
  assert.ok(links > 1000, `${links} links`);
});

test('from a subfolder: documents at 360 pixels, and the page explains its example', async () => {
  const { page, errors, requests } = await open(browser, `${server.url}some/where/docs/methods.html`, {
    viewport: { width: 360, height: 800 },
  });
  assert.is(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.click('summary');
  await page.click('text=Try it in the browser');
  await chooseExample(page, 'digits');
  assert.equal(errors, []);
  assert.ok(requests.every(({ url }) => url.startsWith(`${server.url}some/where/`) || url.startsWith('blob:')));
  await page.context().close();
});

test('a wrong option, and a folder with something else in it', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['scripts/site.mjs', ...args], { encoding: 'utf8' });
  const wrong = run('--outt', 'x');
  assert.is(wrong.status, 2);
  assert.match(wrong.stderr, 'npm run site -- --help');
  const other = run('--out', 'docs');
  assert.is(other.status, 1);
  assert.match(other.stderr, 'holds something else');
});

test.run();
