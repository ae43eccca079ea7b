/** What a visitor of the page of src/web fetches, step by step: the page, the engine at the first sign of use, GPU.js when it is chosen. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { buildWeb, fetchedFiles } from '../../scripts/build-web.mjs';
import type { CaseResult } from '../harness.ts';
import { OURS } from '../report.ts';

export async function pageResults(): Promise<CaseResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-size-'));
  try {
    const { page, engine, gpu } = fetchedFiles(folder, await buildWeb(folder));
    return [
      result('the page, first load', page),
      result('the page, engine added', engine),
      result('the page, GPU.js added when chosen', gpu),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function result(name: string, files: readonly string[]): CaseResult {
  const parts = files.map((file) => readFileSync(file));
  const total = (size: (part: Uint8Array) => number): number => parts.reduce((sum, part) => sum + size(part), 0);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return {
    suite: 'size',
    case: name,
    contender: OURS,
    backend: 'files',
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
    verified: true,
    cannot: null,
    bytes: {
      minified: total((part) => part.length),
      gzip: total((part) => gzipSync(part, { level: 9 }).length),
      brotli: total((part) => brotliCompressSync(part, { params }).length),
    },
  };
}
