/**
 * A backend that computes everything twice: with the relaxed kernels and with those for vectors of 256 bits, and compares all bits. Tests of backends
 * and models run on it as on any other. Where V8 can, it pairs the vectors of the second alone, and nothing is left to its baseline compiler, so that
 * what is compared is the code that pairs.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import * as assert from 'uvu/assert';
import type { Backend, Executable } from '../../src/backends/backend.ts';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take as takeAttention } from '../../src/backends/wasm/attention/take.ts';
import { take as takeWinograd } from '../../src/backends/wasm/bind/winograd.ts';
import { bindProgram } from '../../src/backends/wasm/executable.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { Machine } from '../../src/backends/wasm/machine.ts';
import { hasRelaxedSimd, type PackedModule, widening } from '../../src/backends/wasm/module/module.ts';
import { allow, pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { Threads } from '../../src/backends/wasm/threads/threads.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { source } from './child.ts';

/** Whether wide vectors can be had here, paired or not. */
export const hasWide: boolean = hasRelaxedSimd();
/** Whether V8 pairs them. */
export const pairs: boolean = hasWide && process.arch === 'x64' && pairsVectors(process.versions.v8);

const folder = 'src/backends/wasm/';

/** All modules of kernels beside the core. */
async function extraModules(): Promise<PackedModule[]> {
  const here = fileURLToPath(new URL(`../../${folder}`, import.meta.url));
  const files = readdirSync(here).filter((file) => /^(?!modules|wide).*\.generated\.ts$/.test(file));
  const loaded = files.map((file) => import(JSON.parse(source(folder + file)) as string));
  return (await Promise.all(loaded)).map(({ packed }: { packed: PackedModule }) => packed);
}

function machine(extras: readonly PackedModule[]): Machine {
  const made = new Machine();
  for (const packed of extras) made.extra(packed);
  return made;
}

const bits = ({ buffer, byteOffset, byteLength }: TypedArray): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

function same(relaxed: readonly TypedArray[], wide: readonly TypedArray[]): TypedArray[] {
  relaxed.forEach((data, i) => {
    if (bits(data).equals(bits(wide[i]!))) return;
    const at = data.findIndex((value, k) => !Object.is(value, wide[i]![k]));
    assert.unreachable(`output ${i}, element ${at} of ${data.length}: relaxed ${data[at]}, wide ${wide[i]![at]}`);
  });
  return [...relaxed];
}

/** How often plans were run on both. */
export const count = { runs: 0 };

/** @param threads of the wide kernels; the relaxed ones run on one */
export async function bothBackends(threads: number): Promise<Backend> {
  takeWinograd(core);
  takeAttention(core);
  const extras = await extraModules();
  setFlagsFromString('--no-liftoff --no-wasm-dynamic-tiering --no-wasm-inlining --no-wasm-lazy-compilation');
  const before = widening.widen;
  widening.widen = null;
  const one = machine(extras);
  assert.is(one.loaded.simd, 'relaxed');
  if (before) widening.widen = before;
  else allow({ paired: !pairs }, [], () => ({ machine: one, threads: new Threads(one, 1) }));
  const other = machine(extras);
  assert.is(other.loaded.simd, 'wide');
  const [alone, several] = [new Threads(one, 1), new Threads(other, threads)];
  // A cell that is written from outside would be in one of the two.
  const { cells, ...rest } = wasmBackend;
  const prepare: Backend['prepare'] = (program): Executable => {
    const [a, b] = [bindProgram(one, program, alone), bindProgram(other, program, several)];
    const both = (run: (executable: Executable) => TypedArray[]): TypedArray[] => {
      count.runs++;
      return same(run(a), run(b));
    };
    const runSync = (inputs: readonly TypedArray[]): TypedArray[] => both((plan) => plan.runSync!(inputs));
    return {
      run: async (inputs) => runSync(inputs),
      runSync,
      feed(inputs) {
        a.feed!(inputs);
        b.feed!(inputs);
      },
      rerun: () => both((plan) => plan.rerun!()),
      dispose() {
        a.dispose();
        b.dispose();
      },
    };
  };
  return { ...rest, prepare };
}
