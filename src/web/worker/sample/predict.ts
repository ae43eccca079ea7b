/**
 * Predictions of many inputs, some at a time: the page asks again for the next. Invariant: there is one answer per input, in order; an input that
 * cannot be read is answered with why, and the others are computed all the same.
 */
import { type AnyModel, isTransformer, predictRows } from '../../../open/model.ts';
import { readPieces } from '../../../open/pieces.ts';
import { judgesPlaces } from '../../../open/places.ts';
import { softmax } from '../../../ops/softmax.ts';
import { failure, PathgradError } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { InputData, Predicted, ReplyOf, RequestOf, SampleInput } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import type { Sample, State } from '../state.ts';
import { stacked } from './fields.ts';
import { picture } from './picture.ts';
import { sampleOf } from './sample.ts';

/** @throws PathgradError for models whose scores are no classes of an input */
export async function predict(state: State, request: RequestOf<'predict'>): Promise<ReplyOf<'predict'>> {
  const model = modelIn(state);
  if (isTransformer(model) && (judgesPlaces(model) || model.task === 'embedding')) {
    const hint = 'a model that tells classes of a text, or a score, can';
    throw failure(model.name, 'does not judge an input as a whole: several cannot be compared in a table', {}, hint);
  }
  const answers: Predicted[] = new Array(request.inputs.length);
  const read: { at: number; sample: Sample }[] = [];
  for (const [at, input] of request.inputs.entries()) {
    try {
      read.push({ at, sample: await sampleOf(state, await inputOf(state, input)) });
    } catch (error) {
      if (!(error instanceof PathgradError)) throw error;
      answers[at] = { failed: error.message.split('\n')[0]! };
    }
  }
  for (const group of groupsOf(model, read)) {
    const rows = await scoresOf(model, group, request);
    group.forEach(({ at }, i) => {
      answers[at] = answerOf(rows[i]!);
    });
  }
  return answers;
}

/** A picture that is a file yet is decoded here, so that the page need not hold the pixels of all. */
export async function inputOf(state: State, input: SampleInput): Promise<InputData> {
  if (input.kind === 'text' && input.text.trim() === '') throw failure('text', 'has no words');
  if (input.kind !== 'file') return input;
  const { file, name, invert, range } = input;
  const { pixels } = await picture(state, { file, name, invert });
  return { kind: 'image', pixels, range, title: name };
}

type Read = { readonly at: number; readonly sample: Sample };

/** Those of one shape go together; texts of a transformer all do, padded. */
function groupsOf(model: AnyModel, read: readonly Read[]): Read[][] {
  const groups = new Map<string, Read[]>();
  for (const each of read) {
    const key = isTransformer(model) ? '' : each.sample.inputs.map(({ shape }) => shape.join()).join(';');
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.values()];
}

async function scoresOf(
  model: AnyModel,
  group: readonly Read[],
  { output, softmax: withSoftmax }: RequestOf<'predict'>,
): Promise<Float64Array[]> {
  const ys = isTransformer(model)
    ? await predictTexts(model, group)
    : await predictRows(
        model,
        stacked(group.map(({ sample }) => sample.inputs)),
        {},
        { batchSize: Math.min(32, group.length) },
      );
  const y = withSoftmax ? softmax(ys[output]!) : ys[output]!;
  const width = y.data.length / group.length;
  return group.map((_, i) => Float64Array.from(y.data.subarray(i * width, (i + 1) * width)));
}

async function predictTexts(
  model: Extract<AnyModel, { task: string }>,
  group: readonly Read[],
): Promise<readonly Tensor[]> {
  const { ids, kwargs } = readPieces(
    model,
    group.map(({ sample }) => sample.title),
  );
  return predictRows(model, [ids], kwargs, { batchSize: 8 });
}

function answerOf(scores: Float64Array): Predicted {
  const odd = scores.findIndex((score) => !Number.isFinite(score));
  if (odd >= 0) return { failed: 'the model gives no finite number' };
  if (scores.length === 1) return { index: null, score: scores[0]! };
  const index = scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0);
  return { index, score: scores[index]! };
}
