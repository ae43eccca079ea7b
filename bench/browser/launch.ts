/**
 * The kernel suite in headless Chromium: the page of page.ts is bundled into a temporary folder, served on the loopback with
 * cross-origin isolation (threads), and driven by playwright-core. WebGPU and WebGL2 run on the machine's GPU where Chromium
 * finds one, else on SwiftShader, in software.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { serve } from '../../scripts/serve-web.mjs';
import { failure } from '../../src/tensor/errors.ts';
import { findBrowser } from '../../test/web/browsers.ts';
import type { CaseResult } from '../harness.ts';
import { isWide } from '../ours.ts';
import type { Peak } from '../peak.ts';
import type { BenchPage } from './page.ts';

export interface BrowserBench {
  readonly version: string;
  /** What draws, as WebGL and WebGPU name it. */
  readonly renderers: { readonly webgl2: string; readonly webgpu: string };
  readonly peak: Peak;
  readonly names: readonly string[];
  run(index: number, quick: boolean): Promise<CaseResult[]>;
  close(): Promise<void>;
}

const flags = ['--no-sandbox', '--enable-unsafe-webgpu', '--enable-features=Vulkan', '--enable-unsafe-swiftshader'];
/** @param wide whether V8 is to pair vectors, which a page cannot tell it; the flag was renamed */
const jsFlags = (wide: boolean): string =>
  `--js-flags=--expose-gc${wide ? ' --wasm-revectorize --experimental-wasm-revectorize' : ''}`;
const software = ['--use-webgpu-adapter=swiftshader', '--use-angle=swiftshader'];

/**
 * @param backends as `--backends` takes them
 * @param hardware leave the choice of the adapter to Chromium; false asks for SwiftShader
 * @throws PathgradError where there is no Chromium on PATH
 */
export async function openBrowserBench(backends: readonly string[], hardware: boolean): Promise<BrowserBench> {
  const executablePath = findBrowser('chromium');
  if (!executablePath) throw failure('--browser', 'no Chromium on PATH', {}, 'apt-get install chromium');
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-bench-'));
  await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'browser', 'main'],
    logLevel: 'error',
  });
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>bench</title><script type="module" src="page.js"></script>',
  );
  // GPU.js's `cpu` mode makes functions from text, which the project's usual policy forbids.
  const site = await serve(folder, { csp: null });
  const browser = await chromium.launch({
    executablePath,
    args: [...flags, jsFlags(isWide(backends)), ...(hardware ? [] : software)],
  });
  const close = async (): Promise<void> => {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true });
  };
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(site.url);
    await page.waitForFunction(() => 'bench' in globalThis);
    const renderers = await page.evaluate(describeRenderers);
    const open = (list: readonly string[]): Promise<Peak> =>
      (globalThis as unknown as { bench: BenchPage }).bench.open(list);
    const peak = await page.evaluate(open, backends);
    const names = await page.evaluate(
      (list) => (globalThis as unknown as { bench: BenchPage }).bench.names(list),
      backends,
    );
    const run = (index: number, quick: boolean): Promise<CaseResult[]> =>
      page.evaluate(([list, i, fast]) => (globalThis as unknown as { bench: BenchPage }).bench.run(list, i, fast), [
        backends,
        index,
        quick,
      ] as const);
    return { version: browser.version(), renderers, peak, names, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs in the page. */
async function describeRenderers(): Promise<{ webgl2: string; webgpu: string }> {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  const webgl2 = gl ? String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : 'none';
  type Adapter = { info: Record<'vendor' | 'architecture' | 'device' | 'description', string> };
  const { gpu } = navigator as unknown as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = await gpu?.requestAdapter();
  const { vendor, architecture, device, description } = adapter?.info ?? {};
  const webgpu = adapter ? [vendor, architecture, device, description].filter(Boolean).join(' ') : 'none';
  return { webgl2, webgpu };
}
