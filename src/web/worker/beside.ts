/**
 * One explanation kept beside the others. Invariant: the two that are shown are coloured on one scale, the larger of theirs; the kept one
 * stays as it was, whatever becomes of its model.
 */
import { failure } from '../../tensor/errors.ts';
import type { Explained, ReplyOf, RequestOf, ResultView } from '../protocol.ts';
import { colouredMark } from './marks.ts';
import { panelsOf } from './panels.ts';
import type { Sample, Shown, State } from './state.ts';

/** What is shown, and what is kept beside it. */
export function besides({ shown, pinned }: State): Explained {
  if (!shown) throw failure('explanation', 'there is none yet', {}, 'give the model an input first');
  if (!pinned) return { ...shown.view, beside: null };
  const scale = commonScale(shown, pinned);
  const sameInput = isSame(shown.sample, pinned.sample);
  return { ...atScale(shown, scale), beside: { ...atScale(pinned, scale), sameInput } };
}

/** The attribution that gets the full colour in both. */
export function commonScale(...both: readonly Shown[]): number {
  return Math.max(...both.map(({ view }) => view.scale));
}

/** @throws where the explanation with this number is gone: its model was replaced, or the engine was */
export function pin(state: State, { id }: RequestOf<'pin'>): ReplyOf<'pin'> {
  const found = [state.shown, state.before, state.pinned].find((each) => each?.view.id === id);
  if (!found) throw failure('explanation', 'is not there any more, so it cannot be kept', {}, 'explain it again');
  state.pinned = found;
  return besides({ ...state, shown: state.shown ?? found });
}

export function unpin(state: State): ReplyOf<'unpin'> {
  state.pinned = null;
  return state.shown && besides(state);
}

/** The view with other colours. */
function atScale({ view, sample, attribution }: Shown, scale: number): ResultView {
  if (scale === view.scale) return view;
  const marks = view.marks?.map((mark) => colouredMark(mark, scale)) ?? null;
  if (!view.picture || !attribution) return { ...view, marks, scale };
  const moves = view.explainer.sum !== null;
  // Three pictures are those of numbers of one sign.
  const panels = panelsOf(sample, attribution, scale, view.picture.panels.length > 3, moves);
  return { ...view, marks, scale, picture: { ...view.picture, panels } };
}

function isSame(a: Sample, b: Sample): boolean {
  return (
    a.kind === b.kind &&
    a.title === b.title &&
    a.data.length === b.data.length &&
    // Words that a vocabulary lacks have one id: the title told them apart.
    (a.kind === 'text' || a.data.every((value, at) => value === b.data[at]))
  );
}
