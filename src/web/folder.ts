/**
 * The files of a transformer among files that were dropped together: weights, config.json, and a tokenizer. Which of them is missing
 * can be known here only: the engine gets all of them or none.
 */
import type { FileKind, KnownFile } from './files.ts';
import type { TransformerParts } from './protocol.ts';

export interface TransformerFolder {
  readonly weights: File;
  readonly beside: TransformerParts;
}

const together = 'drop the folder, or all its files at once: tf_model.h5, config.json, and tokenizer.json or vocab.txt';
const convert =
  'weights of PyTorch are not read; in Python: TFAutoModelForSequenceClassification.from_pretrained(folder, from_pt=True).save_pretrained(folder)';

/**
 * What is to be loaded as a transformer, or null where none of the files says that it belongs to one. What else lies in such a
 * folder is left out.
 * @throws Error that names what is missing
 */
export function transformerIn(files: readonly KnownFile[]): TransformerFolder | null {
  const of = (kind: FileKind): File[] => files.filter((entry) => entry.kind === kind).map(({ file }) => file);
  const models = of('model');
  const [config, tokenizer, tokenizerConfig] = [of('config')[0], of('tokenizer')[0], of('tokenizer-config')[0]];
  const named = models.filter(({ name }) => /^tf_model\b.*\.h5$/i.test(name));
  if (!config && !tokenizer && !tokenizerConfig && named.length === 0) return null;
  const [weights] = named.length > 0 ? named : models;
  const vocab = of('vocabulary').find(({ name }) => name.toLowerCase().endsWith('.txt'));
  if (named.length > 1) {
    const hint = 'save the model with a larger max_shard_size, so that its weights are one file';
    throw new Error(`${named[0]!.name}: the weights are cut into ${named.length} files\nhint: ${hint}`);
  }
  const missing = [
    ...(weights ? [] : ['tf_model.h5']),
    ...(config ? [] : ['config.json']),
    ...(tokenizer || vocab ? [] : ['tokenizer.json or vocab.txt']),
  ];
  if (!weights || !config || (!tokenizer && !vocab)) {
    const given = (weights ?? config ?? tokenizer ?? tokenizerConfig)!.name;
    const torch = !weights && files.some(({ file }) => /\.(safetensors|bin)$/i.test(file.name));
    const wanted = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing`;
    throw new Error(`${given}: belongs to a transformer, and ${wanted}\nhint: ${torch ? convert : together}`);
  }
  const words: Pick<TransformerParts, 'tokenizer' | 'vocab'> = tokenizer ? { tokenizer } : vocab ? { vocab } : {};
  return { weights, beside: { config, ...words, ...(tokenizerConfig && { tokenizerConfig }) } };
}
