/** `pathgrad job run CONFIG`: a JSON file with the model and the flags by their names. */
import { resolve } from 'node:path';
import { parseJson } from '../../guard/json.ts';
import { exists, isFolder, readText } from '../files.ts';
import { type Arguments, parseFlags, usage } from '../flags/flags.ts';
import { jobGroups } from './flags.ts';

/** A configuration says where its model is; the architecture of a model does not. */
function configIn(path: string): Record<string, unknown> | null {
  if (!/\.json$/i.test(path) || !exists(path) || isFolder(path)) return null;
  const parsed = parseJson(readText(path), path) as Record<string, unknown> | null;
  return typeof parsed === 'object' && typeof parsed?.['model'] === 'string' && typeof parsed['input'] === 'string'
    ? parsed
    : null;
}

/** The arguments with those of the configuration; what is typed goes first. @throws UsageError for a key that is no flag */
export function configArguments(args: Arguments, path: string): { args: Arguments; model: string } {
  const config = configIn(path);
  if (!config) return { args, model: path };
  const { model, ...flags } = config;
  const argv = Object.entries(flags).flatMap(([flag, value]) => {
    if (args.has(flag) || value === false) return [];
    if (value === true) return [`--${flag}`];
    const values = Array.isArray(value) ? value : [value];
    const odd = values.find((one) => typeof one !== 'string' && typeof one !== 'number');
    if (odd !== undefined || values.length === 0) throw usage(path, `'${flag}' is no text, number or list of them`);
    return values.map((one) => `--${flag}=${one}`);
  });
  const more = parseFlags(argv, jobGroups, 'job run');
  return {
    model: resolve(model as string),
    args: {
      positionals: args.positionals,
      given: [...args.given, ...more.given],
      has: (flag) => args.has(flag) || more.has(flag),
      text: (flag) => args.text(flag) ?? more.text(flag),
      all: (flag) => (args.has(flag) ? args.all(flag) : more.all(flag)),
    },
  };
}
