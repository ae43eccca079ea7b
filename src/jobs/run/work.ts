/** What works on chunks of a job, in a thread of the runner or of a queue's worker: opens model and input once, then chunk after chunk. */
import { wasmBackend } from '../../backends/wasm/index.ts';
import { parseFlags } from '../../cli/flags/flags.ts';
import { jobGroups } from '../../cli/job/flags.ts';
import { openModel } from '../../cli/open.ts';
import { explainArguments, inJobFlags } from '../chunk/arguments.ts';
import { ChunkExplainer } from '../chunk/explain.ts';
import { JobFolder } from '../folder/job-folder.ts';
import { argvOf, type ChunkRecord } from '../folder/manifest.ts';
import { openInput } from '../input/place.ts';
import { modelPath } from '../storage/model.ts';

export class ChunkWork {
  readonly #folder: JobFolder;
  readonly #explainer: ChunkExplainer;

  private constructor(folder: JobFolder, explainer: ChunkExplainer) {
    this.#folder = folder;
    this.#explainer = explainer;
  }

  /**
   * @param mark of the thread, for `JobFolder.open`
   * @throws PathgradError for a job of another version, and for what cannot be opened
   */
  static async open(path: string, mark?: string): Promise<ChunkWork> {
    // Cores are shared out by chunks.
    wasmBackend.setThreads(1);
    const folder = JobFolder.open(path, mark);
    folder.checkVersion();
    const { model, input, settings } = folder.manifest;
    const args = explainArguments(parseFlags(argvOf(settings), jobGroups, 'job run'));
    return new ChunkWork(
      folder,
      new ChunkExplainer(
        args,
        await openModel(args, modelPath(path, model)),
        await openInput(path, input, input.bytes, args),
      ),
    );
  }

  /** Explains a chunk and commits it. */
  async run(chunk: number): Promise<ChunkRecord> {
    const found = await this.#explainer.run(this.#folder.index(), chunk).catch((error: unknown) => {
      throw inJobFlags(error);
    });
    this.#folder.checkStill();
    return this.#folder.commit(chunk, found);
  }
}
