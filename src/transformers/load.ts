/**
 * From the files that transformers saves to a model that can be explained. Config, weights and tokenizer are
 * held against each other: what does not belong together is an error that says where.
 */

import type { Backend } from '../backends/backend.ts';
import { attention, loadAccelerators } from '../backends/wasm/accelerators.ts';
import { wasmBackend } from '../backends/wasm/index.ts';
import type { WeightChange } from '../graph/callable.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import type { PlatformUrl } from '../tensor/platform.ts';
import { familyOf, readConfig } from './config/config.ts';
import { Fields, type Json } from './config/fields.ts';
import { filesIn, readJson, type TransformerFiles } from './files.ts';
import {
  chooseHead,
  configFor,
  type Head,
  type HeadParts,
  isNewClassifier,
  type MadeHead,
  type OutputKind,
} from './heads/index.ts';
import { loadTokenizer } from './load-tokenizer.ts';
import { type ModelParts, TransformerModel } from './model.ts';
import type { TextTokenizer } from './tokenizer/index.ts';
import { howToTokenize } from './tokenizer/unread.ts';
import { readWeights } from './weights/index.ts';
import { changedTwice } from './weights/source.ts';

/** What `loadTransformer` takes: output, head, dtype and backend. */
export interface TransformerOptions {
  /** What a classifier gives: probabilities (where it has some: a regression has none) or logits. A head of one's own gives what it computes. */
  readonly output?: OutputKind;
  /** Stands on the encoder in place of the classifier that the file holds: one's own, or `{ labels }`, a new one to be trained. */
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
    const hint = didYouMean(String(output), ['probabilities', 'logits']);
    throw failure('output', `unknown value '${String(output)}'`, {}, hint);
  }
  const stated = await readJson(files.config, 'config.json');
  const read = readConfig(stated, 'config.json');
  const fresh = isNewClassifier(options.head) ? options.head : null;
  const { config, json } = fresh ? configFor(fresh, read, stated as Json) : { config: read, json: stated as Json };
  // Before the weights: what its JSON was parsed from is collected while they are read, and is no part of the peak.
  const tokenizer = await loadTokenizer(files, config, json['tokenizer_class']);
  const modules = files.modules && !options.head ? await sentenceHead(files, config.width, dtype) : null;
  const stored = await readWeights(files.weights, dtype, config);
  const build = async (change: WeightChange | null): Promise<ModelParts> => {
    const { base } = familyOf(config);
    const weights = await stored(base, change);
    const encoder = familyOf(config).encoder(config, weights);
    const deviation = new Fields(json, 'config.json').number('initializer_range', 0.02);
    const made = { config, weights, encoder, base, output, deviation };
    const head = modules ? modules.head(made) : chooseHead(made, options.head ?? null);
    weights.finish(/\/pooler\//);
    const name = options.name ?? config.savedClass ?? weights.file;
    const rebuild = (next: WeightChange): Promise<ModelParts> => build(changedTwice(change, next));
    return { config, encoder, head, base, dtype, backend, name, weights, files, json, rebuild };
  };
  const parts = await build(null);
  if (dtype === 'float32' && (backend ?? wasmBackend) === wasmBackend) await loadAccelerators([attention]);
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
