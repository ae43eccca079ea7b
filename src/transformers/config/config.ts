/**
 * What a `config.json` of Hugging Face says of an encoder, in one vocabulary for all families. Anything that would change the
 * computation and is not understood is an error that names the field; nothing is guessed. What one family alone has is read in its file
 * of `encoders/`.
 */
import { didYouMean, failure } from '../../tensor/errors.ts';
import { type Architecture, architectures, type Family, families } from '../encoders/index.ts';
import type { Dropouts } from './dropout.ts';
import { Fields, type Json } from './fields.ts';

/** What every config says. */
export interface SharedConfig {
  readonly architecture: Architecture;
  /** The class that was saved, without `TF`; null where the config does not say. */
  readonly savedClass: string | null;
  readonly vocabulary: number;
  readonly padId: number;
  /** Names of the classes in order; empty where the config names none. */
  readonly labels: readonly string[];
  readonly problemType: string | null;
  /** Whether a decoder of words is the table of embeddings (`tie_word_embeddings`). */
  readonly tied: boolean;
}

/** The sizes of an encoder. Families extend it by what they alone have. */
export interface TransformerConfig extends SharedConfig {
  /** Most positions of a text, special tokens included. */
  readonly positions: number;
  /** Rows of the table of positions; more than `positions` where the first are not used. */
  readonly positionRows: number;
  /** Width of the tables, where a layer widens their sum; else `width`. */
  readonly embeddingWidth: number;
  /** Kinds of segments (BERT's `token_type_ids`); 0 where the family has none. */
  readonly segments: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly inner: number;
  readonly activation: string;
  readonly epsilon: number;
  /** What is dropped in training. */
  readonly dropouts: Dropouts;
}

/** @param file what to call it in errors */
export function readConfig(json: unknown, file: string): TransformerConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw failure(file, 'must be a JSON object', {
      found: Array.isArray(json) ? 'a list' : json === null ? 'null' : typeof json,
    });
  }
  const config = json as Json;
  const architecture = architectureOf(config, file);
  const read = new Fields(config, file);
  const shared: SharedConfig = {
    architecture,
    savedClass: savedClass(config),
    vocabulary: read.count('vocab_size'),
    padId: padOf(read, families[architecture]),
    labels: labelsOf(config, file),
    problemType: read.raw('problem_type') === null ? null : read.text('problem_type', '') || null,
    // null is taken for false.
    tied: read.raw('tie_word_embeddings') !== null && read.flag('tie_word_embeddings', true),
  };
  const found = families[architecture].readConfig(read, shared);
  if (found.width % found.heads !== 0) {
    throw failure(file, 'the width does not divide into the heads', { width: found.width, heads: found.heads });
  }
  return found;
}

/** The family of a config. */
export function familyOf({ architecture }: SharedConfig): Family {
  return families[architecture];
}

function savedClass(config: Json): string | null {
  const list = config['architectures'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return typeof first === 'string' ? first.replace(/^TF/, '') : null;
}

function architectureOf(config: Json, file: string): Architecture {
  const saved = savedClass(config) ?? '';
  const type =
    config['model_type'] ??
    architectures.find(
      (name) => saved.startsWith(`${families[name].classes}For`) || saved === `${families[name].classes}Model`,
    );
  const found = architectures.find((name) => name === type);
  if (found) return found;
  const details = { model_type: type ?? 'missing', architectures: config['architectures'] ?? 'missing' };
  const nearest = typeof type === 'string' ? didYouMean(type, architectures) : '';
  const hint = nearest || `supported: ${architectures.join(', ')}`;
  throw failure(file, 'is of an architecture that is not supported', details, hint);
}

/** null: no token pads, and none is left out of a table. */
function padOf(read: Fields, { positions, base }: Family): number {
  // RoBERTa counts positions from it on; MPNet has a number of its own.
  const counted = positions.fromIds && base !== 'mpnet';
  if (read.raw('pad_token_id') === null && !counted) return 0;
  const id = read.number('pad_token_id', 0);
  if (!Number.isInteger(id)) throw read.wrong('pad_token_id', 'an integer from 0 up');
  return id;
}

function labelsOf(config: Json, file: string): string[] {
  const byId = config['id2label'];
  if (typeof byId === 'object' && byId !== null) {
    const entries = Object.entries(byId).sort(([a], [b]) => Number(a) - Number(b));
    return entries.map(([id, label]) => {
      if (typeof label === 'string' || typeof label === 'number') return String(label);
      throw failure(file, `'id2label' has no name for class ${id}`, { got: label });
    });
  }
  const count = config['num_labels'];
  return typeof count === 'number' && count > 0 && count < 1e6
    ? Array.from({ length: count }, (_, i) => `LABEL_${i}`)
    : [];
}
