/** Inputs of a transformer: texts that its own tokenizer reads, or rows of token ids. */
import { basename } from 'node:path';
import { readNpy, takeRows } from '../../inputs/index.ts';
import { type Transformer, tokenizerOf } from '../../open/model.ts';
import { type Pieces, readPieces, readTokenIds } from '../../open/pieces.ts';
import { failure, PathgradError, problemOf } from '../../tensor/errors.ts';
import type { TextPair } from '../../transformers/index.ts';
import { readBytes } from '../files.ts';
import { type Arguments, number, usage, wholeNumbers } from '../flags/flags.ts';
import type { Batch } from './batch.ts';
import { type RowChoice, rowNumbers } from './rows.ts';
import { chooseLines } from './text.ts';

/** What says how words or pixels are read, which the tokenizer knows. */
const others = ['vocab', 'word-index', 'index-from', 'padding', 'truncating', 'pixels', 'invert'] as const;

/** @param texts of a column of a table, where the input is one */
export function piecesOf(
  args: Arguments,
  model: Transformer,
  kind: string,
  rows: RowChoice,
  texts: readonly (string | TextPair)[] | null,
): Batch {
  const needless = others.find((flag) => args.has(flag));
  if (needless) {
    throw usage(`--${needless}`, 'is not for transformers', 'the model has a tokenizer of its own: leave it out');
  }
  if (texts) return ofTexts(args, model, texts);
  switch (kind) {
    case 'text':
      return ofTexts(args, model, pairsOf(args));
    case 'text-file':
      return ofTexts(args, model, chooseLines(args.text('text-file')!, rows));
    case 'tokens':
      return ofIds(
        args,
        model,
        args.all('tokens').map((list) => wholeNumbers('tokens', list)),
        (ids) => `tokens ${ids.join(',')}`,
      );
    case 'npy':
      return ofFile(args, model, args.text('npy')!, rows);
    default:
      throw usage(
        `--${kind}`,
        `${model.name} reads texts`,
        'give --text, --text-file, --tokens, --npy with token ids, or a table (--csv) with a column of texts',
      );
  }
}

/** The texts of --text, each with the one of --text-pair at its place. */
function pairsOf(args: Arguments): (string | TextPair)[] {
  const [texts, others] = [args.all('text'), args.all('text-pair')];
  if (others.length > 0 && others.length !== texts.length) {
    const problem = `is given ${others.length} times, and --text ${texts.length} times`;
    throw usage('--text-pair', problem, 'each --text has its --text-pair, in the same order');
  }
  return texts.map((text, i) => (others[i] === undefined ? text : [text, others[i]]));
}

function ofTexts(args: Arguments, model: Transformer, texts: readonly (string | TextPair)[]): Batch {
  const length = args.text('length');
  const { positions } = tokenizerOf(model);
  const fits = (n: number): boolean => Number.isInteger(n) && n >= 3 && n <= positions;
  const options =
    length === undefined ? {} : { maxLength: number('length', length, fits, `a whole number from 3 to ${positions}`) };
  if (model.task === 'embedding') {
    const pairs = texts.filter((text) => typeof text !== 'string');
    if (pairs.length < texts.length) {
      const hint = 'give as many --text-pair as --text';
      throw usage('--text-pair', 'is missing: the model says how alike two texts are', hint);
    }
    const each = pairs.flat();
    const batch = toBatch(
      typed(args, () => readPieces(model, each, options)),
      each,
    );
    const samples = batch.samples.map((sample, i) => ({ ...sample, other: each[i % 2 === 0 ? i + 1 : i - 1]! }));
    return { ...batch, samples };
  }
  const titles = texts.map((text) => (typeof text === 'string' ? text : text.join(' | ')));
  return toBatch(
    typed(args, () => readPieces(model, texts, options)),
    titles,
  );
}

/** A text of --text or --text-pair that says nothing was typed wrongly. */
function typed<T>(args: Arguments, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PathgradError) || !args.has('text') || !/^(the second )?text$/.test(error.subject))
      throw error;
    throw usage(error.subject === 'text' ? '--text' : '--text-pair', problemOf(error), error.hint);
  }
}

function ofFile(args: Arguments, model: Transformer, path: string, rows: RowChoice): Batch {
  const stored = readNpy(readBytes(path), path);
  const whole = stored.shape.length === 1 ? { data: stored.data, shape: [1, ...stored.shape] } : stored;
  if (whole.shape.length !== 2 || whole.data.length === 0) {
    throw failure(path, 'must hold rows of token ids', { shape: stored.shape }, 'of shape [texts, positions]');
  }
  const chosen = rowNumbers(rows, whole.shape[0]!);
  const { data, shape } = takeRows(whole, chosen, path);
  const width = shape[1]!;
  const lists = chosen.map((_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
  return ofIds(args, model, lists, (_, i) => `${basename(path)} [${chosen[i]}]`);
}

function ofIds(
  args: Arguments,
  model: Transformer,
  lists: readonly (readonly number[])[],
  title: (ids: readonly number[], i: number) => string,
): Batch {
  if (model.task === 'embedding') throw usage('--text', 'is missing', 'two texts are compared: --text and --text-pair');
  if (args.has('length')) throw usage('--length', 'is for texts', 'token ids are taken as they are');
  return toBatch(readTokenIds(model, lists), lists.map(title));
}

function toBatch({ ids, kwargs, texts, encoded, notices }: Pieces, titles: readonly string[]): Batch {
  const samples = texts.map((text, i) => ({
    title: titles[i]!,
    parts: [{ name: 'text', kind: 'text' as const, text }],
  }));
  return { kind: 'text', inputs: [ids], kwargs, ...(encoded && { encoded }), samples, notices, vocabulary: null };
}
