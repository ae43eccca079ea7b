/**
 * From the files that transformers saves to a model that can be explained. Config, weights and tokenizer are
 * held against each other: what does not belong together is an error that says where.
 */

import type { Backend } from '../backends/backend.ts';
import type { WeightChange } from '../graph/callable.ts';
import { readSource } from '../keras/load/source.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import type { PlatformUrl } from '../tensor/platform.ts';
import { familyOf, readConfig, type TransformerConfig } from './config/config.ts';
import { filesIn, type JsonSource, readJson, type TransformerFiles } from './files.ts';
import { chooseHead, type Head, type HeadParts, type MadeHead, type OutputKind } from './heads/index.ts';
import { type ModelParts, TransformerModel } from './model.ts';
import { bertTokenizerJson, TextTokenizer, type TokenizerOptions } from './tokenizer/index.ts';
import { howToTokenize } from './tokenizer/unread.ts';
import { readWeights } from './weights/index.ts';
import { changedTwice } from './weights/source.ts';

/** What `loadTransformer` takes: output, head, dtype and backend. */
export interface TransformerOptions {
  /** What a classifier gives: probabilities (where it has some: a regression has none) or logits. A head of one's own gives what it computes. */
  readonly output?: OutputKind;
  /** Stands on the encoder in place of the classifier that the file holds. */
  readonly head?: Head;
  /** The float type to compute in; float32 by default. */
  readonly dtype?: FloatDType;
  /** Runs the model's plans. */
  readonly backend?: Backend;
  /** What to call the model in errors. */
  readonly name?: string;
}

/** A transformer with its tokenizer. */
export interface LoadedTransformer extends TransformerModel {
  /** Null where no tokenizer was given. */
  readonly tokenizer: TextTokenizer | null;
  /** Where none was given: what to do about it. */
  readonly tokenizerHint: string | null;
}

/**
 * Loads a model that transformers saved, of PyTorch (`model.safetensors`) or of TensorFlow (`tf_model.h5`): classifiers of texts and of
 * tokens, question answering, masked language models, and encoders with a head of one's own.
 * @param source a folder (Node), a URL of one, or the files themselves
 * @throws PathgradError naming the file and what does not fit
 */
export async function loadTransformer(
  source: string | PlatformUrl | TransformerFiles,
  options: TransformerOptions = {},
): Promise<LoadedTransformer> {
  const names = { output: 1, head: 1, dtype: 1, backend: 1, name: 1 } as const;
  checkOptions<TransformerOptions>('loadTransformer', options, names);
  const { output = null, dtype = 'float32', backend = null } = options;
  if (dtype !== 'float32' && dtype !== 'float64')
    throw failure('dtype', `'${String(dtype)}' is no float type to compute in`, {}, "'float32' or 'float64'");
  if (backend !== null && typeof backend?.prepare !== 'function')
    throw failure('backend', 'is no backend', { got: backend }, 'give the object that the backend entry makes');
  if (options.name !== undefined && typeof options.name !== 'string')
    throw failure('name', 'must be a text', { got: options.name });
  const files = typeof source === 'string' || source instanceof URL ? await filesIn(source) : filesGiven(source);
  if (output !== null && output !== 'probabilities' && output !== 'logits') {
    throw failure('output', `unknown value '${String(output)}'`, {}, "'probabilities' or 'logits'");
  }
  const config = readConfig(await readJson(files.config, 'config.json'), 'config.json');
  // Before the weights: what its JSON was parsed from is collected while they are read, and is no part of the peak.
  const tokenizer = await loadTokenizer(files, config);
  const modules = files.modules && !options.head ? await sentenceHead(files, config.width, dtype) : null;
  const stored = await readWeights(files.weights, dtype, config);
  const build = async (change: WeightChange | null): Promise<ModelParts> => {
    const { base } = familyOf(config);
    const weights = await stored(base, change);
    const encoder = familyOf(config).encoder(config, weights);
    const made = { config, weights, encoder, base, output };
    const head = modules ? modules.head(made) : chooseHead(made, options.head ?? null);
    weights.finish(/\/pooler\//);
    const name = options.name ?? config.savedClass ?? weights.file;
    return { config, encoder, head, dtype, backend, name, rebuild: (next) => build(changedTwice(change, next)) };
  };
  const parts = await build(null);
  const tokenizerHint = tokenizer ? null : howToTokenize(files.unreadTokenizers ?? []);
  return Object.assign(new TransformerModel(parts), { tokenizer, tokenizerHint });
}

/** @throws where they are no files */
function filesGiven(source: unknown): TransformerFiles {
  const { config, weights } = (source ?? {}) as Partial<TransformerFiles>;
  const hint = 'a folder, a URL, or { config, weights, tokenizer }';
  if (typeof source !== 'object' || source === null) {
    throw failure(
      'loadTransformer',
      'needs the files of a model',
      { got: source === null ? 'null' : typeof source },
      hint,
    );
  }
  if (!config) throw failure('loadTransformer', 'has no config among the files', { given: Object.keys(source) }, hint);
  if (!weights)
    throw failure('loadTransformer', 'has no weights among the files', { given: Object.keys(source) }, hint);
  if (Array.isArray(weights) && weights.length === 0)
    throw failure('loadTransformer', 'the list of weights is empty', {}, hint);
  return source as TransformerFiles;
}

/** The head that the modules of sentence-transformers make; loaded on demand. */
async function sentenceHead(
  files: TransformerFiles,
  width: number,
  dtype: FloatDType,
): Promise<{ head: (parts: HeadParts) => MadeHead }> {
  const [{ readModules }, { embeddingHead }] = await Promise.all([
    import('./sentence/modules.ts'),
    import('./sentence/head.ts'),
  ]);
  const modules = await readModules(files, width, dtype);
  return { head: (parts) => embeddingHead(parts, modules) };
}

async function loadTokenizer(files: TransformerFiles, config: TransformerConfig): Promise<TextTokenizer | null> {
  if (!files.tokenizer && !files.vocab) return null;
  const { vocabulary, positions } = config;
  const own = await recordOf(files.tokenizerConfig, 'tokenizer_config.json');
  const map = await recordOf(files.specialTokensMap, 'special_tokens_map.json');
  // A file with a decoder says all; older ones go on in the map.
  const [first, second] = own['added_tokens_decoder'] ? [map, own] : [own, map];
  const settings = {
    // Where no class is named, transformers takes that of the architecture.
    ...(files.tokenizerConfig !== undefined && { tokenizer_class: `${familyOf(config).classes}Tokenizer` }),
    ...first,
    ...second,
    ...joined(own, map),
  };
  const name = files.tokenizer ? 'tokenizer.json' : 'vocab.txt';
  const definition = files.tokenizer
    ? await readJson(files.tokenizer, name)
    : bertTokenizerJson(new TextDecoder().decode((await readSource(files.vocab!)).bytes), settings, name);
  const tokenizer = new TextTokenizer(definition, { positions, name, ...(await sentenceOptions(files)) }, settings);
  if (tokenizer.vocabulary > vocabulary) {
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
