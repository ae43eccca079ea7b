/** A thread that works on chunks: it is told numbers and answers with records. Its own entry of the package, since a thread begins with a file. */
import { parentPort, workerData } from 'node:worker_threads';
import { wasmBackend } from '../../backends/wasm/index.ts';
import { UsageError } from '../../cli/flags/flags.ts';
import { PathgradError } from '../../tensor/errors.ts';
import type { Answer } from './threads.ts';
import { ChunkWork } from './work.ts';

type ThreadData = { readonly folder: string; readonly mark: string; readonly wide: boolean };
const { folder, mark, wide } = workerData as ThreadData;
const say = (answer: Answer): void => parentPort!.postMessage(answer);

function failed(error: unknown): Answer {
  const known = error instanceof PathgradError;
  return {
    kind: 'failed',
    message: known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
    subject: known ? error.subject : null,
    usage: error instanceof UsageError,
  };
}

try {
  // Whoever started it has had V8 pair vectors, which it does for the whole process.
  if (wide) await wasmBackend.useWideVectors({ paired: true });
  const work = await ChunkWork.open(folder, mark);
  parentPort!.on('message', async (chunk: number) => {
    try {
      say({ kind: 'done', record: await work.run(chunk) });
    } catch (error) {
      say(failed(error));
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  say(failed(error));
}
