/** Tests of kernels for vectors of 256 bits, and what is said where there are none. */
import type { Test } from 'uvu';
import { hasRelaxedSimd } from '../../src/backends/wasm/module/module.ts';

/** `test` where wide vectors can be had, paired or not; elsewhere its `skip`, after a line that says why. */
export function whereWide(test: Test): Test | Test['skip'] {
  if (hasRelaxedSimd()) return test;
  console.log(`  skipped: this Node.js (${process.version}) has no relaxed SIMD, so there are no wide vectors`);
  return test.skip;
}
