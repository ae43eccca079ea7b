/**
 * Which id each word has. Two formats: a list, one token per line, the line's number from 0 being the id (special tokens by
 * their usual names, `<pad>` or `[PAD]`, …), and Keras's word index, a JSON object of ranks, where id = rank + 3 and
 * 0, 1, 2 are padding, start and unknown (`keras.datasets.imdb`, `index_from=3`).
 */
import { DATA_JSON, parseJson } from '../guard/json.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';

/** Words and their ids, both ways, with the special tokens. */
export interface Vocabulary {
  /** Where it was read from, for messages. */
  readonly name: string;
  /** The highest id plus one. */
  readonly size: number;
  readonly pad: number | null;
  readonly start: number | null;
  readonly unknown: number | null;
  /** The id of a word, or null. Special tokens are no words. */
  idOf(word: string): number | null;
  /** The token of an id; `#17` where it has none. */
  tokenOf(id: number): string;
}

const specials = {
  pad: ['<pad>', '[PAD]'],
  start: ['<start>', '<s>', '[CLS]', '<START>'],
  unknown: ['<unknown>', '<unk>', '[UNK]', '<OOV>', '<UNK>'],
} as const;

/** How a word index is turned into ids. */
export interface VocabularyOptions {
  /** What to add to the ranks of a word index; 3 as in keras.datasets.imdb. With 0 there are no start and unknown ids. */
  readonly indexFrom?: number;
}

/**
 * Reads either format; a text that starts with `{` is a word index.
 * @param name of the file, for errors
 */
export function parseVocabulary(text: string, name = 'vocabulary', options: VocabularyOptions = {}): Vocabulary {
  checkOptions<VocabularyOptions>('parseVocabulary', options, { indexFrom: 1 });
  if (text.trim() === '')
    throw failure(
      name,
      'is empty, so it is no vocabulary',
      {},
      'one token per line; the line number, from 0, is the id',
    );
  if (text.includes('\0')) throw failure(name, 'is no text file, so it is no vocabulary');
  return text.trimStart().startsWith('{') ? fromWordIndex(text, name, options.indexFrom ?? 3) : fromList(text, name);
}

/** Cut at line feeds alone: a word may hold other line separators such as U+0085. */
function fromList(text: string, name: string): Vocabulary {
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  if (lines.some((line) => line.startsWith('##'))) {
    throw failure(
      name,
      'is a WordPiece vocabulary (it has ## tokens), which is not supported',
      {},
      'give the ids: --tokens',
    );
  }
  const ids = new Map<string, number>();
  lines.forEach((token, id) => {
    const first = ids.get(token);
    if (first !== undefined) {
      throw failure(
        name,
        `has the token '${token}' twice`,
        { lines: [first + 1, id + 1] },
        'one token per line, each once',
      );
    }
    ids.set(token, id);
  });
  const special = (tokens: readonly string[]): number | null =>
    tokens.map((token) => ids.get(token) ?? null).find((id) => id !== null) ?? null;
  const found = { pad: special(specials.pad), start: special(specials.start), unknown: special(specials.unknown) };
  for (const id of Object.values(found)) if (id !== null) ids.delete(lines[id]!);
  return {
    name,
    size: lines.length,
    ...found,
    idOf: (word) => ids.get(word) ?? null,
    tokenOf: (id) => lines[id] ?? `#${id}`,
  };
}

function fromWordIndex(text: string, name: string, indexFrom: number): Vocabulary {
  const parsed = parseJson(text, name, DATA_JSON);
  const words = new Map<string, number>();
  const tokens = new Map<number, string>(
    indexFrom === 3
      ? [
          [0, '<pad>'],
          [1, '<start>'],
          [2, '<unknown>'],
        ]
      : [[0, '<pad>']],
  );
  let size = tokens.size;
  for (const [word, rank] of Object.entries(parsed as Record<string, unknown>)) {
    if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 0) {
      throw failure(
        name,
        `gives the word '${word}' no rank`,
        { found: rank },
        'a word index is {"word": rank, …}, ranks from 1',
      );
    }
    words.set(word, rank + indexFrom);
    tokens.set(rank + indexFrom, word);
    size = Math.max(size, rank + indexFrom + 1);
  }
  return {
    name,
    size,
    pad: 0,
    start: indexFrom === 3 ? 1 : null,
    unknown: indexFrom === 3 ? 2 : null,
    idOf: (word) => words.get(word) ?? null,
    tokenOf: (id) => tokens.get(id) ?? `#${id}`,
  };
}
