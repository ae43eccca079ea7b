/** The settings of a job as the code of the command line reads them. */
import { type Arguments, UsageError } from '../../cli/flags/flags.ts';

/** Names that mean something else to `pathgrad explain`. */
const renamed: Readonly<Record<string, string | null>> = { output: 'model-output', input: null };

/** `--model-output` in the place of `--output`, which is a job's folder. */
export function explainArguments(args: Arguments): Arguments {
  const name = (flag: string): string => (Object.hasOwn(renamed, flag) ? (renamed[flag] ?? '') : flag);
  return {
    positionals: [],
    given: args.given
      .filter((flag) => !Object.hasOwn(renamed, flag))
      .map((flag) => (flag === 'model-output' ? 'output' : flag)),
    has: (flag) => args.has(name(flag)),
    text: (flag) => args.text(name(flag)),
    all: (flag) => args.all(name(flag)),
  };
}

/** Columns of the input that the output repeats. */
export const keptColumns = (args: Arguments): string[] =>
  args.all('keep').flatMap((text) => text.split(',').map((name) => name.trim()));

/** An error about `--output` of `pathgrad explain` is one about `--model-output` of a job. */
export function inJobFlags(error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  const own = (text: string): string => text.replace(/(?<![\w-])--output\b/g, '--model-output');
  return new UsageError(own(error.message.split('\nhint: ')[0]!), own(error.subject), error.hint && own(error.hint));
}
