/** Sounds for models of series, [steps, channels] or [steps]. Nothing is resampled, mixed or cut: what does not fit is refused with both sides. */
import type { Sound } from '../inputs/wav.ts';
import type { RawInput } from '../model/definition.ts';
import { failure } from '../tensor/errors.ts';
import type { InputRows } from './input-rows.ts';

/** A sound and the file that it came from. */
export interface NamedSound {
  readonly name: string;
  readonly sound: Sound;
}

/**
 * @param asked the rate that all must have; null: that of the first
 * @throws PathgradError for another rate, for rates that differ, and for sounds that the input does not take
 */
export function soundRows(input: RawInput, named: readonly NamedSound[], asked: number | null = null): InputRows {
  const [sounds, files] = [named.map(({ sound }) => sound), named.map(({ name }) => name)];
  const rate = asked ?? sounds[0]!.rate;
  sounds.forEach((sound, i) => {
    if (sound.rate === rate) return;
    const details = asked === null ? { rate: sound.rate, first: rate } : { rate: sound.rate, asked };
    throw failure(
      files[i]!,
      `has another rate than ${asked === null ? `${files[0]}` : '--rate says'}`,
      details,
      'resample it: nothing is resampled here',
    );
  });
  const rank = input.shape?.length ?? 3;
  const [first] = sounds;
  const [steps, channels] = [
    input.shape?.[1] ?? first!.samples,
    input.shape?.[2] ?? (rank === 3 ? first!.channels : 1),
  ];
  for (const [i, sound] of sounds.entries()) checkFit(sound, files[i]!, input, rank, steps, channels);
  const data = new Float64Array(sounds.length * steps * channels);
  sounds.forEach((sound, i) => {
    data.set(sound.data, i * steps * channels);
  });
  const names = channels === 1 ? ['sound'] : channels === 2 ? ['left', 'right'] : undefined;
  const shape = rank === 3 ? [sounds.length, steps, channels] : [sounds.length, steps];
  return {
    count: sounds.length,
    feed: { data, shape },
    part: () => ({ kind: 'series', rate, ...(names && { channels: names }) }),
  };
}

function checkFit(
  { samples, channels }: Sound,
  file: string,
  { name, shape }: RawInput,
  rank: number,
  steps: number,
  wanted: number,
): void {
  const takes = shape?.slice(1).map((dim) => dim ?? 'any');
  if (rank !== 2 && rank !== 3) throw failure(file, `is a sound, and '${name}' takes no series`, { takes });
  if (channels !== wanted) {
    throw failure(
      file,
      `has ${channels} channel${channels === 1 ? '' : 's'}, and '${name}' takes ${wanted}`,
      { takes },
      'mix it first',
    );
  }
  if (samples !== steps) {
    throw failure(
      file,
      `has ${samples} samples, and '${name}' takes ${steps}`,
      { takes },
      'cut a part of that length out of it',
    );
  }
}
