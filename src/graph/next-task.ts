/** The end of the event queue: what waits there, finalizers among it, goes first. Where there is setImmediate, without a timer's millisecond. */
export const nextTask = (): Promise<void> =>
  new Promise((then) => {
    if (typeof setImmediate === 'function') setImmediate(then);
    else setTimeout(then, 0);
  });
