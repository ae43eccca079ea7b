/**
 * The layers of heads by family, under the names that transformers' classes give them. A family that is not listed has BERT's.
 * Source: `modeling_*.py` of transformers 4.
 */
import { gelu, relu } from '../../ops/activations.ts';
import { tanh } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { DebertaConfig } from '../config/deberta.ts';
import type { ModernBertConfig } from '../config/modernbert.ts';
import { firstPosition } from '../encoders/encoder.ts';
import { densePart, normPart, type Part, type Session } from '../layers.ts';
import { meanPooling } from './pooling.ts';
import type { HeadParts } from './types.ts';

/** Layers before the last one of a classifier, and where that one lies. */
export interface ClassifierBody {
  /** `[rows, positions, width]` to what the first of `parts` takes. */
  readonly vector: (hidden: Tensor, mask: Tensor | null, session: Session) => Tensor;
  readonly parts: readonly Part[];
  readonly last: string;
  /** How much of the vector is dropped in training before the first of `parts`; nothing by default. */
  readonly before?: number;
  /** Whether `vector` is of the first position; true by default. */
  readonly readsFirst?: boolean;
}

/** Layers before the decoder of a masked language model, `[rows, positions, width]` to `[rows, positions, size]`. */
export interface DecoderBody {
  readonly parts: readonly Part[];
  /** The decoder's bias, by what it may be called; none where the list is empty. */
  readonly bias: readonly string[];
  /** The decoder's own kernel `[vocabulary, size]`, for models that do not share it with the embeddings; null where all share it. */
  readonly decoder: string | null;
}

export interface FamilyHeads {
  readonly sequence: (parts: HeadParts) => ClassifierBody;
  readonly maskedLm: (parts: HeadParts, size: number) => DecoderBody;
  /** Layers between the encoder and the last layer of heads on tokens; none by default. */
  readonly tokens?: (parts: HeadParts) => readonly Part[];
  /** The last layer of question answering; `qa_outputs` by default. */
  readonly answer?: string;
  /** The table of words below the embeddings; `word_embeddings` by default. */
  readonly words?: string;
}

const why = 'hidden_size';
const whySize = 'hidden_size and embedding_size';

/** The encoder's pooler, then one layer. */
const pooled = ({ encoder, weights }: HeadParts): ClassifierBody => {
  const { pooler } = encoder;
  if (!pooler) {
    throw failure(weights.file, 'lacks the pooler that the classifier reads', {}, 'give a head of your own');
  }
  return { vector: (hidden, _, session) => session.call(pooler, hidden), parts: [], last: 'classifier' };
};

/** A dense layer with its activation on the first position, then one layer. */
const projected =
  (activation: (x: Tensor) => Tensor) =>
  ({ config, weights }: HeadParts): ClassifierBody => ({
    vector: firstPosition,
    before: config.dropouts.before,
    parts: [densePart(weights, 'classifier/dense', [config.width, config.width], why, activation)],
    last: 'classifier/out_proj',
  });

/** `LayerNorm(activation(dense(x)))`. */
function transform(
  { config, weights }: HeadParts,
  [dense, norm]: readonly [string, string],
  size: number,
  activation: (x: Tensor) => Tensor,
): Part[] {
  return [
    densePart(weights, dense, [config.width, size], whySize, activation),
    normPart(weights, norm, size, config.epsilon, whySize),
  ];
}

const configured = ({ config }: HeadParts): ((x: Tensor) => Tensor) =>
  activationNamed(config.activation, 'config.json');
/** The exact form, whatever the encoder has. */
const exact = (x: Tensor): Tensor => gelu(x);

const bert: FamilyHeads = {
  sequence: pooled,
  maskedLm: (parts, size) => {
    // TensorFlow's classes call the layer differently.
    const at = parts.weights.has('mlm___cls') ? 'mlm___cls/predictions' : 'cls/predictions';
    const path = [`${at}/transform/dense`, `${at}/transform/LayerNorm`] as const;
    const bias = [`${at}/bias`, `${at}/decoder/bias`];
    return { parts: transform(parts, path, size, configured(parts)), bias, decoder: `${at}/decoder/weight` };
  },
};

