/** axe-core over the page, a report and the documents of the site, light and dark: no violation of any of its rules. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, runCli, temporaryFolder } from '../support/cli.ts';
import {
  buildPage,
  chooseExample,
  type ExampleId,
  endWith,
  exampleModels,
  launch,
  open,
  says,
  serve,
} from './support.ts';

const test = suite('web: axe');
const browser = await launch();
const folder = await buildPage();
const site = await serve(folder);
endWith(test, browser, site);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const files = temporaryFolder();

interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe has to say against a page, as lines. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations)',
  )) as readonly Found[];
  return found.flatMap(({ id, nodes }) =>
    nodes.slice(0, 5).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page, before and with each example, ${colorScheme}`, async () => {
    const { page } = await open(browser, site.url, { colorScheme, bypassCSP: true });
    assert.equal(await violations(page), []);
    for (const id of Object.keys(exampleModels) as ExampleId[]) {
      await chooseExample(page, id);
      await page.evaluate(() => {
        for (const each of document.querySelectorAll('details')) each.open = true;
      });
      assert.equal(await violations(page), [], id);
    }
    await page.context().close();
  });

  test(`fields, charts, sums over rows, pairs and the graph, ${colorScheme}`, async () => {
    const { page } = await open(browser, site.url, {
      colorScheme,
      bypassCSP: true,
      viewport: { width: 360, height: 800 },
    });
    const at = (name: string): string => fileURLToPath(new URL(`../golden/inputs/${name}`, import.meta.url));
    const take = async (model: string, input: string): Promise<void> => {
      await page.setInputFiles('#file', at(model));
      await says(page, '#model-state', new RegExp(`model “${model.split('.')[0]}”`));
      await page.setInputFiles('#file', at(input));
      await page.waitForSelector('#charts .pg');
      await page.evaluate(() => {
        for (const each of document.querySelectorAll('details')) each.open = true;
      });
      await page.waitForSelector('#layers.wired');
    };
    await take('houses.keras', 'houses.csv');
    await page.click('#sum-up');
    await page.waitForSelector('#summary-shown .pg');
    assert.equal(await violations(page), [], 'houses');
    await take('walks.keras', 'walk.csv');
    assert.equal(await violations(page), [], 'walks');
    await take('wines.keras', 'wines.ndjson');
    await page.click('#more-methods');
    await page.waitForSelector('#explainer option[value=Saliency]', { state: 'attached' });
    await page.selectOption('#explainer', 'Saliency');
    await page.waitForSelector('#charts .pg');
    assert.equal(await violations(page), [], 'wines');
    assert.is(await page.evaluate(() => document.documentElement.scrollWidth), 360, 'nothing is wider than the screen');
    await page.context().close();
  });

  test(`reports of texts, pictures and a table, ${colorScheme}`, async () => {
    const commands = [
      [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--text', 'A superb film with a dull end'],
      [example('mnist-cnn.h5'), '--image', example('digits/3.png')],
      [example('wine-mlp.keras'), '--csv', example('wine.csv'), '--label', 'cultivar', '--rows', '0:20'],
    ];
    for (const [i, command] of commands.entries()) {
      const file = files.path(`${i}.html`);
      const { code, err } = await runCli(['explain', ...command, '--html', file]);
      assert.is(code, 0, err);
      const { page } = await open(browser, `file://${file}`, { colorScheme, bypassCSP: true });
      assert.equal(await violations(page), [], command[0]);
      await page.context().close();
    }
  });
}

test('the documents of the site', async () => {
  const out = files.path('site');
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { writeDocuments } from './scripts/site/documents.mjs'; writeDocuments(${JSON.stringify(out)}, { api: false });`,
    ],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  for (const page of ['index', 'docs/methods', 'docs/pictures', 'bench/results/README', 'docs/guides/research']) {
    const opened = await open(browser, `file://${out}/${page}.html`, { bypassCSP: true });
    assert.equal(await violations(opened.page), [], page);
    await opened.page.context().close();
  }
});

test('a page with a fault is found out', async () => {
  const file = files.path('bad.html');
  writeFileSync(file, '<!doctype html><title>x</title><button></button>');
  const { page } = await open(browser, `file://${file}`, { bypassCSP: true });
  assert.match((await violations(page)).join('\n'), /button-name/);
  await page.context().close();
});

test.run();
