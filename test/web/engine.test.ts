/**
 * The bundle of `npm run build` in a page of somebody else: from a plain module script and in a Worker, with threads where the
 * page is cross-origin isolated, alone where it is not or where a policy forbids workers; the same bits everywhere.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { policy } from '../../scripts/serve-web.mjs';
import { example, temporaryFolder } from '../support/cli.ts';
import { chosenBrowser } from './browsers.ts';
import { launch, open, serve } from './support.ts';

const test = suite('web: the bundle');
const browser = await launch();
const temporary = temporaryFolder();
const folder = temporary.path('site');
const root = fileURLToPath(new URL('../..', import.meta.url));

// A digit and a text explained by a module as a reader of the README would write it.
const work = `
import { hasSimd, IntegratedGradients, loadModel, predictedClass, tensor, wasmBackend } from './dist/index.js';
import { readPng } from './dist/inputs.js';
export async function explainAll(base) {
  const bytes = async (name) => new Uint8Array(await (await fetch(new URL(name, base))).arrayBuffer());
  const model = await loadModel(new URL('mnist-cnn.h5', base).href);
  const { data } = readPng(await bytes('7.png'));
  const one = async () => {
    const { attributions } = await new IntegratedGradients(model).explain(tensor(Float32Array.from(data), [1, 28, 28, 1]), { target: predictedClass });
    return [...new Uint32Array(attributions[0].data.buffer, attributions[0].data.byteOffset, 2 * attributions[0].size)].join();
  };
  const threads = wasmBackend.threads();
  await new Promise((go) => setTimeout(go, 50));
  const many = await one();
  await new Promise((go) => setTimeout(go, 300)); // workers join
  const joined = await one();
  wasmBackend.setThreads(1);
  const alone = await one();
  const refusal = await wasmBackend.useWideVectors().then(() => 'not refused', (error) => error.message);
  const wide = await wasmBackend.useWideVectors({ paired: true }).then(one, (error) => error.message);
  return { refusal, wide, isolated: globalThis.crossOriginIsolated === true, simd: hasSimd(), threads, same: many === alone && joined === alone, bits: alone };
}`;

test.before(() => {
  mkdirSync(folder);
  const built = spawnSync(process.execPath, [`${root}/scripts/build.mjs`, '--quick', '--out', `${folder}/dist`], {
    encoding: 'utf8',
  });
  assert.is(built.status, 0, built.stderr);
  writeFileSync(`${folder}/work.js`, work);
  writeFileSync(
    `${folder}/main.js`,
    "import { explainAll } from './work.js';\nexplainAll(location.href).then((r) => { globalThis.outcome = r; }, (e) => { globalThis.outcome = { error: String(e) }; });",
  );
  writeFileSync(
    `${folder}/worker.js`,
    "import { explainAll } from './work.js';\nonmessage = ({ data }) => explainAll(data).then(postMessage, (e) => postMessage({ error: String(e) }));",
  );
  writeFileSync(
    `${folder}/starter.js`,
    "const worker = new Worker('worker.js', { type: 'module' });\nworker.onmessage = ({ data }) => { globalThis.outcome = data; };\nworker.onerror = (e) => { globalThis.outcome = { error: e.message }; };\nworker.postMessage(location.href);",
  );
  for (const script of ['main', 'starter'])
    writeFileSync(
      `${folder}/${script}.html`,
      `<!doctype html><title>${script}</title><link rel="icon" href="data:,"><script type="module" src="${script}.js"></script>`,
    );
  cpSync(example('mnist-cnn.h5'), `${folder}/mnist-cnn.h5`);
  cpSync(example('digits/7.png'), `${folder}/7.png`);
});
test.after(() => browser.close());

interface Outcome {
  readonly error?: string;
  readonly isolated: boolean;
  readonly simd: boolean;
  readonly threads: number;
  readonly same: boolean;
  readonly bits: string;
  /** What a page is told that asks for wide vectors; their bits, or why there are none. */
  readonly refusal: string;
  readonly wide: string;
}

