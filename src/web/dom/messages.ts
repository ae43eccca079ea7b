/** What the page says of itself: errors, hints, the bar of an explanation, and that files are read. */
import { CallEnded } from '../state/client.ts';
import { byId, make, write } from './dom.ts';

/** Work shorter than this shows no bar: it would only flicker. */
export const BAR_AFTER_MS = 200;

/** Shows what failed; what was ended by somebody's wish is no failure. */
export function showError(error: unknown): void {
  if (error instanceof CallEnded && error.kind !== 'failure') return;
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line) =>
    make(
      'p',
      {},
      line.replace(/^hint: (.)/, (_, c: string) => c.toUpperCase()),
    ),
  );
  const box = byId('error');
  box.replaceChildren(...lines);
  box.hidden = false;
  box.scrollIntoView({ block: 'nearest' });
}

export function clearError(): void {
  byId('error').hidden = true;
  byId('error').replaceChildren();
}

/** What stands in place of a result; nothing where the text is empty. */
export function hint(text: string): void {
  write('hint', text);
  byId('hint').hidden = text === '';
}

/** What the page says of its model. */
export function modelState(text: string): void {
  byId('model-state').hidden = false;
  write('model-state', text);
}

export function busy(on: boolean): void {
  byId('busy').classList.toggle('on', on);
  byId<HTMLButtonElement>('cancel').disabled = !on;
  byId('result').setAttribute('aria-busy', String(on));
  byId<HTMLProgressElement>('progress').value = 0;
}

/** Readings of files that are under way. */
let reads = 0;

/** Shows that files are read, with a button that stops it, while `work` lasts. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  const show = (): void => {
    byId('reading').hidden = reads === 0;
  };
  reads++;
  setTimeout(show, BAR_AFTER_MS);
  try {
    return await work();
  } finally {
    reads--;
    show();
  }
}
