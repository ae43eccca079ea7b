/** The model that a command names, and the notices about it. */
import type { LoadOptions } from '../keras/load/load.ts';
import { type AnyModel, bareEncoder } from '../open/model.ts';
import { openPath } from '../open/open.ts';
import { failure, PathgradError } from '../tensor/errors.ts';
import { visible } from '../tensor/visible.ts';
import { exists, pathHint } from './files.ts';
import type { Arguments } from './flags/flags.ts';
import type { Terminal } from './print/terminal.ts';

/** Loads the model that the command names, with the weights of --weights. */
export async function openModel(args: Arguments, path: string): Promise<AnyModel> {
  const output = args.has('logits') ? 'logits' : null;
  try {
    return await withWeights(args, path, (options) => openPath(path, options, output));
  } catch (error) {
    throw bareEncoder(error, path) ?? error;
  }
}

/** Reads a model with the weights of --weights; a file of weights alone gets a hint in the words of the command line. */
export async function withWeights<T>(
  args: Arguments,
  path: string,
  read: (options: LoadOptions) => Promise<T>,
): Promise<T> {
  const weights = args.text('weights');
  if (!exists(path) && pathHint(path) !== 'check the path') throw failure(path, 'no such file', {}, pathHint(path));
  try {
    return await read(weights === undefined ? {} : { weights });
  } catch (error) {
    if (!(error instanceof PathgradError) || !error.message.includes('holds no model, only weights')) throw error;
    const hint = `give the architecture, what model.to_json() wrote, as MODEL, and --weights ${path}`;
    throw failure(path, 'holds weights without a model', {}, hint, error);
  }
}

/** Notices go to stderr, so that results can be piped. */
export function notify(notices: readonly string[], args: Arguments, terminal: Terminal): void {
  if (args.has('quiet')) return;
  for (const notice of notices) terminal.err(`note: ${visible(notice)}\n`);
}
