/**
 * The files of a training: the model, a checkpoint and the log of epochs. Invariant: each is whole or as it was, at any moment the process may
 * end; what exists is replaced only where that was asked for.
 */
import { join, resolve } from 'node:path';
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import { type Callback, type SaveFormat, saveModel, type Trainer } from '../../training/index.ts';
import type { SavedFiles, TransformerModel } from '../../transformers/index.ts';
import { checkOutputs, checkWritable, exists, STANDARD, writeWhole } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { replaced } from '../flags/replaced.ts';

export interface Files {
  readonly out: string;
  /** `folder` is what transformers reads. */
  readonly format: SaveFormat | 'folder';
  readonly checkpoint: string | null;
  readonly resume: string | null;
  readonly log: string | null;
}

const formats: readonly (readonly [ending: string, SaveFormat])[] = [
  ['.keras', 'keras'],
  ['.weights.h5', 'weights.h5'],
  ['.h5', 'h5'],
  ['.hdf5', 'h5'],
  ['.safetensors', 'safetensors'],
];

/**
 * What the flags name.
 * @param transformer whether a folder is written
 * @throws UsageError for names that cannot be, PathgradError for files that cannot be written or exist
 */
export function filesOf(args: Arguments, model: string, transformer: boolean): Files {
  const out = args.text('out');
  if (out === undefined) throw usage('--out', 'is missing', 'where the trained model goes: --out trained.keras');
  if (out === STANDARD) throw usage('--out', 'is a file', 'give it a name: --out trained.keras');
  const ending = formats.find(([end]) => out.toLowerCase().endsWith(end));
  if (transformer && ending) {
    const hint = 'a folder with weights, config and tokenizer is what transformers reads: --out tuned';
    throw usage('--out', `is a folder for a transformer, not '${ending[0]}'`, hint);
  }
  const format = transformer ? 'folder' : ending?.[1];
  if (!format) {
    const hint = '.keras or .h5 hold a model, .weights.h5 or .safetensors its weights alone';
    throw usage('--out', `the end of '${out}' says no format`, hint);
  }
  if (transformer) checkFolder(args, out);
  checkOutputs(transformer ? replaced(args, { out: null }) : args);
  const resume = args.text('resume') ?? null;
  const checkpoint = args.text('checkpoint') ?? resume;
  if (resume !== null && !exists(resume))
    throw failure(resume, 'there is no checkpoint', {}, 'train with --checkpoint');
  const log = args.text('log') ?? null;
  if (checkpoint !== null) {
    checkWritable(checkpoint);
    const twin = [out, log, model].find((path) => path !== null && resolve(path) === resolve(checkpoint));
    if (twin !== undefined)
      throw usage('--checkpoint', `'${checkpoint}' is another file already`, 'give it a name of its own');
  }
  if (!args.has('overwrite')) {
    const own = [out, ...(checkpoint === null || checkpoint === resume ? [] : [checkpoint])];
    const found = own.find((path) => exists(path));
    if (found !== undefined) throw failure(found, 'exists', {}, '--overwrite replaces it; or choose another name');
  }
  return { out, format, checkpoint, resume, log };
}

/** A folder that can be made, or one of a model that may be replaced. */
function checkFolder(args: Arguments, out: string): void {
  checkWritable(`${out.replace(/[\\/]+$/, '')}.part`);
  if (!exists(out) || !args.has('overwrite')) return;
  if (!exists(join(out, 'config.json')))
    throw failure(out, 'is no folder of a model, and is not replaced', {}, 'choose another name');
  const [one, other] = [out, args.positionals[0]!].map((path) => resolve(path));
  if (one === other || resolve(other!, '..') === one)
    throw usage('--out', `'${out}' is read as the model, and would be overwritten`, 'give it another name');
}

/** What is written of a transformer: the files of a folder. */
export async function savedFolder(model: TransformerModel, trainer: Trainer | null): Promise<SavedFiles> {
  const { saveTransformer } = await import('../../transformers/index.ts');
  return saveTransformer(trainer ? await model.withWeights(trainer.change) : model);
}

/** The bytes of the model with what was learnt; its config, `trainable` of its layers included, is that of the file. */
export async function savedModel(model: Model, trainer: Trainer | null, format: SaveFormat): Promise<Uint8Array> {
  const learnt = new Map(trainer?.weights().map(({ path, value }) => [path, value]) ?? []);
  return saveModel(model, { format, weightsOf: ({ layer, name }) => learnt.get(`${layer}/${name}`)?.data ?? null });
}

/** Writes the log and then the checkpoint when an epoch has ended. */
export function keepers({ checkpoint, log }: Files): Callback[] {
  let lines: string[] = [];
  const logger: Callback = {
    name: 'log',
    onEpochEnd(epoch, logs) {
      const names = Object.keys(logs);
      if (lines.length === 0) lines.push(['epoch', ...names].join(','));
      lines.push([epoch + 1, ...names.map((name) => logs[name])].join(','));
      if (log !== null) writeWhole(log, `${lines.join('\n')}\n`);
    },
    save: () => lines,
    restore(saved) {
      lines = [...(saved as string[])];
    },
  };
  const keeper: Callback = {
    name: 'checkpoint',
    last: true,
    onEpochEnd(_epoch, _logs, trainer) {
      if (checkpoint !== null) writeWhole(checkpoint, trainer.checkpoint());
    },
  };
  return [logger, keeper];
}
