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
  const cut = named.length > 1 || /-of-\d+\.h5$/i.test(weights?.name ?? '');
  const shards = weights && cut ? allShards(named) : null;
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
  const extra = { ...(tokenizerConfig && { tokenizerConfig }), ...(shards && { shards }) };
  return { weights, beside: { config, ...words, ...extra } };
}

/** The files of `tf_model-00001-of-00004.h5`. @throws Error that names the first one that is missing */
function allShards(files: readonly File[]): readonly File[] {
  const names = files.map(({ name }) => name);
  const count = /-of-(\d+)\.h5$/i.exec(names.find((name) => /-of-\d+\.h5$/i.test(name)) ?? '')?.[1] ?? '';
  const whole = names.find((name) => !/-of-\d+\.h5$/i.test(name));
  if (whole) throw new Error(`${whole}: there are several files of weights\nhint: drop one model at a time`);
  for (let i = 1; i <= Number(count); i++) {
    const name = `tf_model-${String(i).padStart(5, '0')}-of-${count}.h5`;
    if (!names.includes(name)) throw new Error(`${name}: this shard of the weights is missing\nhint: ${together}`);
  }
  return files;
}
