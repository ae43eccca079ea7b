/** What a visitor of the page of src/web fetches, step by step: the page, the engine at the first sign of use, GPU.js when it is chosen. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWeb, fetchedFiles } from '../../scripts/build-web.mjs';
import type { CaseResult } from '../harness.ts';
import { OURS } from '../report.ts';
import { sizeResult } from './size-result.ts';

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
  return sizeResult(name, parts, { contender: OURS, backend: 'files', verified: true, cannot: null });
}
