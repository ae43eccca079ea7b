/**
 * Files of the tokenizers that are written in Python, which are not read: a `tokenizer.json` has what they have, and the steps around it. A
 * folder may hold no other, and who asks it for a text is told how to write one.
 */
const unread = ['sentencepiece.bpe.model', 'spiece.model', 'spm.model', 'tokenizer.model', 'vocab.json', 'merges.txt'];

/** Those among the names of files. */
export function unreadTokenizers(names: readonly string[]): string[] {
  return unread.filter((name) => names.includes(name));
}

/** What to do where no tokenizer is. @param found what `unreadTokenizers` gave */
export function howToTokenize(found: readonly string[]): string {
  if (found.length === 0) return 'put tokenizer.json or vocab.txt beside its weights';
  const write = 'AutoTokenizer.from_pretrained(folder, use_fast=True).save_pretrained(folder)';
  return `${found.join(' and ')} can be read in Python only, where ${write} writes tokenizer.json`;
}