async function outcome(
  page: string,
  options: NonNullable<Parameters<typeof serve>[1]>,
  mayComplain = false,
  within = browser,
) {
  const site = await serve(folder, options);
  const { page: opened, errors } = await open(within, site.url + page);
  await opened.waitForFunction(() => 'outcome' in globalThis);
  const found = (await opened.evaluate(() => (globalThis as unknown as { outcome: unknown }).outcome)) as Outcome;
  await opened.context().close();
  await site.close();
  assert.is(found.error, undefined);
  if (!mayComplain) assert.equal(errors, []);
  return found;
}

let bits = '';
for (const [where, page] of [
  ['a plain module script', 'main.html'],
  ['a Worker', 'starter.html'],
] as const) {
  test(`${where}, cross-origin isolated: threads, the same bits as one thread`, async () => {
    const found = await outcome(page, {});
    assert.ok(found.isolated && found.simd);
    assert.ok(found.threads >= 1);
    assert.ok(found.same, 'any number of threads gives the same bits');
    bits ||= found.bits;
    assert.is(found.bits, bits);
    assert.match(
      found.refusal,
      /^wasm: a page cannot have its engine pair vectors\nhint: start Chromium with --js-flags=/,
    );
    if (found.wide !== bits) assert.match(found.wide, /^wasm: wide vectors need an engine with relaxed SIMD/);
    if (chosenBrowser() === 'chromium') assert.is(found.wide, bits);
  });

  test(`${where}, not isolated: one thread on a memory of its own, the same bits`, async () => {
    const found = await outcome(page, { isolated: false });
    assert.not(found.isolated);
    assert.is(found.threads, 1);
    assert.is(found.bits, bits);
  });

  test(`${where}, isolated under a policy without blob: workers: this thread does it all`, async () => {
    const found = await outcome(page, { csp: policy.replace(' blob:', '') }, true);
    assert.ok(found.isolated);
    assert.is(found.bits, bits);
  });
}

if (chosenBrowser() === 'chromium') {
  test('a Chromium that pairs vectors: the same bits', async () => {
    // The name of before, and that of now.
    const flags = '--js-flags=--wasm-revectorize --experimental-wasm-revectorize';
    const pairing = await launch([flags]);
    try {
      const found = await outcome('main.html', {}, false, pairing);
      assert.is(found.bits, bits);
      assert.is(found.wide, bits);
    } finally {
      await pairing.close();
    }
  });
}

test('the reference backend needs nothing of a policy', async () => {
  writeFileSync(
    `${folder}/plain.js`,
    `import { compile, matmul, placeholder, reference } from './dist/index.js';
     const x = placeholder([2, 2]);
     globalThis.outcome = [...compile([matmul(x, x)], [x], { backend: reference }).runSync([Float32Array.of(1, 2, 3, 4)])[0]];`,
  );
  writeFileSync(
    `${folder}/plain.html`,
    '<!doctype html><title>plain</title><link rel="icon" href="data:,"><script type="module" src="plain.js"></script>',
  );
  const site = await serve(folder, { csp: "default-src 'none'; script-src 'self'; img-src data:" });
  const { page, errors } = await open(browser, `${site.url}plain.html`);
  await page.waitForFunction(() => 'outcome' in globalThis);
  assert.equal(await page.evaluate(() => (globalThis as unknown as { outcome: unknown }).outcome), [7, 10, 15, 22]);
  assert.equal(errors, []);
  await page.context().close();
  await site.close();
});

test("without 'wasm-unsafe-eval' the error says what is missing", async () => {
  const site = await serve(folder, { csp: policy.replace(" 'wasm-unsafe-eval'", '') });
  const { page } = await open(browser, `${site.url}main.html`);
  await page.waitForFunction(() => 'outcome' in globalThis);
  const found = (await page.evaluate(() => (globalThis as unknown as { outcome: unknown }).outcome)) as Outcome;
  await page.context().close();
  await site.close();
  assert.match(found.error ?? '', /wasm: the kernels cannot be compiled here[\s\S]*hint: .*'wasm-unsafe-eval'/);
});

test.run();
