/**
 * The files of a model of several among files that were dropped together: of a transformer weights, config.json and a tokenizer; of others the
 * first file and its parts. Which of them is missing can be known here only: the engine gets all of them or none.
 */
import { howToTokenize, unreadTokenizers } from '../../transformers/tokenizer/unread.ts';
import type { RequestOf, TransformerParts } from '../protocol/index.ts';
import { type FileKind, type KnownFile, pathOf } from './files.ts';

const together =
  'drop the folder, or all its files at once: model.safetensors or tf_model.h5, config.json, and tokenizer.json or vocab.txt';
const convert =
  'pickles of Python are never opened: they are code; in Python: AutoModel….from_pretrained(folder).save_pretrained(folder, safe_serialization=True)';

const ofTensorFlow = /^tf_model\b.*\.h5$/i;
const oneOfSeveral = /-(\d+)-of-(\d+)\.(h5|safetensors)$/i;

/**
 * What is to be loaded as one model, or null where no file is a model. What else lies in a folder of a transformer is left out.
 * @throws Error that names what is missing
 */
export function modelIn(files: readonly KnownFile[]): RequestOf<'load'> | null {
  const of = (kind: FileKind): File[] => files.filter((entry) => entry.kind === kind).map(({ file }) => file);
  const transformer = transformerIn(files, of);
  if (transformer) return transformer;
  const [file, another] = of('model');
  if (!file) return null;
  if (another) throw new Error(`${another.name}: is a second model\nhint: drop one model at a time`);
  const parts = of('part').map((part) => ({ file: part, name: part.name }));
  return { file, name: file.name, ...(parts.length > 0 && { parts }) };
}

function transformerIn(files: readonly KnownFile[], of: (kind: FileKind) => File[]): RequestOf<'load'> | null {
  const [config, tokenizer, tokenizerConfig] = [of('config')[0], of('tokenizer')[0], of('tokenizer-config')[0]];
  const torch = of('weights').filter(({ name }) => !/^tf_model/i.test(name));
  const tensorFlow = [...of('model'), ...of('weights')].filter(({ name }) => /^tf_model\b/i.test(name));
  const named = torch.length > 0 ? torch : tensorFlow;
  const others = of('model');
  // A model of another kind lies beside the config of a transformer: an export of it.
  const exported = named.length === 0 && others.some(({ name }) => /\.onnx$/i.test(name));
  if ((!config && !tokenizer && !tokenizerConfig && named.length === 0) || exported) return null;
  const usable = named.length > 0 ? named : others.filter(({ name }) => /\.(h5|hdf5)$/i.test(name)).slice(0, 1);
  const weights = allShards(usable);
  const vocab = of('vocabulary').find(({ name }) => name.toLowerCase().endsWith('.txt'));
  const missing = [
    ...(weights[0] ? [] : ['model.safetensors']),
    ...(config ? [] : ['config.json']),
    ...(tokenizer || vocab ? [] : ['tokenizer.json or vocab.txt']),
  ];
  const [first] = weights;
  if (!first || !config || (!tokenizer && !vocab)) {
    const given = (first ?? config ?? tokenizer ?? tokenizerConfig)!.name;
    const pickled = !first && files.some(({ file }) => /\.(bin|pt|pth)$/i.test(file.name));
    const wanted = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing`;
    const unread = unreadTokenizers(files.map(({ file }) => file.name));
    const tokenize = first && config && unread.length > 0 ? howToTokenize(unread) : null;
    const hint = pickled ? convert : (tokenize ?? together);
    throw new Error(`${given}: belongs to a transformer, and ${wanted}\nhint: ${hint}`);
  }
  const words: Pick<TransformerParts, 'tokenizer' | 'vocab'> = tokenizer ? { tokenizer } : vocab ? { vocab } : {};
  const shards = weights.length > 1 ? { shards: weights } : {};
  const beside = { config, ...words, ...(tokenizerConfig && { tokenizerConfig }), ...shards, ...sentencesIn(of) };
  return { file: first, name: first.name, beside };
}

/** What makes the encoder one of sentence-transformers. */
function sentencesIn(of: (kind: FileKind) => File[]): Partial<TransformerParts> {
  const named = (name: string): File | undefined => of('part').find((file) => file.name === name);
  const modules = named('modules.json');
  if (!modules) return {};
  const [sentenceConfig, promptConfig] = [
    named('sentence_bert_config.json'),
    named('config_sentence_transformers.json'),
  ];
  const moduleFiles = Object.fromEntries(of('inner').map((file) => [pathOf(file), file]));
  return { modules, moduleFiles, ...(sentenceConfig && { sentenceConfig }), ...(promptConfig && { promptConfig }) };
}

/** The files of weights, the first one first; those that are cut into several must all be there. @throws Error that names the first one that is missing */
function allShards(files: readonly File[]): readonly File[] {
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = sorted.map(({ name }) => name);
  const found = names.map((name) => oneOfSeveral.exec(name)).find(Boolean);
  if (!found) {
    const several = sorted.filter(({ name }) => !name.endsWith('.json'));
    if (several.length > 1)
      throw new Error(`${names[0]}: there are several files of weights\nhint: drop one model at a time`);
    return several;
  }
  const whole = sorted.find(({ name }) => !oneOfSeveral.test(name) && !name.endsWith('.json'));
  if (whole) throw new Error(`${whole.name}: there are several files of weights\nhint: drop one model at a time`);
  const [, , count = '', format = ''] = found;
  const stem = ofTensorFlow.test(found.input) ? 'tf_model' : found.input.slice(0, found.index);
  for (let i = 1; i <= Number(count); i++) {
    const name = `${stem}-${String(i).padStart(5, '0')}-of-${count}.${format}`;
    if (!names.includes(name)) throw new Error(`${name}: this shard of the weights is missing\nhint: ${together}`);
  }
  return sorted;
}
