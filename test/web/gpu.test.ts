/**
 * The gpu backend in Chromium, WebGPU and WebGL2 on SwiftShader (in software: right or wrong, not fast), under the page's strict
 * policy: all ops, the example models explained and trained, flat memory; and the page itself on a GPU, fetched when chosen.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundling } from '../../scripts/bundling.mjs';
import { policy } from '../../scripts/serve-web.mjs';
import type { GpuMode } from '../../src/gpu.ts';
import { readPng } from '../../src/inputs/index.ts';
import { readGolden } from '../golden/golden.ts';
import { example, temporaryFolder } from '../support/cli.ts';
import { projectFile } from '../support/golden.ts';
import type { GpuPage, SentCase } from './gpu-page.ts';
import { buildPage, chooseExample, launch, open, says, serve, swiftshader } from './support.ts';

const test = suite('web: gpu');
const browser = await launch([...swiftshader, '--js-flags=--expose-gc', '--enable-precise-memory-info']);
const folder = temporaryFolder().path('gpu');
mkdirSync(folder);
await build({
  entryPoints: [fileURLToPath(new URL('gpu-page.ts', import.meta.url))],
  ...bundling,
  outdir: folder,
  minify: true, // as users ship it: GPU.js reads the source of functions
  logLevel: 'error',
});
writeFileSync(
  `${folder}/index.html`,
  '<!doctype html><title>gpu</title><link rel="icon" href="data:,"><script type="module" src="gpu-page.js"></script>',
);
for (const file of ['imdb-cnn.h5', 'mnist-cnn.h5']) cpSync(example(file), `${folder}/${file}`);
const site = await serve(folder);
const { page, errors } = await open(browser, site.url);
await page.waitForFunction(() => 'gpu' in globalThis);
page.setDefaultTimeout(0);

const { sentences, digits } = readGolden('own-inputs.json.gz');
const pictures = Array.from({ length: 10 }, (_, digit) => readPng(projectFile(`examples/digits/${digit}.png`)));
const goldenOf = ({
  runs,
  predictions,
  layer,
}: {
  runs: typeof sentences.runs;
  predictions: typeof sentences.predictions;
  layer?: number;
}) => ({
  predictions,
  run: runs[0]!,
  ...(layer !== undefined && { layer }),
});
const cases: Readonly<Record<'imdb' | 'mnist', SentCase>> = {
  imdb: {
    file: 'imdb-cnn.h5',
    X: { data: (sentences.tokens as number[][]).flat(), shape: [sentences.tokens.length, 100], dtype: 'int32' },
    golden: goldenOf(sentences),
    labels: [1, 0, 1, 1],
  },
  mnist: {
    file: 'mnist-cnn.h5',
    X: { data: pictures.flatMap(({ data }) => Array.from(data)), shape: [10, 28, 28, 1], dtype: 'float32' },
    golden: goldenOf(digits),
    // Wrong labels: where the model is sure and right, the loss is a difference of nearly equal numbers in any float32.
    labels: [5, 3, 8, 7],
  },
};

type Methods = GpuPage;
/** Calls a function of gpu-page.ts in the page. */
function inPage<K extends keyof Methods>(
  name: K,
  ...args: Parameters<Methods[K]>
): Promise<Awaited<ReturnType<Methods[K]>>> {
  return page.evaluate(
    ([call, list]) =>
      (globalThis as unknown as { gpu: Record<string, (...all: unknown[]) => unknown> }).gpu[call]!(...list),
    [name as string, args as unknown[]] as const,
  ) as Promise<Awaited<ReturnType<Methods[K]>>>;
}