const robertaLm: FamilyHeads['maskedLm'] = (parts, size) => ({
  parts: transform(parts, ['lm_head/dense', 'lm_head/layer_norm'], size, exact),
  bias: ['lm_head/bias', 'lm_head/decoder/bias'],
  decoder: 'lm_head/decoder/weight',
});

const roberta: FamilyHeads = { sequence: projected(tanh), maskedLm: robertaLm };

const byFamily: Readonly<Record<string, FamilyHeads>> = {
  bert,
  distilbert: {
    sequence: ({ config, weights }) => ({
      vector: firstPosition,
      parts: [densePart(weights, 'pre_classifier', [config.width, config.width], 'dim', (x) => relu(x))],
      last: 'classifier',
    }),
    maskedLm: (parts, size) => ({
      parts: transform(parts, ['vocab_transform', 'vocab_layer_norm'], size, configured(parts)),
      bias: ['vocab_projector/bias'],
      decoder: 'vocab_projector/weight',
    }),
  },
  roberta,
  'xlm-roberta': roberta,
  camembert: roberta,
  mpnet: roberta,
  electra: {
    sequence: projected(exact),
    maskedLm: (parts, size) => ({
      parts: transform(parts, ['generator_predictions/dense', 'generator_predictions/LayerNorm'], size, exact),
      bias: ['generator_lm_head/bias'],
      decoder: 'generator_lm_head/weight',
    }),
  },
  albert: {
    sequence: pooled,
    maskedLm: (parts, size) => ({
      parts: transform(parts, ['predictions/dense', 'predictions/LayerNorm'], size, configured(parts)),
      bias: ['predictions/bias', 'predictions/decoder/bias'],
      decoder: 'predictions/decoder/weight',
    }),
  },
  'deberta-v2': {
    sequence: ({ config, weights }) => {
      const act = activationNamed((config as DebertaConfig).poolerActivation, 'config.json');
      return {
        vector: firstPosition,
        before: config.dropouts.before,
        parts: [densePart(weights, 'pooler/dense', [config.width, config.width], why, act)],
        last: 'classifier',
      };
    },
    maskedLm: (parts, size) => {
      // The files of the authors have the newer head and do not say so.
      const { legacyHead } = parts.config as DebertaConfig;
      if (legacyHead && parts.weights.has('cls')) return bert.maskedLm(parts, size);
      const at = 'lm_predictions/lm_head';
      return {
        parts: transform(parts, [`${at}/dense`, `${at}/LayerNorm`], size, configured(parts)),
        bias: [`${at}/bias`],
        decoder: null,
      };
    },
  },
  modernbert: {
    sequence: (parts) => ({
      vector: (parts.config as ModernBertConfig).pooling === 'mean' ? meanPooling : firstPosition,
      readsFirst: (parts.config as ModernBertConfig).pooling !== 'mean',
      parts: modernbertHead(parts),
      last: 'classifier',
    }),
    tokens: modernbertHead,
    answer: 'classifier',
    words: 'tok_embeddings',
    maskedLm: (parts) => ({
      parts: modernbertHead(parts),
      bias: (parts.config as ModernBertConfig).biases.decoder ? ['decoder/bias'] : [],
      decoder: 'decoder/weight',
    }),
  },
};

function modernbertHead({ config, weights }: HeadParts): Part[] {
  const { width, epsilon, biases, headActivation } = config as ModernBertConfig;
  const act = activationNamed(headActivation, 'config.json');
  return [
    densePart(weights, 'head/dense', [width, width], why, act, biases.head),
    normPart(weights, 'head/norm', width, epsilon, why, biases.norm),
  ];
}

export function headsOf(architecture: string): FamilyHeads {
  return Object.hasOwn(byFamily, architecture) ? byFamily[architecture]! : bert;
}
