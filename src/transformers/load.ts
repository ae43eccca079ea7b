/**
 * From the files that transformers saves to a model that can be explained. Config, weights and tokenizer are
 * held against each other: what does not belong together is an error that says where.
 */

import type { Backend } from '../backends/backend.ts';
import type { WeightChange } from '../graph/callable.ts';
import { type ModelSource, readSource } from '../keras/load/source.ts';
import { allocate, type FloatDType } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { adopt } from '../tensor/tensor.ts';
import { familyOf, readConfig, type TransformerConfig } from './config/config.ts';
import { filesIn, type JsonSource, readJson, type TransformerFiles } from './files.ts';
import { chooseHead, type Head, type OutputKind } from './heads/index.ts';
import { type ModelParts, TransformerModel } from './model.ts';
import { bertTokenizerJson, TextTokenizer } from './tokenizer/index.ts';
import { readWeights } from './weights/index.ts';

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

export interface LoadedTransformer extends TransformerModel {
  /** Null where no tokenizer was given. */
  readonly tokenizer: TextTokenizer | null;
}

/**
 * Loads a model that transformers saved, of PyTorch (`model.safetensors`) or of TensorFlow (`tf_model.h5`): classifiers of texts and of
 * tokens, question answering, masked language models, and encoders with a head of one's own.
 * @param source a folder (Node), a URL of one, or the files themselves
 * @throws PathgradError naming the file and what does not fit
 */
export async function loadTransformer(
  source: string | URL | TransformerFiles,
  options: TransformerOptions = {},
): Promise<LoadedTransformer> {
  const files = typeof source === 'string' || source instanceof URL ? await filesIn(source) : source;
  const names = { output: 1, head: 1, dtype: 1, backend: 1, name: 1 } as const;
  checkOptions<TransformerOptions>('loadTransformer', options, names);
  const { output = null, dtype = 'float32', backend = null } = options;
  if (output !== null && output !== 'probabilities' && output !== 'logits') {
    throw failure('output', `unknown value '${String(output)}'`, {}, "'probabilities' or 'logits'");
  }
  const config = readConfig(await readJson(files.config, 'config.json'), 'config.json');
  const stored = await readWeights(files.weights, dtype);
  const build = async (change: WeightChange | null): Promise<ModelParts> => {
    const { base } = familyOf(config);
    const weights = await stored(base, change);
    const encoder = familyOf(config).encoder(config, weights);
    const head = chooseHead({ config, weights, encoder, base, output }, options.head ?? null);
    weights.finish(/\/pooler\//);
    const name = options.name ?? config.savedClass ?? weights.file;
    return { config, encoder, head, dtype, backend, name, rebuild: (next) => build(after(change, next)) };
  };
  const parts = await build(null);
  const tokenizer = await loadTokenizer(files, config);
  return Object.assign(new TransformerModel(parts), { tokenizer });
}

/** A change of weights that another one has changed already: a copy of a copy goes on from the copy. */
function after(first: WeightChange | null, next: WeightChange): WeightChange {
  return (weight) => {
    const values = first?.(weight) ?? null;
    if (values === null) return next(weight);
    const data = allocate(weight.tensor.dtype, values.length);
    data.set(values as ArrayLike<number> & ArrayLike<bigint>);
    return next({ ...weight, tensor: adopt(data, weight.tensor.shape) }) ?? values;
  };
}

async function loadTokenizer(files: TransformerFiles, config: TransformerConfig): Promise<TextTokenizer | null> {
  const { tokenizer: json, vocab, tokenizerConfig } = files;
  if (!json && !vocab) return null;
  const settings = tokenizerConfig ? await readJson(tokenizerConfig, 'tokenizer_config.json') : {};
  return makeTokenizer({ ...(json ? { json } : {}), ...(vocab ? { vocab } : {}) }, settings, config);
}

async function makeTokenizer(
  { json, vocab }: { json?: JsonSource; vocab?: ModelSource },
  settings: unknown,
  { vocabulary, positions }: TransformerConfig,
): Promise<TextTokenizer> {
  const record = (typeof settings === 'object' && settings !== null ? settings : {}) as Readonly<
    Record<string, unknown>
  >;
  const name = json ? 'tokenizer.json' : 'vocab.txt';
  const definition = json
    ? await readJson(json, name)
    : bertTokenizerJson(new TextDecoder().decode((await readSource(vocab!)).bytes), record, name);
  const tokenizer = new TextTokenizer(definition, { positions, name }, record);
  if (tokenizer.vocabulary > vocabulary) {
    const details = { tokenizer: tokenizer.vocabulary, vocab_size: vocabulary };
    const hint = 'use the tokenizer that was saved with the model';
    throw failure(name, 'has more tokens than the embedding of the model', details, hint);
  }
  return tokenizer;
}
