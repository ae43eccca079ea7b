/**
 * Turns on the kernels for vectors of 256 bits. V8 (13.6, Node 24, and newer) makes one AVX2 instruction of two on neighbouring vectors where its
 * flag `--experimental-wasm-revectorize` is set. The builds with tiles for that are patches to the relaxed ones, and only those who ask fetch them.
 */
import { failure } from '../../tensor/errors.ts';
import { nodeModule } from '../../tensor/platform.ts';
import { unpackLzma } from './lzma.ts';
import { fromBase64, hasRelaxedSimd, widening } from './module.ts';
import { applyPatch } from './patch.ts';
import { patches } from './wide.generated.ts';

/** The first V8 that pairs fused multiply-adds; the flag is older. */
const firstVersion = [13, 6] as const;

const slower = 'leave it out: kernels for pairs are slower where vectors are not paired';

/** Whether V8 is new enough, by `process.versions.v8`. */
export function pairsVectors(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > firstVersion[0] || (major === firstVersion[0] && minor >= firstVersion[1]);
}

/** Says what is missing, or has V8 pair vectors. Returns whether the kernels are others than before. */
export function allow({ paired = false }: { readonly paired?: boolean }): boolean {
  if (widening.widen) return false;
  if (!hasRelaxedSimd()) throw failure('wasm', 'wide vectors need an engine with relaxed SIMD', {}, slower);
  if (!paired) pairVectors();
  widening.widen = (name, relaxed) => {
    const { bytes, text } = patches[name]!;
    return applyPatch(relaxed, unpackLzma(fromBase64(text), bytes));
  };
  return true;
}

function pairVectors(): void {
  const v8 = nodeModule('node:v8');
  if (!v8 || typeof process === 'undefined') {
    const hint =
      'start the browser with --js-flags=--experimental-wasm-revectorize and pass { paired: true }, or leave it out';
    throw failure('wasm', 'a page cannot have the engine pair vectors', {}, hint);
  }
  const { arch, versions } = process;
  if (arch !== 'x64') throw failure('wasm', 'wide vectors need a processor with AVX2', { processor: arch }, slower);
  if (!pairsVectors(versions.v8 ?? '')) {
    const needs = `${firstVersion.join('.')} (Node 24)`;
    throw failure(
      'wasm',
      'this V8 does not pair vectors',
      { v8: versions.v8, needs },
      `use a newer Node, or ${slower}`,
    );
  }
  v8.setFlagsFromString('--experimental-wasm-revectorize');
}
