/** A result of the size suite: bytes of files as they are, and as gzip -9 and brotli 11 send them one by one. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { CaseResult } from '../harness.ts';

/** Where what is measured comes from, and whether it is what it should be. */
export type SizeOrigin = Pick<CaseResult, 'contender' | 'backend' | 'verified' | 'cannot'>;

export function sizeResult(
  name: string,
  parts: readonly Uint8Array[],
  { contender, backend, verified, cannot }: SizeOrigin,
): CaseResult {
  const total = (size: (part: Uint8Array) => number): number => parts.reduce((sum, part) => sum + size(part), 0);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return {
    suite: 'size',
    case: name,
    contender,
    backend,
    threads: 0,
    medianMs: null,
    madMs: null,
    p95Ms: null,
    samples: 0,
    timesMs: [],
    gflops: null,
    gbps: null,
    firstMs: null,
    maxRelError: null,
    verified,
    cannot,
    bytes: {
      minified: total((part) => part.length),
      gzip: total((part) => gzipSync(part, { level: 9 }).length),
      brotli: total((part) => brotliCompressSync(part, { params }).length),
    },
  };
}
