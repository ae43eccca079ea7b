/**
 * Turns on the kernels for vectors of 256 bits. V8 (13.6, Node 24, and newer) makes one AVX2 instruction of two on neighbouring vectors where a
 * flag of its is set. The builds with tiles for that are patches to the relaxed ones, and only those who ask fetch them.
 * Invariant: who is refused finds everything as it was.
 */
import { failure } from '../../../tensor/errors.ts';
import { nodeModule } from '../../../tensor/platform.ts';
import type { Running } from '../threads/threads.ts';
import { patches } from '../wide.generated.ts';
import { unpackLzma } from './lzma.ts';
import { compile, fromBase64, hasRelaxedSimd, widening } from './module.ts';
import { applyPatch } from './patch.ts';

/** What V8 is told: 15.0 (Deno 2.9) has the old name still, 15.6 (Chromium 156) the new one. */
const flags = { old: '--experimental-wasm-revectorize', now: '--wasm-revectorize' } as const;
/** The first V8 that pairs fused multiply-adds; the flag is older. */
const firstVersion = [13, 6] as const;
/** The first that may have the new name. */
const renamed = [15, 1] as const;

const slower = 'leave it out: kernels for pairs are slower where vectors are not paired';

function isFrom([from, more]: readonly [number, number], version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > from || (major === from && minor >= more);
}

/** Whether V8 is new enough, by `process.versions.v8`. */
export const pairsVectors = (version: string): boolean => isFrom(firstVersion, version);
/** The flag of this V8. */
export const flagOf = (version: string): string => (isFrom(renamed, version) ? flags.now : flags.old);

/** What runs this program: `process`, as far as it matters, and the module `node:v8`. */
export interface Host {
  readonly arch: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly v8: { setFlagsFromString(flags: string): void };
}

function hostOf(): Host | null {
  const v8 = nodeModule('node:v8');
  return v8 && typeof process !== 'undefined' ? { arch: process.arch, versions: process.versions, v8 } : null;
}

/**
 * Says what is missing, or has V8 pair vectors, and plans made from now on run on wide kernels.
 * @param running what runs plans, the newest first: where there is something, `begin` makes what comes before it
 */
export function allow(
  { paired = false }: { readonly paired?: boolean },
  running: Running[],
  begin: () => Running,
): void {
  if (widening.widen) return;
  const host = paired ? null : hostOf();
  if (!paired) checkHost(host);
  if (!hasRelaxedSimd()) throw failure('wasm', 'wide vectors need an engine with relaxed SIMD', {}, slower);
  if (!fusesProducts()) {
    throw failure('wasm', 'wide vectors need a processor with AVX2: this one does not even fuse products', {}, slower);
  }
  host?.v8.setFlagsFromString(flagOf(host.versions['v8']!));
  widening.widen = (name, relaxed) => {
    const { bytes, text } = patches[name]!;
    return applyPatch(relaxed, unpackLzma(fromBase64(text), bytes));
  };
  const before = running[0];
  if (!before) return;
  try {
    const { limit, trace } = before.threads;
    const now = begin();
    Object.assign(now.threads, { limit, trace });
    running.unshift(now);
  } catch (error) {
    // There may be no room for another memory.
    widening.widen = null;
    throw error;
  }
}

/** @throws PathgradError where V8 is not to be told, or knows no pairs */
export function checkHost(host: Host | null): void {
  if (!host) {
    const hint = `start Chromium with --js-flags=${flags.now} (before 156: ${flags.old}) and pass { paired: true }, or leave it out`;
    throw failure('wasm', 'a page cannot have its engine pair vectors', {}, hint);
  }
  const { arch, versions } = host;
  if (versions['bun']) throw failure('wasm', 'only V8 pairs vectors', { bun: versions['bun'] }, slower);
  if (arch !== 'x64') throw failure('wasm', 'wide vectors need a processor with AVX2', { processor: arch }, slower);
  const v8 = versions['v8'] ?? '';
  if (!pairsVectors(v8)) {
    const needs = `${firstVersion.join('.')} (Node 24)`;
    throw failure('wasm', 'this V8 does not pair vectors', { v8, needs }, `use a newer Node, or ${slower}`);
  }
  if (versions['deno']) {
    const hint = `start it with --v8-flags=${flagOf(v8)} and pass { paired: true }, or leave it out`;
    throw failure('wasm', 'a program cannot have Deno pair vectors', { deno: versions['deno'] }, hint);
  }
}

/** Whether `f32x4.relaxed_madd` rounds once. On x64 that takes FMA3, and AVX2 came with it; without, V8 pairs nothing. */
export function fusesProducts(): boolean {
  const splat = [253, 19];
  // relaxed_madd(a, a, c), of which the first lane: a and c are parameters, so that nothing is computed beforehand.
  const code = [0, 32, 0, ...splat, 32, 0, ...splat, 32, 1, ...splat, 253, 133, 2, 253, 31, 0, 11];
  // biome-ignore format: sections of the binary format, one a line
  const { f } = new WebAssembly.Instance(compile(Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, 7, 1, 0x60, 2, 0x7d, 0x7d, 1, 0x7d,
    3, 2, 1, 0,
    7, 5, 1, 1, 102, 0, 0,
    10, code.length + 2, 1, code.length, ...code,
  ))).exports as { f(a: number, c: number): number };
  // (1 + e)^2 - (1 + 2 e) is e^2, which is lost where the square is rounded.
  const e = 2 ** -12;
  return f(1 + e, -(1 + 2 * e)) === e * e;
}
