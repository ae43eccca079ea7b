/**
 * From the input flags to one batch for the model, and what is shown of each sample. Which kind of model it is follows from
 * its input and layers: an Embedding reads tokens, axes of height and width a picture, everything else plain numbers.
 */
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import { type Arguments, usage, wholeNumbers } from '../flags.ts';
import { readArrays } from './array.ts';
import type { Batch } from './batch.ts';
import { readImages } from './image.ts';
import { piecesOf } from './pieces.ts';
import { readTexts, readTokens } from './text.ts';

export const kinds = ['text', 'text-file', 'tokens', 'image', 'idx', 'npy'] as const;

export type Kind = (typeof kinds)[number];

/** The batch that the flags describe. Errors name the flag or the file. */
export function readBatch(args: Arguments, model: AnyModel): Batch {
  if (model.inputs.length !== 1) {
    const names = model.inputs.map(({ name }) => name);
    const hint =
      'the command line runs models with one input; the library takes several: model.predict({ name: array, … })';
    throw failure(model.name, `has ${model.inputs.length} inputs`, { inputs: names }, hint);
  }
  const given = kinds.filter((kind) => args.has(kind));
  if (given.length !== 1) {
    const hint = `give one of ${kinds.map((kind) => `--${kind}`).join(', ')}`;
    throw usage(
      'input',
      given.length === 0 ? 'is missing' : `is of several kinds: ${given.map((k) => `--${k}`).join(', ')}`,
      hint,
    );
  }
  const rows = args.text('index') === undefined ? null : wholeNumbers('index', args.text('index')!);
  const kind = given[0]!;
  if (rows && !['idx', 'npy', 'text-file'].includes(kind)) {
    throw usage('--index', `does not go with --${kind}`, 'it chooses rows of --idx, --npy or --text-file');
  }
  if (args.has('text-pair') && kind !== 'text')
    throw usage('--text-pair', 'needs --text', 'the two texts that are read together');
  if (isTransformer(model)) return piecesOf(args, model, kind, rows);
  if (args.has('text-pair'))
    throw usage('--text-pair', 'is for transformers', `${model.name} reads one text at a time`);
  switch (kind) {
    case 'text':
    case 'text-file':
      return readTexts(args, model, rows);
    case 'tokens':
      return readTokens(args, model);
    case 'image':
      return readImages(args, model);
    default:
      return readArrays(args, model, kind, rows);
  }
}
