/** Models of every format dropped on the page: each shows the same panels, with the numbers of the command line. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, runCli, temporaryFolder } from '../support/cli.ts';
import { tinyFolder } from '../support/tiny-transformer.ts';
import { buildPage, drop, exported, launch, pageForEach, type Site, says, serve } from './support.ts';

const test = suite('web: formats');
const browser = await launch();
const site: Site = await serve(await buildPage());
const opened = pageForEach(test, browser, site);
const files = temporaryFolder();

interface Item {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly target: { readonly label: string };
}

async function saved(page: Page): Promise<Item> {
  return (JSON.parse((await exported(page, 'json')).bytes.toString()) as { item: Item }).item;
}

async function ofCommandLine(...argv: string[]): Promise<Item> {
  const json = files.path('out.json');
  const { code, err } = await runCli(['explain', ...argv, '--json', json]);
  assert.is(code, 0, err);
  return (JSON.parse(readFileSync(json, 'utf8')) as { items: Item[] }).items[0]!;
}

function assertSame(found: Item, wanted: Item): void {
  assert.is(found.target.label, wanted.target.label);
  assert.is(found.scores.length, wanted.scores.length);
  for (const [i, score] of wanted.scores.entries()) assert.ok(Math.abs(score - found.scores[i]!) < 1e-5, `${i}`);
}

test('safetensors: a folder, and its files; the words have the numbers of the command line', async () => {
  const { page } = opened;
  const tiny = tinyFolder(files.path('tiny'), 'ForSequenceClassification', ['down', 'up', 'same']);
  await drop(page, tiny);
  await says(page, '#model-state', /^model\.safetensors: model “DistilBertForSequenceClassification”/);
  await page.fill('#text', 'A superb film');
  await says(page, '#words', /^\[CLS\] A superb film \[SEP\]$/);
  assertSame(await saved(page), await ofCommandLine(tiny, '--text', 'A superb film'));
  await page.setInputFiles('#file', [
    ...['model.safetensors', 'config.json', 'tokenizer.json'].map((name) => `${tiny}/${name}`),
    example('imdb-distilbert/special_tokens_map.json'),
  ]);
  await page.fill('#text', 'dull');
  await says(page, '#words', /^\[CLS\] dull \[SEP\]$/);
});

test.run();
