/** Texts and token ids from the command line, encoded, padded and checked against the model's Embedding. */
import {
  type EncodedText,
  type EncodeOptions,
  encodeText,
  parseVocabulary,
  type Vocabulary,
} from '../../inputs/index.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import { largest } from '../../tensor/largest.ts';
import { readText } from '../files.ts';
import { type Arguments, number, oneOf, usage, wholeNumbers } from '../flags/flags.ts';
import type { Batch } from './batch.ts';
import { type RowChoice, rowNumbers } from './rows.ts';

/** Texts for a model that reads ids, by the vocabulary that the flags name. */
export function readTexts(args: Arguments, model: Model, texts: readonly string[], flag: string): Batch {
  const vocabulary = readVocabulary(args);
  if (!vocabulary) {
    throw usage(flag, 'needs a vocabulary', '--vocab FILE (one token per line) or --word-index FILE (JSON of Keras)');
  }
  const { length, options, embedding, notices } = tokenRules(args, model, flag);
  if (vocabulary.size > embedding.size && args.has('vocab')) {
    notices.push(
      `${vocabulary.name}: has ${vocabulary.size} tokens, the model knows ${embedding.size}: the rest count as unknown`,
    );
  }
  const encode = (text: string, most: number | null): EncodedText =>
    encodeText(text, vocabulary, { ...options, size: embedding.size, ...(most !== null && { length: most }) });
  const counted = texts.map((text) => encode(text, length));
  const common = length ?? largest(counted.map(({ ids }) => ids.length));
  const encoded = counted.map((one, i) => (one.ids.length === common ? one : encode(texts[i]!, common)));
  const wordless = encoded.findIndex(({ ids, padding }) => ids.every((id, i) => padding[i] || id === vocabulary.start));
  if (flag === '--text' && wordless >= 0) throw usage(flag, `'${texts[wordless]}' has no words`, 'give a sentence');
  const unknown = [...new Set(encoded.flatMap((text) => text.unknown))];
  if (unknown.length > 0) {
    const listed = `${unknown.slice(0, 8).join(', ')}${unknown.length > 8 ? ', …' : ''}`;
    notices.push(
      `${unknown.length} ${unknown.length === 1 ? 'word is' : 'words are'} not in the vocabulary, so the model cannot see which: ${listed}`,
    );
  }
  encoded.forEach(({ dropped }, i) => {
    if (dropped > 0)
      notices.push(
        `text ${i + 1}: ${dropped} ${dropped === 1 ? 'token is' : 'tokens are'} cut off, the model takes ${common}`,
      );
  });
  return toBatch(encoded, texts, common, vocabulary, notices);
}

/** --tokens. */
export function readTokens(args: Arguments, model: Model): Batch {
  const vocabulary = readVocabulary(args);
  const { length, options, embedding, notices } = tokenRules(args, model, '--tokens');
  const lists = args.all('tokens').map((list) => wholeNumbers('tokens', list));
  for (const ids of lists) checkIds(ids, embedding, '--tokens');
  const common = length ?? largest(lists.map((ids) => ids.length));
  const encoded = lists.map((ids, i) => {
    if (ids.length > common)
      notices.push(`tokens ${i + 1}: ${ids.length - common} are cut off, the model takes ${common}`);
    return padIds(ids, common, options, vocabulary);
  });
  return toBatch(
    encoded,
    lists.map((ids) => `tokens ${ids.join(',')}`),
    common,
    vocabulary,
    notices,
  );
}

/** Throws where the Embedding has no row for an id. */
export function checkIds(ids: ArrayLike<number>, embedding: { path: string; size: number }, subject: string): void {
  for (let i = 0; i < ids.length; i++) {
    if (Number.isInteger(ids[i]) && ids[i]! >= 0 && ids[i]! < embedding.size) continue;
    const hint = `layer '${embedding.path}' knows the ids 0 to ${embedding.size - 1}`;
    throw failure(subject, `the token id ${ids[i]} is outside the vocabulary`, { position: i }, hint);
  }
}

/** By the flags that name them: a job asks for its own with every batch. */
const vocabularies = new WeakMap<Arguments, Vocabulary | null>();

