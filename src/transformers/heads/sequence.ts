/** Classifiers of a whole text: one label of several, several labels at once, or a number. */
import { softmax } from '../../ops/softmax.ts';
import { sigmoid } from '../../ops/unary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { chain, densePart, type Session } from '../layers.ts';
import { type ClassifierBody, headsOf } from './families.ts';
import type { HeadParts, MadeHead } from './types.ts';

/** `[rows, labels]`: probabilities of one label of several (softmax) or of each by itself (sigmoid), or the number of a regression. */
export function sequenceHead(made: HeadParts): MadeHead {
  const { config, weights } = made;
  const body = headsOf(config.architecture).sequence(made);
  return classifier(made, body, config.labels.length || weights.sizeOf(`${body.last}/kernel`, 1));
}

/** The layers of `body` and the last one, for so many labels. */
export function classifier(made: HeadParts, body: ClassifierBody, count: number): MadeHead {
  const { config, weights } = made;
  const finish = finisher(made, count);
  const last = densePart(weights, body.last, [config.width, count], 'the number of labels (id2label)');
  const logits = (hidden: Tensor, mask: Tensor | null, session: Session): Tensor => {
    const vector = session.drop(body.vector(hidden, mask, session), body.before ?? 0);
    return session.call(last, session.drop(chain(body.parts)(vector, session), config.dropouts.classifier));
  };
  return {
    task: 'sequence-classification',
    layers: [...body.parts, last].map(({ layer }) => layer),
    outputs: ['logits'],
    readsFirst: body.readsFirst ?? true,
    firstAlone: body.readsFirst ?? true,
    scoreOnly: count === 1 && config.problemType !== 'multi_label_classification',
    apply: (hidden, mask, session) => [finish(logits(hidden, mask, session))],
    ignoresHidden: true,
  };
}

function finisher({ config, output, weights }: HeadParts, count: number): (x: Tensor) => Tensor {
  if (output === 'logits') return (x) => x;
  const { problemType } = config;
  if (problemType === 'multi_label_classification') return sigmoid;
  if (count > 1 && problemType !== 'regression') return (x) => softmax(x);
  if (output === null) return (x) => x;
  const hint = "leave the option out, or use output: 'logits'";
  throw failure(weights.file, 'the model has no probabilities: it is a regression', { labels: count }, hint);
}
