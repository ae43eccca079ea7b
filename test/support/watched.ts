/**
 * A process of tests that cannot run for ever: neither while its tests wait for what never comes, nor when they are through and something that
 * they started (a server, a process, a timer) holds it. It has a group of its own, so that what it started ends with it.
 */
import { type SpawnOptions, spawn } from 'node:child_process';

export interface Watched {
  readonly output: string;
  readonly code: number | null;
  /** Why it was ended by force; null where it ended by itself. */
  readonly forced: string | null;
}

const running = new Set<number>();
/** Ends a process with all of its group. */
function end(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
process.on('exit', () => {
  for (const group of running) end(group);
});

/**
 * @param args of Node
 * @param through is found in what the process printed last when its tests are through
 * @param seconds that it may take; a quarter of them, 30 at most, it may go on after its tests
 */
export function runWatched(args: string[], options: SpawnOptions, through: RegExp, seconds: number): Promise<Watched> {
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const group = child.pid!;
  running.add(group);
  let output = '';
  let forced: string | null = null;
  const stop = (why: string): void => {
    forced = why;
    end(group);
    // Who left the group may hold the pipes still.
    setTimeout(() => {
      child.stdout!.destroy();
      child.stderr!.destroy();
    }, 1000);
  };
  const limit = setTimeout(stop, 1000 * seconds, `not through in ${seconds} s`);
  const after = Math.min(30, seconds / 4);
  let ending: NodeJS.Timeout | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => {
      output += chunk;
      if (through.test(output.slice(-2000)))
        ending ??= setTimeout(
          stop,
          1000 * after,
          `still there ${after} s after its tests: something they started was not ended`,
        );
    });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(limit);
      clearTimeout(ending);
      running.delete(group);
      resolve({ output: forced ? `${output}\nended by force: ${forced}\n` : output, code, forced });
    });
  });
}
