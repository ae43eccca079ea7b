/**
 * The tokenizer of a folder: `tokenizer.json` or `vocab.txt` with the settings of the files beside it and the defaults of its class, held
 * against the config of the model.
 */
import { readSource } from '../keras/load/source.ts';
import { failure } from '../tensor/errors.ts';
import { familyOf, type TransformerConfig } from './config/config.ts';
import { type JsonSource, readJson, type TransformerFiles } from './files.ts';
import { bertTokenizerJson, TextTokenizer, type TokenizerOptions } from './tokenizer/index.ts';

/** The class of an architecture: ModernBERT has none of its own. */
const tokenizerClass = (config: TransformerConfig): string =>
  config.architecture === 'modernbert' ? 'PreTrainedTokenizerFast' : `${familyOf(config).classes}Tokenizer`;

/** @param stated `tokenizer_class` of `config.json` */
export async function loadTokenizer(
  files: TransformerFiles,
  config: TransformerConfig,
  stated: unknown,
): Promise<TextTokenizer | null> {
  if (!files.tokenizer && !files.vocab) return null;
  const { vocabulary, positions } = config;
  const own = await recordOf(files.tokenizerConfig, 'tokenizer_config.json');
  const map = await recordOf(files.specialTokensMap, 'special_tokens_map.json');
  // A file with a decoder says all; older ones go on in the map.
  const [first, second] = own['added_tokens_decoder'] ? [map, own] : [own, map];
  const settings = {
    // Where no file names a class, transformers takes that of the architecture.
    tokenizer_class: typeof stated === 'string' ? stated : tokenizerClass(config),
    ...first,
    ...second,
    ...joined(own, map),
  };
  const name = files.tokenizer ? 'tokenizer.json' : 'vocab.txt';
  const definition = files.tokenizer
    ? await readJson(files.tokenizer, name)
    : bertTokenizerJson(new TextDecoder().decode((await readSource(files.vocab!)).bytes), settings, name);
  const tokenizer = new TextTokenizer(definition, { positions, name, ...(await sentenceOptions(files)) }, settings);
  // What the settings alone name may have no vector: who uses it is told by the model.
  const beyond = Array.from({ length: Math.max(0, tokenizer.vocabulary - vocabulary) }, (_, i) => vocabulary + i);
  if (!beyond.every((id) => tokenizer.namedIds.has(id))) {
    const details = { tokenizer: tokenizer.vocabulary, vocab_size: vocabulary };
    const hint = 'use the tokenizer that was saved with the model';
    throw failure(name, 'has more tokens than the embedding of the model', details, hint);
  }
  return tokenizer;
}

/** The further special tokens of an older pair of files. */
function joined(own: Readonly<Record<string, unknown>>, map: Readonly<Record<string, unknown>>): object {
  const key = 'additional_special_tokens';
  if (own['added_tokens_decoder']) return { [key]: own[key] };
  const lists = [own[key], map[key]].filter((list) => list !== undefined && list !== null);
  return lists.length > 0 && lists.every(Array.isArray) ? { [key]: lists.flat() } : {};
}

async function recordOf(source: JsonSource | undefined, name: string): Promise<Readonly<Record<string, unknown>>> {
  if (source === undefined) return {};
  const json = await readJson(source, name);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw failure(name, 'must be a JSON object');
}

/** What sentence-transformers does to a text before it is cut into tokens. */
async function sentenceOptions(files: TransformerFiles): Promise<Omit<TokenizerOptions, 'positions' | 'name'>> {
  if (!files.modules) return {};
  const sentence = await recordOf(files.sentenceConfig, 'sentence_bert_config.json');
  const prompts = await recordOf(files.promptConfig, 'config_sentence_transformers.json');
  const { max_seq_length: length, do_lower_case: lowercase } = sentence;
  if (length !== undefined && length !== null && !(Number.isInteger(length) && (length as number) >= 3)) {
    throw failure('sentence_bert_config.json', 'has an unusable max_seq_length', { max_seq_length: length });
  }
  const name = prompts['default_prompt_name'];
  const texts = (prompts['prompts'] ?? {}) as Readonly<Record<string, unknown>>;
  const prompt = typeof name === 'string' ? texts[name] : undefined;
  if (typeof name === 'string' && typeof prompt !== 'string') {
    throw failure('config_sentence_transformers.json', 'has no prompt of its default name', {
      default_prompt_name: name,
    });
  }
  return {
    strip: true,
    ...(typeof length === 'number' && { maxLength: length }),
    ...(lowercase === true && { lowercase: true }),
    ...(typeof prompt === 'string' && prompt !== '' && { prompt }),
  };
}
