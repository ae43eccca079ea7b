/** Many buttons as one stop of the keyboard: Tab goes to the one that was last used, arrow keys, Home and End to the others. */

export interface Roving {
  /** Takes in what is there now. @param wanted the one that Tab goes to; the first where it is not there */
  update(wanted?: Element | null): void;
}

/** @param choose what Enter and the space bar do, where the elements are no buttons of their own */
export function roving(box: HTMLElement, selector: string, choose?: (element: HTMLElement) => void): Roving {
  const all = (): HTMLElement[] => [...box.querySelectorAll<HTMLElement>(selector)];
  const update = (wanted?: Element | null): void => {
    const items = all();
    const stop = items.find((item) => item === wanted) ?? items[0];
    for (const item of items) item.tabIndex = item === stop ? 0 : -1;
  };
  box.addEventListener('keydown', (event) => {
    const items = all();
    const at = items.indexOf(event.target as HTMLElement);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (choose && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      choose(items[at]!);
      return;
    }
    const back = getComputedStyle(box).direction === 'rtl' ? -1 : 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: back,
      ArrowLeft: -back,
      ArrowDown: 1,
      ArrowUp: -1,
      Home: -at,
      End: items.length - 1 - at,
    };
    const next = items[at + (steps[event.key] ?? 0)];
    if (!(event.key in steps)) return;
    event.preventDefault();
    if (!next) return;
    update(next);
    next.focus();
  });
  return { update };
}
