/**
 * What survives a reload of this tab: the user's files (model, vocabulary, samples), the picture as it is drawn, input and settings. It is kept in the browser's
 * own storage on this machine, belongs to the tab, and is forgotten after a day or when another model takes its place. Storage may be refused
 * (private windows, full disks): then nothing is kept.
 */
import { createStore, delMany, entries, get, set, type UseStore } from 'idb-keyval';
import type { Pixels } from '../protocol/index.ts';
import type { Fields } from './address.ts';
import type { KeptRequest } from './explaining.ts';

/** A file, and its place in the folder that it was dropped with. */
export interface KeptFile {
  readonly file: File;
  readonly path: string;
}

export interface Kept {
  readonly at: number;
  readonly files: readonly KeptFile[];
  readonly fields: Fields;
  /** The drawing, where there is one. */
  readonly drawing?: { readonly title: string; readonly pixels: Pixels } | undefined;
  /** What was kept beside it was asked with, and of which model's file it is. */
  readonly beside?: { readonly request: KeptRequest; readonly file: string } | undefined;
}

const DAY = 24 * 3600 * 1000;
/** Together; more would fill the quota of small devices. */
const MOST_BYTES = 1e9;

let store: UseStore | null = null;
const opened = (): UseStore => {
  store ??= createStore('pathgrad', 'tabs');
  return store;
};

/** The tab's name for its own: `sessionStorage` is the tab's, and survives a reload. */
function tab(): string {
  const known = sessionStorage.getItem('pathgrad-tab');
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem('pathgrad-tab', made);
  return made;
}

/** Runs what may be refused by the browser; null where it is. */
async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch {
    return null;
  }
}

/** Files and what is shown lie apart: the one may be a gigabyte, the other is written with every explanation. */
const [filesOf, shownOf] = [(name: string) => `${name}/files`, (name: string) => `${name}/shown`];

type KeptFiles = Pick<Kept, 'at' | 'files'>;
type KeptShown = Pick<Kept, 'at' | 'fields' | 'drawing' | 'beside'>;

/** What this tab had, if it was reloaded; others' that are old are forgotten on the way. */
export function kept(): Promise<Kept | null> {
  return attempt(async () => {
    const old = (await entries<string, { readonly at: number }>(opened())).filter(
      ([, { at }]) => Date.now() - at > DAY,
    );
    await delMany(
      old.map(([key]) => key),
      opened(),
    );
    const [files, shown] = await Promise.all([
      get<KeptFiles>(filesOf(tab()), opened()),
      get<KeptShown>(shownOf(tab()), opened()),
    ]);
    return files || shown ? { at: Date.now(), files: [], fields: {}, ...files, ...shown } : null;
  });
}

/** Keeps files in place of those before, and nothing of what was shown with those. More than can be kept are not. */
export async function keepFiles(files: readonly KeptFile[]): Promise<void> {
  await forget();
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > MOST_BYTES) return;
  await attempt(() => set(filesOf(tab()), { at: Date.now(), files } satisfies KeptFiles, opened()));
}

/** Keeps what is shown beside the files. */
export async function keepShown(shown: Omit<KeptShown, 'at'>): Promise<void> {
  await attempt(() => set(shownOf(tab()), { at: Date.now(), ...shown } satisfies KeptShown, opened()));
}

export async function forget(): Promise<void> {
  await attempt(() => delMany([filesOf(tab()), shownOf(tab())], opened()));
}
