/** What is used of the tokenizers library of Hugging Face, with types of our own: its declarations do not resolve under Node's rules. */
import * as tokenizers from '@huggingface/tokenizers';

interface Model {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token_id?: number | undefined;
  readonly unk_token?: string | undefined;
}

interface Library {
  readonly WordPiece: new (model: object) => Model & { encode(pieces: string[]): string[] };
  readonly Unigram: new (model: object, eos: string) => Model & { tokenize(piece: string): string[] };
  readonly BPE: new (model: object) => Model & { readonly ignore_merges: boolean; bpe(piece: string): string[] };
  readonly SplitPreTokenizer: new (step: object) => { readonly pattern: RegExp | null };
}

export const { WordPiece, Unigram, BPE, SplitPreTokenizer } = tokenizers as unknown as Library;
