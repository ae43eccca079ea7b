/** Which mode runs here. `auto` takes hardware where there is some: a rasteriser in software is slower than WebAssembly. */
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { GpuMode } from './adapter.ts';

/** The modes of GPU.js, the fastest first. */
export const gpuModes: readonly GpuMode[] = ['webgpu', 'webgl2', 'webasm', 'cpu'];

/** Names under which drivers say that they draw in software. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|warp/i;

export function checkMode(mode: string): GpuMode | 'auto' {
  const known: readonly string[] = [...gpuModes, 'auto'];
  if (!known.includes(mode)) throw failure('gpuBackend', `unknown mode '${mode}'`, {}, didYouMean(mode, known));
  return mode as GpuMode | 'auto';
}

interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: Readonly<Record<string, unknown>>;
}
interface WebGpu {
  requestAdapter(): Promise<Adapter | null>;
}

/** The adapter that WebGPU offers, in words; null where there is none. */
async function webgpuAdapter(): Promise<{ name: string; soft: boolean } | null> {
  const gpu = (globalThis.navigator as { gpu?: WebGpu } | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter } = adapter.info ?? {};
  const name = [vendor, architecture, device, description].filter((part) => part !== '').join(' ');
  return { name, soft: adapter.isFallbackAdapter === true || isFallbackAdapter === true || software.test(name) };
}

/** What draws for WebGL2, in words; null where there is no WebGL2 or it cannot hold float32. */
function webgl2Renderer(): { name: string; soft: boolean } | null {
  const canvas =
    typeof OffscreenCanvas !== 'undefined'
      ? new OffscreenCanvas(1, 1)
      : typeof document !== 'undefined'
        ? document.createElement('canvas')
        : null;
  const gl = canvas?.getContext('webgl2') as WebGL2RenderingContext | null | undefined;
  if (!gl) return null;
  const floats = gl.getExtension('EXT_color_buffer_float');
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return floats ? { name, soft: software.test(name) } : null;
}

/** The fastest mode here: hardware, then WebAssembly, then plain JavaScript. */
export async function pickMode(): Promise<GpuMode> {
  const adapter = await webgpuAdapter();
  if (adapter && !adapter.soft) return 'webgpu';
  const renderer = webgl2Renderer();
  if (renderer && !renderer.soft) return 'webgl2';
  return typeof WebAssembly === 'object' ? 'webasm' : 'cpu';
}

/** Throws where an explicit mode cannot run: GPU.js finds out only at the first kernel. */
export async function checkSupport(mode: GpuMode): Promise<void> {
  if (mode !== 'webgpu' && mode !== 'webgl2') return;
  const found = mode === 'webgpu' ? await webgpuAdapter() : webgl2Renderer();
  if (found) return;
  const hint =
    mode === 'webgpu'
      ? 'WebGPU needs navigator.gpu with an adapter: a browser that has one, or in Node one of your own (docs/backends.md)'
      : 'WebGL2 with float32 textures needs a browser; Node has none';
  throw failure('gpuBackend', `mode '${mode}' does not run here`, {}, hint);
}
