/** Opens a place: by ranges where it lies, or as a copy in the job's folder. */
import { httpTransport } from './http.ts';
import type { StoragePlace } from './place.ts';
import { localFile, type RangedFile } from './ranged.ts';
import { openRemote, patience, type Transport } from './remote.ts';
import { s3Transport } from './s3.ts';

export type RemotePlace = Extract<StoragePlace, { readonly kind: 'http' | 's3' }>;

export const isRemote = (place: StoragePlace): place is RemotePlace => place.kind === 'http' || place.kind === 's3';

export const transportOf = (place: RemotePlace): Transport =>
  place.kind === 's3' ? s3Transport(place) : httpTransport(place.url);

/**
 * @param known size and identity of when the job began, where it has begun
 * @param signal ends reading
 * @throws PathgradError where it is not there, may not be read or has changed; NoRanges where its server gives whole files alone
 */
export async function openPlace(
  place: StoragePlace,
  known: { readonly size: number; readonly identity: string } | null,
  signal?: AbortSignal,
): Promise<RangedFile> {
  if (isRemote(place)) return openRemote(transportOf(place), known, { ...patience, signal });
  const file = localFile(place.name, known?.size);
  return signal ? { ...file, pieces: () => untilAborted(file.pieces(), signal) } : file;
}

/** What comes until the signal says otherwise. @throws its reason */
export async function* untilAborted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}
