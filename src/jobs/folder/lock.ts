/**
 * The lock of an output folder: one run at a time. Invariant: whoever holds it made `lock.json`, which names its process; a lock whose process is
 * gone is taken over, one of another machine never.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../../cli/files.ts';
import { failure } from '../../tensor/errors.ts';
import { drawMark } from '../../tensor/write-beside.ts';

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process began, where the system says it: numbers of processes come back. */
  readonly began: string | null;
  readonly id: string;
}

function beganOf(pid: number): string | null {
  try {
    // The 22nd field; the second may hold spaces and brackets.
    return (
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? null
    );
  } catch {
    return null;
  }
}

function lives({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = beganOf(pid);
  return began === null || now === null || now === began;
}

function holderOf(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

/** Who works on a folder, as words; null where nobody does. */
export function lockHolder(folder: string): string | null {
  const holder = holderOf(join(folder, 'lock.json'));
  if (!holder || (holder.host === hostname() && !lives(holder))) return null;
  return `process ${holder.pid} on ${holder.host}`;
}

/** @returns what gives the lock back @throws PathgradError naming who holds it */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock.json');
  const mine: Holder = { host: hostname(), pid: process.pid, began: beganOf(process.pid), id: randomUUID() };
  // Written beside and linked: a lock is never seen half-written.
  const beside = join(folder, `.lock.json.${drawMark()}.part`);
  try {
    writeFileSync(beside, JSON.stringify(mine), { flag: 'wx' });
  } catch (error) {
    rmSync(beside, { force: true });
    throw failure(folder, reasonOf(error), {}, 'choose another --output, or make room', error);
  }
  try {
    for (let tries = 0; ; tries++) {
      try {
        linkSync(beside, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const other = holderOf(path);
      const dead = other !== null && other.host === mine.host && !lives(other);
      if (!dead || tries > 3) {
        const hint =
          other?.host === mine.host
            ? 'wait for it, or choose another --output'
            : `if no run works on it any more, delete ${path}`;
        throw failure(folder, 'another run works on this folder', { host: other?.host, pid: other?.pid }, hint);
      }
      // Whoever renames it takes it over; what was renamed by mistake (someone was quicker) is put back.
      const aside = join(folder, `.lock.json.${drawMark()}.part`);
      try {
        renameSync(path, aside);
      } catch {
        continue;
      }
      if (holderOf(aside)?.id !== other.id) renameSync(aside, path);
      else rmSync(aside, { force: true });
    }
  } finally {
    rmSync(beside, { force: true });
  }
  return () => {
    if (holderOf(path)?.id === mine.id) rmSync(path, { force: true });
  };
}