/** The vocabulary that the flags name, or null; read once for the same flags. */
export function readVocabulary(args: Arguments): Vocabulary | null {
  const known = vocabularies.get(args);
  if (known !== undefined) return known;
  const read = openVocabulary(args);
  vocabularies.set(args, read);
  return read;
}

function openVocabulary(args: Arguments): Vocabulary | null {
  const [list, index] = [args.text('vocab'), args.text('word-index')];
  if (list !== undefined && index !== undefined)
    throw usage('--vocab', 'does not go with --word-index', 'give one of them');
  const path = list ?? index;
  if (path === undefined) return null;
  const from = args.text('index-from');
  const indexFrom =
    from === undefined ? 3 : number('index-from', from, (n) => Number.isInteger(n) && n >= 0, 'a whole number from 0');
  return parseVocabulary(readText(path), path, { indexFrom });
}

/** Ids as a text would be padded and cut. */
export function padIds(
  ids: ArrayLike<number>,
  length: number,
  options: EncodeOptions,
  vocabulary: Vocabulary | null,
): EncodedText {
  const dropped = Math.max(0, ids.length - length);
  const all = Array.from(ids);
  const kept = options.truncating === 'post' ? all.slice(0, length) : all.slice(dropped);
  const pad = vocabulary?.pad ?? 0;
  const from = options.padding === 'post' ? 0 : length - kept.length;
  const padding = Array.from({ length }, (_, i) => i < from || i >= from + kept.length || kept[i - from] === pad);
  const padded = Int32Array.from({ length }, (_, i) => kept[i - from] ?? pad);
  const tokens = Array.from(padded, (id) => vocabulary?.tokenOf(id) ?? (id === pad ? '<pad>' : `#${id}`));
  return { ids: padded, tokens, padding, unknown: [], dropped };
}

function tokenRules(args: Arguments, model: Model, flag: string) {
  const embedding = embeddingOf(model);
  const input = model.inputs[0]!;
  if (!embedding || input.shape.length !== 2) {
    const takes = { takes: input.shape.slice(1).map((dim) => dim ?? 'any') };
    throw failure(
      flag,
      `${model.name} reads no tokens: it has no Embedding at its input`,
      takes,
      'try --image, --idx or --npy',
    );
  }
  const fixed = input.shape[1] ?? null;
  const wanted = args.text('length');
  const asked =
    wanted === undefined
      ? null
      : number('length', wanted, (n) => Number.isInteger(n) && n > 0, 'a whole number from 1');
  if (asked !== null && fixed !== null && asked !== fixed)
    throw usage('--length', `the model takes ${fixed} tokens, not ${asked}`);
  const side = (name: string): 'pre' | 'post' => oneOf(name, args.text(name) ?? 'pre', ['pre', 'post']);
  const options = { padding: side('padding'), truncating: side('truncating') };
  const notices: string[] = [];
  return { length: fixed ?? asked, options, embedding, notices };
}

/** Lines of a file that hold a text; all, or those that are chosen. */
export function chooseLines(path: string, choice: RowChoice): string[] {
  const lines = readText(path)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw failure(path, 'holds no text', {}, 'one text per line');
  return rowNumbers(choice, lines.length).map((row) => {
    if (lines[row] === undefined)
      throw failure(path, `has no text ${row}`, { texts: lines.length }, `they count from 0 to ${lines.length - 1}`);
    return lines[row];
  });
}

function toBatch(
  encoded: readonly EncodedText[],
  titles: readonly string[],
  length: number,
  vocabulary: Vocabulary | null,
  notices: readonly string[],
): Batch {
  const data = new Int32Array(encoded.length * length);
  encoded.forEach(({ ids }, i) => {
    data.set(ids, i * length);
  });
  const samples = encoded.map(({ tokens, padding }, i) => ({
    title: titles[i]!,
    parts: [{ name: 'text', kind: 'text' as const, text: { tokens, padding } }],
  }));
  return { kind: 'text', inputs: [{ data, shape: [encoded.length, length] }], samples, notices, vocabulary };
}
