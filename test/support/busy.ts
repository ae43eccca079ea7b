/** Bounds on work, in processor time of this process: other processes on a busy machine do not count. */
import * as assert from 'uvu/assert';

/** A clock of the processor time since it was made, in milliseconds. */
export function startWork(): () => number {
  const started = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
}

/** Asserts that less than so many milliseconds of work were done. */
export function assertWork(work: () => number, limit: number): void {
  const spent = work();
  assert.ok(spent < limit, `${Math.round(spent)} ms of processor time, at most ${limit}`);
}
