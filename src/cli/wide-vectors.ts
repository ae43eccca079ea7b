/** `--wide-vectors`, of all commands that compute: kernels for vectors of 256 bits, for the whole process. */
import { wasmBackend } from '../backends/wasm/index.ts';
import { PathgradError, problemOf } from '../tensor/errors.ts';
import { type Arguments, usage } from './flags/flags.ts';

/** Before anything is computed. @throws UsageError where this Node.js or processor has none */
export async function useWideVectors(args: Arguments): Promise<void> {
  if (!args.has('wide-vectors')) return;
  try {
    await wasmBackend.useWideVectors();
  } catch (error) {
    throw error instanceof PathgradError ? usage('--wide-vectors', problemOf(error), error.hint) : error;
  }
}
