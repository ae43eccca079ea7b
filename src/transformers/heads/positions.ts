/** Heads that say something of every position: a label per token, where an answer starts and ends, the word behind a mask. */
import { add, mul, sub } from '../../ops/binary.ts';
import { matmul } from '../../ops/matmul.ts';
import { reshape } from '../../ops/movement.ts';
import { slice } from '../../ops/slicing.ts';
import { softmax } from '../../ops/softmax.ts';
import { chain, densePart, TransformerLayer } from '../layers.ts';
import { headsOf } from './families.ts';
import type { HeadParts, MadeHead } from './types.ts';

/** `[rows, positions, labels]`, a softmax over the labels. Hidden positions have labels too, which mean nothing. */
export function tokenHead(made: HeadParts): MadeHead {
  const { config, weights, output } = made;
  const count = config.labels.length || weights.sizeOf('classifier/kernel', 1);
  const before = headsOf(config.architecture).tokens?.(made) ?? [];
  const last = densePart(weights, 'classifier', [config.width, count], 'the number of labels (id2label)');
  return {
    task: 'token-classification',
    layers: [...before, last].map(({ layer }) => layer),
    outputs: ['logits'],
    apply: (hidden, _, session) => {
      const states = session.drop(chain(before)(hidden, session), config.dropouts.tokens);
      const logits = session.call(last, states);
      return [output === 'logits' ? logits : softmax(logits)];
    },
    ignoresHidden: false,
  };
}

/** Subtracted from the scores of hidden positions before a softmax over positions. */
const far = 1e30;

/** Two outputs `[rows, positions]`: a softmax over positions, of which hidden ones get nothing; as logits they have what they have. */
export function answerHead(made: HeadParts): MadeHead {
  const { config, weights, output } = made;
  const { tokens, answer = 'qa_outputs' } = headsOf(config.architecture);
  const last = densePart(weights, answer, [config.width, 2], 'start and end of an answer');
  const before = tokens?.(made) ?? [];
  return {
    task: 'question-answering',
    layers: [...before, last].map(({ layer }) => layer),
    outputs: ['start', 'end'],
    apply: (hidden, mask, session) => {
      const both = session.call(last, session.drop(chain(before)(hidden, session), config.dropouts.answer));
      const [rows, positions] = both.shape as [number, number];
      return [0, 1].map((i) => {
        const logits = reshape(slice(both, { 2: [i, i + 1] }), [rows, positions]);
        if (output === 'logits') return logits;
        return softmax(mask ? add(logits, mul(sub(mask, 1), far)) : logits);
      });
    },
    ignoresHidden: false,
  };
}

/** `[rows, positions, vocabulary]`, a softmax over the vocabulary. The decoder is the table of embeddings, unless the model has its own. */
export function maskedLmHead(made: HeadParts): MadeHead {
  const { config, weights, output, base } = made;
  const { words = 'word_embeddings', maskedLm } = headsOf(config.architecture);
  const table = `${base}/embeddings/${words}/weight`;
  const size = weights.sizeOf(table, 1);
  const { parts, bias, decoder } = maskedLm(made, size);
  const path = decoder === null || config.tied || !weights.has(decoder) ? table : decoder;
  const kernel = weights.take(path, [config.vocabulary, size], 'vocab_size');
  const own = bias.find((name) => weights.has(name)) ?? bias[0];
  const offset = own === undefined ? null : weights.take(own, [config.vocabulary], 'vocab_size');
  const layer = new TransformerLayer('decoder', 'Decoder');
  return {
    task: 'masked-lm',
    layers: [...parts.map((part) => part.layer), layer],
    outputs: ['logits'],
    apply: (hidden, _, session) => {
      const states = chain(parts)(hidden, session);
      const logits = session.hooked(layer, states, (x) => {
        const scores = matmul(x, kernel, { transposeB: true });
        return offset ? add(scores, offset) : scores;
      });
      return [output === 'logits' ? logits : softmax(logits)];
    },
    ignoresHidden: false,
  };
}
