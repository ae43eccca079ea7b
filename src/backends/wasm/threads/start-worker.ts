/** How a worker thread is started, in Node and in browsers; what it runs is `worker-source.ts`. */
import { nodeModule, type PlatformWasm } from '../../../tensor/platform.ts';
import { workerBody } from './worker-source.ts';

/** What a worker is told. */
export interface WorkerData {
  readonly module: PlatformWasm<'Module'>;
  readonly memory: PlatformWasm<'Memory'>;
  /** Modules that came with ops so far, compiled, each with the address of its bytes; of others the worker makes instances when a call needs one. */
  readonly extras: readonly (readonly [at: number, module: PlatformWasm<'Module'>])[];
  readonly scratch: number;
  /** Where the control words lie. */
  readonly at: number;
  readonly number: number;
}

/** A worker that was started; `terminate` may give a promise of its end. */
export interface Stoppable {
  terminate(): unknown;
}

/** Starts a worker that tells `onEnd` when it is no more, and whether it failed by itself; undefined where none is to be had. */
export function startWorker(data: WorkerData, onEnd: (failed: boolean) => void): Stoppable | undefined {
  try {
    const node = nodeModule('node:worker_threads');
    if (node) {
      const code = `import { workerData } from 'node:worker_threads';${workerBody}serve(workerData);`;
      const worker = new node.Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
        workerData: data,
        execArgv: [],
      });
      // Without a listener an error in a worker ends the process.
      worker.on('error', () => onEnd(true));
      worker.on('exit', () => onEnd(false));
      worker.unref();
      return worker;
    }
    if (typeof Worker !== 'function' || globalThis.crossOriginIsolated !== true) return undefined;
    const code = `${workerBody}onmessage = (event) => serve(event.data);`;
    const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onerror = () => onEnd(true);
    worker.postMessage(data);
    return worker;
  } catch {
    // No workers here (a policy, or a limit): this thread does all the work.
    return undefined;
  }
}
