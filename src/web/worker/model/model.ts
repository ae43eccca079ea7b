/** The model that is loaded, and the vocabulary that goes with it. */
import { parseVocabulary, type Vocabulary } from '../../../inputs/vocabulary.ts';
import { type AnyModel, isTransformer } from '../../../open/model.ts';
import { failure } from '../../../tensor/errors.ts';
import type { ModelInfo, ReplyOf, RequestOf } from '../../protocol/index.ts';
import { freeGpu } from '../backends.ts';
import { looksUpOneText } from '../sample/own-words.ts';
import { describeTransformer } from '../sample/pieces.ts';
import type { State } from '../state.ts';
import { describe } from './describe.ts';
import { openFiles } from './open.ts';

export async function load(state: State, request: RequestOf<'load'>): Promise<ModelInfo> {
  const { name } = request;
  const model = await openFiles(request);
  const info = isTransformer(model) ? describeTransformer(model, name) : await describe(model, name);
  state.explainer?.method.dispose();
  state.explainer = null;
  await freeGpu(state);
  Object.assign(state, { model, original: null, info, words: null, shown: null, before: null });
  return info;
}

/** @throws where there is no model yet */
export function modelIn(state: State): AnyModel {
  if (!state.model)
    throw failure('model', 'none is loaded yet', {}, 'drop a Keras file on the page, or choose an example');
  return state.model;
}

export async function vocabulary(
  state: State,
  { file, name, truncating = 'pre' }: RequestOf<'vocabulary'>,
): Promise<ReplyOf<'vocabulary'>> {
  if (state.model && isTransformer(state.model)) {
    const hint = 'to change its tokenizer, drop all files of its folder at once';
    throw failure(name, 'is not needed: the model has a tokenizer of its own', {}, hint);
  }
  if (state.model && looksUpOneText(state.model)) {
    const hint = 'the model splits texts and looks words up itself: type a text';
    throw failure(name, 'is not needed: the model holds its vocabulary', {}, hint);
  }
  const read: Vocabulary = parseVocabulary(await file.text(), name);
  state.words = { vocabulary: read, truncating };
  return { name, size: read.size };
}