for (const mode of ['webgl2', 'webgpu'] as const) {
  test(`${mode}: every op within 1e-4 of the reference`, async () => {
    const results = await inPage('checkOps', mode);
    assert.ok(results.length > 50, `${results.length} ops`);
    const failed = results.filter(({ failure }) => failure !== undefined).map(({ op, failure }) => `${op}: ${failure}`);
    // Random numbers have kernels of their own, for training; here they are refused by name.
    // Ops of training bring their kernels along, and have none for this backend.
    const convMax = ['convMax', 'convMaxTable', 'convMaxGradInput', 'convMaxGradKernel'];
    const convPool = ['convPool', 'convPoolSpread', 'convPoolGradKernel'];
    // Graphs are not written with attention's op: the wasm backend puts it into its own plans.
    const attention = ['attention', 'attentionGrad'];
    const lacking = ['randomUniform', 'dropout', 'extremeGrad', ...convMax, ...convPool, ...attention];
    assert.equal(
      failed,
      lacking.map((name) => `${name}: ${name}: the backend 'gpu' has no kernel for this op`),
    );
    const wrong = results
      .filter(({ failure, error }) => failure === undefined && !(error <= 1e-4))
      .map(({ op, error }) => `${op}: off by ${error}`);
    assert.equal(wrong, []);
  });

  for (const [name, sent] of Object.entries(cases)) {
    test(`${mode}: ${name} explained as alibi does, the same bits twice, memory freed`, async () => {
      const { pass, error, same, flat, left, kernels, ran } = await inPage('explain', mode, sent);
      assert.is(ran, mode);
      assert.is(pass, 'path-linear');
      assert.ok(error < 1e-4, `attributions differ by ${error} of the largest`);
      assert.ok(same, 'the same bits');
      assert.ok(flat, 'a second run adds nothing');
      assert.is(left, 0, 'constants left');
      assert.is(kernels, 0, 'kernels left');
    });

    test(`${mode}: a training step of ${name} is the reference's`, async () => {
      const { error, gradients } = await inPage('train', mode, sent);
      assert.ok(gradients >= 5, `${gradients} weights`);
      assert.ok(error < 1e-4, `off by ${error}`);
    });
  }

  test(`${mode}: 1,000 explanations leave memory flat`, async () => {
    const { before, after } = await inPage('many', mode, 1000);
    assert.equal(after.stats, before.stats);
    assert.ok(before.heap > 0);
    assert.ok(after.heap - before.heap < 3e6, `the heap grew by ${after.heap - before.heap} bytes`);
  });
}

test('nothing was complained about', () => {
  assert.equal(errors, []);
});

/** Whether an explanation runs on a mode under a policy: 'runs', or the error. */
async function under(mode: GpuMode, csp: string): Promise<string> {
  const strict = await serve(folder, { csp });
  const opened = await open(browser, strict.url);
  await opened.page.waitForFunction(() => 'gpu' in globalThis);
  // In a task of the page's own: what the browser's protocol evaluates, with the promises that follow, may use `eval` whatever the policy.
  const found = await opened.page.evaluate(
    (name) =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          const { gpu } = globalThis as unknown as { gpu: GpuPage };
          gpu.many(name, 1).then(
            () => resolve('runs'),
            (error) => resolve(String(error)),
          );
        });
      }),
    mode,
  );
  await opened.page.context().close();
  await strict.close();
  return found;
}

test('what each mode needs of a policy is what docs/browser.md says', async () => {
  const bare = policy.replace(" 'wasm-unsafe-eval'", '').replace(' blob:;', ';');
  assert.not.match(bare, /unsafe|worker-src[^;]*blob/);
  assert.is(await under('webgl2', bare), 'runs');
  assert.is(await under('webgpu', bare), 'runs');
  assert.match(await under('webasm', bare), /hint: .*'webasm' needs 'wasm-unsafe-eval'/);
  assert.is(await under('webasm', policy), 'runs');
  assert.match(await under('cpu', policy), /hint: .*'cpu' needs 'unsafe-eval'/);
  assert.is(await under('cpu', policy.replace("'wasm-unsafe-eval'", "'unsafe-eval'")), 'runs');
});

test('the page on a GPU: GPU.js is fetched when it is chosen; the result is that of wasm', async () => {
  const web = await serve(await buildPage());
  const opened = await open(browser, web.url);
  opened.page.setDefaultTimeout(120_000);
  await chooseExample(opened.page, 'digits');
  const facts = await opened.page.locator('#facts').innerText();
  const gpuChunks = () => opened.requests.filter(({ url }) => /chunks\/gpu/.test(url)).length;
  assert.is(gpuChunks(), 0);
  for (const mode of ['webgl2', 'webgpu', 'webasm']) {
    await opened.page.selectOption('#backend', `gpu:${mode}`);
    await says(opened.page, '#facts', new RegExp(`50 steps on gpu:${mode}`));
    assert.is(gpuChunks(), 1);
    const share = (text: string): string => /Complete\s+([\d.]+)/.exec(text)?.[1] ?? 'nothing';
    assert.is(share(await opened.page.locator('#facts').innerText()), share(facts));
  }
  assert.equal(opened.errors, []);
  await opened.page.context().close();
  await web.close();
});

test.after(async () => {
  await browser.close();
  await site.close();
});
test.run();
