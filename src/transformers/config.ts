/**
 * What a `config.json` of Hugging Face says of a DistilBERT or BERT encoder, in one vocabulary for both. Anything that would change
 * the computation and is not understood is an error that names the field; nothing is guessed.
 * Source: `DistilBertConfig` and `BertConfig` of transformers 4.
 */
import { failure, type PathgradError } from '../tensor/errors.ts';

export type Architecture = 'distilbert' | 'bert';

export interface TransformerConfig {
  readonly architecture: Architecture;
  /** The class that was saved, without `TF`; null where the config does not say. */
  readonly savedClass: string | null;
  readonly vocabulary: number;
  readonly positions: number;
  /** Kinds of segments (BERT's `token_type_ids`); 0 for DistilBERT, which has none. */
  readonly segments: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly inner: number;
  readonly activation: string;
  readonly epsilon: number;
  readonly padId: number;
  /** Names of the classes in order; empty where the config names none. */
  readonly labels: readonly string[];
  readonly problemType: string | null;
}

type Json = Readonly<Record<string, unknown>>;

export const supportedClasses: readonly string[] = [
  'DistilBertForSequenceClassification',
  'BertForSequenceClassification',
  'DistilBertModel',
  'BertModel',
];

/** @param file what to call it in errors */
export function readConfig(json: unknown, file: string): TransformerConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw failure(file, 'must be a JSON object', { found: Array.isArray(json) ? 'a list' : typeof json });
  }
  const config = json as Json;
  const architecture = architectureOf(config, file);
  const read = new Fields(config, file);
  const shared = {
    architecture,
    savedClass: savedClass(config),
    vocabulary: read.count('vocab_size'),
    positions: read.count('max_position_embeddings', 512),
    padId: read.number('pad_token_id', 0),
    labels: labelsOf(config),
    problemType: typeof config['problem_type'] === 'string' ? config['problem_type'] : null,
  };
  if (architecture === 'distilbert') {
    const [width, heads] = [read.count('dim', 768), read.count('n_heads', 12)];
    checkHeads(file, width, heads);
    const sizes = { layers: read.count('n_layers', 6), inner: read.count('hidden_dim', 4 * width) };
    // DistilBERT's classes have this epsilon in their code.
    return {
      ...shared,
      ...sizes,
      segments: 0,
      width,
      heads,
      activation: read.text('activation', 'gelu'),
      epsilon: 1e-12,
    };
  }
  const [width, heads] = [read.count('hidden_size', 768), read.count('num_attention_heads', 12)];
  checkHeads(file, width, heads);
  read.expect('position_embedding_type', 'absolute', 'relative positions are not supported');
  read.expect('is_decoder', false, 'decoders, which hide what comes after a position, are not supported');
  read.expect('add_cross_attention', false, 'cross attention is not supported');
  return {
    ...shared,
    layers: read.count('num_hidden_layers', 12),
    inner: read.count('intermediate_size', 4 * width),
    segments: read.count('type_vocab_size', 2),
    width,
    heads,
    activation: read.text('hidden_act', 'gelu'),
    epsilon: read.number('layer_norm_eps', 1e-12),
  };
}

function savedClass(config: Json): string | null {
  const list = config['architectures'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return typeof first === 'string' ? first.replace(/^TF/, '') : null;
}

function architectureOf(config: Json, file: string): Architecture {
  const type =
    config['model_type'] ?? /^(DistilBert|Bert)(For|Model)/.exec(savedClass(config) ?? '')?.[1]?.toLowerCase();
  if (type === 'distilbert' || type === 'bert') return type;
  const details = { model_type: type ?? 'missing', architectures: config['architectures'] ?? 'missing' };
  throw failure(
    file,
    'is of an architecture that is not supported',
    details,
    `supported: ${supportedClasses.join(', ')}`,
  );
}

function checkHeads(file: string, width: number, heads: number): void {
  if (width % heads !== 0) throw failure(file, 'the width does not divide into the heads', { width, heads });
}

function labelsOf(config: Json): string[] {
  const byId = config['id2label'];
  if (typeof byId === 'object' && byId !== null) {
    const entries = Object.entries(byId).sort(([a], [b]) => Number(a) - Number(b));
    return entries.map(([, label]) => String(label));
  }
  const count = config['num_labels'];
  return typeof count === 'number' && count > 0 && count < 1e6
    ? Array.from({ length: count }, (_, i) => `LABEL_${i}`)
    : [];
}

class Fields {
  readonly #config: Json;
  readonly #file: string;

  constructor(config: Json, file: string) {
    this.#config = config;
    this.#file = file;
  }

  number(key: string, fallback?: number): number {
    const value = this.#config[key] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw this.wrong(key, 'a number from 0 up');
    return value;
  }

  /** An integer from 1 up; `fallback` is the default of the configuration class, which files leave out. */
  count(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isInteger(value) || value < 1 || value > 1e8) throw this.wrong(key, 'an integer from 1 up');
    return value;
  }

  text(key: string, fallback: string): string {
    const value = this.#config[key] ?? fallback;
    if (typeof value !== 'string') throw this.wrong(key, 'a text');
    return value;
  }

  expect(key: string, allowed: string | boolean, reason: string): void {
    const value = this.#config[key] ?? allowed;
    if (value !== allowed) throw failure(this.#file, reason, { [key]: value });
  }

  wrong(key: string, expected: string): PathgradError {
    const value = this.#config[key];
    const problem = value === undefined ? `'${key}' is missing` : `'${key}' has an unusable value`;
    return failure(this.#file, problem, { ...(value === undefined ? {} : { value }), expected });
  }
}
