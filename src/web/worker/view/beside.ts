/**
 * One explanation kept beside the others. Invariant: the two that are shown are coloured on one scale, the larger of theirs, unless one explains a
 * probability and the other a score, which may be thousands; and their waterfalls
 * have one axis; the kept one stays as it was, whatever becomes of its model.
 */
import { failure } from '../../../tensor/errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Explained, ReplyOf, RequestOf, ResultView } from '../../protocol/index.ts';
import type { Sample, Shown, State } from '../state.ts';
import { colouredMark } from './marks.ts';

/** What is shown, and what is kept beside it. */
export async function besides({ shown, pinned }: Pick<State, 'shown' | 'pinned'>): Promise<Explained> {
  if (!shown) throw failure('explanation', 'there is none yet', {}, 'give the model an input first');
  if (!pinned) return { ...shown.view, beside: null };
  const scale = commonScale(shown, pinned);
  const sameInput = isSame(shown.sample, pinned.sample);
  if (scale === undefined) {
    const [now, kept] = [shown.view, pinned.view].map((view) => ({ ...view, notices: [...view.notices, apart] }));
    return { ...now!, beside: { ...kept!, sameInput } };
  }
  const span = await commonSpan(shown, pinned);
  return { ...(await atScale(shown, scale, span)), beside: { ...(await atScale(pinned, scale, span)), sameInput } };
}

const apart = 'The two have a scale each: one explains a probability, the other a score';

/** Whether the numbers of both are of one kind: on a scale of thousands of francs a probability has no colour. */
const isComparable = (a: Shown, b: Shown): boolean => a.view.probabilities === b.view.probabilities;

/** The attribution that gets the full colour in both; undefined where each has its own. */
export function commonScale(...both: readonly Shown[]): number | undefined {
  if (!both.every((one) => isComparable(one, both[0]!))) return undefined;
  return Math.max(...both.map(({ view }) => view.scale));
}

/** The scores that the waterfalls of both pass; none where not both have one. */
export async function commonSpan(...both: readonly Shown[]): Promise<number[]> {
  if (!both.every((one) => one.found && isComparable(one, both[0]!))) return [];
  const { spanOf } = await import('../tables.ts');
  const spans = both.map(spanOf);
  return spans.every((span) => span.length > 0) ? ends(spans.flat()) : [];
}

const ends = (scores: readonly number[]): number[] => [Math.min(...scores), Math.max(...scores)];

/** @throws where the explanation with this number is gone: its model was replaced, or the engine was */
export async function pin(state: State, { id }: RequestOf<'pin'>): Promise<ReplyOf<'pin'>> {
  const found = [state.shown, state.before, state.pinned].find((each) => each?.view.id === id);
  if (!found) throw failure('explanation', 'is not there any more, so it cannot be kept', {}, 'explain it again');
  state.pinned = found;
  return besides({ ...state, shown: state.shown ?? found });
}

export async function unpin(state: State): Promise<ReplyOf<'unpin'>> {
  state.pinned = null;
  return state.shown && besides(state);
}

/** The view with other colours, and another axis. */
async function atScale(shown: Shown, scale: number, span: readonly number[]): Promise<ResultView> {
  const { view, sample, attribution } = shown;
  if (scale === view.scale && span.length === 0) return view;
  const marks = view.marks?.map((mark) => colouredMark(mark, scale)) ?? null;
  const charts = view.charts && (await import('../tables.ts')).chartsOf(shown, scale, span);
  if (!view.picture || !attribution) return { ...view, marks, charts, scale };
  const { panelsOf } = await import('../pictures.ts');
  const moves = view.explainer.sum !== null;
  // Three pictures are those of numbers of one sign.
  const panels = panelsOf(sample, attribution, scale, view.picture.panels.length > 3, moves);
  return { ...view, marks, charts, scale, picture: { ...view.picture, panels } };
}

const isEqual = (a: Tensor, b: Tensor): boolean =>
  a.size === b.size && a.data.every((value: number, at: number) => value === b.data[at]);

function isSame(a: Sample, b: Sample): boolean {
  return (
    a.kind === b.kind &&
    a.title === b.title &&
    a.inputs.length === b.inputs.length &&
    // Words that a vocabulary lacks have one id: the title told them apart.
    (a.kind === 'text' || a.inputs.every((one, i) => isEqual(one, b.inputs[i]!)))
  );
}
