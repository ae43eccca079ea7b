/** --wav: sounds for models of series, at the rate that --rate says. */
import { basename } from 'node:path';
import { readWav } from '../../inputs/index.ts';
import type { RawInput } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import type { InputRows } from '../../open/input-rows.ts';
import { soundRows as rowsOf } from '../../open/sounds.ts';
import { readBytes } from '../files.ts';
import { type Arguments, number } from '../flags/flags.ts';
import type { Batch } from './batch.ts';
import { batchOf } from './join.ts';

export function readSounds(args: Arguments, model: Model): Batch {
  const files = args.all('wav');
  const rows = soundRows(args, model.rawInputs[0]!, files);
  return batchOf(model, new Map([[model.rawInputs[0]!.name, rows]]), { titles: files.map((file) => basename(file)) });
}

/** @throws PathgradError for a rate other than --rate, for rates that differ, and for sounds that the input does not take */
export function soundRows(args: Arguments, input: RawInput, files: readonly string[]): InputRows {
  const text = args.text('rate');
  const asked = text === undefined ? null : number('rate', text, (n) => Number.isInteger(n) && n > 0, 'a rate in Hz');
  const named = files.map((name) => ({ name, sound: readWav(readBytes(name), name) }));
  return rowsOf(input, named, asked);
}
