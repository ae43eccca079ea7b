/**
 * TensorFlow.js 4.22, `cpu` (plain JavaScript) and `wasm` (XNNPACK, SIMD; in Node it runs one thread), with all gradients
 * registered. Bundled once with esbuild: its packages in Node are CommonJS without gradient rules, its ES modules do not load.
 * tf.grad records a tape and runs eagerly; the library has no compiled mode.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { failure } from '../../src/tensor/errors.ts';
import type { Prepared } from '../harness.ts';
import type { Net } from '../nets.ts';
import { type KernelCall, missing, type NetRunner, type Peer, peersFolder } from './peer.ts';
import { tfjsGradient, tfjsKernel, tfjsOps } from './tfjs-kernels.ts';
import { tfjsNet } from './tfjs-net.ts';
import { versionsOf } from './versions.ts';

/** The little of the library that the adapters use. */
export interface TfTensor {
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
}
type Make = (...args: never[]) => TfTensor;
export type Tf = Readonly<Record<string, Make>> & {
  tensor(data: unknown, shape: readonly number[], dtype?: string): TfTensor;
  tidy<T>(f: () => T): T;
  grad(f: (x: TfTensor) => TfTensor): (x: TfTensor) => TfTensor;
  getGradient(name: string): {
    gradFunc(dy: TfTensor, saved: readonly TfTensor[], attrs: object): Record<string, () => TfTensor>;
  };
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  setWasmPaths(folder: string): void;
  getThreadsCount(): number;
  env(): { getAsync(flag: string): Promise<boolean> };
};

const entry = `export * from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
export * from '@tensorflow/tfjs-backend-wasm';`;

let loaded: Promise<Tf> | undefined;

async function load(): Promise<Tf> {
  const cache = `${peersFolder}node_modules/.cache`;
  const outfile = `${cache}/tfjs.cjs`;
  if (!existsSync(outfile)) {
    mkdirSync(cache, { recursive: true });
    const stdin = { contents: entry, resolveDir: peersFolder };
    const mainFields = ['module', 'main'];
    await build({ stdin, bundle: true, platform: 'node', format: 'cjs', mainFields, outfile, logLevel: 'error' });
  }
  const tf = createRequire(import.meta.url)(outfile) as Tf;
  tf.setWasmPaths(`${peersFolder}node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
  return tf;
}

/** The peer on one of its backends, or null and a notice where it is not installed. */
export async function tfjsPeer(backend: 'wasm' | 'cpu', notices: string[]): Promise<Peer | null> {
  if (missing(`tfjs-${backend}`, '@tensorflow/tfjs-core', notices)) return null;
  const tf = await (loaded ??= load());
  await use(tf, backend);
  const simd = backend === 'wasm' && (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
  const threads =
    backend === 'wasm' && (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) ? tf.getThreadsCount() : 1;
  return {
    name: `tfjs-${backend}`,
    backend: `${tf.getBackend()}${simd ? ' SIMD' : ''}`,
    threads,
    versions: versionsOf('@tensorflow/tfjs-core', `@tensorflow/tfjs-backend-${backend}`),
    ready: () => use(tf, backend),
    ops: tfjsOps,
    kernel: async (call) => kernel(tf, call),
    net: async (net: Net, rows: number): Promise<NetRunner> => tfjsNet(tf, net, rows),
  };
}

async function use(tf: Tf, backend: string): Promise<void> {
  if (tf.getBackend() === backend) return;
  if (!(await tf.setBackend(backend))) throw failure('tfjs', `backend '${backend}' does not start`);
}

function kernel(tf: Tf, call: KernelCall): Prepared {
  const held = [...call.inputs, call.output, call.gradient].map(({ data, shape }) =>
    tf.tensor(data, shape, data instanceof Int32Array ? 'int32' : 'float32'),
  );
  const [y, gradient] = held.slice(-2) as [TfTensor, TfTensor];
  const inputs = held.slice(0, -2);
  const compute = (): TfTensor =>
    call.part === 'forward' ? tfjsKernel(tf, call, inputs) : tfjsGradient(tf, call, inputs, y, gradient);
  return {
    run: () => {
      const result = tf.tidy(compute);
      const outputs = [result.dataSync()];
      result.dispose();
      return { outputs };
    },
    dispose: () => {
      for (const tensor of held) tensor.dispose();
    },
  };
}
