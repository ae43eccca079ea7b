/**
 * The tests of one bundler: it builds the application of fixtures/app from the packed file, for the browser and for Node, with nothing
 * told about pathgrad; what it built is opened in a browser and run in Node, and both give the numbers of Node without a bundler.
 */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findBrowser } from '../web/browsers.ts';
import { launch, open, serve } from '../web/support.ts';
import { fixtures, project, type Ran, record, recorded, root, run } from './support.ts';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly type?: string;
}
interface Explained {
  readonly predictions: readonly number[];
  readonly attributions: readonly number[];
  readonly error?: string;
}

const model = `${root}examples/imdb-cnn.h5`;
const kB = (bytes: number): number => Math.round(bytes / 100) / 10;
const gzip = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).length;

export function testBundler(name: string): void {
  const test = suite(`install: ${name}`);
  const { dependencies, ...settings } = JSON.parse(
    readFileSync(`${fixtures}/${name}/package.json`, 'utf8'),
  ) as Manifest;
  const folder = project(name, dependencies, settings);
  if (folder === null) {
    test.skip('builds an application', () => {});
    test.run();
    return;
  }
  cpSync(`${fixtures}/app`, folder, { recursive: true });
  const build = (script: string): void => {
    const { status, out, err }: Ran = run('npm', ['run', script], folder);
    assert.is(status, 0, `${out}${err}`);
    assert.not.match(`${out}${err}`, /node:fs|externalized for browser|Can't resolve|Could not resolve/i);
  };
  const explained = (script: string): Explained => {
    const { status, out, err } = run(process.execPath, [script, model], folder);
    assert.is(status, 0, err);
    return JSON.parse(out) as Explained;
  };
  const plain = explained('node.mjs');
  const same = (got: Explained): void => {
    assert.is(got.error, undefined);
    assert.is(got.attributions.length, plain.attributions.length);
    const largest = Math.max(...plain.attributions.map(Math.abs));
    const apart = Math.max(...got.attributions.map((value, i) => Math.abs(value - plain.attributions[i]!)));
    assert.ok(apart <= 1e-5 * largest, `attributions differ by ${apart / largest} of the largest`);
    for (const [i, value] of got.predictions.entries()) assert.ok(Math.abs(value - plain.predictions[i]!) < 1e-6);
  };
  const html = readFileSync(`${folder}/index.html`, 'utf8');
  /** Opens what was built and gives what the page found out, and the scripts it fetched. */
  const opened = async <T>(built: string): Promise<{ result: T; scripts: string[] }> => {
    const place = `${folder}/${built}`;
    if (!existsSync(`${place}/index.html`))
      writeFileSync(`${place}/index.html`, html.replace(/src="\w+\.mjs"/, 'src="main.js"'));
    cpSync(model, `${place}/model.h5`);
    const site = await serve(place);
    const browser = await launch();
    try {
      const { page, errors, requests } = await open(browser, site.url);
      await page.waitForFunction(() => 'result' in globalThis);
      const result = await page.evaluate(() => (globalThis as unknown as { result: unknown }).result);
      assert.equal(errors, []);
      const paths = requests.map(({ url }) => new URL(url).pathname).filter((path) => path.endsWith('.js'));
      return { result: result as T, scripts: [...new Set(paths)].map((path) => `${place}${path}`) };
    } finally {
      await browser.close();
      await site.close();
    }
  };

  test('builds for the browser; the page explains what Node explains', async () => {
    build('page');
    if (!findBrowser()) return console.log('note: not opened: there is no browser on PATH');
    const { result, scripts } = await opened<Explained>('page');
    same(result);
    const all = readdirSync(`${folder}/page`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => `${folder}/page/${file}`);
    const sum = (files: readonly string[]): number => kB(files.reduce((total, file) => total + gzip(file), 0));
    const measured = { fetched: sum(scripts), all: sum(all) };
    console.log(`note: ${name}: ${measured.fetched} kB gzip fetched, ${measured.all} kB built`);
    if (process.env['UPDATE']) record(name, measured);
    const before = recorded(name);
    assert.ok(
      before,
      'nothing is recorded: UPDATE=1 npm run test:install, then node --import tsx scripts/install-doc.ts',
    );
    for (const key of ['fetched', 'all'] as const)
      assert.ok(
        Math.abs(measured[key] - before[key]) <= 0.03 * before[key],
        `docs/install.md is stale: ${key} ${before[key]} kB, now ${measured[key]}: UPDATE=1 npm run test:install, then node --import tsx scripts/install-doc.ts`,
      );
  });

  test('builds every entry point for the browser', async () => {
    writeFileSync(`${folder}/index.html`, html.replace('page.mjs', 'every.mjs'));
    build('every');
    if (!findBrowser()) return console.log('note: not opened: there is no browser on PATH');
    const { result } = await opened<Record<string, number>>('every');
    const { status, out, err } = run(process.execPath, ['every.mjs'], folder);
    assert.is(status, 0, err);
    assert.equal(result, JSON.parse(out));
  });

  if (settings.scripts['node']) {
    test('builds for Node; the program explains the same', () => {
      build('node');
      const built = readdirSync(`${folder}/node`).find((file) => /^(main|node)\.m?js$/.test(file));
      assert.ok(built, 'there is a program');
      same(explained(`node/${built}`));
    });
  }
  test.run();
}
